"""The summands of a value, by how samples are credited with them (LOSS.md §12)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import reduce

from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.uncredited import Samples, Uncredited
from storchc.ir.expression import Apply, Literal, OverPlates, Reference, Select, Value
from storchc.ir.types import NO_PLATES, ValueType, united
from storchc.records import dataclass

_LINEAR = frozenset({"negative", "positive", "sum", "mean"})
"""Functions of one operand that are linear in it."""


@dataclass(frozen=True, slots=True)
class Summand:
    """A part of a sum: the samples that it ``credits``, and those that reach it ``without``."""

    value: Value
    credits: Samples
    without: Samples

    @property
    def way(self) -> tuple[Samples, Samples] | None:
        """How it is credited; None for all that nothing stands `without_credit` in.

        What credits nobody is alike, whatever it is made of.
        """
        if not self.without:
            return None
        return (self.credits, self.without) if self.credits else (self.credits, self.credits)


@dataclass(frozen=True, slots=True)
class Summing:
    """Takes values apart; ``named`` has the summands of names that have come apart already."""

    credited: Dependence
    uncredited: Uncredited
    named: Mapping[str, tuple[Summand, ...]]

    def mixed(self, value: Value) -> bool:
        """Whether a value credits samples, and others or the same reach it without credit."""
        return bool(self.uncredited.places[value] and self.credited.places[value])

    def summands(self, value: Value) -> tuple[Summand, ...]:
        """What ``value`` is the sum of; one, where it does not come apart."""
        if self.mixed(value):
            return tuple(self._parts(value)) or (self._whole(value),)
        return (self._whole(value),)

    def _whole(self, value: Value) -> Summand:
        credits = frozenset(self.credited.places[value])
        return Summand(value, credits, self.uncredited.places[value])

    def _parts(self, value: Value) -> Iterator[Summand]:
        match value:
            case Reference(name):
                yield from self.named.get(name, ())
            case Apply("add" | "subtract" as function, (left, right)):
                if left.type.shape == right.type.shape:
                    yield from self.summands(left)
                    yield from self._each(right, _negative if function == "subtract" else _itself)
            case Apply("where", (condition, left, right)) if self._chooses(value):
                nothing = Literal(0.0, ValueType(NO_PLATES, ()), value.span)
                yield from self._each(left, lambda v: _of(value, (condition, v, nothing)))
                if not isinstance(right, Literal) or right.value:
                    yield from self._each(right, lambda v: _of(value, (condition, nothing, v)))
            case Apply("multiply", (left, right)) if not self.credited.places[left]:
                yield from self._each(right, lambda v: _of(value, (left, v)), left)
            case Apply("multiply" | "divide", (left, right)) if not self.credited.places[right]:
                yield from self._each(left, lambda v: _of(value, (v, right)), right)
            case Apply(function, (operand,)) if function in _LINEAR:
                yield from self._each(operand, lambda v: _of(value, (v,)))
            case Select(operand):
                items = [v for v in value.items if isinstance(v, Value)]
                if not any(self.credited.places[v] for v in items):
                    yield from self._each(operand, lambda v: _selected(value, v), *items)
            case OverPlates("mean" | "sum" as function, operand, plates):
                parts = self.summands(operand)
                whole = all(part.value.type.plates.issuperset(plates) for part in parts)
                if whole or function == "mean":
                    yield from (replace(p, value=_reduced(value, p.value)) for p in parts)
            case _:
                return

    def _chooses(self, value: Apply) -> bool:
        """Whether a choice is one of whole sides, by what credits nobody."""
        condition, *sides = value.operands
        shape = value.type.shape
        alike = all(isinstance(v, Literal) or v.type.shape == shape for v in sides)
        return alike and condition.type.shape == shape and not self.credited.places[condition]

    def _each(
        self, operand: Value, within: Callable[[Value], Value], *others: Value
    ) -> Iterator[Summand]:
        """The summands of an operand in what is linear in it; ``others`` credit nobody."""
        more = frozenset[str]().union(*(self.uncredited.places[v] for v in others))
        for part in self.summands(operand):
            yield Summand(within(part.value), part.credits, part.without | more)


def added(values: Iterable[Value]) -> Value:
    """The sum of values of one shape."""
    return reduce(_sum, values)


def _sum(left: Value, right: Value) -> Value:
    plates = united((left.type.plates, right.type.plates))
    type_ = ValueType(plates, left.type.shape)
    return Apply("add", (left, right), {}, type_, left.span.to(right.span))


def _negative(value: Value) -> Value:
    return Apply("negative", (value,), {}, replace(value.type, dtype="float"), value.span)


def _itself(value: Value) -> Value:
    return value


def _of(value: Apply, operands: tuple[Value, ...]) -> Value:
    """A function of other operands, which may have fewer plates."""
    plates = united(operand.type.plates for operand in operands)
    return replace(value, operands=operands, type=replace(value.type, plates=plates))


def _selected(value: Select, operand: Value) -> Value:
    items = (v for v in value.items if isinstance(v, Value))
    plates = united(v.type.plates for v in (operand, *items))
    return replace(value, value=operand, type=replace(value.type, plates=plates))


def _reduced(value: OverPlates, operand: Value) -> Value:
    """A reduction of an operand: one that lacks a plate is its own mean over that."""
    plates = tuple(p for p in value.plates if p in operand.type.plates)
    if not plates:
        return operand
    kept = replace(value.type, plates=operand.type.plates.difference(plates))
    return replace(value, value=operand, plates=plates, type=kept)
