"""The one fixpoint: parts that read what others make are visited until nothing changes any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush

_MOST_VISITS = 1000
"""Far more visits of a part, on average, than what it makes can change in: facts only grow."""


def settle(
    order: Sequence[int], rank: Sequence[int], visit: Callable[[int], Iterable[int]]
) -> None:
    """Visit every part in ``order``, then those that a change concerns until there are none.

    ``visit`` gives the parts that read what has changed; ``rank`` is the order in which they are
    visited then. Without ranks a part is read only by those behind it in ``order``.
    """
    if not rank:
        for number in order:
            for _ in visit(number):
                pass
        return
    waiting = set(order)
    changed: set[int] = set()
    for number in order:
        waiting.discard(number)
        changed.discard(number)
        changed.update(n for n in visit(number) if n not in waiting)
    heap = sorted((rank[number], number) for number in changed)
    later: list[tuple[int, int]] = []
    for _ in range(_MOST_VISITS * len(order)):
        if not heap:
            heap, later = sorted(later), []
        if not heap:
            return
        at, number = heappop(heap)
        changed.discard(number)
        for found in visit(number):
            if found not in changed:
                changed.add(found)
                if rank[found] > at:
                    heappush(heap, (rank[found], found))
                else:
                    later.append((rank[found], found))
    raise AssertionError("what parts make of one another does not settle")


def ranked(following: Sequence[Iterable[int]], roots: Iterable[int]) -> tuple[int, ...]:
    """An order in which most parts come behind those that they read: reverse postorder.

    ``following`` are, by part, those that read what it makes; ``roots`` are all parts in order.
    """
    rank = [-1] * len(following)
    seen = [False] * len(following)
    last = len(following)
    for root in roots:
        stack = [] if seen[root] else [(root, iter(following[root]))]
        seen[root] = True
        while stack:
            number, rest = stack[-1]
            further = next((n for n in rest if not seen[n]), None)
            if further is None:
                stack.pop()
                last -= 1
                rank[number] = last
            else:
                seen[further] = True
                stack.append((further, iter(following[further])))
    return tuple(rank)
