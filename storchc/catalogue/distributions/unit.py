"""Families over the unit interval."""

from __future__ import annotations

from storchc.catalogue.distributions.parts import CLASS_CHOICE, properties, scalar
from storchc.catalogue.family import POSITIVE, PROBABILITY, Family, Parameter

_TWO_CONCENTRATIONS = (
    Parameter("concentration1", bounds=POSITIVE, silent=True),
    Parameter("concentration0", bounds=POSITIVE, silent=True),
)

BETA = Family(
    "Beta",
    "A probability: the beta distribution.",
    _TWO_CONCENTRATIONS,
    "unit interval",
    properties("concentration1", "concentration0"),
    scalar,
    inside=True,
    remembered=True,
    logarithm=True,
    pathwise=True,
    pathwise_order=1,
    replay="implicit",
    divergences=frozenset(
        {"Beta", "Chi2", "ContinuousBernoulli", "Exponential", "Gamma", "Normal", "Uniform"}
    ),
    reference="Figurnov, Mohamed, Mnih 2018, arXiv:1805.08498",
)

CONTINUOUS_BERNOULLI = Family(
    "ContinuousBernoulli",
    "A grey value between 0 and 1.",
    (Parameter("probs", bounds=PROBABILITY), Parameter("logits")),
    "unit interval",
    properties("probs", "logits", moments=("mean", "stddev", "variance")),
    scalar,
    choices=CLASS_CHOICE,
    pathwise=True,
    replay="noise",
    inverse=True,
    divergences=frozenset({"ContinuousBernoulli", "Exponential", "Normal", "Uniform"}),
    reference="Loaiza-Ganem, Cunningham 2019, arXiv:1907.06845",
)

KUMARASWAMY = Family(
    "Kumaraswamy",
    "Much like a beta distribution, with a simple inverse.",
    _TWO_CONCENTRATIONS,
    "unit interval",
    properties("concentration1", "concentration0"),
    scalar,
    pathwise=True,
    replay="noise",
    inverse=True,
)

RELAXED_BERNOULLI = Family(
    "RelaxedBernoulli",
    "A coin blurred to values between 0 and 1.",
    (
        Parameter("temperature", bounds=POSITIVE, silent=True),
        Parameter("probs", bounds=PROBABILITY),
        Parameter("logits"),
    ),
    "unit interval",
    properties("temperature", "probs", "logits", moments=()),
    scalar,
    inside=True,
    choices=CLASS_CHOICE,
    remembered=True,
    logarithm=True,
    pathwise=True,
    replay="noise",
    inverse=True,
    entropy=False,
    reference="Maddison, Mnih, Teh 2017, arXiv:1611.00712",
)

FAMILIES = (BETA, CONTINUOUS_BERNOULLI, KUMARASWAMY, RELAXED_BERNOULLI)
