"""Where reductions and functions along dimensions lie, and how they move with their operand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from storchc.catalogue.function import Ranging, Smooth, Smoothness
from storchc.catalogue.functions.fitting import axes, axis, broadcast, sizes_of
from storchc.catalogue.functions.ranging import count, known_as, total
from storchc.catalogue.functions.relations import continuous_at_zero
from storchc.catalogue.functions.smooth import counts
from storchc.ir import ranges as at
from storchc.ir.expression import Apply
from storchc.ir.ranges import Range
from storchc.ir.size import product

Ranges = tuple[Range, ...]
Kinds = tuple[Smoothness, ...]


FILLING = 1e-3
"""What is added to a denominator fills its pole from here on."""

SPREADS = frozenset({"std", "var", "layer_norm"})
"""What is 0 where all elements are equal, or divides by that."""


def filled(value: Apply) -> bool:
    """Whether the ``eps`` of a function fills its pole.

    Not that of `cosine_similarity`, of which torch's derivative knows nothing.
    """
    eps = value.settings["eps"]
    large = isinstance(eps, int | float) and eps >= FILLING
    return large and value.function != "cosine_similarity"


def pair(value: Apply) -> int | None:
    """The dimension of two elements, where all that a spread is taken of are these."""
    shape = value.operands[0].type.shape
    if "normalized_shape" in value.settings:
        dims = tuple(range(-len(sizes_of(value.settings["normalized_shape"])), 0))
    else:
        dims = axes(value.settings["dim"], shape)
    if product(tuple(shape[dim] for dim in dims)).value != 2:
        return None
    return next((dim for dim in dims if shape[dim].value == 2), None)


def size_along(value: Apply, position: int = 0) -> int | None:
    """The size of the one dimension ``dim``; None where it is known at run time only."""
    shape = value.operands[position].type.shape
    return shape[axis(value.settings["dim"], shape)].value


def is_last(value: Apply) -> bool:
    """Whether the function runs along the last event dimension."""
    return axis(value.settings["dim"], value.operands[0].type.shape) == -1


# --- sums and products ---------------------------------------------------------------------------


def summed(value: Apply, ranges: Ranges) -> Range:
    """The sum of so many elements; of probabilities along their dimension it is 1."""
    (a,) = ranges
    if a.simplex and axes(value.settings["dim"], value.operands[0].type.shape) == (-1,):
        return known_as(Range(1.0, 1.0, nonzero=True), ranges)
    return total(a, count(value))


def summed_without_nan(value: Apply, ranges: Ranges) -> Range:
    """As the sum, of fewer elements maybe."""
    return at.exactly(0).joined(total(ranges[0], count(value)))


def multiplied(value: Apply, ranges: Ranges) -> Range:
    """A product of elements."""
    return _product(ranges[0], count(value))


def _product(a: Range, n: int | None) -> Range:
    if n is not None and n <= 64:
        return at.power(a, n) if a.nonnegative else _signed_product(a, n)
    one = a.within(at.UNIT)
    if a.nonnegative:
        high = 1.0 if one else math.inf
        return Range(0.0, high, a.positive, whole=a.whole, nonzero=a.positive, known=a.known)
    return Range(whole=a.whole, nonzero=not a.has_zero, known=a.known)


def _signed_product(a: Range, n: int) -> Range:
    found = a if n else at.exactly(1)
    for _ in range(n - 1):
        found = at.multiply(found, a)
    return replace(found, known=a.known)


def log_total(value: Apply, ranges: Ranges) -> Range:
    """Above the largest element, by the logarithm of their number at most."""
    (a,), n = ranges, count(value)
    more = math.log(n) if n else 0.0
    high = a.high + more if n is not None else math.inf
    return Range(a.low + more, high, a.low_open, True, known=a.known)


def spread(value: Apply, ranges: Ranges) -> Range:
    """0 or more; of three elements it is 0 where all are equal, in two dimensions fewer."""
    (a,), n = ranges, count(value)
    apart = continuous_at_zero(a) and (n is None or n > 2)
    return Range(0.0, low_open=apart, known=a.known)


def deviation_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """Of two elements it is their distance."""
    return ("corner" if count(value) == 2 else "smooth",)


def counted(value: Apply, ranges: Ranges) -> Range:
    """How many there are at most."""
    n = count(value)
    return Range(0.0, math.inf if n is None else float(n), whole=True, known=ranges[0].known)


# --- order ---------------------------------------------------------------------------------------


def corner_of_several(number: Callable[[Apply], int | None]) -> Smooth:
    """A corner wherever two elements are equal."""
    return lambda value, ranges: ("smooth" if number(value) == 1 else "corner",)


def positions(value: Apply, ranges: Ranges) -> Range:
    """A position, of the whole event without ``dim``."""
    return replace(at.up_to(count(value)), known=ranges[0].known)


def positions_along(value: Apply, ranges: Ranges) -> Range:
    """A position along the dimension."""
    return replace(at.up_to(size_along(value)), known=ranges[0].known)


def same_floats(value: Apply, ranges: Ranges) -> Range:
    """Between elements: an average of two at times."""
    return replace(ranges[0], whole=False, simplex=False, inside=False)


# --- running sums --------------------------------------------------------------------------------


def running_sum(value: Apply, ranges: Ranges) -> Range:
    """The sum of any number of first elements."""
    (a,) = ranges
    if a.simplex and is_last(value):
        return known_as(at.UNIT, ranges)
    n = size_along(value)
    return total(a, None if n is None or n > 1 else 1) if n is None else a.joined(total(a, n))


def running_product(value: Apply, ranges: Ranges) -> Range:
    """The product of any number of first elements."""
    (a,), n = ranges, size_along(value)
    if n is None or n > 64:
        return a.joined(_product(a, None))
    return at.hull(_product(a, i) for i in range(1, n + 1)).elementwise()


def running_log_sum(value: Apply, ranges: Ranges) -> Range:
    """At least the smallest element, at most the largest and the logarithm of their number."""
    (a,), n = ranges, size_along(value)
    high = math.inf if n is None else a.high + math.log(n)
    return Range(a.low, high, a.low_open, a.high_open, known=a.known)


# --- normalising ---------------------------------------------------------------------------------


def probabilities(value: Apply, ranges: Ranges) -> Range:
    """Between 0 and 1, and 1 in all."""
    if size_along(value) == 1:
        return known_as(Range(1.0, 1.0, nonzero=True, simplex=is_last(value)), ranges)
    return known_as(replace(at.OPEN_UNIT, simplex=is_last(value)), ranges)


def log_probabilities(value: Apply, ranges: Ranges) -> Range:
    """Below 0."""
    return known_as(at.exactly(0) if size_along(value) == 1 else at.NEGATIVE, ranges)


def norm(value: Apply, ranges: Ranges) -> Range:
    """0 or more; of two elements that move apart it is 0 at one point only."""
    (a,), n = ranges, count(value)
    size, order = at.absolute(a), value.settings["p"]
    assert isinstance(order, int | float)
    if order == 0:
        return counted(value, ranges)
    apart = size.positive or (continuous_at_zero(a) and (n is None or n > 1))
    if n == 1:
        return size
    low = size.low if order > 0 else 0.0
    high = size.high * n if n is not None and order >= 1 else math.inf
    return Range(low, high, apart, known=a.known)


def norm_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """As `length_smooth`, of the elements that it is taken of."""
    return (length_smooth(value.settings["p"], count(value), ranges[0]),)


def length_smooth(order: object, n: int | None, a: Range) -> Smoothness:
    """Corners where an element is 0, but of even orders; then where all are, which is one point."""
    assert isinstance(order, int | float)
    crossed = a.low < 0 < a.high and a.has_zero
    if n == 1:
        return ("corner" if crossed else "smooth") if order > 0 else "jump"
    if order <= 0:
        return "smooth" if not a.has_zero and order < 0 else "jump"
    if math.isinf(order):
        return "corner"
    if not crossed or order % 2 == 0:
        return "smooth"
    return "bend" if order >= 2 else "corner"


def unit_length(value: Apply, ranges: Ranges) -> Range:
    """Between -1 and 1, with their signs."""
    (a,), order = ranges, value.settings["p"]
    assert isinstance(order, int | float)
    if order < 1:
        return Range(0.0 if a.nonnegative else -math.inf, known=a.known)
    found = at.UNIT if a.nonnegative else at.SIGNED_UNIT
    simplex = order == 1 and a.positive and is_last(value)
    return known_as(replace(found, low_open=a.positive, simplex=simplex), ranges)


def unit_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """Of one element the sign is left; where ``eps`` is large, a corner where that takes over."""
    (a,), n = ranges, size_along(value)
    if filled(value):
        return ("corner",)
    if n == 1:
        return ("pole" if a.has_zero else "smooth",)
    return (length_smooth(value.settings["p"], n, a),)


def cosine_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """Of one element the sign is left."""
    shape = broadcast(operand.type.shape for operand in value.operands)
    one = shape[axis(value.settings["dim"], shape)].value == 1
    return tuple("pole" if one and r.has_zero else "smooth" for r in ranges)


def gated(value: Apply, ranges: Ranges) -> Range:
    """One half times something between 0 and 1."""
    return at.multiply(ranges[0], at.OPEN_UNIT)


def _normalised(value: Apply) -> int | None:
    return product(sizes_of(value.settings["normalized_shape"])).value


def standardised_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """A pole where two elements are brought to -1 and 1."""
    return ("pole" if _normalised(value) == 2 and not filled(value) else "smooth",)


def root_mean_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """Of one element the sign is left."""
    sign = _normalised(value) == 1 and not filled(value)
    return ("pole" if sign and ranges[0].has_zero else "smooth",)


# --- products of vectors and matrices ------------------------------------------------------------


def contracted(inner: Callable[[Apply], int | None]) -> Ranging:
    """Sums of products over a dimension: probabilities times values lie between those."""

    def ranging(value: Apply, ranges: Ranges) -> Range:
        a, b = ranges[:2]
        if a.simplex and value.function == "matmul":
            rows = len(value.operands[1].type.shape) > 1
            return replace(b, simplex=b.simplex and rows, whole=False, inside=False)
        known = (a.known and b.known) or a.everywhere or b.everywhere
        return replace(total(at.multiply(a, b), inner(value)), known=known)

    return ranging


def inner_size(value: Apply) -> int | None:
    """The size of the dimension that a product of matrices sums over."""
    return value.operands[0].type.shape[-1].value


def layered(value: Apply, ranges: Ranges) -> Range:
    """``x @ weight.T + bias``."""
    found = contracted(inner_size)(value, ranges)
    return at.add(found, ranges[2]) if len(ranges) == 3 else found


def lettered(value: Apply, ranges: Ranges) -> Range:
    """Products, summed over letters that the result does not name."""
    found = ranges[0].elementwise()
    for other in ranges[1:]:
        found = at.multiply(found, other)
    return total(found, None).joined(found)


def distances(value: Apply, ranges: Ranges) -> Range:
    """0 or more; between two continuous rows of two elements it is 0 at one point only."""
    apart = _row(value) != 1 and any(
        not r.whole and r.number is None and continuous_at_zero(r) for r in ranges
    )
    found = Range(0.0, low_open=apart)
    one = _row(value) == 1 and any(r.everywhere for r in ranges)
    return found if one else known_as(found, ranges)


def distances_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """As the length of the difference."""
    kind = length_smooth(value.settings["p"], _row(value), at.subtract(*ranges))
    return kind, kind


def _row(value: Apply) -> int | None:
    return value.operands[0].type.shape[-1].value


def diagonal_sum(value: Apply, ranges: Ranges) -> Range:
    """The sum of as many elements as there are rows."""
    return total(ranges[0], inner_size(value))


def with_zeros(value: Apply, ranges: Ranges) -> Range:
    """The elements, or 0."""
    return at.exactly(0).joined(ranges[0].elementwise())


def whole_jump(value: Apply, ranges: Ranges) -> Kinds:
    """Jumps, unless nothing can move."""
    return (counts(ranges[0]),)
