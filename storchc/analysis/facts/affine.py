"""Whether a value is affine in a part of it: ``slope · part + rest``.

A part may stand in sums and differences, be negated, and be multiplied with or divided by what does
not move with it; computes are followed by their names. The slope is written as a sum of products.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from storchc.ir.expression import Apply, Distribution, OverPlates, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Compute, Cost
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Product:
    """``sign · Π factors / Π divisors``, none of which moves with the part."""

    sign: Literal[1, -1] = 1
    factors: tuple[Value, ...] = ()
    divisors: tuple[Value, ...] = ()

    def negated(self) -> Product:
        """Its negative."""
        return Product(1 if self.sign == -1 else -1, self.factors, self.divisors)


Slope = tuple[Product, ...]
"""A sum; the empty one is that of a value without the part."""


@dataclass(frozen=True, slots=True)
class Bend:
    """Where a value is not affine in the part, and why, in the user's words."""

    span: Span
    reason: str


class NotAffineError(Exception):
    """A value is not affine in the part: where, and why, in the user's words."""

    def __init__(self, span: Span, reason: str) -> None:
        super().__init__(reason)
        self.span = span
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Affine:
    """Finds the slope of values in a part.

    ``part`` knows the part, ``holds`` what may have it somewhere inside, ``fixed`` what may
    multiply it. ``linear`` says which reductions of plates leave a value affine. ``name`` and
    ``way`` say in words what moves, and how it should enter.
    """

    graph: Graph
    part: Callable[[Value], bool]
    holds: Callable[[Value], bool]
    fixed: Callable[[Value], bool]
    name: str
    way: str
    linear: Callable[[OverPlates], bool] = lambda value: False

    def slope(self, value: Value) -> Slope:
        """The slope of ``value``; raises where it is not affine."""
        if self.part(value):
            return (Product(),)
        if not self.holds(value):
            return ()
        match value:
            case Reference():
                return self._named(value)
            case Apply(function="negative", operands=(operand,)):
                return tuple(p.negated() for p in self.slope(operand))
            case Apply(function="add", operands=(left, right)):
                return self.slope(left) + self.slope(right)
            case Apply(function="subtract", operands=(left, right)):
                return self.slope(left) + tuple(p.negated() for p in self.slope(right))
            case Apply(function="multiply", operands=(left, right)):
                if self.holds(left):
                    return self._times(left, right)
                return self._times(right, left)
            case Apply(function="divide", operands=(left, right)):
                return self._over(left, right)
            case OverPlates() if self.linear(value):
                return self.slope(value.value)
        raise NotAffineError(value.span, f"{self.name} enters otherwise than by {self.way}")

    def _named(self, value: Reference) -> Slope:
        for node in () if value.name in self.graph.carried else self.graph.all_nodes:
            match node:
                case Compute(names, defined, _, _) if names == (value.name,):
                    assert not isinstance(defined, Distribution)
                    return self.slope(defined)
                case Cost(name, defined, False, _) if name == value.name:
                    return self.slope(defined)
        raise NotAffineError(value.span, f"`{value.name}` moves with {self.name} in its own way")

    def _times(self, value: Value, factor: Value) -> Slope:
        self._require_fixed(factor)
        return tuple(Product(p.sign, (*p.factors, factor), p.divisors) for p in self.slope(value))

    def _over(self, value: Value, divisor: Value) -> Slope:
        self._require_fixed(divisor)
        return tuple(Product(p.sign, p.factors, (*p.divisors, divisor)) for p in self.slope(value))

    def _require_fixed(self, value: Value) -> None:
        if self.holds(value) or not self.fixed(value):
            raise NotAffineError(value.span, f"moves with {self.name} as well")
