"""Coins and dice: families over finitely many classes."""

from __future__ import annotations

from dataclasses import replace

from storchc.catalogue.distributions.parts import (
    CLASS_CHOICE,
    class_count,
    classes,
    properties,
    scalar,
    two,
)
from storchc.catalogue.family import NONNEGATIVE, POSITIVE, PROBABILITY, Family, Parameter, Property

_CLASSES = (
    Parameter("probs", rank=1, bounds=NONNEGATIVE, silent=True),
    Parameter("logits", rank=1),
)

BERNOULLI = Family(
    "Bernoulli",
    "0 or 1, as floats: a coin.",
    (Parameter("probs", bounds=PROBABILITY), Parameter("logits")),
    "boolean",
    properties("probs", "logits"),
    scalar,
    choices=CLASS_CHOICE,
    inverse=True,
    finite=two,
    divergences=frozenset({"Bernoulli", "Poisson"}),
)

CATEGORICAL = Family(
    "Categorical",
    "The index of one of C classes, as an integer.",
    _CLASSES,
    "index",
    (
        Property("mode", dtype="int"),
        *properties("probs", "logits", moments=("mean", "stddev", "variance")),
    ),
    scalar,
    dtype="int",
    choices=CLASS_CHOICE,
    inverse=True,
    finite=class_count,
    divergences=frozenset({"Categorical"}),
)

ONE_HOT = Family(
    "OneHotCategorical",
    "One of C classes, as a one-hot vector of floats.",
    _CLASSES,
    "one-hot",
    properties("probs", "logits"),
    classes,
    choices=CLASS_CHOICE,
    inverse=True,
    finite=class_count,
    divergences=frozenset(
        {
            "OneHotCategorical",
            "OneHotCategoricalStraightThrough",
            "RelaxedOneHotCategoricalStraightThrough",
        }
    ),
)

STRAIGHT_THROUGH = replace(
    ONE_HOT,
    name="OneHotCategoricalStraightThrough",
    summary="One of C classes, one-hot, with the gradient of the probabilities in its place.",
    pathwise=True,
    replay="noise",
    reference="Bengio, Léonard, Courville 2013, arXiv:1308.3432",
    caution="its pathwise gradient is biased",
)

RELAXED_STRAIGHT_THROUGH = replace(
    ONE_HOT,
    name="RelaxedOneHotCategoricalStraightThrough",
    summary="One of C classes, one-hot, with the gradient of a relaxed vector in its place.",
    parameters=(Parameter("temperature", bounds=POSITIVE, silent=True), *_CLASSES),
    properties=properties("temperature", "probs", "logits"),
    pathwise=True,
    reference="Jang, Gu, Poole 2017, arXiv:1611.01144",
    caution="its pathwise gradient is biased; a `log_prob` is that of the class, not a relaxed one",
)

FAMILIES = (BERNOULLI, CATEGORICAL, ONE_HOT, STRAIGHT_THROUGH, RELAXED_STRAIGHT_THROUGH)
