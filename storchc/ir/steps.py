"""Which steps of a loop a value depends on: the same step, earlier ones, or both (LOSS.md §6).

A *key* names a sample as a cost sees it. ``z`` is the sample in the same steps as the cost, as far
as both stand in the same loops; ``z<0`` is the sample in earlier steps of its outermost loop,
``z<1`` in the same step of that and earlier ones of the next. ``z<=0`` is both at once. The other
way round ``c>0`` is a cost in later steps than the sample, ``c>=0`` in the same and later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storchc.ir.graph import Graph, Sample
from storchc.ir.types import Plates
from storchc.records import dataclass

Ancestors = Mapping[str, Plates]
Loops = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps that a key speaks of; ``level`` None: those of the one who looks, and no others."""

    name: str
    level: int | None
    same: bool


def read_key(key: str) -> Steps:
    """The parts of a key."""
    for mark in "<>":
        name, found, rest = key.partition(mark)
        if found:
            return Steps(name, int(rest.removeprefix("=")), rest.startswith("="))
    return Steps(key, None, True)


def sample_of(key: str) -> str:
    """The sample that a key speaks of."""
    return key.partition("<")[0]


def cost_of(key: str) -> str:
    """The cost that a key speaks of."""
    return key.partition(">")[0]


@dataclass(frozen=True, slots=True)
class Levels:
    """Turns what a step knows of samples into what later steps, or the rest of a story, know."""

    loops: Mapping[str, tuple[str, ...]]

    def earlier(self, ancestors: Ancestors, loop: str) -> Ancestors:
        """As the next step of ``loop`` sees them."""
        return _joined(((self._earlier(key, loop), m) for key, m in ancestors.items()))

    def left(self, ancestors: Ancestors, loop: str) -> Ancestors:
        """As they are seen when ``loop`` has ended."""
        return _joined(((self._left(key, loop), m) for key, m in ancestors.items()))

    def _earlier(self, key: str, loop: str) -> str:
        around = self.loops[sample_of(key)]
        if "<" in key or loop not in around:
            return key
        return f"{key}<{around.index(loop)}"

    def _left(self, key: str, loop: str) -> str:
        around = self.loops[sample_of(key)]
        steps = read_key(key)
        if loop in around and steps.level == around.index(loop):
            return steps.name
        return key


def levels_of(graph: Graph) -> Levels:
    """The loops around every sample."""
    return Levels({s.name: s.loops for s in graph.samples})


def _joined(pairs: Iterable[tuple[str, Plates]]) -> Ancestors:
    total: dict[str, Plates] = {}
    for key, mixed in pairs:
        total[key] = total[key] | mixed if key in total else mixed
    return total


def common(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """How many loops stand around both."""
    pairs = zip(a, b, strict=False)
    return next((i for i, (x, y) in enumerate(pairs) if x != y), min(len(a), len(b)))


def in_steps(
    ancestors: Ancestors, loops: Loops, samples: Mapping[str, Sample]
) -> list[tuple[str, Plates]]:
    """The ancestors among ``samples``, in their order, as one who stands in ``loops`` sums them.

    The loops of a sample whose steps are summed are added to its mixed plates.
    """
    found: dict[str, list[str]] = {}
    for key in ancestors:
        found.setdefault(sample_of(key), []).append(key)
    return [
        scored
        for name, sample in samples.items()
        for scored in _merged(name, sorted(found.get(name, ())), ancestors, sample.loops, loops)
    ]


def _merged(
    name: str, keys: list[str], ancestors: Ancestors, own: Loops, loops: Loops
) -> list[tuple[str, Plates]]:
    """One sample's keys; the same steps and earlier ones together, where they are summed alike."""
    depth = common(own, loops)
    levels = [len(own) if (level := read_key(k).level) is None else level + 1 for k in keys]
    summed = [
        (k, ancestors[k] | frozenset(own[min(depth, level) :]))
        for k, level in zip(keys, levels, strict=True)
    ]
    last = f"{name}<{depth - 1}"
    both = dict(summed)
    if name in both and last in both and both[name] == both[last]:
        mixed = both.pop(last)
        del both[name]
        both[f"{name}<={depth - 1}"] = mixed
    return list(both.items())


def seen_from(key: str, cost: str) -> tuple[str, str]:
    """The sample of ``key``, and the cost as it is seen from there."""
    name = sample_of(key)
    return name, cost + key.removeprefix(name).replace("<", ">")
