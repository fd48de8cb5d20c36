"""Densities of values that floats cannot tell from the ends of their support."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime.distributions import RelaxedBernoulli, RelaxedOneHotCategorical

Law = type[RelaxedBernoulli] | type[RelaxedOneHotCategorical]
SHAPES: dict[Law, tuple[int, ...]] = {RelaxedBernoulli: (500,), RelaxedOneHotCategorical: (500, 4)}


def divergence(law: Law, noise: Tensor) -> tuple[float, Tensor]:
    """Of the mean of ``log q(z) - log p(z)``, the value, and the slope in the logits of q."""
    logits = torch.linspace(-1, 1, noise.shape[-1]).to(noise).requires_grad_()
    drawn = law(temperature=torch.tensor(0.1).to(noise), logits=logits)
    other = law(temperature=torch.tensor(0.3).to(noise), logits=torch.zeros_like(logits))
    value = drawn.rsample(noise=noise)
    total = (drawn.log_prob(value) - other.log_prob(value)).mean()
    return total.item(), torch.autograd.grad(total, logits)[0]


@pytest.mark.parametrize("law", SHAPES)
def test_relaxed_values_at_a_low_temperature(law: Law) -> None:
    """Of ten values one is 1 in single precision; the gradient had the wrong sign."""
    uniform = torch.rand(SHAPES[law], dtype=torch.float64, generator=torch.manual_seed(0))
    noise = law(temperature=0.1, logits=torch.zeros(SHAPES[law][-1])).noise_from_uniform(uniform)
    exact, slope = divergence(law, noise)
    single, rounded = divergence(law, noise.float())
    assert single == pytest.approx(exact, rel=1e-4)
    torch.testing.assert_close(rounded.double(), slope, rtol=1e-3, atol=1e-3)


def test_the_entropy_of_a_coin_at_a_low_temperature() -> None:
    """By quadrature over the noise: E log q = log 0.1 + E[s - 2 softplus(s)] + E|odds| + …."""
    u = (torch.arange(200_000, dtype=torch.float64) + 0.5) / 200_000
    noise = u.log() - torch.log1p(-u)
    law = RelaxedBernoulli(temperature=torch.tensor(0.1), logits=torch.tensor(0.3))
    found = law.log_prob(law.from_noise(noise.float())).double().mean()
    odds = (0.3 + noise) / 0.1
    softplus = torch.nn.functional.softplus
    own = torch.tensor(0.1, dtype=torch.float64).log() - noise - 2 * softplus(-noise)
    exact = (own + softplus(odds) + softplus(-odds)).mean()
    assert found.item() == pytest.approx(exact.item(), abs=1e-3)


def digamma(*at: float) -> list[float]:
    return torch.digamma(torch.tensor(at, dtype=torch.float64)).tolist()


def trigamma(*at: float) -> list[float]:
    return torch.polygamma(1, torch.tensor(at, dtype=torch.float64)).tolist()


def of_gamma(a: float) -> tuple[float, float]:
    return digamma(a)[0] - math.log(1.5), trigamma(a)[0]


def of_two(a: float, total: float) -> tuple[float, float]:
    (own, all_of_it), (slope, shared) = digamma(a, total), trigamma(a, total)
    return own - all_of_it, slope - shared


SMALL: dict[str, tuple[str, str, Callable[[float], tuple[float, float]]]] = {
    "Gamma": ("Gamma(a, 1.5)", "log(z)", of_gamma),
    "Chi2": (
        "Chi2(2 * a)",
        "log2(z) * log(2)",
        lambda a: (digamma(a)[0] + math.log(2), trigamma(a)[0]),
    ),
    "InverseGamma": ("InverseGamma(a, 1.5)", "-log(z)", of_gamma),
    "Beta": ("Beta(a, 0.3)", "log(z)", lambda a: of_two(a, a + 0.3)),
    "Beta, its other side": (
        "Beta(0.3, a)",
        "log(z)",
        lambda a: (digamma(0.3)[0] - digamma(a + 0.3)[0], -trigamma(a + 0.3)[0]),
    ),
    "Dirichlet": (
        "Dirichlet(stack([a, 0.3, 0.2]))",
        "log(z)[0]",
        lambda a: of_two(a, a + 0.5),
    ),
}
"""Families, the logarithm of a sample, its expectation and that's slope in the concentration."""


@pytest.mark.parametrize("a", [0.01, 0.1, 2.0])
@pytest.mark.parametrize("name", SMALL)
def test_logarithms_of_small_concentrations(name: str, a: float) -> None:
    """In single precision too: the value, and the gradients of scores and paths.

    Of Gamma(0.01) E log z was -58.5, where -100.6 is true, and the score of Beta(0.3, 0.1) was
    off by 1, without a word.
    """
    family, logarithm, exact = SMALL[name]
    value, slope = exact(a)
    for method in ("Reparameterization(n={})", "ScoreFunction(n={}, baseline=batch_average)"):
        text = f"story Small\nparam a = {a}\nsample z ~ {family} with {method.format(DRAWS)}\n"
        torch.manual_seed(0)
        model: Any = storchc.load(text=f"{text}cost c = {logarithm}\n")()
        estimate = model()
        error = float(estimate.costs["c"].detach().std()) / DRAWS**0.5
        estimate.backward()
        assert float(estimate.cost) == pytest.approx(value, abs=5 * error)
        assert float(model.a.grad) == pytest.approx(slope, rel=0.06)


DRAWS = 100_000


@pytest.mark.parametrize("a", [0.01, 0.1])
@pytest.mark.parametrize(
    "family",
    [
        "Gamma({}, 2.0)",
        "InverseGamma({}, 2.0)",
        "Beta({}, 0.2)",
        "Beta(0.2, {})",
        "Dirichlet(stack([{}, 0.3, 0.2]))",
        "MixtureSameFamily(Categorical(logits=zeros([2])), Gamma({} * ones([2]), 2.0))",
    ],
)
def test_scores_of_small_concentrations(family: str, a: float) -> None:
    """Their mean is 0 in single precision too; the deviation of a score is about 1/a."""
    law = family.format("a")
    text = f"story S\nparam a = {a}\nsample z ~ {law} with ScoreFunction(n={DRAWS})\n"
    torch.manual_seed(0)
    model: Any = storchc.load(text=f"{text}cost c = 1 + 0 * sum(z)\n")()
    model().backward()
    assert float(model.a.grad) == pytest.approx(0, abs=5 / a / DRAWS**0.5)
