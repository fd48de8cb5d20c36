"""Families over vectors."""

from __future__ import annotations

from storchc.catalogue.distributions.parts import CLASS_CHOICE, MOMENTS, classes, properties
from storchc.catalogue.family import NONNEGATIVE, POSITIVE, Arguments, Family, Parameter, broadcast
from storchc.catalogue.function import Misfit
from storchc.ir.size import ONE, Shape, add
from storchc.ir.types import write_shape

_MATRICES = ("covariance_matrix", "precision_matrix", "scale_tril")


def _coordinates(arguments: Arguments) -> Shape:
    """``[D]``: the last dimension of every parameter, matrices square."""
    own: Shape = arguments["loc"].type.shape[-1:]
    for place, (name, argument) in enumerate(arguments.items()):
        tail = argument.type.shape[-2:] if name in _MATRICES else ()
        if any(size != own[0] for size in tail):
            raise _mismatch(own, name, argument.type.shape, place)
    return own


def _factors(arguments: Arguments) -> Shape:
    own: Shape = arguments["loc"].type.shape[-1:]
    rows, diagonal = arguments["cov_factor"].type.shape, arguments["cov_diag"].type.shape
    if rows[-2] != own[0]:
        raise _mismatch(own, "cov_factor", rows, 1)
    if diagonal[-1] != own[0]:
        raise _mismatch(own, "cov_diag", diagonal, 2)
    return own


def _mismatch(own: Shape, name: str, shape: Shape, place: int) -> Misfit:
    return Misfit(
        f"`loc` has {own[0]} coordinates, but `{name}` is {write_shape(shape)}",
        f"make the own dimensions of `{name}` fit {write_shape(own)}",
        place,
    )


def _one_more(arguments: Arguments) -> Shape:
    """``[D + 1]``: breaking a stick D times leaves one piece more."""
    shapes = [a.type.shape[-1:] for a in arguments.values()]
    own = broadcast(shapes[0], shapes[1])
    if not own:
        raise Misfit(
            f"`loc` {write_shape(shapes[0])} and `scale` {write_shape(shapes[1])} make no vector",
            "give `loc` an event dimension, and `scale` the same or none",
            1 if own is None else 0,
        )
    return (add(own[0], ONE),)


def _concentration(arguments: Arguments) -> Shape:
    return arguments["concentration"].type.shape[-1:]


DIRICHLET = Family(
    "Dirichlet",
    "A vector of probabilities.",
    (Parameter("concentration", rank=1, bounds=POSITIVE, silent=True),),
    "simplex",
    properties("concentration"),
    _concentration,
    inside=True,
    remembered=True,
    logarithm=True,
    pathwise=True,
    pathwise_order=1,
    replay="implicit",
    divergences=frozenset({"Dirichlet"}),
    reference="Figurnov, Mohamed, Mnih 2018, arXiv:1805.08498",
)

LOGISTIC_NORMAL = Family(
    "LogisticNormal",
    "A vector of D+1 probabilities, broken off a stick by D normal variables.",
    (
        Parameter("loc", rank=1, padded=True),
        Parameter("scale", rank=1, padded=True, bounds=POSITIVE),
    ),
    "simplex",
    properties("loc", "scale", moments=()),
    _one_more,
    pathwise=True,
    replay="noise",
    inverse=True,
    entropy=False,
    divergences=frozenset({"LogisticNormal"}),
)

LOW_RANK = Family(
    "LowRankMultivariateNormal",
    "A normal vector with covariance `cov_factor @ cov_factor.T + diag(cov_diag)`.",
    (
        Parameter("loc", rank=1),
        Parameter("cov_factor", rank=2),
        Parameter("cov_diag", rank=1, bounds=POSITIVE),
    ),
    "real vector",
    properties("loc", "cov_factor", "cov_diag", moments=MOMENTS, matrices=_MATRICES),
    _factors,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"LowRankMultivariateNormal", "MultivariateNormal"}),
)

MULTIVARIATE_NORMAL = Family(
    "MultivariateNormal",
    "A normal vector, by its covariance, its precision or a Cholesky factor.",
    (Parameter("loc", rank=1), *(Parameter(name, rank=2) for name in _MATRICES)),
    "real vector",
    properties("loc", *_MATRICES),
    _coordinates,
    choices=(_MATRICES,),
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"LowRankMultivariateNormal", "MultivariateNormal"}),
)

RELAXED_ONE_HOT = Family(
    "RelaxedOneHotCategorical",
    "A one-hot vector blurred to a vector of probabilities.",
    (
        Parameter("temperature", bounds=POSITIVE, silent=True),
        Parameter("probs", rank=1, bounds=NONNEGATIVE),
        Parameter("logits", rank=1),
    ),
    "simplex",
    properties("temperature", "probs", "logits", moments=()),
    classes,
    choices=CLASS_CHOICE,
    remembered=True,
    logarithm=True,
    pathwise=True,
    replay="noise",
    inverse=True,
    entropy=False,
    reference="Jang, Gu, Poole 2017, arXiv:1611.01144",
)

EXP_RELAXED = Family(
    "ExpRelaxedCategorical",
    "The logarithms of a one-hot vector that is blurred to a vector of probabilities.",
    RELAXED_ONE_HOT.parameters,
    "log simplex",
    properties("temperature", "probs", "logits", moments=()),
    classes,
    choices=CLASS_CHOICE,
    pathwise=True,
    replay="noise",
    inverse=True,
    reference="Maddison, Mnih, Teh 2017, arXiv:1611.00712",
)

FAMILIES = (DIRICHLET, EXP_RELAXED, LOGISTIC_NORMAL, LOW_RANK, MULTIVARIATE_NORMAL, RELAXED_ONE_HOT)
