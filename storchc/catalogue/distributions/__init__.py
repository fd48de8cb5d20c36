"""The catalogue of distributions: an explicit table, so that a story loads only what it uses."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from storchc.catalogue.declared import declared_family
from storchc.catalogue.family import Family
from storchc.ir.types import DistributionType

_GROUPS = {
    "classes": (
        "Bernoulli",
        "Categorical",
        "OneHotCategorical",
        "OneHotCategoricalStraightThrough",
        "RelaxedOneHotCategoricalStraightThrough",
    ),
    "counts": ("Binomial", "Geometric", "Multinomial", "NegativeBinomial", "Poisson"),
    "real": (
        "Cauchy",
        "Gumbel",
        "Laplace",
        "LogitRelaxedBernoulli",
        "Normal",
        "StudentT",
        "TruncatedNormal",
        "Uniform",
        "VonMises",
    ),
    "positive": (
        "Chi2",
        "Exponential",
        "FisherSnedecor",
        "Gamma",
        "GeneralizedPareto",
        "HalfCauchy",
        "HalfNormal",
        "InverseGamma",
        "LogNormal",
        "Pareto",
        "Weibull",
    ),
    "unit": ("Beta", "ContinuousBernoulli", "Kumaraswamy", "RelaxedBernoulli"),
    "vectors": (
        "Dirichlet",
        "ExpRelaxedCategorical",
        "LogisticNormal",
        "LowRankMultivariateNormal",
        "MultivariateNormal",
        "RelaxedOneHotCategorical",
    ),
    "matrices": ("LKJCholesky", "Wishart"),
    "composed": ("Independent", "MixtureSameFamily", "TransformedDistribution", "ZeroInflated"),
    "points": ("Delta",),
}
_MODULES = {name: group for group, names in _GROUPS.items() for name in names}


def names() -> list[str]:
    """Every family, by name; imports nothing."""
    return sorted(_MODULES)


def simple() -> list[str]:
    """The families that have a density, or probabilities, of values alone."""
    return sorted(set(_MODULES) - {*_GROUPS["composed"], *_GROUPS["points"]})


def lookup(name: str) -> Family | None:
    """The entry of a family, or None; that of one which is made of others says so in its name."""
    if name in _MODULES:
        return _row(name)
    return _derived(name) if "(" in name else None


def row(type_: DistributionType) -> Family:
    """The entry of the family of a distribution; one of the user's has what its story declares."""
    if type_.declared is not None:
        return declared_family(type_)
    found = lookup(type_.family)
    assert found is not None, type_.family
    return found


@cache
def _row(name: str) -> Family:
    table: tuple[Family, ...] = import_module(f"{__name__}.{_MODULES[name]}").FAMILIES
    return next(family for family in table if family.name == name)


@cache
def _derived(name: str) -> Family | None:
    from storchc.catalogue.distributions import composed

    return composed.derived(name, lookup)
