"""Whole sequences without replacement: every set of them replayed, with its probability."""

from __future__ import annotations

import sys
from itertools import combinations

import pytest
import torch
from torch import Tensor

from tests.certification.harness import (
    Case,
    case,
    certify_statistically,
    derivatives,
    differentiable,
    hessian_rows,
    parameters,
)
from tests.certification.joint.test_stories import chance
from tests.certification.outcomes import flat
from tests.exact.interpreter import interpret

STATE = """
story T
param v[3] = tensor([0.4, -0.9, 0.1])
param u = -0.3
for t in range(2) from h = 0.2, y = one_hot(0, 3):
    compute h = h * u + y[1]
    cost early = h * y[0] + u
    sample y ~ OneHotCategorical(logits=v * (1 + h + y[2])) with {method}
    cost c = (h - y[2]) ** 2 + t * y[0]
    compute g = y[0] * 2 + h
cost d = h ** 2 + sum(sequence(g)) * u + y[1]
"""
STOPS = """
story T
param u = -0.3
param w = 0.5
for t in range(3) from h = w, z = 0:
    compute h = h * u + z
    compute q = Bernoulli(logits=h + t * w)
    sample z ~ q with {method}
    cost c = (h - z) ** 2 + w
    cost sure = -log_prob(q, z) * u
    report seen = z + h
    stop when z == 1
cost d = h ** 2 + sum(sequence(z)) * u - w * sum(sequence(alive))
"""
PLAIN = """
story T
param u = -0.3
for t in range(3):
    sample z ~ Bernoulli(logits=u * (t + 1)) with {method}
    cost c = z * (t + u)
"""
ENCLOSED = """
story T
param u = -0.3
param w = 0.5
sample s ~ Bernoulli(logits=w) with Expect()
for t in range(2) from h = s:
    sample z ~ Bernoulli(logits=u + h) with {method}
    compute h = z * u - h
    cost c = (z - h) ** 2 * w
sample e ~ Bernoulli(logits=h) with Expect()
cost d = e * h + s
"""


def sequences(story: Case, name: str) -> tuple[list[Tensor], list[float], Tensor]:
    """Every sequence of a sample, its probability, and the exact expected cost."""
    exact = interpret(story.text, story.inputs, parameters(story.model()))
    possible = exact.probability > 1e-14
    values = exact.samples[name][possible][:, 0]
    return list(values), exact.probability[possible].tolist(), exact.value


def expected(story: Case, name: str, plain: Case, k: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Cost and gradient over all sets of ``k`` sequences, and the exact ones."""
    model = story.model()
    vars(sys.modules[type(model).__module__])["all_stopped"] = lambda alive: False
    leaves = differentiable(model, story)
    values, shares, _ = sequences(plain, name)
    cost, gradient = torch.zeros(()).double(), torch.zeros(()).double()
    for chosen in combinations(range(len(values)), min(k, len(values))):
        share = chance(tuple(shares[i] for i in chosen))
        given = {name: torch.stack([values[i] for i in chosen])}
        estimate = model(**story.inputs, given=given)
        cost = cost + share * estimate.cost
        gradient = gradient + share * flat(derivatives(estimate.loss, leaves)).detach()
    exact = interpret(plain.text, story.inputs, parameters(model))
    wanted = flat(derivatives(exact.value, leaves)).detach()
    return cost, gradient, exact.value.detach(), wanted


@pytest.mark.parametrize("k", [1, 2, 4, 20])
@pytest.mark.parametrize("text", [STATE, STOPS, PLAIN], ids=["state", "stops", "plain"])
def test_every_set_of_sequences(text: str, k: int) -> None:
    name = "y" if text == STATE else "z"
    story = case(text.format(method=f"UnorderedSetEstimator(k={k})"))
    plain = case(text.format(method="ScoreFunction(n=1)"))
    cost, gradient, exact, wanted = expected(story, name, plain, k)
    torch.testing.assert_close(cost, exact, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradient, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("method", ["UnorderedSetEstimator", "ScoreFunctionWOR"])
@pytest.mark.parametrize(
    "text", [STATE, STOPS, PLAIN, ENCLOSED], ids=["state", "stops", "plain", "enclosed"]
)
def test_a_beam_that_holds_all_sequences_is_exact(text: str, method: str) -> None:
    story = case(text.format(method=f"{method}(k=30)"))
    plain = case(text.format(method="ScoreFunction(n=1)"))
    model = story.model()
    leaves = differentiable(model, story)
    exact = interpret(plain.text, {}, parameters(model))
    for _ in range(3):
        estimate = model()
        torch.testing.assert_close(estimate.cost, exact.value.detach(), rtol=1e-9, atol=1e-9)
        first = [derivatives(value, leaves) for value in (estimate.loss, exact.value)]
        torch.testing.assert_close(*map(flat, first), rtol=1e-9, atol=1e-9)


ALONGSIDE = """
story T
plate data sum
input x[data]
param u = -0.3
param w = 0.5
for t in range(2) from h = w, g = x, z = 0:
    compute h = h * u + z
    compute g = g * z + x * t
    sample z ~ Bernoulli(logits=h + t * w) with {method}
    cost c = (g - z) ** 2 + w
    observe x ~ Normal(z * w, 1)
    stop when z == 1
cost d = h ** 2 + sum(sequence(g)) * u + mean(sequence(z)) * x
"""


@pytest.mark.parametrize("k", [2, 3])
def test_what_has_further_plates_follows_too(k: int) -> None:
    inputs = {"x": [0.3, -0.8]}
    story = case(ALONGSIDE.format(method=f"UnorderedSetEstimator(k={k})"), inputs)
    plain = case(ALONGSIDE.format(method="ScoreFunction(n=1)"), inputs)
    cost, gradient, exact, wanted = expected(story, "z", plain, k)
    torch.testing.assert_close(cost, exact, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(gradient, wanted, rtol=1e-9, atol=1e-9)


def test_the_hessian_over_every_set() -> None:
    story = case(STOPS.format(method="UnorderedSetEstimator(k=2)"))
    plain = case(STOPS.format(method="ScoreFunction(n=1)"))
    model = story.model()
    leaves = differentiable(model, story)
    values, shares, _ = sequences(plain, "z")
    second = torch.zeros(()).double()
    for chosen in combinations(range(len(values)), 2):
        given = {"z": torch.stack([values[i] for i in chosen])}
        rows = hessian_rows(derivatives(model(given=given).loss, leaves), leaves)
        second = second + chance(tuple(shares[i] for i in chosen)) * rows
    exact = interpret(plain.text, {}, parameters(model))
    wanted = hessian_rows(derivatives(exact.value, leaves), leaves)
    torch.testing.assert_close(second, wanted, rtol=1e-9, atol=1e-9)


REPLICATES = """
story T
plate data
input w[data]
for t in range(3) from h = w, z = 0:
    compute h = 0.5 * h - z * w
    sample z ~ Bernoulli(logits=h + 0.4 * t) with {method}
    cost c = (h - z) ** 2
    {stop}
cost d = h * z + 0.3 * sum(sequence(z))
"""


def replicated(method: str, stop: str, replicates: int) -> None:
    """The mean gradient of as many draws, against the exact one."""
    text = REPLICATES.format(method=method, stop=stop)
    plain = case(REPLICATES.format(method="ScoreFunction(n=1)", stop=stop), {"w": [0.7]})
    exact = interpret(plain.text, plain.inputs, {})
    (wanted,) = torch.autograd.grad(exact.value, [plain.inputs["w"]])
    model = case(text, {"w": [0.7]}).model()
    inputs = {"w": torch.tensor([0.7]).double()}
    certify_statistically(
        model, {"w": inputs["w"][0]}, {"w": wanted[0].detach()}, replicates=replicates
    )


@pytest.mark.parametrize("stop", ["", "stop when z == 1"])
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("method", ["UnorderedSetEstimator", "ScoreFunctionWOR"])
def test_sequences_as_they_are_drawn(method: str, k: int, stop: str) -> None:
    replicated(f"{method}(k={k})", stop, 100_000)


@pytest.mark.certify
@pytest.mark.parametrize("method", ["UnorderedSetEstimator(k=2)", "ScoreFunctionWOR(k=3)"])
def test_more_sequences_as_they_are_drawn(method: str) -> None:
    replicated(method, "stop when z == 1", 2_000_000)
