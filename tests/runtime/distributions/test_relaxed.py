"""Relaxed values in the log domain, and hard ones with the gradient of relaxed ones."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import torch

import storchc
from storch_runtime.distributions import (
    ExpRelaxedCategorical,
    LogitRelaxedBernoulli,
    OneHotCategorical,
    RelaxedBernoulli,
    RelaxedOneHotCategorical,
    RelaxedOneHotCategoricalStraightThrough,
)

cases = import_module("tests.runtime.distributions.cases")
GIVEN: dict[str, Any] = {
    "temperature": torch.tensor([0.4, 1.7], dtype=torch.float64),
    "logits": torch.tensor([0.3, -1.1], dtype=torch.float64),
}
CLASSES: dict[str, Any] = {
    "temperature": torch.tensor([0.4, 1.7], dtype=torch.float64),
    "logits": torch.tensor([[0.3, -1.1, 0.6], [0.0, 2.0, -0.5]], dtype=torch.float64),
}


def test_log_odds_squeezed_are_a_relaxed_coin() -> None:
    odds, coin = LogitRelaxedBernoulli(**GIVEN), RelaxedBernoulli(**GIVEN)
    value = odds.sample(5)
    x = value.sigmoid()
    torch.testing.assert_close(odds.log_prob(value), coin.log_prob(x) + (x * (1 - x)).log())
    noise = odds.noise(value)
    torch.testing.assert_close(coin.from_noise(noise), x)


def test_exponentials_of_relaxed_logarithms_are_relaxed_classes() -> None:
    logs, classes = ExpRelaxedCategorical(**CLASSES), RelaxedOneHotCategorical(**CLASSES)
    value = logs.sample(5)
    expected = classes.log_prob(value.exp()) + value.sum(-1)
    torch.testing.assert_close(logs.log_prob(value), expected)
    noise = logs.draw_noise((5, 2, 3))
    torch.testing.assert_close(logs.from_noise(noise).exp(), classes.from_noise(noise))


def test_hard_values_are_those_of_the_classes() -> None:
    law = RelaxedOneHotCategoricalStraightThrough(**CLASSES)
    torch.manual_seed(0)
    plain = OneHotCategorical(logits=CLASSES["logits"])
    for value in (law.rsample(20_000), law.sample(20_000)):
        assert bool(((value == 0) | (value == 1)).all() and (value.sum(-1) == 1).all())
        error = (plain.probs * (1 - plain.probs) / 20_000).sqrt()
        assert bool(((value.mean(0) - plain.probs).abs() < 5 * error).all())
        torch.testing.assert_close(law.log_prob(value), plain.log_prob(value))


def test_their_gradient_is_that_of_relaxed_values() -> None:
    given = cases.differentiable(CLASSES)
    hard = RelaxedOneHotCategoricalStraightThrough(**given)
    soft = RelaxedOneHotCategorical(**given)
    noise = soft.draw_noise((50, 2, 3))
    weight = torch.randn(50, 2, 3, dtype=torch.float64)
    slopes = [
        torch.autograd.grad((law.rsample(50, noise=noise) * weight).sum(), list(given.values()))
        for law in (hard, soft)
    ]
    torch.testing.assert_close(*slopes)


def test_a_temperature_of_every_plate_makes_one_law_of_each() -> None:
    law = RelaxedOneHotCategoricalStraightThrough(torch.ones(4, 2), torch.ones(3))
    assert law.batch_shape == (4, 2) and law.rsample(6).shape == (6, 4, 2, 3)


STORY = """story S
param m[3] = tensor([0.3, -0.4, 0.1])
sample z ~ RelaxedOneHotCategoricalStraightThrough(0.5, logits=m) with {}
cost c = {}
"""


@pytest.mark.parametrize("method", ["Expect()", "ScoreFunction(n=300_000)", "Infer(n=300_000)"])
def test_every_method_that_asks_for_no_path_is_right(method: str) -> None:
    """A `log_prob` is that of the class that was drawn."""
    cost = "sum(tensor([1.0, -2.0, 0.5]) * z) + log_prob(OneHotCategorical(logits=m), z)"
    gradients = []
    for text in (STORY, STORY.replace("RelaxedOneHotCategoricalStraightThrough(0.5, ", "OneHot(")):
        made = text.replace("OneHot(", "OneHotCategorical(")
        used = method if text is STORY else "Expect()"
        model: Any = storchc.load(text=made.format(used, cost))()
        torch.manual_seed(0)
        model().backward()
        gradients.append(model.m.grad)
    slack = 1e-6 if method == "Expect()" else 0.02
    torch.testing.assert_close(*gradients, rtol=slack, atol=slack)


def test_its_own_path_is_biased() -> None:
    text = STORY.format("Reparameterization(n=200_000)", "(z[0] - 0.4) ** 4 + z[0] * z[1]")
    found = []
    for method in ("Reparameterization(n=200_000)", "Expect()"):
        model: Any = storchc.load(text=text, methods={"z": method})()
        torch.manual_seed(0)
        model().backward()
        found.append(model.m.grad)
    assert float((found[0] - found[1]).abs().max()) > 0.03


def test_a_given_value_cannot_carry_its_gradient() -> None:
    model: Any = storchc.load(text=STORY.format("Reparameterization()", "sum(z * m)"))()
    with pytest.raises(TypeError, match="cannot be re-attached"):
        model(given={"z": torch.tensor([[0.0, 1.0, 0.0]])})
