"""Loops below samples of other kinds, run for every outcome of all methods as they draw."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from storch_runtime.steps import Steps
from tests.certification.harness import case, derivatives, differentiable, parameters
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

STORY = """
story T
param v[3] = tensor([0.4, -0.9, 0.1])
param u = -0.3
sample k ~ OneHotCategorical(logits=v) with {method}
for t in range(2) from h = k[0]:
    sample z ~ Bernoulli(logits=u + h) with ScoreFunction(n=1, baseline=moving_average)
    compute h = h * u + z * k[1]
    cost c = (h - z) ** 2 + v[t] * k[2]
    {stop}
cost d = h ** 2 + sum(sequence(z)) * u
"""
ABOVE = [
    "ScoreFunction(n=2, baseline=batch_average)",
    "ScoreFunction() using MonteCarlo(n=2, distinct=true)",
    "UnorderedSetEstimator(k=2)",
    "ScoreFunction() using Enumerate()",
]


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize("stop", ["", "stop when z == 1"])
@pytest.mark.parametrize("method", ABOVE)
def test_a_sample_of_any_kind_above_a_loop(method: str, stop: str) -> None:
    story = case(STORY.format(method=method, stop=stop))
    model = story.model()
    found = enumerate_estimates(model, story)
    plain = STORY.format(method="ScoreFunction(n=1)", stop=stop)
    exact = interpret(plain, {}, parameters(model))
    wanted = flat(derivatives(exact.value, differentiable(model, story)))
    torch.testing.assert_close(found.cost, exact.value.detach(), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(found.gradient, wanted.detach(), rtol=1e-9, atol=1e-9)


TWO_LOOPS = """
story T
param v = 0.4
param w = -0.7
for t in range(2) from h = v, y = 0:
    sample y ~ Bernoulli(logits=h + w * y) with {above}
    compute h = tanh(h + v * y)
    cost early = (h - y) ** 2
    stop when y == 1
for s in range(2) from g = h, z = y:
    sample z ~ Bernoulli(logits=g + w * z) with {below}
    compute g = tanh(g * v + z * y)
    cost late = (g - z) ** 2 * (1 + y)
cost whole = g * h + w * z * y
"""
EVERY = "{}(k=6)"


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize("above", ["UnorderedSetEstimator", "ScoreFunctionWOR"])
@pytest.mark.parametrize("below", ["UnorderedSetEstimator", "RaoBlackwellSF"])
def test_sequences_below_the_sequences_of_an_earlier_loop(above: str, below: str) -> None:
    """The second loop chooses among sequences of its own, for each of the first's: all of both."""
    story = case(TWO_LOOPS.format(above=EVERY.format(above), below=EVERY.format(below)))
    model = story.model()
    plain = TWO_LOOPS.format(above="ScoreFunction()", below="ScoreFunction()")
    exact = interpret(plain, {}, parameters(model))
    leaves = differentiable(model, story)
    estimate = model()
    found, wanted = (flat(derivatives(value, leaves)) for value in (estimate.loss, exact.value))
    torch.testing.assert_close(estimate.cost, exact.value.detach(), rtol=0, atol=1e-9)
    torch.testing.assert_close(found.detach(), wanted.detach(), rtol=0, atol=1e-9)


BETWEEN = """
story T
param v = 0.4
param w = -0.7
sample a ~ Bernoulli(logits=v) with {first}
for t in range(2) from h = v * a, y = 0:
    sample y ~ Bernoulli(logits=h + w * a) with ScoreFunction(){along}
    compute h = tanh(h + y - a)
    cost early = (h - y) ** 2 * (1 + a)
sample b ~ Bernoulli(logits=h + w) with {further}
cost whole = (h + b) ** 2 + w * b * (y - 0.3 * sum(sequence(y)))
"""


def between() -> None:
    """All draws of the loop, for both values of ``a`` with both of ``b`` behind it."""
    text = {"first": "UnorderedSetEstimator(k=4)", "further": "UnorderedSetEstimator() in a"}
    story = case(BETWEEN.format(**text, along=" in a"))
    model = story.model()
    leaves = differentiable(model, story)
    found, mass = torch.zeros(2, dtype=torch.float64), 0.0
    for bits in product((0.0, 1.0), repeat=4):
        torch.manual_seed(0)
        drawn = torch.tensor(bits, dtype=torch.float64).reshape(2, 2)
        estimate = model(given={"y": drawn})
        share = float(
            (estimate.log_probs["y"].detach().sum() / 2).exp()
        )  # each with either value of b
        found += share * flat(derivatives(estimate.loss, leaves)).detach()
        mass += share
    plain = BETWEEN.format(first="ScoreFunction()", further="ScoreFunction()", along="")
    wanted = flat(derivatives(interpret(plain, {}, parameters(model)).value, leaves)).detach()
    assert abs(mass - 1) < 1e-9
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-9)


def test_a_loop_between_two_parts_of_a_joint_sample() -> None:
    """Its draws, and the last value that it carries, follow what is chosen behind it."""
    between()


def test_draws_of_a_loop_that_follow_nothing_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Steps, "reindexed", lambda steps, joint: steps)
    with pytest.raises((AssertionError, RuntimeError)):
        between()


BEHIND = """
story T
param v = 0.4
param w = -0.7
for t in range(2) from h = v, y = 0:
    sample y ~ Bernoulli(logits=h + w * y) with {loop}
    compute h = tanh(h + v * y)
    cost early = (h - y) ** 2
    stop when y == 1
sample b ~ Bernoulli(logits=h + w) with {behind}
cost whole = (h + b) ** 2 + w * b * y
"""


@pytest.mark.parametrize("behind", ["LocalExpectation()", "MeasureValued()", "ScoreFunction()"])
def test_a_method_that_looks_at_other_values_in_the_plate_of_sequences(behind: str) -> None:
    """Nothing is chosen anew below it: all three sequences, with every value of each."""
    story = case(BEHIND.format(loop="UnorderedSetEstimator(k=3)", behind=f"{behind} in y"))
    model = story.model()
    leaves = differentiable(model, story)
    found = torch.zeros(2, dtype=torch.float64)
    for bits in product((0.0, 1.0), repeat=3):
        torch.manual_seed(0)
        estimate = model(given={"b": torch.tensor(bits, dtype=torch.float64)})
        share = float(estimate.log_probs["b"].detach().sum().exp())
        found += share * flat(derivatives(estimate.loss, leaves, again=False)).detach()
    plain = BEHIND.format(loop="ScoreFunction()", behind="ScoreFunction()")
    wanted = flat(derivatives(interpret(plain, {}, parameters(model)).value, leaves)).detach()
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-9)
