"""Common values are computed outside of functions that are called for several values."""

from __future__ import annotations

import re

import pytest
import torch

import storchc

STORY = """
story Common
plate data
input x[data, 3]
param w[3] = zeros()
param v[2] = zeros()
module dec: [2] -> [3]
sample b ~ Bernoulli(logits=v) with {method}
compute l = dec(b)
cost miss = sum((l - tanh(x * w)) ** 2) + exp(sum(x)) * sum(b)
cost size = 0.5 * sum(b)
"""


def function(method: str) -> tuple[str, str]:
    """What stands above what is downstream of `b`, and that."""
    code = storchc.compile(text=STORY.format(method=method))
    above, _, below = code.partition("def below_b")
    return above, below.partition("return ")[0]


@pytest.mark.parametrize("method", ["DisARM()", "LocalExpectation()", "REBAR()"])
def test_what_has_not_the_plate_is_computed_before(method: str) -> None:
    above, below = function(method)
    assert "torch.tanh(x * self.w)" in above and "torch.exp(x.sum(-1))" in above
    assert "torch.tanh" not in below and "torch.exp" not in below
    assert "miss_common" in below


def test_what_depends_on_the_sample_and_numbers_stay() -> None:
    _, below = function("DisARM()")
    assert "self.dec(b" in below and "0.5 * b.sum(-1)" in below


def test_where_nothing_is_called_twice_nothing_moves() -> None:
    code = storchc.compile(text=STORY.format(method="ScoreFunction()"))
    assert "_common" not in code


def test_functions_of_two_samples_keep_their_common_values_apart() -> None:
    text = """
story Two
param u = 0.3
param v = 0.2
sample a ~ Bernoulli(logits=v) with DisARM()
cost d = tanh(a + exp(v))
sample b ~ Bernoulli(logits=u) with DisARM()
cost c = (tanh(b * u + exp(v)) - v) ** 2
"""
    code = storchc.compile(text=text)
    names = re.findall(r"(?m)^        (\w*_common\w*) = ", code)
    assert len(names) == len(set(names)) > 1  # a function looks at them when it is called


def test_common_values_are_computed_before_the_steps_of_a_loop() -> None:
    text = """
story Steps
dim T = 3
input x[T]
param v = 0.2
sample z ~ Bernoulli(logits=v) with DisARM()
sample b ~ Bernoulli(logits=v) with ScoreFunction()
for t in range(T) from h = z, g = v:
    compute g = tanh(g + exp(v))
    compute h = h * tanh(v * t) + x[t] * sqrt(exp(v + 1)) + g * b
    cost c = (h - x[t]) ** 2
"""
    above, _, below = storchc.compile(text=text).partition("def below_z")
    body = below.partition("return ")[0]
    assert "torch.sqrt(torch.exp(self.v + 1))" in above  # the same in every step, for every z
    assert "torch.tanh(self.v * t)" in body  # another one in each
    assert "torch.tanh(g + g_common)" in body  # so is what is carried
    assert "sample b" not in body  # nothing of it stands here
    storchc.load(text=text)()(torch.tensor([0.3, -0.2, 0.5])).backward()


def test_parameters_of_distributions_and_starts_of_loops_are_common_too() -> None:
    text = """
story Parameters
param v = 0.2
sample z ~ Bernoulli(logits=v) with DisARM()
sample b ~ Normal(z + exp(v), softplus(v)) with ScoreFunction()
for t in range(3) from h = b, g = tanh(v) * 2:
    compute g = g * z
    compute h = h * g
cost c = h
"""
    above, _, below = storchc.compile(text=text).partition("def below_z")
    assert "b_common = torch.exp(self.v)" in above and "softplus(self.v)" in above
    assert "g_common = torch.tanh(self.v) * 2" in above
    assert "Normal(loc=z + b_common, scale=b_common_" in below
    storchc.load(text=text)()().backward()
