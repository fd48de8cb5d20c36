"""Where operators and functions of two values lie, and how they move with each of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from storchc.catalogue.function import Ranging, Smoothness
from storchc.catalogue.functions import folding
from storchc.catalogue.functions.ranging import known_as, one_for_all, whole_last, within
from storchc.catalogue.functions.smooth import poles
from storchc.ir import ranges as at
from storchc.ir.expression import Apply, Literal, Reference, Value
from storchc.ir.ranges import Range

Ranges = tuple[Range, ...]
Kinds = tuple[Smoothness, ...]


# --- arithmetic ----------------------------------------------------------------------------------


def product(value: Apply, ranges: Ranges) -> Range:
    """A product; that of a value with itself is a square."""
    a, b = value.operands
    return at.square(ranges[0]) if alike(a, b) else at.multiply(*ranges)


def difference(value: Apply, ranges: Ranges) -> Range:
    """A difference; that of a value with itself is 0."""
    a, b = value.operands
    return at.exactly(0) if alike(a, b) else at.subtract(*ranges)


def alike(a: Value, b: Value) -> bool:
    """Whether both are the same name, which stands for one value."""
    return isinstance(a, Reference) and isinstance(b, Reference) and a.name == b.name


def quotient(value: Apply, ranges: Ranges) -> Kinds:
    """The denominator has a pole where it is 0."""
    return "smooth", poles(0.0)(ranges[1])


def power(value: Apply, ranges: Ranges) -> Range:
    """``a ** b``: exact for a number b, and positive for a base that is."""
    a, b = ranges
    if b.number is not None:
        return at.power(a, b.number)
    if a.positive:
        return at.through(at.multiply(b, at.through(a, math_log)), folding.exp)
    if a.nonnegative:
        return replace(at.NONNEGATIVE, known=a.known and b.known)
    return Range(known=a.known and b.known)


def math_log(x: float) -> float:
    """The natural logarithm, minus infinity at 0."""
    return math.log(x) if x > 0 else -math.inf


def power_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """Whole powers are smooth, negative ones have a pole at 0, all others end there."""
    a, b = ranges
    if a.positive:
        return "smooth", "smooth"
    exponent = b.number
    if exponent is None:
        return ("smooth" if b.whole and b.nonnegative else "pole"), "pole"
    if exponent < 0:
        return poles(0.0)(a), "smooth"
    return ("smooth" if exponent == int(exponent) else _root(a, exponent)), "smooth"


def _root(base: Range, exponent: float) -> Smoothness:
    if not base.has_zero and base.nonnegative:
        return "smooth"
    return "bend" if exponent >= 2 else "corner"


def floored(value: Apply, ranges: Ranges) -> Range:
    """A quotient rounded down."""
    exact = at.divide(*ranges)
    low, high = (x if math.isinf(x) else float(math.floor(x)) for x in (exact.low, exact.high))
    return Range(low, high, whole=True, known=exact.known)


def modulo(value: Apply, ranges: Ranges) -> Range:
    """Between 0 and the divisor, with its sign; whole where both are."""
    a, b = ranges
    low = 0.0 if b.nonnegative else b.low
    high = b.high if b.high > 0 else 0.0
    return Range(low, high, low < 0, high > 0, a.whole and b.whole, known=a.known)


def remainder(value: Apply, ranges: Ranges) -> Range:
    """Smaller than the divisor, with the sign of what is divided."""
    a, b = ranges
    size = at.absolute(b).high
    low, high = (0.0 if a.nonnegative else -size), (size if a.high > 0 else 0.0)
    return Range(low, high, low < 0, high > 0, a.whole and b.whole, known=a.known)


def dividing(value: Apply, ranges: Ranges) -> Kinds:
    """Jumps wherever the quotient is an integer; integers themselves do not move."""
    still = all(r.whole for r in ranges)
    return ("smooth", "smooth") if still else ("jump", "jump")


# --- comparisons and choice ----------------------------------------------------------------------


def ordered(rule: Callable[[float, float], bool], *, rises: bool) -> Ranging:
    """A comparison, known where one side lies wholly above the other."""

    def ranging(value: Apply, ranges: Ranges) -> Range:
        a, b = ranges
        if a.number is not None and b.number is not None:
            return at.exactly(float(rule(a.number, b.number)))
        if a.apart(b):
            return at.exactly(float((a.low > b.low or a.high > b.high) == rises))
        return known_as(at.TRUTH, ranges)

    return ranging


def differing(rule: Callable[[float, float], bool]) -> Ranging:
    """Whether two are equal, or not: known where they never meet."""

    def ranging(value: Apply, ranges: Ranges) -> Range:
        a, b = ranges
        if a.number is not None and b.number is not None:
            return at.exactly(float(rule(a.number, b.number)))
        return at.exactly(float(rule(0, 1))) if a.apart(b) else known_as(at.TRUTH, ranges)

    return ranging


def chosen(value: Apply, ranges: Ranges) -> Range:
    """Either side, each as the condition leaves it."""
    condition, then, otherwise = value.operands
    if ranges[0].number is not None:
        return ranges[1] if ranges[0].number else ranges[2]
    found = assuming(condition, then, ranges[1], holds=True).joined(
        assuming(condition, otherwise, ranges[2], holds=False)
    )
    rows = one_for_all(condition) and all(whole_last(value, v) for v in (then, otherwise))
    return found if rows else found.elementwise()


_NEGATED = {
    "less": "greater_equal",
    "less_equal": "greater",
    "greater": "less_equal",
    "greater_equal": "less",
    "equal": "not_equal",
    "not_equal": "equal",
}
_MIRRORED = {
    "less": "greater",
    "less_equal": "greater_equal",
    "greater": "less",
    "greater_equal": "less_equal",
}


def assuming(condition: Value, branch: Value, found: Range, *, holds: bool) -> Range:
    """The range of a side of a choice whose condition compares it with a number."""
    match condition:
        case Apply(name, (left, Literal(number))) if name in _NEGATED and alike(left, branch):
            pass
        case Apply(name, (Literal(number), right)) if name in _NEGATED and alike(right, branch):
            name = _MIRRORED.get(name, name)
        case _:
            return found
    return _limited(found, name if holds else _NEGATED[name], float(number))


def _limited(found: Range, relation: str, number: float) -> Range:
    match relation:
        case "less":
            return within(found, Range(high=number, high_open=True))
        case "less_equal":
            return within(found, Range(high=number))
        case "greater":
            return within(found, Range(number, low_open=True))
        case "greater_equal":
            return within(found, Range(number))
        case "not_equal" if number == 0:
            return replace(found, nonzero=True)
        case _:
            return found


# --- pairs ---------------------------------------------------------------------------------------


def angle(value: Apply, ranges: Ranges) -> Range:
    """Between minus half a turn and half a turn."""
    y, x = ranges
    least = 0.0 if y.nonnegative else -math.pi / 2 if x.nonnegative else -math.pi
    most = 0.0 if y.high <= 0 and x.nonnegative else math.pi / 2 if x.nonnegative else math.pi
    return Range(least, most, known=y.known and x.known)


def angle_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """It jumps where the first argument crosses 0 and the second is negative."""
    y, x = ranges
    cut = y.low < 0 < y.high and x.low < 0
    return ("jump" if cut else "smooth"), "smooth"


def with_sign(value: Apply, ranges: Ranges) -> Range:
    """The size of the first with the sign of the second."""
    size, by = at.absolute(ranges[0]), ranges[1]
    if by.positive:
        return size
    return at.negative(size) if by.negative else size.joined(at.negative(size))


def with_sign_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """A corner where the first is 0, a jump where the second is."""
    a, b = ranges
    sign: Smoothness = "jump" if b.low <= 0 <= b.high and b.has_zero else "smooth"
    return ("corner" if a.low < 0 < a.high and a.has_zero else "smooth"), sign


def length(value: Apply, ranges: Ranges) -> Range:
    """The length of two coordinates."""
    a, b = map(at.absolute, ranges)
    low = math.hypot(a.low, b.low)
    apart = all(continuous_at_zero(r) for r in ranges)
    return Range(low, math.hypot(a.high, b.high), apart, known=a.known and b.known)


def continuous_at_zero(a: Range) -> bool:
    """Whether it passes 0 on its way, or keeps away from it, so that two are not 0 at once."""
    return not a.whole and not (a.has_zero and 0 in (a.low, a.high))


def length_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """A corner at 0 where the other coordinate is 0 all the time."""
    kinds: list[Smoothness] = [
        "corner" if other.number == 0 and a.low < 0 < a.high else "smooth"
        for a, other in (ranges, ranges[::-1])
    ]
    return tuple(kinds)


def log_sum(rule: Callable[[float, float], float]) -> Ranging:
    """A smooth maximum, by its values at the ends."""

    def ranging(value: Apply, ranges: Ranges) -> Range:
        a, b = ranges
        low, high = rule(a.low, b.low), rule(a.high, b.high)
        return Range(low, high, a.low_open or b.low_open, True, known=a.known and b.known)

    return ranging


def log_add(base: float) -> Callable[[float, float], float]:
    """The logarithm of the sum of two powers of a base."""

    def rule(x: float, y: float) -> float:
        high, low = max(x, y), min(x, y)
        return (
            high
            if math.isinf(high) or math.isinf(low)
            else high + math.log1p(folding.exp((low - high) * math.log(base))) / math.log(base)
        )

    return rule


def x_log(rule: Callable[[float], float], least: float) -> Ranging:
    """``a log(b)``, or 0 where a is 0."""

    def ranging(value: Apply, ranges: Ranges) -> Range:
        logs = at.through(within(ranges[1], Range(least)), rule)
        return at.multiply(ranges[0], logs)

    return ranging


def stepped(value: Apply, ranges: Ranges) -> Range:
    """0, 1 or the second value."""
    below, above = at.exactly(0), at.exactly(1)
    a, b = ranges
    parts = [*([below] if a.low < 0 else []), *([above] if a.high > 0 else [])]
    return at.hull((*parts, *([b.elementwise()] if a.has_zero or not parts else [])))


def heaviside_jump(value: Apply, ranges: Ranges) -> Kinds:
    """A jump at 0; the second value stands at that one point only."""
    a, _ = ranges
    return ("jump" if a.has_zero and a.number is None else "smooth"), "smooth"


def kept(value: Apply, ranges: Ranges) -> Range:
    """Between bounds, of which one may be left out."""
    found, *bounds = ranges
    names = [name for name in ("min", "max") if name not in value.settings]
    for name, bound in zip(names, bounds, strict=True):
        found = at.larger(found, bound) if name == "min" else at.smaller(found, bound)
    return found


def kept_corners(value: Apply, ranges: Ranges) -> Kinds:
    """Corners where the value meets a bound."""
    found, *bounds = ranges
    names = [name for name in ("min", "max") if name not in value.settings]
    kinds: list[Smoothness] = ["smooth"]
    for name, bound in zip(names, bounds, strict=True):
        if found.low < bound.high and bound.low < found.high:
            kinds = ["corner"] * len(kinds)
            kinds.append("corner")
        else:
            kinds.append("smooth")
        found = at.larger(found, bound) if name == "min" else at.smaller(found, bound)
    return tuple(kinds)


def mixed(value: Apply, ranges: Ranges) -> Range:
    """``a + w (b - a)``: between the two where the weight is."""
    a, b, weight = ranges
    if weight.within(at.UNIT):
        rows = one_for_all(value.operands[2]) and all(
            whole_last(value, v) for v in value.operands[:2]
        )
        found = a.joined(b)
        return replace(found, whole=False, inside=False, simplex=found.simplex and rows)
    return at.add(a, at.multiply(weight, at.subtract(b, a)))


def bits(value: Apply, ranges: Ranges) -> Range:
    """Of truth values a truth value, of positions something that is not negative."""
    if value.type.dtype == "bool":
        return known_as(at.TRUTH, ranges)
    least = 0.0 if len(ranges) == 2 and all(r.nonnegative for r in ranges) else -math.inf
    return Range(least, whole=True, known=all(r.known for r in ranges))
