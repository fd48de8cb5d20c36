"""Loops below samples of other kinds, run for every outcome of all methods as they draw."""

from __future__ import annotations

import pytest
import torch

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
