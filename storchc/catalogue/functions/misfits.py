"""Where losses lie, and how they move with each operand."""

from __future__ import annotations

from storchc.catalogue.function import Ranging, Smooth, Smoothness
from storchc.catalogue.functions.elementary import below, entropy_smooth, number
from storchc.catalogue.functions.ranging import REAL, known_as, nonnegative, numbers
from storchc.catalogue.functions.smooth import SMOOTH, always, by, corners, touches, unmoved
from storchc.ir import ranges as at
from storchc.ir.expression import Apply
from storchc.ir.ranges import Range

Ranges = tuple[Range, ...]
Kinds = tuple[Smoothness, ...]


def _squared(value: Apply, ranges: Ranges) -> Range:
    return at.square(at.subtract(*ranges))


def _distance(value: Apply, ranges: Ranges) -> Range:
    return at.absolute(at.subtract(*ranges))


def _where_equal(setting: str = "") -> Smooth:
    """Where input and target meet: a corner, or a bend where it is squared around."""

    def smoothness(value: Apply, ranges: Ranges) -> Kinds:
        apart = at.subtract(*ranges)
        rounded = setting and number(value, setting) > 0
        size = number(value, setting) if setting else 0.0
        places = (-size, size) if rounded else (0.0,)
        kind = corners(*places, kind="bend" if rounded else "corner")(apart)
        return kind, kind

    return smoothness


def _likelihood(value: Apply, ranges: Ranges) -> Range:
    """Not below 0 where the target is a probability and no weight is below 0."""
    fits = ranges[1].within(at.UNIT) and all(weight.nonnegative for weight in ranges[2:])
    return known_as(at.NONNEGATIVE if fits else at.REAL, ranges)


def _relative(value: Apply, ranges: Ranges) -> Kinds:
    return "smooth", "smooth" if value.settings["log_target"] else entropy_smooth(ranges[1])


def _counted(value: Apply, ranges: Ranges) -> Kinds:
    """Stirling's formula is there for targets above 1 alone."""
    rate, target = ranges
    full = bool(value.settings["full"])
    return (
        "smooth" if value.settings["log_input"] else below(0.0)(rate),
        corners(1.0, kind="jump")(target) if full else "smooth",
    )


def _hinge(value: Apply, ranges: Ranges) -> Range:
    return at.NONNEGATIVE.joined(ranges[0].elementwise())


def normal_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """The variance is kept above ``eps``."""
    return "smooth", "smooth", corners(number(value, "eps"))(ranges[2])


def cross_entropy(value: Apply, ranges: Ranges) -> Range:
    """Not below 0, whichever the class is, or where the target has no probability below 0."""
    fits = value.operands[1].type.dtype == "int" or ranges[1].nonnegative
    return known_as(at.NONNEGATIVE if fits else at.REAL, ranges)


def classes_smooth(value: Apply, ranges: Ranges) -> Kinds:
    """Class numbers are positions."""
    return "smooth", "jump" if value.operands[1].type.dtype == "int" else "smooth"


def _huber(value: Apply, a: float, b: float) -> float:
    size, delta = abs(a - b), number(value, "delta")
    return size**2 / 2 if size < delta else delta * (size - delta / 2)


def _smooth_distance(value: Apply, a: float, b: float) -> float:
    size, beta = abs(a - b), number(value, "beta")
    return size**2 / (2 * beta) if size < beta else size - beta / 2


ELEMENTS: dict[str, tuple[Ranging, Smooth]] = {
    "mse_loss": (_squared, SMOOTH),
    "l1_loss": (_distance, _where_equal()),
    "smooth_l1_loss": (numbers(_smooth_distance, nonnegative), _where_equal("beta")),
    "huber_loss": (numbers(_huber, nonnegative), _where_equal("delta")),
    "binary_cross_entropy": (_likelihood, by(touches(0.0, 1.0), unmoved)),
    "binary_cross_entropy_with_logits": (_likelihood, SMOOTH),
    "kl_div": (REAL, _relative),
    "poisson_nll_loss": (REAL, _counted),
    "hinge_embedding_loss": (_hinge, always("corner", "jump")),
    "margin_ranking_loss": (nonnegative, always("corner")),
}
"""Where a loss of elements lies and how it moves, by its name."""
