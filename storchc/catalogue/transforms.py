"""The catalogue of transforms: functions of one number that have an inverse, and a derivative."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from storchc.catalogue.family import NONZERO, Parameter
from storchc.ir import ranges as at
from storchc.ir.ranges import Range
from storchc.records import dataclass

Places = Mapping[str, Range]


@dataclass(frozen=True, slots=True)
class Transform:
    """A transform, by its name in torch.

    ``domain``: what it can be given. ``image``: where it leads, from there and from where its
    parameters lie. ``moves``: whether its parameters move the ends of what it is given. ``inside``:
    its values never round onto an end.
    """

    name: str
    summary: str
    image: Callable[[Range, Places], Range]
    moves: Callable[[Range], bool]
    parameters: tuple[Parameter, ...] = ()
    domain: Range = at.REAL
    inside: bool = False


def _never(given: Range) -> bool:
    return False


def _ends_anywhere(given: Range) -> bool:
    return abs(given.low) < at.INFINITY or abs(given.high) < at.INFINITY


def _ends_beside(given: Range) -> bool:
    """Powers leave 0, 1 and infinity where they are."""
    return given.low not in (0.0, 1.0) or given.high not in (1.0, at.INFINITY)


def _onto(image: Range) -> Callable[[Range, Places], Range]:
    return lambda given, parameters: image


def _shifted(given: Range, parameters: Places) -> Range:
    scaled = at.multiply(given.elementwise(), parameters["scale"])
    return at.add(parameters["loc"], scaled)


def _raised(given: Range, parameters: Places) -> Range:
    unit = given.within(at.UNIT) and parameters["exponent"].positive
    return at.OPEN_UNIT if unit else at.POSITIVE


EXP = Transform("ExpTransform", "exp(x)", _onto(at.POSITIVE), _never, inside=True)
SOFTPLUS = Transform("SoftplusTransform", "softplus(x)", _onto(at.POSITIVE), _never, inside=True)
SIGMOID = Transform("SigmoidTransform", "sigmoid(x)", _onto(at.OPEN_UNIT), _never, inside=True)
TANH = Transform("TanhTransform", "tanh(x)", _onto(at.OPEN_SIGNED_UNIT), _never, inside=True)
AFFINE = Transform(
    "AffineTransform",
    "loc + scale * x",
    _shifted,
    _ends_anywhere,
    (Parameter("loc"), Parameter("scale", bounds=NONZERO)),
)
POWER = Transform(
    "PowerTransform",
    "x ** exponent, of positive x",
    _raised,
    _ends_beside,
    (Parameter("exponent", bounds=NONZERO),),
    domain=at.POSITIVE,
    inside=True,
)

TRANSFORMS = {t.name: t for t in (AFFINE, EXP, POWER, SIGMOID, SOFTPLUS, TANH)}

REFUSED = {
    "AbsTransform": "it has no inverse",
    "SoftmaxTransform": "it has no inverse",
    "LowerCholeskyTransform": "it has no inverse",
    "PositiveDefiniteTransform": "it has no inverse",
    "StickBreakingTransform": "it gives vectors of another size; `LogisticNormal` breaks sticks",
    "CorrCholeskyTransform": "it gives matrices; `LKJCholesky` is a distribution of such",
    "CatTransform": "it is no function of one number",
    "StackTransform": "it is no function of one number",
    "ReshapeTransform": "the event of a story is reshaped by `reshape`",
    "IndependentTransform": "`Independent` joins dimensions of a distribution",
    "ComposeTransform": "the list composes transforms, the first one first",
    "CumulativeDistributionTransform": "it takes a distribution",
}
"""Those of torch that stories do not take, and why."""
