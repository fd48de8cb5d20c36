"""Families over counts."""

from __future__ import annotations

from storchc.catalogue.distributions.parts import CLASS_CHOICE, classes, properties, scalar
from storchc.catalogue.family import (
    COUNT,
    INTEGER,
    NONNEGATIVE,
    PROBABILITY,
    Arguments,
    Family,
    Parameter,
)
from storchc.ir.size import Size, constant

_SUCCESS = (Parameter("probs", bounds=PROBABILITY, silent=True), Parameter("logits"))


def _up_to_total(arguments: Arguments) -> Size | None:
    if "total_count" not in arguments:
        return constant(2)
    total = arguments["total_count"].number
    return constant(int(total) + 1) if total is not None else None


BINOMIAL = Family(
    "Binomial",
    "How many of total_count coins show 1.",
    (Parameter("total_count", default=1, bounds=INTEGER), *_SUCCESS),
    "bounded count",
    properties("total_count", "probs", "logits"),
    scalar,
    choices=CLASS_CHOICE,
    finite=_up_to_total,
    divergences=frozenset({"Binomial"}),
)

GEOMETRIC = Family(
    "Geometric",
    "How many failures come before the first success.",
    _SUCCESS,
    "count",
    properties("probs", "logits"),
    scalar,
    choices=CLASS_CHOICE,
    divergences=frozenset({"Geometric"}),
)

MULTINOMIAL = Family(
    "Multinomial",
    "How often each of C classes comes up in total_count draws.",
    (
        Parameter("total_count", default=1, bounds=COUNT),
        Parameter("probs", rank=1, bounds=NONNEGATIVE),
        Parameter("logits", rank=1),
    ),
    "counts",
    properties("probs", "logits", moments=("mean", "stddev", "variance")),
    classes,
    choices=CLASS_CHOICE,
)

NEGATIVE_BINOMIAL = Family(
    "NegativeBinomial",
    "How many successes come before the total_count-th failure.",
    (Parameter("total_count"), *_SUCCESS),
    "count",
    properties("total_count", "probs", "logits"),
    scalar,
    choices=CLASS_CHOICE,
    entropy=False,
)

POISSON = Family(
    "Poisson",
    "How often something rare happens, at a rate.",
    (Parameter("rate", bounds=NONNEGATIVE),),
    "count",
    properties("rate"),
    scalar,
    entropy=False,
    divergences=frozenset({"Poisson"}),
)

FAMILIES = (BINOMIAL, GEOMETRIC, MULTINOMIAL, NEGATIVE_BINOMIAL, POISSON)
