"""Zero-inflated distributions and points: exactly where outcomes are finite, else against twins."""

from __future__ import annotations

import pytest
import torch

import storchc
from tests.certification.harness import Uncertified, case, certify

HEAD = """
story T
{}
param w = 0.4
param u = -0.3
"""
METHODS = [
    "ScoreFunction(n=1)",
    "ScoreFunction(n=2, baseline=batch_average)",
    "Expect()",
]
COUNTS = "ZeroInflated(sigmoid(u), Binomial(2, logits=w))"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("law", [COUNTS, "ZeroInflated(sigmoid(u), Bernoulli(logits=w))"])
def test_counts_with_more_zeros(method: str, law: str) -> None:
    text = f"""{HEAD.format("")}
sample z ~ {law} with {method}
cost c = (z - w) ** 2 * u
cost d = log_prob({law}, z) * w
"""
    certify(case(text), hessian=True)


@pytest.mark.parametrize("method", METHODS)
def test_in_a_plate(method: str) -> None:
    text = f"""{HEAD.format("plate data sum" + chr(10) + "input x[data]")}
sample z ~ ZeroInflated(sigmoid(u * x), Bernoulli(logits=w)) with {method}
cost c = (z - x) ** 2 * w
"""
    certify(case(text, {"x": [0.3, -0.8]}), hessian=True)


@pytest.mark.parametrize("method", METHODS[:2])
def test_in_a_loop(method: str) -> None:
    text = f"""{HEAD.format("")}
for t in range(2) from h = 0.0:
    sample z ~ ZeroInflated(sigmoid(u + h), Bernoulli(logits=w * t)) with {method}
    compute h = h + z * w
    cost c = h ** 2
"""
    certify(case(text), hessian=True)


def test_a_gate_that_does_not_learn_is_seen() -> None:
    text = f"{HEAD.format('')}sample z ~ {COUNTS} with ScoreFunction()\ncost c = z ** 2\n"
    broken = text.replace("sigmoid(u)", "stop_gradient(sigmoid(u))")
    with pytest.raises(Uncertified):
        certify(case(broken), interpreted=text)


def test_continuous_values_by_their_score() -> None:
    text = """
story T
param g = 0.3
param m = 0.2
sample z ~ ZeroInflated(LogNormal(m, 0.5), gate_logits=g) with ScoreFunction(n=200000)
cost c = z
"""
    torch.manual_seed(3)
    model = storchc.load(text=text)().double()
    estimate = model()
    estimate.backward()
    g, m = (p.detach().clone().requires_grad_() for p in (model.g, model.m))
    true = (1 - g.sigmoid()) * (m + 0.125).exp()
    assert abs(estimate.cost - true) < 0.01
    for got, wanted in zip(
        (model.g.grad, model.m.grad), torch.autograd.grad(true, (g, m)), strict=True
    ):
        assert (got - wanted).abs() < 0.02  # 5 standard errors are 0.017


@pytest.mark.parametrize("law", ["LogNormal(m, 1)", "Normal(m, 1)", "Gamma(exp(m), 2)"])
def test_the_density_at_zero_is_that_of_the_gate(law: str) -> None:
    text = f"""
story T
plate data
input x[data]
param g = 0.3
param m = 0.2
observe x ~ ZeroInflated({law}, gate_logits=g)
"""
    model = storchc.load(text=text)().double()
    value = torch.tensor([0.0, 0.7]).double()
    estimate = model(value)
    estimate.backward()
    hand = f"""
story T
plate data
input x[data]
param g = 0.3
param m = 0.2
cost c = -log(sigmoid(g)) if x == 0 else -log(1 - sigmoid(g)) - log_prob({law}, x + (x == 0))
"""
    true = storchc.load(text=hand)().double()
    wanted = true(value)
    wanted.backward()
    assert torch.allclose(estimate.cost, wanted.cost)
    for a, b in zip(model.parameters(), true.parameters(), strict=True):
        assert a.grad is not None and b.grad is not None and torch.allclose(a.grad, b.grad)


def test_a_point_is_its_value() -> None:
    """In a plate, a loop, and a plate of others; of any order."""
    steps = """
story T
plate data
input x[data]
param w = 0.4
sample a ~ Normal(w, 1) with Reparameterization(n=3)
{}
cost c = (z - a) ** 2 * w
for t in range(2) from h = 0.0:
    {}
    compute h = h + y * w
    cost d = h ** 2
"""
    text = steps.format("sample z ~ Delta(w * x) in a", "sample y ~ Delta(tanh(h) + w)")
    hand = steps.format("compute z = w * x + 0 * a", "compute y = tanh(h) + w")
    found = []
    for story in (text, hand):
        torch.manual_seed(1)
        model = storchc.load(text=story)().double()
        loss = model(torch.tensor([0.3, -0.8]).double()).loss
        (first,) = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
        (second,) = torch.autograd.grad(first, list(model.parameters()))
        found.append(torch.stack([loss, first, second]))
    assert torch.allclose(found[0], found[1])
