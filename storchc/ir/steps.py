"""Which steps of a loop a value depends on: the same step, earlier ones, or both (LOSS.md §6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.types import Plates

Loops = tuple[str, ...]
Within = Mapping[str, Mapping[str, int]]


class Seen(NamedTuple):
    """A sample as a cost sees it; or the other way round, a cost as a sample sees it.

    Without a ``level`` it is seen in the same steps, as far as both stand in the same loops. With
    one, the sample is seen in earlier steps of the loop at that level (0 is its outermost one), in
    the same steps of the loops outside of that; a cost is seen in later steps so. With ``same`` it
    is seen in the same step of that loop as well.

    A named tuple, as a long chain makes and compares millions of them.
    """

    name: str
    level: int | None = None
    same: bool = True


StepAncestors = Mapping[Seen, Plates]
"""The samples that a value depends on, steps told apart, with the plates that a path mixes."""


def earlier_in(within: Within, ancestors: StepAncestors, loop: str) -> StepAncestors:
    """The ancestors as the next step of ``loop`` sees them."""
    levels = within.get(loop, {}).items()
    return _seen_as({Seen(name): Seen(name, level, False) for name, level in levels}, ancestors)


def ended(within: Within, ancestors: StepAncestors, loop: str) -> StepAncestors:
    """The ancestors as they are seen when ``loop`` has ended: none of its steps is this one."""
    levels = within.get(loop, {}).items()
    views = {
        Seen(name, level, same): Seen(name) for name, level in levels for same in (False, True)
    }
    return _seen_as(views, ancestors)


def within_loops(graph: Graph) -> Within:
    """The samples in every loop, each with the level that the loop has among those around it."""
    found: dict[str, dict[str, int]] = {}
    for sample in graph.samples:
        for level, loop in enumerate(sample.loops):
            found.setdefault(loop, {})[sample.name] = level
    return found


def _seen_as(views: Mapping[Seen, Seen], ancestors: StepAncestors) -> StepAncestors:
    """The ancestors, those of ``views`` seen otherwise: few of many."""
    moved = [seen for seen in views if seen in ancestors]
    if not moved:
        return ancestors
    total = dict(ancestors)
    for seen in moved:
        mixed, view = total.pop(seen), views[seen]
        total[view] = total[view] | mixed if view in total else mixed
    return total


def common(a: Loops, b: Loops) -> int:
    """How many loops stand around both."""
    pairs = zip(a, b, strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def in_steps(
    ancestors: StepAncestors, loops: Loops, samples: Mapping[str, Sample]
) -> list[tuple[Seen, Plates]]:
    """The ancestors among ``samples``, in their order, as one who stands in ``loops`` sums them.

    The loops of a sample whose steps are summed are added to its mixed plates.
    """
    found: dict[str, list[Seen]] = {}
    for seen in ancestors:
        found.setdefault(seen.name, []).append(seen)
    return [
        scored
        for name, sample in samples.items()
        for scored in _merged(sorted(found.get(name, ()), key=_depth), ancestors, sample, loops)
    ]


def _depth(seen: Seen) -> int:
    return -1 if seen.level is None else seen.level


def _merged(
    views: list[Seen], ancestors: StepAncestors, sample: Sample, loops: Loops
) -> list[tuple[Seen, Plates]]:
    """The views of one sample; of the same and earlier steps together, where summed alike."""
    own = sample.loops
    depth = common(own, loops)
    both = {
        seen: ancestors[seen]
        | frozenset(own[min(depth, len(own) if seen.level is None else seen.level + 1) :])
        for seen in views
    }
    now, before = Seen(sample.name), Seen(sample.name, depth - 1, False)
    if now in both and before in both and both[now] == both[before]:
        mixed = both.pop(before)
        del both[now]
        both[before._replace(same=True)] = mixed
    return list(both.items())
