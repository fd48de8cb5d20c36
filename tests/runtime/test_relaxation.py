"""The Gumbel-softmax relaxation."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import one_hot

from storch_runtime.distributions import Bernoulli, Normal, OneHotCategorical
from storch_runtime.methods import GumbelSoftmax

LOGITS = torch.tensor([[0.3, -0.2, 1.1], [0.0, 0.5, -0.7]], dtype=torch.float64)


def test_it_is_the_formula() -> None:
    logits, noise = LOGITS.clone().requires_grad_(), torch.randn(5, 2, 3, dtype=torch.float64)
    value = GumbelSoftmax(5, temperature=0.5).propose(
        OneHotCategorical(logits=logits), 5, noise=noise
    )
    torch.testing.assert_close(value.value, torch.softmax((LOGITS + noise) / 0.5, -1))
    bits = GumbelSoftmax(5, temperature=0.5).propose(Bernoulli(logits=logits), 5, noise=noise)
    torch.testing.assert_close(bits.value, torch.sigmoid((LOGITS + noise) / 0.5))


@pytest.mark.parametrize("law", [OneHotCategorical, Bernoulli])
def test_straight_through_is_discrete_forward_and_relaxed_backward(
    law: type[OneHotCategorical] | type[Bernoulli],
) -> None:
    logits, noise = LOGITS.clone().requires_grad_(), torch.randn(4, 2, 3, dtype=torch.float64)
    hard = GumbelSoftmax(4, straight_through=True).propose(law(logits=logits), 4, noise=noise)
    soft = GumbelSoftmax(4).propose(law(logits=logits), 4, noise=noise)
    assert bool(((hard.value == 0) | (hard.value == 1)).all())
    if law is OneHotCategorical:
        assert torch.equal(hard.value, one_hot(soft.value.argmax(-1), 3).double())
    weight = torch.randn_like(soft.value)
    (a,) = torch.autograd.grad((hard.value * weight).sum(), logits)
    (b,) = torch.autograd.grad((soft.value * weight).sum(), logits)
    torch.testing.assert_close(a, b)


@pytest.mark.parametrize("law", [OneHotCategorical(logits=LOGITS), Bernoulli(logits=LOGITS)])
def test_its_discrete_values_follow_the_distribution(law: OneHotCategorical | Bernoulli) -> None:
    torch.manual_seed(0)
    n = 200_000
    mean = GumbelSoftmax(n, straight_through=True).draw(law).value.mean(0)
    error = (law.probs * (1 - law.probs) / n).sqrt()
    assert bool(((mean - law.probs).abs() < 5 * error).all())


def test_annealing_counts_training_forwards_only() -> None:
    method = GumbelSoftmax(temperature=2.0, annealing_rate=0.5, min_temperature=0.3)
    law = OneHotCategorical(logits=LOGITS)
    seen = []
    for training in (True, False, False, True, True, True):
        method.train(training)
        seen.append(float(method.current_temperature()))
        method.draw(law)
        method.advance()
    torch.testing.assert_close(torch.tensor(seen), torch.tensor([2.0, 1.0, 1.0, 1.0, 0.5, 0.3]))
    assert method.state_dict()["steps"].item() == 4


def test_a_temperature_may_come_from_the_story() -> None:
    tau = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    draw = GumbelSoftmax(2).draw(OneHotCategorical(logits=LOGITS), temperature=tau)
    draw.value.square().sum().backward()
    assert tau.grad is not None and tau.grad.item() != 0


def test_it_refuses_what_it_cannot_relax_or_replay() -> None:
    with pytest.raises(ValueError, match="not `Normal`"):
        GumbelSoftmax().draw(Normal(torch.zeros(2), 1.0))
    with pytest.raises(ValueError, match="nothing to replay"):
        GumbelSoftmax().draw(Bernoulli(logits=LOGITS), torch.zeros(1, 2, 3))
