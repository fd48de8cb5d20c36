"""Where the elements of a value lie: an interval, with what else is known of them.

Arithmetic of intervals never raises and never claims too much; what it knows nothing of is
`ANYTHING`. An open end is not reached, or only on a set of two dimensions fewer than there are
(the length of a vector is 0 nowhere else): no expectation sees it, and nothing divides by it.
Floats may round onto an open end all the same, unless the value is ``inside``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import reduce

from storchc.ir.types import Dtype
from storchc.records import dataclass

INFINITY = math.inf


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from ``low`` to ``high``, which may be infinite; ``opens``: ends left out.

    ``whole``: they are integers. ``nonzero``: none of them is 0. ``simplex``: along the last event
    dimension they are not below 0 and sum to 1. ``inside``: floats do not round onto an open end.
    ``known``: they do go everywhere in it, as far as storchc can say; what a user's module gives,
    an input or a param may stay within any part of where it could be. ``supposed``: as long as the
    user's modules are what the story says that they are where nobody gives another one.
    """

    low: float = -INFINITY
    high: float = INFINITY
    low_open: bool = False
    high_open: bool = False
    whole: bool = False
    nonzero: bool = False
    simplex: bool = False
    inside: bool = False
    known: bool = True
    supposed: bool = False

    # --- asked of a range ------------------------------------------------------------------------

    def holds(self, number: float) -> bool:
        """Whether ``number`` may be among them."""
        if number == 0 and self.nonzero:
            return False
        if self.whole and math.isfinite(number) and number != int(number):
            return False
        above = number > self.low or (number == self.low and not self.low_open)
        return above and (number < self.high or (number == self.high and not self.high_open))

    @property
    def has_zero(self) -> bool:
        """Whether 0 may be among them."""
        return self.holds(0)

    @property
    def positive(self) -> bool:
        """Whether all are above 0."""
        return self.low > 0 or (self.low == 0 and not self.has_zero)

    @property
    def negative(self) -> bool:
        """Whether all are below 0."""
        return self.high < 0 or (self.high == 0 and not self.has_zero)

    @property
    def nonnegative(self) -> bool:
        """Whether none is below 0."""
        return self.low >= 0

    @property
    def bounded(self) -> bool:
        """Whether both ends are numbers."""
        return math.isfinite(self.low) and math.isfinite(self.high)

    @property
    def number(self) -> float | None:
        """The one number that it is, if it is one."""
        return self.low if self.low == self.high and math.isfinite(self.low) else None

    @property
    def everywhere(self) -> bool:
        """Whether the value does go through all real numbers."""
        unbounded = self.low == -INFINITY and self.high == INFINITY
        return unbounded and self.known and not self.whole and not self.nonzero

    def within(self, other: Range) -> bool:
        """Whether all of these are among those of ``other``; rounding is left aside."""
        if other.whole and not self.whole and self.number is None:
            return False
        if other.nonzero and self.has_zero:
            return False
        low = self.low > other.low or (
            self.low == other.low and (self.low_open or not other.low_open)
        )
        high = self.high < other.high or (
            self.high == other.high and (self.high_open or not other.high_open)
        )
        return low and high

    def stays_within(self, other: Range) -> bool:
        """Whether all are among those of ``other`` in floats too."""
        if not self.within(other):
            return False
        touches_low = other.low_open and self.low == other.low and math.isfinite(other.low)
        touches_high = other.high_open and self.high == other.high and math.isfinite(other.high)
        return self.inside or not (touches_low or touches_high)

    def apart(self, other: Range) -> bool:
        """Whether no number is among both."""
        low, high = (self, other) if self.low <= other.low else (other, self)
        if low.high != high.low:
            return low.high < high.low
        return low.high_open or high.low_open

    def __str__(self) -> str:
        """As in mathematics: ``(0, inf)``."""
        if self.number is not None:
            return f"{self.number:g}"
        left = "(" if self.low_open or math.isinf(self.low) else "["
        right = ")" if self.high_open or math.isinf(self.high) else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"

    # --- made of ranges --------------------------------------------------------------------------

    def joined(self, other: Range) -> Range:
        """The numbers of either, and those between."""
        low, low_open = min((self.low, self.low_open), (other.low, other.low_open))
        high, closed = max((self.high, not self.high_open), (other.high, not other.high_open))
        return Range(
            low,
            high,
            low_open,
            not closed,
            self.whole and other.whole,
            not self.has_zero and not other.has_zero,
            self.simplex and other.simplex,
            _as_inside(self) and _as_inside(other),
            self.known and other.known,
            self.supposed or other.supposed,
        )

    def widened(self) -> Range:
        """A larger range of which there are few: what a loop makes of itself settles on one.

        Nobody says that all of what it gained is used.
        """
        low = max(step for step in _LADDER if step <= self.low)
        high = min(step for step in _LADDER if step >= self.high)
        low_open = self.low_open or low != self.low
        high_open = self.high_open or high != self.high
        known = self.known and (low, high) == (self.low, self.high)
        return replace(
            self, low=low, high=high, low_open=low_open, high_open=high_open, known=known
        )

    def elementwise(self) -> Range:
        """The same of single elements, whatever stands beside them."""
        return replace(self, simplex=False) if self.simplex else self

    def unknown(self) -> Range:
        """The same where nobody says that it is all used."""
        return replace(self, known=False) if self.known else self


_LADDER = (-INFINITY, -1.0, 0.0, 1.0, INFINITY)


def _as_inside(part: Range) -> bool:
    """Whether floats reach none of the open ends."""
    touched = part.low_open and math.isfinite(part.low)
    return part.inside or not (touched or (part.high_open and math.isfinite(part.high)))


ANYTHING = Range(known=False)
"""Of a module, a function, an input or a param, and of all that nobody knows."""

REAL = Range()
POSITIVE = Range(0.0, low_open=True)
NONNEGATIVE = Range(0.0)
NEGATIVE = Range(high=0.0, high_open=True)
NONPOSITIVE = Range(high=0.0)
UNIT = Range(0.0, 1.0)
OPEN_UNIT = Range(0.0, 1.0, low_open=True, high_open=True)
SIGNED_UNIT = Range(-1.0, 1.0)
OPEN_SIGNED_UNIT = Range(-1.0, 1.0, low_open=True, high_open=True)
TRUTH = Range(0.0, 1.0, whole=True)
COUNT = Range(0.0, whole=True)
INTEGERS = Range(whole=True)
SIMPLEX = Range(0.0, 1.0, simplex=True)


def exactly(number: float) -> Range:
    """One number."""
    if math.isnan(number):
        return ANYTHING
    value = float(number) if abs(number) < 1e300 else math.copysign(INFINITY, number)
    whole = math.isfinite(value) and value == math.floor(value)
    return Range(value, value, whole=whole, nonzero=value != 0)


def up_to(count: int | None) -> Range:
    """The positions in a dimension of so many elements; None: known at run time only."""
    return Range(0.0, INFINITY if count is None else float(count - 1), whole=True)


def hull(ranges: Iterable[Range]) -> Range:
    """The numbers of any, and those between."""
    listed = tuple(ranges)
    return reduce(Range.joined, listed) if listed else ANYTHING


# --- arithmetic ----------------------------------------------------------------------------------


def _made(
    low: tuple[float, bool], high: tuple[float, bool], *, whole: bool, nonzero: bool, known: bool
) -> Range:
    """From ends with their openness; an end that is no number is anywhere."""
    ends = [(-INFINITY, False) if math.isnan(low[0]) else low]
    ends.append((INFINITY, False) if math.isnan(high[0]) else high)
    (a, a_open), (b, b_open) = ends
    return Range(a, b, a_open, b_open, whole=whole, nonzero=nonzero, known=known)


def negative(a: Range) -> Range:
    """``-a``."""
    return replace(
        a,
        low=-a.high + 0.0,
        high=-a.low + 0.0,
        low_open=a.high_open,
        high_open=a.low_open,
        simplex=False,
    )


def add(a: Range, b: Range) -> Range:
    """``a + b``."""
    return _made(
        (a.low + b.low, a.low_open or b.low_open),
        (a.high + b.high, a.high_open or b.high_open),
        whole=a.whole and b.whole,
        nonzero=False,
        known=(a.known and b.known) or a.everywhere or b.everywhere,
    )


def subtract(a: Range, b: Range) -> Range:
    """``a - b``."""
    return add(a, negative(b))


def multiply(a: Range, b: Range) -> Range:
    """``a * b``."""
    corners = [
        (_product(x, y), _open_product(x, x_open, y, y_open))
        for x, x_open in ((a.low, a.low_open), (a.high, a.high_open))
        for y, y_open in ((b.low, b.low_open), (b.high, b.high_open))
    ]
    low = min(value for value, _ in corners)
    high = max(value for value, _ in corners)
    return _made(
        (low, all(is_open for value, is_open in corners if value == low)),
        (high, all(is_open for value, is_open in corners if value == high)),
        whole=a.whole and b.whole,
        nonzero=not a.has_zero and not b.has_zero,
        known=(a.known and b.known) or a.everywhere or b.everywhere,
    )


def _product(x: float, y: float) -> float:
    return 0.0 if x == 0 or y == 0 else x * y


def _open_product(x: float, x_open: bool, y: float, y_open: bool) -> bool:
    """A product with 0 is 0 where that end is reached, whatever the other factor is."""
    if x == 0 and not x_open:
        return False
    if y == 0 and not y_open:
        return False
    return x_open or y_open


def square(a: Range) -> Range:
    """``a * a``."""
    return power(a, 2)


def power(a: Range, exponent: float) -> Range:
    """``a ** exponent`` for a number."""
    if exponent == 0:
        return exactly(1)
    if exponent < 0:
        return reciprocal(power(a, -exponent))
    even = exponent == int(exponent) and exponent % 2 == 0
    if exponent == int(exponent) and not even:
        odd = through(a, lambda x: _power(x, exponent), whole=True)
        return replace(odd, nonzero=not a.has_zero)
    size = absolute(a) if even else keep_from(a, 0.0)
    return through(size, lambda x: _power(x, exponent), whole=even)


def _power(x: float, exponent: float) -> float:
    try:
        return float(x**exponent)
    except OverflowError:
        return INFINITY if x > 0 or exponent % 2 == 0 else -INFINITY


def reciprocal(a: Range) -> Range:
    """``1 / a``."""
    if not a.has_zero and (a.low >= 0 or a.high <= 0):
        ends = sorted(((_inverse(a.high, a), a.high_open), (_inverse(a.low, a), a.low_open)))
        (low, low_open), (high, high_open) = ends
        low_open, high_open = low_open or low == 0, high_open or high == 0
        return Range(low, high, low_open, high_open, nonzero=True, known=a.known)
    nonzero = a.bounded
    if a.low >= 0:
        return Range(_inverse(a.high, a), nonzero=nonzero, known=a.known)
    return Range(nonzero=nonzero, known=a.known)


def _inverse(x: float, of: Range) -> float:
    if x == 0:
        return INFINITY if of.low >= 0 else -INFINITY
    return 0.0 if math.isinf(x) else 1 / x


def divide(a: Range, b: Range) -> Range:
    """``a / b``."""
    return multiply(a, reciprocal(b))


def absolute(a: Range) -> Range:
    """``|a|``."""
    if a.low >= 0:
        return a.elementwise()
    if a.high <= 0:
        return negative(a)
    high, closed = max((-a.low, not a.low_open), (a.high, not a.high_open))
    return Range(0.0, high, a.nonzero, not closed, whole=a.whole, nonzero=a.nonzero, known=a.known)


def keep_from(a: Range, number: float) -> Range:
    """Those of ``a`` that are not below ``number``: what a function of these alone can be given."""
    if a.low >= number or a.high <= number:
        return a.elementwise()
    return replace(a, low=number, low_open=a.nonzero and number == 0, simplex=False)


def smaller(a: Range, b: Range) -> Range:
    """The smaller of two values, element by element."""
    return negative(larger(negative(a), negative(b)))


def larger(a: Range, b: Range) -> Range:
    """The larger of two values, element by element."""
    low, low_open = max((a.low, a.low_open), (b.low, b.low_open))
    high, closed = max((a.high, not a.high_open), (b.high, not b.high_open))
    nonzero = not a.has_zero and not b.has_zero
    inside = _as_inside(a) and _as_inside(b)
    whole = a.whole and b.whole
    return Range(
        low, high, low_open, not closed, whole, nonzero, False, inside, a.known and b.known
    )


def through(a: Range, function: Callable[[float], float], *, whole: bool = False) -> Range:
    """What a function that never falls makes of ``a``; open ends stay open, and none is infinite.

    ``whole``: it makes integers of integers.
    """
    ends = (
        (function(a.low), a.low_open or math.isinf(a.low)),
        (function(a.high), a.high_open or math.isinf(a.high)),
    )
    return _made(*ends, whole=whole and a.whole, nonzero=False, known=a.known)


def of_type(dtype: Dtype) -> Range:
    """Anything of a dtype."""
    match dtype:
        case "float":
            return ANYTHING
        case "int":
            return INTEGERS.unknown()
        case "bool":
            return TRUTH.unknown()
