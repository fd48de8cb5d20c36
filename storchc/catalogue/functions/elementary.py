"""Where functions of one value lie, and how they move: those that share no rule with others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

from storchc.catalogue.function import Smooth, Smoothness
from storchc.catalogue.functions import folding
from storchc.catalogue.functions.ranging import within
from storchc.catalogue.functions.smooth import corners, counts, poles
from storchc.ir import ranges as at
from storchc.ir.expression import Apply, Setting
from storchc.ir.ranges import Range

Ranges = tuple[Range, ...]
Kinds = tuple[Smoothness, ...]


def number(value: Apply, name: str) -> float:
    """A setting that is a number."""
    found: Setting = value.settings[name]
    assert isinstance(found, int | float)
    return float(found)


# --- poles and domains ---------------------------------------------------------------------------


def below(place: float) -> Callable[[Range], Smoothness]:
    """Infinite at a place and undefined below: a pole where anything is not above it."""
    return lambda a: "smooth" if a.low >= place and not a.holds(place) else "pole"


def defined_from(place: float) -> Callable[[Range], Smoothness]:
    """Continuous at a place, where it has no slope, and undefined below."""
    return lambda a: "smooth" if a.low >= place and not a.holds(place) else "corner"


def tangent(a: Range) -> Range:
    """Between two poles it rises."""
    half = math.pi / 2
    if -half < a.low and a.high < half:
        return at.through(a, math.tan)
    return at.REAL if a.known else at.REAL.unknown()


def tangent_poles(a: Range) -> Smoothness:
    """Poles stand at odd multiples of half a circle's half."""
    return "smooth" if -math.pi / 2 < a.low and a.high < math.pi / 2 else "pole"


def gamma_poles(a: Range) -> Smoothness:
    """Poles stand at 0, -1, -2, …."""
    return "smooth" if a.positive else "pole"


def log_gamma(a: Range) -> Range:
    """The least value above 0 is that of 1.4616."""
    least = -0.1215 if a.nonnegative else -math.inf
    return Range(least, known=a.known)


def entropy(a: Range) -> Range:
    """-x log x is largest at 1 / e; between 0 and 1 it is not below 0."""
    least = 0.0 if a.within(at.UNIT) else -math.inf
    return Range(least, 0.3679, known=a.known)


def entropy_smooth(a: Range) -> Smoothness:
    """-x log x ends at 0 without a slope, and is minus infinity below."""
    return "smooth" if a.positive else "corner" if a.nonnegative else "pole"


def signed(a: Range) -> Range:
    """Something with the sign of ``a``."""
    low = 0.0 if a.low >= 0 else -math.inf
    high = 0.0 if a.high <= 0 else math.inf
    return Range(low, high, a.positive, a.negative, nonzero=not a.has_zero, known=a.known)


def sign(a: Range) -> Range:
    """-1, 0 or 1."""
    return Range(
        _sign_of(a.low) if a.low != 0 or not a.low_open else 1.0,
        _sign_of(a.high) if a.high != 0 or not a.high_open else -1.0,
        whole=True,
        nonzero=not a.has_zero,
        known=a.known,
    )


def _sign_of(x: float) -> float:
    return float((x > 0) - (x < 0))


def fraction(a: Range) -> Range:
    """X - trunc(x) has the sign of x."""
    if a.whole:
        return at.exactly(0)
    low, high = (-1.0 if a.low < 0 else 0.0), (1.0 if a.high > 0 else 0.0)
    return Range(low, high, low < 0, high > 0, known=a.known)


# --- activations ---------------------------------------------------------------------------------


def bowl(least: float) -> Callable[[Range], Range]:
    """Like x far to the right, 0 far to the left, and ``least`` between: x times a sigmoid."""

    def ranging(a: Range) -> Range:
        low = 0.0 if a.nonnegative else least
        high = a.high if a.high > 0 else 0.0
        return Range(low, high, a.positive, a.high_open or a.high == 0, known=a.known)

    return ranging


def at_least(least: float) -> Callable[[Range], Range]:
    """With the sign of x, and not below ``least``."""
    return lambda a: within(signed(a), Range(least))


def soft_sign(x: float) -> float:
    """X / (1 + |x|)."""
    return math.copysign(1.0, x) if math.isinf(x) else x / (1 + abs(x))


def clamped(low: float, high: float) -> Callable[[Range], Range]:
    """X kept between two numbers."""
    return lambda a: at.smaller(at.larger(a.elementwise(), at.exactly(low)), at.exactly(high))


def exponential_linear(value: Apply, ranges: Ranges) -> Range:
    """X above 0, ``alpha (exp(x) - 1)`` below: with the sign of x where alpha is positive."""
    (a,), alpha = ranges, number(value, "alpha")
    if alpha <= 0:
        return Range(known=a.known)
    return at.through(a, lambda x: x if x > 0 else alpha * folding.expm1(x))


def elu_bends(value: Apply, ranges: Ranges) -> Kinds:
    """At 0 the slope is ``alpha`` to the left and 1 to the right."""
    kind: Smoothness = "bend" if number(value, "alpha") == 1 else "corner"
    return (corners(0.0, kind=kind)(ranges[0]),)


def hard_tanh(value: Apply, ranges: Ranges) -> Range:
    """Between its two bounds."""
    return clamped(number(value, "min_val"), number(value, "max_val"))(ranges[0])


def hard_tanh_corners(value: Apply, ranges: Ranges) -> Kinds:
    """At its two bounds."""
    return (corners(number(value, "min_val"), number(value, "max_val"))(ranges[0]),)


def leaky(value: Apply, ranges: Ranges) -> Range:
    """X above 0, times a slope below."""
    (a,), slope = ranges, number(value, "negative_slope")
    if slope < 0:
        return Range(known=a.known)
    return at.through(a, lambda x: x if x > 0 or slope == 1 else slope * x if slope else 0.0)


def leaky_corner(value: Apply, ranges: Ranges) -> Kinds:
    """At 0, unless the slope is 1 there too."""
    straight = number(value, "negative_slope") == 1
    return ("smooth" if straight else corners(0.0)(ranges[0]),)


def soft_plus(value: Apply, ranges: Ranges) -> Range:
    """log(1 + exp(beta x)) / beta: positive, and rising."""
    (a,), beta = ranges, number(value, "beta")
    if beta <= 0:
        return Range(known=a.known)

    def rule(x: float) -> float:
        return x if beta * x > 30 else math.log1p(folding.exp(beta * x)) / beta

    found, threshold = at.through(a, rule), number(value, "threshold")
    if threshold > 15 or beta * a.high <= threshold:
        return found
    return found.joined(within(a, Range(threshold / beta)))


def soft_plus_jump(value: Apply, ranges: Ranges) -> Kinds:
    """Torch goes on as x beyond a threshold: by 2e-9 at 20, which nothing shows."""
    threshold, beta = number(value, "threshold"), number(value, "beta")
    if threshold >= 15 or beta == 0:
        return ("smooth",)
    return (corners(threshold / beta, kind="jump")(ranges[0]),)


def soft_shrunk(value: Apply, x: float) -> float:
    """Drawn towards 0."""
    size = number(value, "lambd")
    return 0.0 if abs(x) <= size else x - math.copysign(size, x)


def hard_shrunk(value: Apply, x: float) -> float:
    """0 where it is near that."""
    return 0.0 if abs(x) <= number(value, "lambd") else x


def shrunk(value: Apply, ranges: Ranges) -> Range:
    """Drawn towards 0, or 0: never across it."""
    (a,) = ranges
    return replace(at.exactly(0).joined(a.elementwise()), whole=False)


def shrinking(kind: Smoothness) -> Smooth:
    """At both ends of what becomes 0."""

    def smoothness(value: Apply, ranges: Ranges) -> Kinds:
        size = number(value, "lambd")
        return ("smooth" if not size else corners(-size, size, kind=kind)(ranges[0]),)

    return smoothness


def threshold(value: Apply, ranges: Ranges) -> Range:
    """X above the threshold, and another number elsewhere."""
    (a,), other = ranges, at.exactly(number(value, "value"))
    place = number(value, "threshold")
    if a.low > place:
        return a.elementwise()
    return other if a.high <= place else within(a, Range(place)).joined(other)


def threshold_jump(value: Apply, ranges: Ranges) -> Kinds:
    """At the threshold, unless the other number is that."""
    place = number(value, "threshold")
    kind: Smoothness = "corner" if number(value, "value") == place else "jump"
    return (corners(place, kind=kind)(ranges[0]),)


def hard_sigmoid(x: float) -> float:
    """A line between 0 and 1."""
    return min(max(x + 3, 0.0), 6.0) / 6


def gelu(value: Apply, x: float) -> float:
    """X times the distribution function of the standard normal, or what is close to it."""
    if value.settings["approximate"] == "tanh":
        return x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2
    return x * ndtr(x)


def ndtr(x: float) -> float:
    """The distribution function of the standard normal."""
    return math.erfc(-x / math.sqrt(2)) / 2


def log_sigmoid(x: float) -> float:
    """log(sigmoid(x))."""
    return min(x, 0.0) - math.log1p(math.exp(-abs(x)))


def mish(x: float) -> float:
    """X tanh(softplus(x))."""
    return x * math.tanh(x - log_sigmoid(x))


def celu(value: Apply, x: float) -> float:
    """X above 0, ``alpha (exp(x / alpha) - 1)`` below."""
    alpha = number(value, "alpha")
    return x if x > 0 else alpha * math.expm1(x / alpha)


def selu(x: float) -> float:
    """`elu` and a scale, that keep means and variances."""
    return 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * math.expm1(x))


# --- with settings -------------------------------------------------------------------------------


def logit(value: Apply, ranges: Ranges) -> Range:
    """log(x / (1 - x)) of x within [eps, 1 - eps]."""
    eps = value.settings["eps"]
    inner = within(ranges[0], at.UNIT)
    if isinstance(eps, int | float) and 0 < eps < 0.5:
        inner = clamped(float(eps), 1 - float(eps))(inner)
    return at.through(inner, lambda x: -math.inf if x <= 0 else _logit(x))


def _logit(x: float) -> float:
    return math.inf if x >= 1 else math.log(x / (1 - x))


def logit_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """A corner where x is cut off; poles at 0 and 1 where it is not."""
    eps = value.settings["eps"]
    if isinstance(eps, int | float):
        return (corners(float(eps), 1 - float(eps))(ranges[0]),)
    return (poles(0.0, 1.0)(ranges[0]),)


def without_nan(value: Apply, ranges: Ranges) -> Range:
    """Where it was, or one of the numbers that are put in."""
    given = [value.settings[name] for name in ("nan", "posinf", "neginf")]
    numbers = (at.exactly(float(g)) for g in given if isinstance(g, int | float))
    return at.hull((ranges[0].elementwise(), *numbers))


def polygamma(value: Apply, ranges: Ranges) -> Range:
    """Derivatives of digamma: of odd order positive everywhere, of even order negative above 0."""
    (a,), order = ranges, number(value, "n")
    if order % 2 == 1:
        return replace(at.POSITIVE, known=a.known)
    if order > 0 and a.positive:
        return replace(at.NEGATIVE, known=a.known)
    return Range(known=a.known)


def multigamma_poles(value: Apply, ranges: Ranges) -> Kinds:
    """Poles at (p - 1) / 2, and in steps of a half below."""
    return (below((number(value, "p") - 1) / 2)(ranges[0]),)


def rounded(value: Apply, ranges: Ranges) -> Range:
    """The nearest multiple of ``10 ** -decimals``."""
    (a,), unit = ranges, 10.0 ** -number(value, "decimals")

    def rule(x: float) -> float:
        return x if math.isinf(x) else round(x / unit) * unit

    return Range(rule(a.low), rule(a.high), whole=unit >= 1, known=a.known)


def rounding(value: Apply, ranges: Ranges) -> Kinds:
    """Jumps everywhere, but for integers where it rounds to integers."""
    kind = counts(ranges[0])
    return (kind if number(value, "decimals") >= 0 else "jump",)
