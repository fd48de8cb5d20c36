"""Choices whose sides agree where the condition changes, so that they do not jump (LOSS.md §8).

``z - th if z > th else 0`` is one: with z at th both sides are 0. Sides are compared in numbers: a
place where the two sides of the comparison are equal is looked for, with random numbers for all
that else stands there.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from random import Random

from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.numbers import Leaf, Numbers, named
from storchc.analysis.facts.reach import cut_condition
from storchc.analysis.facts.smoothness import made_of, makes_atoms
from storchc.catalogue import distributions, functions
from storchc.ir.expression import Apply, Distribution, Literal, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.ranges import ANYTHING
from storchc.ir.walk import children
from storchc.records import dataclass

COMPARISONS = frozenset({"less", "less_equal", "greater", "greater_equal"})
EQUALITIES = frozenset({"equal", "not_equal"})
_NAMES = 8  # how many names deep a story is read, where the names themselves do not agree
_TRIALS = 2
_STEP, _FLAT = 1e-4, 1e-3


def agreed(graph: Graph, touched: Dependence) -> frozenset[int]:
    """The choices that do not jump, by the identity of the expression; the graph holds them.

    Factors that jump where the others are 0 are among them: ``sign(z)`` in ``sign(z) * abs(z)``.
    What no sample touches is left out: nobody asks.
    """
    found = set()
    for part in graph.parts:
        if not isinstance(part, Apply):
            continue
        if functions.row(part.function).condition == 0:
            if touched.places[part.operands[0]] and _agree(graph, part):
                found.add(id(part))
        elif part.function in _PRODUCTS:
            found |= {id(f) for f in _dampened(graph, part) if touched.places[f]}
    return frozenset(found)


_PRODUCTS = frozenset({"multiply", "divide"})


def _factors(value: Value) -> Iterator[Value]:
    match value:
        case Apply("multiply", (a, b)):
            yield from _factors(a)
            yield from _factors(b)
        case Apply("divide", (part, _)) | Apply("float" | "negative", (part,)):
            yield from _factors(part)
        case _:
            yield value


def _dampened(graph: Graph, product: Apply) -> Iterator[Value]:
    """The factors of a product that jump only where the rest of it is 0."""
    factors = tuple(_factors(product))
    for i, factor in enumerate(factors):
        rest = factors[:i] + factors[i + 1 :]
        match factor if _chooses(factor) else followed(graph, factor):
            case Apply(operands=(condition, then, otherwise)) if _chooses(factor):
                left, right = _sides(graph, condition)
                choice = _Choice(left, right, (then, *rest), (otherwise, *rest))
            case Apply("sign" | "heaviside", (of, *_)):
                choice = _Choice((of,), (), rest, ())
            case Apply(function) as comparison if function in COMPARISONS:
                left, right = _sides(graph, comparison)
                choice = _Choice(left, right, rest, ())
            case _:
                continue
        if rest and choice.left and _meets(graph, choice):
            yield factor


def _chooses(value: Value) -> bool:
    return isinstance(value, Apply) and functions.row(value.function).condition == 0


def _sides(graph: Graph, condition: Value) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """Both sides of what a condition compares; nothing where it compares no floats so."""
    found = _compared(graph, condition)
    if isinstance(found, Apply) and found.function in COMPARISONS:
        left, right = found.operands
        if left.type.dtype == "float" or right.type.dtype == "float":
            return (left,), (right,)
    return (), ()


def _agree(graph: Graph, value: Apply) -> bool:
    condition, then, otherwise = value.operands
    if isinstance(then, Literal) and isinstance(otherwise, Literal):
        return then.value == otherwise.value
    comparison = _compared(graph, condition)
    if not isinstance(comparison, Apply):
        return False
    if comparison.function in EQUALITIES:
        atoms = any(_has_atoms(graph, operand, _NAMES) for operand in comparison.operands)
        return not atoms and not one_bent(graph, comparison)
    left, right = _sides(graph, comparison)
    return bool(left) and _meets(graph, _Choice(left, right, (then,), (otherwise,)))


def _compared(graph: Graph, condition: Value) -> Value | Distribution:
    """What a condition compares, whichever way round."""
    found = followed(graph, condition)
    while isinstance(found, Apply) and found.function == "logical_not":
        found = followed(graph, found.operands[0])
    return found


def _meets(graph: Graph, choice: _Choice) -> bool:
    of_any_sign = (
        Numbers(graph, Random(trial), _NAMES, below=True) for trial in range(2 * _TRIALS)
    )
    return any(
        all(choice.meets(Numbers(graph, Random(trial), names)) for trial in range(_TRIALS))
        for names in (0, _NAMES)
    ) and not any(map(choice.parts, of_any_sign))


def touching(graph: Graph, value: Apply) -> bool:
    """Whether the sides of a choice agree in their slopes too where its condition changes."""
    condition, then, otherwise = value.operands
    left, right = _sides(graph, cut_condition(value) or condition)
    choice = _Choice(left, right, (then,), (otherwise,))
    trials = range(2 * _TRIALS)
    return bool(left) and all(
        choice.touches(Numbers(graph, Random(t), _NAMES, below=True)) for t in trials
    )


def _has_atoms(graph: Graph, value: Value | Distribution, names: int) -> bool:
    """Whether a value may take single numbers with positive probability, for all that is seen."""
    if isinstance(value, Reference):
        made = named(graph, value)
        lattice = value.type.dtype != "float" or value.name in graph.carried
        lattice |= _is_discrete(graph, value.name)
        return lattice or (made is not None and (names == 0 or _has_atoms(graph, made, names - 1)))
    if isinstance(value, Apply) and (makes_atoms(value) or value.type.dtype != "float"):
        return True
    return any(_has_atoms(graph, child, names) for child in children(value))


def one_bent(graph: Graph, comparison: Apply) -> bool:
    """Whether two sides are made of one sample, with a corner on the way.

    They may then be equal on one side of it, as `abs(z)` and `z` are, though neither has atoms.
    """
    made = [tuple(made_of(graph, side)) for side in comparison.operands]
    random = [
        {p.name for p in parts if isinstance(p, Reference) and _is_random(graph, p.name)}
        for parts in made
    ]
    shared = frozenset.intersection(*map(frozenset, random))
    return bool(shared) and any(
        isinstance(part, Apply) and _is_bent(part) for parts in made for part in parts
    )


def _is_random(graph: Graph, name: str) -> bool:
    return name in graph.sample_by_name or name in graph.carried


def _is_bent(value: Apply) -> bool:
    anywhere = (ANYTHING,) * len(value.operands)
    kinds = functions.row(value.function).smoothness(value, anywhere)
    return not {"corner", "bend", "jump"}.isdisjoint(kinds)


def _is_discrete(graph: Graph, name: str) -> bool:
    """Whether a name is that of a discrete sample, be it drawn hard or relaxed."""
    sample = graph.sample_by_name.get(name)
    if sample is None:
        return False
    family = distributions.row(sample.distribution.type)
    return family.discrete


def followed(graph: Graph, value: Value) -> Value | Distribution:
    """What a name stands for, if one computes it."""
    for _ in range(_NAMES):
        made = named(graph, value)
        if made is None:
            break
        value = made
    return value


@dataclass(frozen=True, slots=True)
class _Choice:
    """``then if left > right else otherwise``, each a product; one of nothing is 0."""

    left: tuple[Value, ...]
    right: tuple[Value, ...]
    then: tuple[Value, ...]
    otherwise: tuple[Value, ...]

    def meets(self, numbers: Numbers) -> bool:
        """Whether the sides agree where the comparison changes, as one of the numbers moves."""
        self._gap(numbers)
        for leaf in tuple(numbers.leaves):
            found = list(_roots(partial(self._gap_at, numbers, leaf)))
            if found:
                return all(self._agree(numbers.at(leaf, root)) for root in found)
        return False

    def parts(self, numbers: Numbers) -> bool:
        """Whether the sides differ at a place where the comparison changes."""
        self._gap(numbers)
        return any(
            self._differ(numbers.at(leaf, root))
            for leaf in tuple(numbers.leaves)
            for root in _roots(partial(self._gap_at, numbers, leaf))
        )

    def touches(self, numbers: Numbers) -> bool:
        """Whether the sides agree with their slopes wherever the comparison changes."""
        self._gap(numbers)
        found = [
            (leaf, root)
            for leaf in tuple(numbers.leaves)
            for root in _roots(partial(self._gap_at, numbers, leaf))
        ]
        return bool(found) and all(
            self._agree(numbers.at(leaf, root)) and self._slope(numbers, leaf, root) < _FLAT
            for leaf, root in found
        )

    def _slope(self, numbers: Numbers, leaf: Leaf, root: float) -> float:
        """That of the difference of the sides."""
        above, below = numbers.at(leaf, root + _STEP), numbers.at(leaf, root - _STEP)
        gaps = (_of(n, self.then) - _of(n, self.otherwise) for n in (above, below))
        return abs(next(gaps) - next(gaps)) / (2 * _STEP)

    def _gap(self, numbers: Numbers) -> float:
        return _of(numbers, self.left) - _of(numbers, self.right)

    def _gap_at(self, numbers: Numbers, leaf: Leaf, number: float) -> float:
        return self._gap(numbers.at(leaf, number))

    def _agree(self, numbers: Numbers) -> bool:
        a, b = _of(numbers, self.then), _of(numbers, self.otherwise)
        return a == b or 1e-6 * (1 + abs(a) + abs(b)) >= abs(a - b) < math.inf

    def _differ(self, numbers: Numbers) -> bool:
        """Whether both sides are numbers, and different ones."""
        a, b = _of(numbers, self.then), _of(numbers, self.otherwise)
        return abs(a - b) > 1e-6 * (1 + abs(a) + abs(b))


def _of(numbers: Numbers, factors: tuple[Value, ...]) -> float:
    return math.prod(map(numbers.of, factors)) if factors else 0.0


def _roots(gap: Callable[[float], float]) -> Iterator[float]:
    """Where a function of one number is 0: of a line, or what a look at some numbers finds."""
    at = {x: gap(x) for x in (-41.3, -1.0, 0.5, 2.0, 53.9)}
    slope = (at[2.0] - at[-1.0]) / 3
    line = all(
        abs(at[0.5] + slope * (x - 0.5) - y) <= 1e-9 * (1 + abs(y) + abs(slope * x))
        for x, y in at.items()
    )
    if not line:
        yield from _bracketed(gap)
    elif slope != 0:
        yield 0.5 - at[0.5] / slope


_NEAR = [-6.0307 + 0.3701 * i for i in range(34)]
_FAR = [8.307 * 1.7**i for i in range(10)]
_LOOKED_AT = (*(-x for x in reversed(_FAR)), *_NEAR, *_FAR)
"""Numbers between which roots are looked for; none is one that a story would write."""


def _bracketed(gap: Callable[[float], float]) -> Iterator[float]:
    for low, high in pairwise(_LOOKED_AT):
        below, above = gap(low), gap(high)
        if not below * above < 0:
            continue
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if gap(middle) * below > 0 else (low, middle)
        if abs(gap(low)) < 1e-6 * (abs(below) + abs(above)):  # no pole
            yield low
