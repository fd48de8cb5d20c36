"""Families over the positive half of the real line."""

from __future__ import annotations

from collections.abc import Mapping

from storchc.catalogue.distributions.parts import properties, scalar
from storchc.catalogue.family import POSITIVE, Family, Parameter
from storchc.ir.ranges import Range

_IMPLICIT = "Figurnov, Mohamed, Mnih 2018, arXiv:1805.08498"
_GAMMAS = frozenset({"Chi2", "Exponential", "Gamma", "Gumbel", "Normal"})


def _above_scale(parameters: Mapping[str, Range]) -> Range:
    scale = parameters["scale"]
    return Range(max(scale.low, 0.0), low_open=True, known=scale.known)


def _beyond_a_threshold(parameters: Mapping[str, Range]) -> Range:
    loc = parameters["loc"]
    return Range(loc.low, low_open=True, known=loc.known)


CHI2 = Family(
    "Chi2",
    "The sum of df squared standard normals.",
    (Parameter("df", bounds=POSITIVE, silent=True),),
    "positive",
    properties("df"),
    scalar,
    inside=True,
    remembered=True,
    logarithm=True,
    pathwise=True,
    pathwise_order=1,
    replay="implicit",
    divergences=_GAMMAS,
    reference=_IMPLICIT,
)

EXPONENTIAL = Family(
    "Exponential",
    "The time until something happens, at a rate.",
    (Parameter("rate", bounds=POSITIVE, silent=True),),
    "nonnegative",
    properties("rate"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=_GAMMAS,
)

FISHER_SNEDECOR = Family(
    "FisherSnedecor",
    "The F distribution: the ratio of two mean squares.",
    (Parameter("df1", bounds=POSITIVE), Parameter("df2", bounds=POSITIVE)),
    "positive",
    properties("df1", "df2"),
    scalar,
    pathwise=True,
    pathwise_order=1,
    replay="implicit",
    entropy=False,
    reference=_IMPLICIT,
)

GAMMA = Family(
    "Gamma",
    "The gamma distribution, by concentration and rate.",
    (
        Parameter("concentration", bounds=POSITIVE, silent=True),
        Parameter("rate", bounds=POSITIVE, silent=True),
    ),
    "nonnegative",
    properties("concentration", "rate"),
    scalar,
    inside=True,
    remembered=True,
    logarithm=True,
    pathwise=True,
    pathwise_order=1,
    replay="implicit",
    divergences=_GAMMAS,
    reference=_IMPLICIT,
)

GENERALIZED_PARETO = Family(
    "GeneralizedPareto",
    "What lies beyond a threshold: tails of any weight.",
    (
        Parameter("loc", moves_support=True),
        Parameter("scale", moves_support=True, bounds=POSITIVE, silent=True),
        Parameter("concentration", moves_support=True),
    ),
    "bounded",
    properties("loc", "scale", "concentration"),
    scalar,
    ends=_beyond_a_threshold,
    pathwise=True,
    replay="noise",
    inverse=True,
)

HALF_CAUCHY = Family(
    "HalfCauchy",
    "The absolute value of a Cauchy variable around 0.",
    (Parameter("scale", bounds=POSITIVE, silent=True),),
    "nonnegative",
    properties("scale"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"HalfCauchy"}),
)

HALF_NORMAL = Family(
    "HalfNormal",
    "The absolute value of a normal variable around 0.",
    (Parameter("scale", bounds=POSITIVE),),
    "nonnegative",
    properties("scale"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"HalfNormal"}),
)

INVERSE_GAMMA = Family(
    "InverseGamma",
    "One over a gamma variable.",
    (
        Parameter("concentration", bounds=POSITIVE, silent=True),
        Parameter("rate", bounds=POSITIVE, silent=True),
    ),
    "positive",
    properties("concentration", "rate"),
    scalar,
    remembered=True,
    logarithm=True,
    pathwise=True,
    pathwise_order=1,
    replay="implicit",
    divergences=frozenset({"InverseGamma"}),
    reference=_IMPLICIT,
)

LOG_NORMAL = Family(
    "LogNormal",
    "The exponential of a normal variable.",
    (Parameter("loc"), Parameter("scale", bounds=POSITIVE)),
    "positive",
    properties("loc", "scale"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"LogNormal"}),
)

PARETO = Family(
    "Pareto",
    "A power law above scale.",
    (
        Parameter("scale", moves_support=True, bounds=POSITIVE, silent=True),
        Parameter("alpha", bounds=POSITIVE, silent=True),
    ),
    "bounded",
    properties("scale", "alpha"),
    scalar,
    ends=_above_scale,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"Chi2", "Exponential", "Gamma", "Normal", "Pareto"}),
)

WEIBULL = Family(
    "Weibull",
    "The time until something fails that ages.",
    (
        Parameter("scale", bounds=POSITIVE, silent=True),
        Parameter("concentration", bounds=POSITIVE, silent=True),
    ),
    "positive",
    properties("scale", "concentration"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
)

FAMILIES = (
    CHI2,
    EXPONENTIAL,
    FISHER_SNEDECOR,
    GAMMA,
    GENERALIZED_PARETO,
    HALF_CAUCHY,
    HALF_NORMAL,
    INVERSE_GAMMA,
    LOG_NORMAL,
    PARETO,
    WEIBULL,
)
