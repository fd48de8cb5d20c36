"""Densities of values that floats cannot tell from the ends of their support."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from storch_runtime.distributions import Gamma, RelaxedBernoulli, RelaxedOneHotCategorical

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


@pytest.mark.parametrize("rate", [0.5, 1.0, 4.0])
def test_gamma_variables_that_end_at_the_smallest_number(rate: float) -> None:
    """The mean score is 0, and the mean log-density minus the entropy; it was off by 42."""
    torch.manual_seed(0)
    concentration = torch.tensor(0.01, requires_grad=True)
    law = Gamma(concentration=concentration, rate=torch.tensor(rate))
    logs = law.log_prob(law.sample(200_000))
    (score,) = torch.autograd.grad(logs.mean(), concentration)
    assert abs(score.item()) < 1
    entropy = torch.distributions.Gamma(concentration.double(), rate).entropy()
    assert logs.mean().item() == pytest.approx(-entropy.item(), abs=1)
