"""Equal sums of scores are written once, in loops too."""

from __future__ import annotations

import torch

import storchc

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
