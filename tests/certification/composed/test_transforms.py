"""Transformed distributions against stories that transform the values themselves, draw by draw."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime.distributions import TanhTransform

HEAD = """
story T
plate data
input x[data]
param u = 0.3
param m = -0.4
param s = 0.2
"""
BASE = "Normal(u * x, exp(s))"
SQUASHED = f"TransformedDistribution({BASE}, [TanhTransform(), AffineTransform(0.5, 2)])"
HAND = "(0.5 + 2 * tanh({0}))"
DENSITY = f"(log_prob({BASE}, {{0}}) - 2 * (log(2) - {{0}} - softplus(-2 * {{0}})) - log(2))"
METHODS = [
    "Reparameterization(n=3)",
    "ScoreFunction(n=3, baseline=batch_average)",
    "ScoreFunction(n=1)",
]


def agree(text: str, other: str, *, second: bool = False, tolerance: float = 1e-9) -> None:
    """Both have the same value and derivatives, where they draw the same."""
    found = [derivatives(story, second=second) for story in (text, other)]
    for a, b in zip(*found, strict=True):
        assert torch.allclose(a, b, atol=tolerance, rtol=tolerance), (a, b)


def derivatives(story: str, *, second: bool) -> list[Tensor]:
    model = storchc.load(text=story)().double()
    torch.manual_seed(5)
    x = torch.tensor([0.7, -1.2], dtype=torch.double)
    loss = model(x).loss
    leaves = list(model.parameters())
    first = torch.autograd.grad(loss, leaves, create_graph=True, materialize_grads=True)
    found = [loss, *first]
    if second:
        total = torch.stack([g.square() for g in first]).sum()
        found += torch.autograd.grad(total, leaves, materialize_grads=True)
    return found


@pytest.mark.parametrize("method", METHODS)
def test_costs_of_a_value_and_of_its_density(method: str) -> None:
    costs = "cost c = (z - m) ** 2\ncost d = {} * m\n"
    text = f"{HEAD}compute q = {SQUASHED}\nsample z ~ q with {method}\n"
    hand = f"{HEAD}sample y ~ {BASE} with {method}\ncompute z = {HAND.format('y')}\n"
    agree(
        text + costs.format("log_prob(q, z)"),
        hand + costs.format(DENSITY.format("y")),
        second=True,
    )


@pytest.mark.parametrize("method", METHODS)
def test_in_a_loop_that_stops(method: str) -> None:
    base = BASE.replace("u * x", "u * x + h")
    law = SQUASHED.replace(BASE, base)
    density = DENSITY.replace(BASE, base).format("y")
    steps = """
for t in range(3) from h = 0.0:
    {}
    compute g = h + z * m
    cost c = {}
    cost d = g ** 2
    compute h = g
    stop when x * t > 0.6
"""
    drawn = f"sample z ~ {law} with {method}"
    by_hand = f"sample y ~ {base} with {method}\n    compute z = {HAND.format('y')}"
    text = HEAD + steps.format(drawn, f"log_prob({law}, z)")
    agree(text, HEAD + steps.format(by_hand, density))


@pytest.mark.parametrize("method", METHODS[:2])
def test_several_variables_in_a_plate(method: str) -> None:
    single = "ScoreFunction()" if "Score" in method else "Reparameterization()"
    text = f"{HEAD}sample z ~ {SQUASHED} with {method}\nsample w ~ {{}} with {single} in z\n"
    costs = "cost c = logmeanexp(w * m - (z - w) ** 2, over=z)\n"
    law = SQUASHED.replace("u * x", "u * z")
    hand = f"sample y ~ {BASE.replace('u * x', 'u * z')} with {single} in z\n"
    if "Score" in method:
        costs = "cost c = (z - w) ** 2 * m\n"
    hand += f"compute w = {HAND.format('y')}\n"
    agree(
        text.format(law) + costs,
        f"{HEAD}sample z ~ {SQUASHED} with {method}\n{hand}{costs}",
    )


@pytest.mark.parametrize("method", METHODS)
def test_parameters_of_a_transform_learn(method: str) -> None:
    law = f"TransformedDistribution({BASE}, [AffineTransform(m, exp(u))])"
    plain = "Normal(m + exp(u) * u * x, exp(u) * exp(s))"
    costs = "cost c = (z - s) ** 2\ncost d = log_prob({}, z)\n"
    story = f"{HEAD}sample z ~ {{0}} with {method}\n{costs.format('{0}')}"
    agree(story.format(law), story.format(plain), second=True)


def test_closed_forms() -> None:
    law = f"TransformedDistribution({BASE}, [AffineTransform(m, exp(u))])"
    plain = "Normal(m + exp(u) * u * x, exp(u) * exp(s))"
    story = f"{HEAD}cost c = -entropy({{}})\n"
    agree(story.format(law), story.format(plain), second=True)
    tanh = "TransformedDistribution({}, [TanhTransform()])"
    story = f"{HEAD}cost c = kl_divergence({{}}, {{}})\n"
    pair = BASE, "Normal(m, 1)"
    agree(story.format(*map(tanh.format, pair)), story.format(*pair), second=True)


def test_data_are_observed() -> None:
    law = "TransformedDistribution(Normal(m, exp(s)), [ExpTransform()])"
    story = f"{HEAD}observe v = exp(x) ~ {{}}\n"
    agree(story.format(law), story.format("LogNormal(m, exp(s))"), second=True)


def test_a_forgotten_slope_is_seen() -> None:
    text = (
        f"{HEAD}sample z ~ {SQUASHED} with Reparameterization()\ncost d = log_prob({SQUASHED}, z)\n"
    )
    hand = f"{HEAD}sample y ~ {BASE} with Reparameterization()\ncost d = log_prob({BASE}, y)\n"
    with pytest.raises(AssertionError):
        agree(text, hand)


def test_saturated_values_have_a_score() -> None:
    """In single precision: the score of N(0, 5) behind a tanh, in a loop too."""
    text = """
story T
param m = 0.0
for t in range(2):
    sample z ~ TransformedDistribution(Normal(m, 5), [TanhTransform()]) with ScoreFunction(n=5000)
    cost c = z * log_prob(TransformedDistribution(Normal(m, 5), [TanhTransform()]), z)
"""
    torch.manual_seed(2)
    model = storchc.load(text=text)()
    estimate = model()
    estimate.backward()
    assert estimate.cost.isfinite() and model.m.grad is not None and model.m.grad.isfinite()
    z = estimate.samples["z"]
    assert (z.abs() > 1 - 1e-6).float().mean() > 0.05


def test_saturated_values_are_known_among_other_plates_and_transforms() -> None:
    """A value that is aligned with plates that it lacks; transforms of what is transformed."""
    law = "TransformedDistribution(TransformedDistribution(Normal({}, 5), [TanhTransform()]), \
[AffineTransform(0, 2)])"
    text = f"""
story T
plate data
input x[data]
param m = 0.1
sample y ~ Normal(m, 1) with Reparameterization(n=3)
sample z ~ {law.format("x")} with Reparameterization(n=50)
cost c = log_prob({law.format("y + m")}, z)
"""
    torch.manual_seed(6)
    found = storchc.load(text=text)()(torch.zeros(20)).loss
    torch.manual_seed(6)
    y = 0.1 + torch.randn(3, 1)
    source = 5 * torch.randn(50, 1, 20)
    slopes = TanhTransform().log_slope(source) + math.log(2)
    wanted = (torch.distributions.Normal(y + 0.1, 5.0).log_prob(source) - slopes).mean()
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
