"""Equal sums of scores and of costs are written once, in loops too."""

from __future__ import annotations

import pytest
import torch

import storchc
from storchc.lower import loss

STORY = """
story Equal
dim T = 3
param v = 0.3
for t in range(T) from h = v:
    sample e ~ Bernoulli(logits=h) with ScoreFunction()
    sample f ~ Bernoulli(logits=e * v) with ScoreFunction()
    compute h = tanh(h + e)
    cost c = (h - f) ** 2
{cost}"""


def test_a_sum_that_two_costs_ask_for_has_a_name() -> None:
    code = storchc.compile(text=STORY.format(cost="    cost d = h ** 2\n"))
    assert code.count("e_steps.score.cumsum(0)") == 1
    assert "e_score = e_steps.score.cumsum(0)" in code
    torch.manual_seed(0)
    storchc.load(text=STORY.format(cost="    cost d = h ** 2\n"))()().backward()


def test_a_sum_that_one_cost_asks_for_stands_in_its_place() -> None:
    code = storchc.compile(text=STORY.format(cost=""))
    assert "e_score = " not in code
    assert code.count("e_steps.score.cumsum(0)") == 1


CREDITED = """
story Credited
plate data
input x[data]
param v = 0.3
sample a ~ Bernoulli(logits=v * x) with ScoreFunction(n=2, baseline=moving_average)
sample b ~ Bernoulli(logits=v + x) with ScoreFunction(baseline=moving_average) in a
sample w ~ Normal(v * x, 1) with Reparameterization(n=2)
cost both = (a + b - w) ** 2
cost first = a * w
cost second = b * w ** 2
"""
STEPS = """
story Steps
dim T = 3
param v = 0.3
for t in range(T) from h = v:
    sample a ~ Bernoulli(logits=h) with ScoreFunction(baseline=moving_average)
    compute g = a * h
    cost first = g * v
    sample b ~ Bernoulli(logits=h - v) with ScoreFunction(baseline=moving_average) in a
    compute h = tanh(h + a - b)
    cost both = (h - v) ** 2
"""


def test_costs_that_several_samples_are_credited_with_are_reduced_once() -> None:
    code = storchc.compile(text=CREDITED)
    assert code.count("both.detach().mean(0)") == 1
    assert "both_mean = both.detach().mean(0)" in code


def test_so_are_those_of_the_steps_to_come() -> None:
    code = storchc.compile(text=STEPS)
    assert code.count("from_here(both_by_step.detach(), 0)") == 1
    assert "both_to_come = from_here(both_by_step.detach(), 0)" in code


@pytest.mark.parametrize("text", [CREDITED, STEPS, STORY.format(cost="    cost d = h ** 2\n")])
def test_the_estimate_is_the_same_as_with_each_in_its_place(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, shared = storchc.compile(text=text), _gradient(text)
    monkeypatch.setattr(loss, "equal_once", list)
    assert storchc.compile(text=text) != code
    torch.testing.assert_close(shared, _gradient(text), rtol=1e-12, atol=1e-12)


def _gradient(text: str) -> torch.Tensor:
    model = storchc.load(text=text)().double()
    torch.manual_seed(0)
    x = {"x": torch.tensor([0.3, -0.7, 1.1]).double()} if "input x" in text else {}
    model(**x).backward()
    gradient = model.v.grad
    assert gradient is not None
    return gradient
