"""What the elements of a plate count, where a sample in it knows nothing of that.

A sample may stand in a plate whose weights its law does not touch, or a weighted sample below it:
its control variate must be reduced as its costs are. Every outcome is run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from storchc.lower.shares import Shares
from tests.certification.harness import case, derivatives, differentiable, hessian_rows, parameters
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

ABOVE = """story T
plate data sum
input x[data]
input u
input w
"""
INPUTS = {"x": [0.7, -1.2], "u": 0.4, "w": -0.3}
PROPOSED = "ScoreFunction() using ImportanceSampling({}proposal=Bernoulli(probs=0.4))"
CONTROLLED = ["DisARM()", "ARM()", "LocalExpectation()", "MeasureValued()", "MuProp()"]
COUPLED = ["ARMS(n=2)", "DoubleCV(n=2)", "RODEO(n=2)"]


def right(steps: str, *methods: str, inputs: Mapping[str, Any] | None = None) -> None:
    """Every outcome of the story, weighted, has the derivatives of score functions."""
    data = INPUTS if inputs is None else inputs
    header = ABOVE if "x" in data else ABOVE.replace("plate data sum\ninput x[data]\n", "")
    story = case(header + steps.format(*methods), data)
    model = story.model()
    leaves = differentiable(model, story)
    found = enumerate_estimates(model, story, hessian=model.order is None)
    plain = header + steps.format(*("ScoreFunction()" for _ in methods))
    exact = interpret(plain, story.inputs, parameters(model))
    gradient = derivatives(exact.value, leaves)
    torch.testing.assert_close(found.cost, exact.value.detach(), rtol=0, atol=1e-9)
    torch.testing.assert_close(found.gradient, flat(gradient).detach(), rtol=0, atol=1e-9)
    if found.hessian is not None:
        rows = hessian_rows(gradient, leaves).detach()
        torch.testing.assert_close(found.hessian, rows, rtol=0, atol=1e-9)


SINGLE = {"u": 0.4, "w": -0.3}
BESIDE = """
sample a ~ Categorical(logits=stack([u, w, 0.2])) with {}
sample b ~ Bernoulli(logits=w) with {} in a
cost c = (a + 2 * b - u) ** 2
cost d = b * u
"""
SETS = ["SumAndSample(sum_size=1)", "UnorderedSetEstimator(k=2)", "RaoBlackwellSF(k=2)"]


@pytest.mark.parametrize("method", [*CONTROLLED, "ScoreFunction(baseline=moving_average)"])
@pytest.mark.parametrize("opened", [*SETS, "ScoreFunction(n=2)"])
def test_in_a_plate_whose_weights_the_law_does_not_touch(opened: str, method: str) -> None:
    right(BESIDE, opened, method, inputs=SINGLE)


BELOW = """
sample b ~ Bernoulli(logits=u) with {}
sample d ~ Bernoulli(logits=%s) with {} in b
cost c = (d + 2 * b - u) ** 2
cost e = b * u
"""


@pytest.mark.parametrize("method", [*CONTROLLED, *COUPLED])
@pytest.mark.parametrize("law", ["w", "w + b"])
def test_above_what_is_drawn_from_a_proposal(method: str, law: str) -> None:
    right(BELOW % law, method, PROPOSED.format(""), inputs=SINGLE)


BETWEEN = """
sample a ~ Bernoulli(logits=u) with {}
sample b ~ Bernoulli(logits=w + a) with {} in a
sample d ~ Bernoulli(logits=w - b) with {} in a
sample e ~ Bernoulli(logits=d - u) with {} in a
cost c = (d + 2 * b - u + a) ** 2 * (1 + e)
"""


@pytest.mark.parametrize("method", CONTROLLED[:1] + CONTROLLED[2:3])
@pytest.mark.parametrize("last", ["DisARM()", "MuProp()"])
def test_between_proposals(method: str, last: str) -> None:
    others = PROPOSED.format("n=1, "), method, PROPOSED.format(""), last
    right(BETWEEN, *others, inputs=SINGLE)


MIXED = [
    "cost c = mean((b + a) * x, over=data) ** 2 + w\ncost e = b * a * x * w + u * b",
    "cost c = mean((b + a) * x, over=data) ** 2 + w",
    "cost c = a * mean(b * x, over=data) + u",
    "cost c = b * mean(a * x, over=data) ** 2 + u",
]


@pytest.mark.parametrize("method", ["DisARM()", "MuProp()", "ScoreFunction(baseline=0.4)"])
@pytest.mark.parametrize("law", ["w * x", "w * x + a"])
@pytest.mark.parametrize("costs", MIXED)
def test_independent_weights_that_the_costs_multiply(costs: str, law: str, method: str) -> None:
    steps = f"""
sample a ~ Bernoulli(logits=u * x) with {{}}
sample b ~ Bernoulli(logits={law}) with {{}} in a
{costs}
"""
    right(steps, PROPOSED.format("n=1, "), method)


@pytest.mark.parametrize("method", ["ARMS(n=2)", "DisARM(n=2)", "RODEO(n=2)"])
def test_a_plate_that_one_cost_mixes_and_another_does_not(method: str) -> None:
    costs = "cost c = mean(b * x, over=data) ** 2 + w\ncost e = b * x * w + u * b"
    right(f"sample b ~ Bernoulli(logits=u * x) with {{}}\n{costs}\n", method)


@pytest.mark.parametrize(
    ("steps", "methods"),
    [(BESIDE, (SETS[0], "DisARM()")), (BELOW % "w + b", ("DisARM()", PROPOSED.format("")))],
)
def test_costs_without_their_shares_fail(
    steps: str, methods: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Shares, "times", lambda self, story, scope, origin, term: term)
    with pytest.raises(AssertionError):
        right(steps, *methods, inputs=SINGLE)


def test_a_cost_above_a_plate_that_only_other_samples_weigh() -> None:
    """What a later sample is credited with is no part of it: that knows no weights."""
    steps = """
sample p ~ Bernoulli(logits=w) with {}
sample a ~ Bernoulli(logits=u) with {}
sample b ~ Bernoulli(logits=p) with {} in a
cost c = p + b * a + tanh(p * u)
"""
    compared = "ScoreFunction(baseline=batch_average)"
    right(steps, "MeasureValued()", PROPOSED.format("n=2, "), compared, inputs=SINGLE)


def test_a_single_value_that_is_looked_at_is_compared_with_none() -> None:
    compared = "ScoreFunction(baseline=batch_average)"
    steps = BELOW.replace("(d + 2 * b - u) ** 2", "(d + 2 * b - u) ** 2 * b") % "w + b"
    right(steps, "MuProp(n=2)", compared, inputs=SINGLE)
