"""Proposals that depend on other draws: an objective that changes with them credits those draws.

Where weights enter a cost linearly its expectation is the same whatever is drawn from, and credit
for the proposal is only noise. Where they do not, as below `logmeanexp`, or where a plate that was
reduced weighs the cost once more, the expectation is another one for every proposal. So it moves
with the law of what the proposal reads (LOSS.md §2), though no gradient flows to the proposal.
"""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch import Tensor

from tests.certification.harness import case, certify, differentiable

STORY = """story Proposed
param v = 0.6
sample a ~ Bernoulli(logits=v) with ScoreFunction(n=2)
sample b ~ Bernoulli(logits=v * a - 0.4) with ScoreFunction({baseline}) in a
sample c ~ Bernoulli(logits=v * a - 0.1) with ScoreFunction({baseline})
    using ImportanceSampling(proposal=Bernoulli(logits={proposal})) in a
cost end = {cost}
""".replace("\n    using", " using")
COSTS = {
    "linear": "a * c - v * c",
    "bound": "logmeanexp(a * c, over=a)",
    "squared": "mean(c, over=a) ** 2",
    "weighed again": "mean(c, over=a) * a",
}
READING = "1.4 * b - 0.3"


def chance(logits: Tensor, value: float) -> Tensor:
    return torch.sigmoid(logits if value else -logits)


def paid(cost: str, a: Tensor, c: Tensor, w: Tensor, v: Tensor) -> Tensor:
    """One estimate, of two draws ``c`` with weights ``w``."""
    match cost:
        case "linear":
            return (w * (a * c - v * c)).mean()
        case "bound":
            return (w * torch.exp(a * c)).mean().log()
        case "squared":
            return (w * c).mean() ** 2
    return (w * c).mean() * (w * a).mean()


def by_hand(cost: str, v: Tensor, moving: Tensor) -> Tensor:
    """The expected estimate; ``moving`` is v where it is the law of ``b``."""
    total = torch.zeros((), dtype=torch.float64)
    for outcome in product((0.0, 1.0), repeat=6):
        a, b, c = torch.tensor(outcome, dtype=torch.float64).reshape(3, 2)
        drawn, weights = torch.ones((), dtype=torch.float64), []
        for a_i, b_i, c_i in zip(a, b, c, strict=True):
            proposed = chance(1.4 * b_i - 0.3, float(c_i))
            drawn = drawn * chance(v, float(a_i)) * chance(moving * a_i - 0.4, float(b_i))
            drawn = drawn * proposed
            weights.append(chance(v * a_i - 0.1, float(c_i)) / proposed)
        total = total + drawn * paid(cost, a, c, torch.stack(weights), v)
    return total


@pytest.mark.parametrize("baseline", ["", "baseline=moving_average"])
@pytest.mark.parametrize("cost", COSTS)
def test_draws_that_a_proposal_reads(cost: str, baseline: str) -> None:
    text = STORY.format(cost=COSTS[cost], proposal=READING, baseline=baseline)
    story = case(text)
    model = story.model()
    exact = certify(story, model=model, hessian=True)
    v = differentiable(model, story)["v"]
    expected = by_hand(cost, v, v)
    torch.testing.assert_close(exact.value, expected)
    got, true = (torch.autograd.grad(value, v)[0] for value in (exact.value, expected))
    torch.testing.assert_close(got, true)


@pytest.mark.parametrize("cost", COSTS)
def test_only_a_linear_cost_does_without_their_credit(cost: str) -> None:
    v = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    whole, cut = (torch.autograd.grad(by_hand(cost, v, moving), v)[0] for moving in (v, v.detach()))
    assert (abs(float(whole - cut)) < 1e-12) == (cost == "linear")


@pytest.mark.parametrize("cost", ["linear", "weighed again"])
def test_a_cut_in_a_proposal_credits_nothing(cost: str) -> None:
    cut = READING.replace("b", "stop_gradient(b)")
    certify(case(STORY.format(cost=COSTS[cost], proposal=cut, baseline="")))


def test_below_a_pathwise_sample() -> None:
    text = """story Pathwise
param v[2] = tensor([0.6, -0.8])
sample a ~ Normal(1.2 + v[0], 0.8) with Reparameterization()
sample b ~ Categorical(logits=a * v * stack([-0.7, 0.5])) with ScoreFunction() in a
compute slant = tensor([0.4, -0.7]) * sigmoid(b)
sample c ~ Bernoulli(logits=tanh(stack([a, 0.5]) * (-0.7 * v))) with ScoreFunction()
    using ImportanceSampling(proposal=Bernoulli(logits=slant)) in a
cost end = mean(c[1], over=a) * a
""".replace("\n    using", " using")
    certify(case(text), hessian=True)
