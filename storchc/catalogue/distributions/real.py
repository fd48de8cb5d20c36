"""Families over the real line, an interval of it, or the circle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from storchc.catalogue.distributions.parts import CLASS_CHOICE, properties, scalar
from storchc.catalogue.family import POSITIVE, PROBABILITY, Family, Parameter
from storchc.ir.ranges import Range

_LOC_SCALE = (Parameter("loc"), Parameter("scale", bounds=POSITIVE, silent=True))

NORMAL = Family(
    "Normal",
    "The normal distribution.",
    _LOC_SCALE,
    "real",
    properties("loc", "scale"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"Gumbel", "Laplace", "Normal"}),
)

CAUCHY = Family(
    "Cauchy",
    "The Cauchy distribution: heavy tails, no mean.",
    _LOC_SCALE,
    "real",
    properties("loc", "scale"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"Cauchy"}),
)

GUMBEL = Family(
    "Gumbel",
    "The Gumbel distribution: the largest of many.",
    _LOC_SCALE,
    "real",
    properties("loc", "scale"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"Gumbel", "Normal"}),
)

LAPLACE = Family(
    "Laplace",
    "The Laplace distribution: exponential tails on both sides.",
    (replace(_LOC_SCALE[0], cornered=True), _LOC_SCALE[1]),
    "real",
    properties("loc", "scale"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"Laplace", "Normal"}),
)

STUDENT_T = Family(
    "StudentT",
    "Student's t distribution: polynomial tails.",
    (
        Parameter("df", bounds=POSITIVE),
        Parameter("loc", default=0.0),
        Parameter("scale", default=1.0, bounds=POSITIVE, silent=True),
    ),
    "real",
    properties("df", "loc", "scale"),
    scalar,
    pathwise=True,
    pathwise_order=1,
    replay="implicit",
    reference="Figurnov, Mohamed, Mnih 2018, arXiv:1805.08498",
)


def _between(parameters: Mapping[str, Range]) -> Range:
    low, high = parameters["low"], parameters["high"]
    known = low.known and high.known
    return Range(low.low, high.high, low_open=True, high_open=True, known=known)


UNIFORM = Family(
    "Uniform",
    "Evenly spread between low and high.",
    (Parameter("low", moves_support=True), Parameter("high", moves_support=True)),
    "bounded",
    properties("low", "high"),
    scalar,
    ends=_between,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset(
        {
            "Beta",
            "Chi2",
            "ContinuousBernoulli",
            "Exponential",
            "Gamma",
            "Gumbel",
            "Normal",
            "Pareto",
            "Uniform",
        }
    ),
)

TRUNCATED_NORMAL = Family(
    "TruncatedNormal",
    "A normal variable between low and high, of which either may be infinite.",
    (
        *_LOC_SCALE,
        Parameter("low", moves_support=True),
        Parameter("high", moves_support=True),
    ),
    "bounded",
    properties("loc", "scale", "low", "high", moments=("mean", "stddev", "variance")),
    scalar,
    ends=_between,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"Normal", "TruncatedNormal"}),
)

LOGIT_RELAXED_BERNOULLI = Family(
    "LogitRelaxedBernoulli",
    "The log-odds of a coin that is blurred to values between 0 and 1.",
    (
        Parameter("temperature", bounds=POSITIVE, silent=True),
        Parameter("probs", bounds=PROBABILITY),
        Parameter("logits"),
    ),
    "real",
    properties("temperature", "probs", "logits", moments=()),
    scalar,
    choices=CLASS_CHOICE,
    pathwise=True,
    replay="noise",
    inverse=True,
    reference="Maddison, Mnih, Teh 2017, arXiv:1611.00712",
)

VON_MISES = Family(
    "VonMises",
    "A normal distribution of angles, between -pi and pi.",
    (Parameter("loc"), Parameter("concentration", bounds=POSITIVE)),
    "circle",
    properties("loc", "concentration"),
    scalar,
    entropy=False,
)

FAMILIES = (
    CAUCHY,
    GUMBEL,
    LAPLACE,
    LOGIT_RELAXED_BERNOULLI,
    NORMAL,
    STUDENT_T,
    TRUNCATED_NORMAL,
    UNIFORM,
    VON_MISES,
)
