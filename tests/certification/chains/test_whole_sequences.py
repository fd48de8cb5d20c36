"""`Expect` in loops, every sequence of outcomes listed: exact value, gradient and Hessian."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch

import storchc
from tests.certification.chains.sums import certify_sums
from tests.certification.harness import case

X = [[0.7, -0.4, 0.1], [0.3, 1.1, 0.2]]
ABOVE = {
    "none": "ScoreFunction(n=1)",
    "moving": "ScoreFunction(n=1, baseline=moving_average)",
    "others": "ScoreFunction(n=2, baseline=batch_average)",
}


def story(steps: str, declarations: str = "") -> str:
    return f"story T\n{declarations}\nparam w = 0.4\nparam u = -0.3\n{steps}\n"


@pytest.mark.parametrize("reduction", ["", " sum"])
def test_a_state_that_adds_up(reduction: str) -> None:
    text = story(
        """
for t in range(3) from h = u, z = 0:
    compute h = h * w + z
    cost early = z * h
    sample z ~ Bernoulli(logits=h + u * x[t]) with Expect()
    cost c = (z - h) ** 2 * w
cost d = (sum(sequence(z)) - h) ** 2
""",
        f"plate data{reduction}\ninput x[data, 3]",
    )
    certify_sums(case(text, {"x": X}))


def test_four_steps_of_three_outcomes() -> None:
    text = story(
        """
for t in range(4) from h = u:
    sample z ~ Categorical(logits=stack([h, w, u * t])) with Expect()
    compute h = tanh(h * w + z)
    cost c = h * z
cost d = mean(sequence(z)) ** 2
"""
    )
    certify_sums(case(text))


def test_outcomes_that_depend_on_nothing_before() -> None:
    text = story(
        """
for t in range(3):
    sample z ~ Bernoulli(logits=w * x[t]) with Expect()
    cost c = z * u
cost d = prod(sequence(z) + 0.5) * u
""",
        "plate data\ninput x[data, 3]",
    )
    certify_sums(case(text, {"x": X}))


def test_nested_loops() -> None:
    text = story(
        """
for t in range(2) from g = u:
    for s in range(2) from h = g:
        sample z ~ Bernoulli(logits=h + 0.2 * t - 0.1 * s) with Expect()
        compute h = h * w + z
        cost c = h * (1 + t) + s * z
    compute many = sequence(z)
    compute g = w * h + sum(many)
cost d = sum(sequence(many)) + g ** 2
"""
    )
    certify_sums(case(text))


@pytest.mark.parametrize("method", ABOVE)
def test_below_samples_of_the_same_loop(method: str) -> None:
    text = story(
        f"""
for t in range(2) from h = u, k = 0:
    sample s ~ Bernoulli(logits=k + 0.3 * w) with {ABOVE[method]}
    sample z ~ Bernoulli(logits=u * h + w * s) with Expect()
    compute k = k * w + s
    compute h = h * w + s + z
    cost c = (z - h) ** 2 * (1 + t)
cost d = sum(sequence(z)) * h + u * k
"""
    )
    certify_sums(case(text))


def test_a_sample_below_each_sequence() -> None:
    text = story(
        """
for t in range(2) from h = u:
    sample z ~ Bernoulli(logits=h) with Expect()
    compute h = h * w + z
    sample s ~ Bernoulli(logits=u * h + z) with ScoreFunction(n=1, baseline=moving_average)
    cost c = (s - h) ** 2 * w
cost d = sum(sequence(s)) * h
"""
    )
    every = product([0, 1], repeat=8)
    draws = [torch.tensor(each).double().reshape(1, 4, 2) for each in every]
    certify_sums(case(text), given=[{"s": draw} for draw in draws])


def test_two_that_depend_on_each_other() -> None:
    text = story(
        """
for t in range(2) from a = 0, b = 1:
    sample a ~ Bernoulli(logits=u + 0.5 * b) with Expect()
    cost early = a * b
    sample b ~ Bernoulli(logits=w * b - a) with Expect()
    cost c = (a - b) ** 2 * w + a
cost d = sum(sequence(a)) * b + u * b
"""
    )
    certify_sums(case(text))


def test_beside_one_that_is_summed_out() -> None:
    text = story(
        """
for t in range(3) from a = 0, h = 0, b = 1:
    sample a ~ Bernoulli(logits=u + h) with Expect()
    compute h = h + a * w
    sample b ~ Bernoulli(logits=w * b - h) with Expect()
    cost c = (a - b) ** 2 * w + h
cost d = h * b
"""
    )
    certify_sums(case(text))


def test_what_is_shown_can_be_replayed() -> None:
    text = story(
        """
for t in range(3) from h = u:
    sample s ~ Bernoulli(logits=u) with ScoreFunction(n=2)
    sample z ~ Bernoulli(logits=h + s + x[t]) with Expect()
    compute h = h + z
cost c = h
""",
        "plate data\ninput x[data, 3]",
    )
    model: Any = storchc.load(text=text)()
    estimate = model(torch.tensor(X))
    assert estimate.plates["z"] == ("z", "s", "data")
    assert estimate.samples["z"].shape == (8, 2, 2, 3)
    torch.testing.assert_close(estimate.weights["z"].sum(0), torch.ones(2, 2))
    torch.testing.assert_close(estimate.weights["z"], estimate.log_probs["z"].exp())
    again = model(torch.tensor(X), given=dict(estimate.samples))
    torch.testing.assert_close(again.loss, estimate.loss)
    with pytest.raises(ValueError, match="only its own values"):
        model(torch.tensor(X), given={"z": estimate.samples["z"].flip(0)})
    model.methods["z"].budget = 7
    with pytest.raises(ValueError, match="8 values"):
        model(torch.tensor(X))


def test_a_cost_that_sees_a_sample_behind_a_cut_alone() -> None:
    text = story(
        """
for t in range(3) from h = 0:
    sample z ~ Bernoulli(logits=u + w * h) with Expect()
    compute h = h + z
    cost c = stop_gradient(z) * w
    cost e = z * u
cost d = stop_gradient(sum(sequence(z))) * u
"""
    )
    certify_sums(case(text))
