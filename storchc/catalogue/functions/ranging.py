"""Where results lie, from where operands do: the rules that many rows share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from storchc.catalogue.function import Moves, Ranging
from storchc.catalogue.functions.fitting import axes
from storchc.ir import ranges as at
from storchc.ir.expression import Apply, Value
from storchc.ir.ranges import Range
from storchc.ir.size import product

Rule = Callable[[float], float]


def fixed(found: Range) -> Ranging:
    """The same whatever the operands are."""
    return lambda value, ranges: known_as(found, ranges)


def known_as(found: Range, ranges: tuple[Range, ...]) -> Range:
    """The same, known where all operands are."""
    return found if all(r.known for r in ranges) else found.unknown()


REAL = fixed(at.REAL)
TRUTH = fixed(at.TRUTH)


def one(rule: Callable[[Range], Range]) -> Ranging:
    """Of the first operand alone."""
    return lambda value, ranges: rule(ranges[0])


def two(rule: Callable[[Range, Range], Range]) -> Ranging:
    """Of two operands."""
    return lambda value, ranges: rule(ranges[0], ranges[1])


def rising(rule: Rule, domain: Range = at.REAL) -> Ranging:
    """A function that never falls, where it is defined."""
    return one(lambda a: at.through(within(a, domain), rule))


def falling(rule: Rule, domain: Range = at.REAL) -> Ranging:
    """A function that never rises, where it is defined."""
    return one(lambda a: at.negative(at.through(within(a, domain), lambda x: -rule(x))))


def even(rule: Rule) -> Ranging:
    """A function of the size alone, that never falls with it."""
    return one(lambda a: at.through(at.absolute(a), rule))


def whole(rule: Rule) -> Ranging:
    """A function that never falls and gives integers."""

    def ranging(a: Range) -> Range:
        low, high = (x if math.isinf(x) else float(rule(x)) for x in (a.low, a.high))
        return Range(low, high, whole=True, known=a.known)

    return one(ranging)


def numbers(meaning: Callable[..., float], otherwise: Ranging) -> Ranging:
    """What a function makes of numbers, given the application too; else by another rule."""

    def ranging(value: Apply, ranges: tuple[Range, ...]) -> Range:
        known = [r.number for r in ranges if r.number is not None]
        if len(known) < len(ranges):
            return otherwise(value, ranges)
        try:
            return known_as(at.exactly(meaning(value, *known)), ranges)
        except (ArithmeticError, ValueError):
            return otherwise(value, ranges)

    return ranging


def number(rule: Rule, otherwise: Ranging) -> Ranging:
    """What a function of one value makes of a number; else by another rule."""
    return numbers(lambda value, x: rule(x), otherwise)


def within(a: Range, domain: Range) -> Range:
    """That part of ``a`` which lies in ``domain``; all of that, where none does."""
    low, low_open = max((a.low, a.low_open), (domain.low, domain.low_open))
    high, closed = min((a.high, not a.high_open), (domain.high, not domain.high_open))
    if low > high:
        return domain
    return replace(a, low=low, high=high, low_open=low_open, high_open=not closed, simplex=False)


def same(value: Apply, ranges: tuple[Range, ...]) -> Range:
    """Elements of the operands, one by one: integers stay so, and ends are not crossed."""
    return at.hull(ranges).elementwise()


def taken(moves: Moves) -> Ranging:
    """Elements of the first operand, or of all joined, that ``moves`` says where they are."""

    def ranging(value: Apply, ranges: tuple[Range, ...]) -> Range:
        found = at.hull(ranges)
        whole = all(whole_last(value, operand) for operand in value.operands)
        if whole and all(moves(value, i)(-1) == -1 for i in range(len(ranges))):
            return found
        return found.elementwise()

    return ranging


def whole_last(value: Apply, operand: Value) -> bool:
    """Whether the last event dimension of an operand is as large as that of the result."""
    shape, result = operand.type.shape, value.type.shape
    return bool(shape and result) and shape[-1] == result[-1]


def one_for_all(operand: Value) -> bool:
    """Whether an operand is the same along the last event dimension of what it is used with."""
    shape = operand.type.shape
    return not shape or shape[-1].broadcasts


def count(value: Apply, position: int = 0) -> int | None:
    """How many elements one of the result is reduced of, along ``dim`` or over all of the event."""
    shape = value.operands[position].type.shape
    return product(tuple(shape[dim] for dim in axes(value.settings["dim"], shape))).value


def total(a: Range, n: int | None) -> Range:
    """The sum of ``n`` elements, at least one where the number is not known."""
    if n is not None:
        summed = at.multiply(a, at.exactly(n)) if n else at.exactly(0)
        return replace(summed, whole=a.whole, known=a.known)
    low = a.low if a.low >= 0 else -math.inf
    high = a.high if a.high <= 0 else math.inf
    low_open, high_open = a.low_open and a.low >= 0, a.high_open and a.high <= 0
    return Range(low, high, low_open, high_open, whole=a.whole, known=a.known)


def mean(value: Apply, ranges: tuple[Range, ...]) -> Range:
    """Between the smallest and the largest of what is averaged."""
    (a,) = ranges
    return Range(a.low, a.high, a.low_open, a.high_open, known=a.known)


def nonnegative(value: Apply, ranges: tuple[Range, ...]) -> Range:
    """0 or more."""
    return known_as(at.NONNEGATIVE, ranges)


def continuous(a: Range) -> bool:
    """Whether it is hardly ever 0, so that two of them are not 0 at once.

    Integers are, and so may be what ends at 0, as `relu` does.
    """
    return not a.whole and not (a.has_zero and 0 in (a.low, a.high))
