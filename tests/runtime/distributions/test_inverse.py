"""Noise from uniform variables: values are the family's quantiles, and gradients flow as ever."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.distributions as td
from torch import Tensor

import storch_runtime.distributions as families
from tests.runtime.distributions import cases

INVERSE = sorted(
    n
    for n, f in vars(families).items()
    if isinstance(f, type) and getattr(f, "inverse", False) and n != "TransformedDistribution"
)  # what is made of another family is tried in stories
VECTORS = ["MultivariateNormal", "LowRankMultivariateNormal", "LogisticNormal"]
RELAXED = ["RelaxedBernoulli", "RelaxedOneHotCategorical", "ExpRelaxedCategorical"]
NO_DOUBLES = [
    "GeneralizedPareto",  # torch's function takes single precision only
    *("LogitRelaxedBernoulli", "TruncatedNormal"),  # torch has none
]
QUANTILES = [
    name
    for name in INVERSE
    if getattr(families, name).pathwise
    and name not in (*VECTORS, *RELAXED, *NO_DOUBLES)
    and not getattr(families, name).finite
]
U = torch.linspace(0.01, 0.99, 25, dtype=torch.float64)


def law(name: str) -> Any:
    return getattr(families, name)(**cases.parameters(name), event=1)


def uniform(made: Any) -> Tensor:
    return U.reshape(-1, *(1,) * len(made.noise_shape)).expand(len(U), *made.noise_shape)


@pytest.mark.parametrize("name", QUANTILES)
def test_values_are_quantiles(name: str) -> None:
    made = law(name)
    noise = made.noise_from_uniform(uniform(made))
    value = made.rsample(len(U), noise=noise)
    torchs = made.as_torch()
    below = torchs.cdf(value)
    torch.testing.assert_close(below, uniform(made), rtol=1e-7, atol=1e-7)
    assert value.dtype == torch.float64


@pytest.mark.parametrize("name", INVERSE)
def test_samples_have_the_moments_of_the_family(name: str) -> None:
    torch.manual_seed(0)
    made = law(name)
    noise = made.noise_from_uniform(torch.rand(20_000, *made.noise_shape, dtype=torch.float64))
    value = made.sample(20_000, noise=noise).double()
    plain = made.sample(20_000).double()
    assert value.shape == plain.shape
    spread = plain.std(0).clamp(min=0.05)
    assert bool(((value.median(0).values - plain.median(0).values).abs() < 0.1 * spread).all()) or (
        made.finite and bool(((value.mean(0) - plain.mean(0)).abs() < 0.03).all())
    )


@pytest.mark.parametrize("name", INVERSE)
@pytest.mark.parametrize("u", [2**-24, 1 - 2**-24])
def test_extreme_noise_is_finite_in_single_precision(name: str, u: float) -> None:
    given = {
        k: v.float() if isinstance(v, Tensor) else v for k, v in cases.parameters(name).items()
    }
    made = getattr(families, name)(**given, event=1)
    noise = made.noise_from_uniform(torch.full(made.noise_shape, u))
    assert bool(noise.isfinite().all())
    assert bool(made.sample(noise=noise).isfinite().all())


def test_others_say_so() -> None:
    made = families.Gamma(concentration=torch.ones(2), rate=torch.ones(2))
    with pytest.raises(TypeError, match="uniform"):
        made.noise_from_uniform(torch.full((2,), 0.5))


def test_normal_noise_is_that_of_torch() -> None:
    made = families.Normal(torch.zeros(25, dtype=torch.float64), 1.0)
    torch.testing.assert_close(made.noise_from_uniform(U), td.Normal(0.0, 1.0).icdf(U))
