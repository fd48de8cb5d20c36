"""Which steps of a loop a value depends on: the same step, earlier ones, or both (LOSS.md §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.types import Plates

Loops = tuple[str, ...]


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


def earlier_in(loops: Mapping[str, Loops], ancestors: StepAncestors, loop: str) -> StepAncestors:
    """The ancestors as the next step of ``loop`` sees them; ``loops`` are those around samples."""

    def before(seen: Seen) -> Seen:
        around = loops[seen.name]
        if seen.level is not None or loop not in around:
            return seen
        return Seen(seen.name, around.index(loop), False)

    return _joined((before(seen), mixed) for seen, mixed in ancestors.items())


def ended(loops: Mapping[str, Loops], ancestors: StepAncestors, loop: str) -> StepAncestors:
    """The ancestors as they are seen when ``loop`` has ended: none of its steps is this one."""

    def after(seen: Seen) -> Seen:
        around = loops[seen.name]
        if loop in around and seen.level == around.index(loop):
            return Seen(seen.name)
        return seen

    return _joined((after(seen), mixed) for seen, mixed in ancestors.items())


def loops_of(graph: Graph) -> Mapping[str, Loops]:
    """The loops around every sample."""
    return {s.name: s.loops for s in graph.samples}


def _joined(pairs: Iterable[tuple[Seen, Plates]]) -> StepAncestors:
    total: dict[Seen, Plates] = {}
    for seen, mixed in pairs:
        total[seen] = total[seen] | mixed if seen in total else mixed
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
