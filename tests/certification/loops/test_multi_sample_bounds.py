"""VIMCO over sequences: what a whole sequence weighs has one baseline, the same in every step."""

from __future__ import annotations

from math import log
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime.baselines.others import log_sum_of_others, mean_of_finite_others
from storch_runtime.methods import VIMCO
from storch_runtime.steps import from_here, later
from tests.certification.harness import case, certify, fails

HEAD = """
story T
plate data
input x[data]
param w = 0.4
param v = -0.7
"""
CHAIN = (
    HEAD
    + """
for t in range(3) from y = 0:
    sample y ~ Bernoulli(logits=w * x + v * y - 0.3 * t) with {}
    compute ll = y * x * v + (1 - y) * w - log_prob(Bernoulli(logits=w * x), y)
cost bound = -logmeanexp(sum(sequence(ll)), over=y) * v
"""
)


def prove(text: str, method: str, x: list[float], *, vectorised: bool = True) -> None:
    """Certify ``text`` with the method against the same story with a plain score function."""
    plain = text.format(method.partition("(")[0].replace("VIMCO", "ScoreFunction") + "(n=2)")
    story = case(text.format(method), {"x": x})
    certify(story, interpreted=plain, hessian=True, vectorised=vectorised)


@pytest.mark.parametrize("mean", ["geometric", "arithmetic"])
def test_whole_sequences_are_compared(mean: str) -> None:
    prove(CHAIN, f"VIMCO(n=2, mean={mean})", [0.7])


def test_in_plates() -> None:
    prove(CHAIN.replace("range(3)", "range(2)"), "VIMCO(n=2)", [0.7, -1.2])


def test_beside_costs_of_every_step() -> None:
    each = "    cost r = (y - v) ** 2 * x + t * y\ncost bound"
    prove(CHAIN.replace("range(3)", "range(2)").replace("cost bound", each), "VIMCO(n=2)", [0.7])


STOPPING = (
    HEAD
    + """
for t in range(2) from y = 0, s = 0.1:
    sample y ~ Bernoulli(logits=w * x + v * y - 0.3 * t) with {}
    compute ll = y * x * v + (1 - y) * w
    compute s = s + ll
    cost r = (y - v) ** 2 * x
    stop when y == 1
cost bound = -logmeanexp(s + v * sum(sequence(ll)), over=y) * v
"""
)


def test_sequences_that_end() -> None:
    prove(STOPPING, "VIMCO(n=2)", [0.7], vectorised=False)


def test_several_variables_and_a_sample_above() -> None:
    text = (
        HEAD
        + """
sample a ~ Bernoulli(logits=w * x) with {}
for t in range(2) from h = a * v:
    sample y ~ Bernoulli(logits=h + w * x) with VIMCO() in a
    compute h = h + y * v
    compute ll = y * h - log_prob(Bernoulli(logits=w * x), y)
cost bound = -logmeanexp(sum(sequence(ll)) + a * w, over=a)
"""
    )
    plain = text.format("ScoreFunction(n=2)").replace("VIMCO()", "ScoreFunction()")
    story = case(text.format("VIMCO(n=2)"), {"x": [0.7]})
    certify(story, interpreted=plain, hessian=True)


def test_loops_in_loops() -> None:
    text = (
        HEAD
        + """
for t in range(2) from s = 0.1:
    for u in range(2) from r = s, y = 0:
        sample y ~ Bernoulli(logits=w * x + v * y - 0.3 * t) with {}
        compute r = r + y * x * (v + u)
    compute s = r
cost bound = -logmeanexp(s * w, over=y) * v
"""
    )
    prove(text, "VIMCO(n=2)", [0.7])


def test_the_other_sequences_are_impossible() -> None:
    text = (
        HEAD
        + """
for t in range(2):
    sample y ~ Bernoulli(logits=w * x) with VIMCO(n=2)
    compute ll = log(y) + v
cost bound = -logmeanexp(sum(sequence(ll)), over=y)
"""
    )
    model = storchc.load(text=text)()
    values = torch.tensor([[[1.0, 1.0]], [[0.0, 1.0]]])  # one can be, the other not
    estimate = model(x=torch.tensor([0.7]), given={"y": values})
    estimate.loss.backward()
    cost = torch.tensor(1.4 + log(2))  # of v = -0.7
    against = torch.tensor([0.0, 1.4])  # the first one's other cannot be: it has no baseline
    scores = 0.7 * (values.squeeze(1) - torch.sigmoid(torch.tensor(0.28))).sum(1)
    assert torch.allclose(model.w.grad, ((cost - against) * scores).sum())


@pytest.mark.parametrize(
    "cost",
    [
        "cost bound = -sum(sequence(m))",
        "cost bound = -logmeanexp(sum(sequence(ll)), over=y) - logmeanexp(s, over=y)",
        "cost bound = -logmeanexp(sum(sequence(m)) + s, over=y)",
        "cost bound = -logmeanexp(sum(sequence(ll)), over=[y, data])",
        "cost bound = exp(logmeanexp(s, over=y))",
    ],
)
def test_other_ways_to_join_sequences_are_refused(cost: str) -> None:
    text = (
        HEAD
        + f"""
for t in range(2) from s = 0.1:
    sample y ~ Bernoulli(logits=w * x) with VIMCO(n=2)
    compute ll = y * v
    compute s = s + ll
    compute m = logmeanexp(ll, over=y)
{cost}
"""
    )
    assert "S417" in {found.code for found in storchc.check(text=text)}


# --- broken variants -----------------------------------------------------------------------------

OWN = (
    HEAD
    + """
for t in range(2) from y = 0:
    sample y ~ Bernoulli(logits=w * x + v * y - 0.3 * t) with {}
    compute ll = log_prob(Bernoulli(logits=stop_gradient(w * x) - 0.7 * y), y)
cost bound = -logmeanexp(sum(sequence(ll)), over=y)
"""
)


def per_step(steps_kept: Any) -> Any:
    """A baseline of every step: a sequence keeps its own steps, as far as ``steps_kept`` says."""

    def baseline_value(self: Any, draw: Any, downstream: Any) -> Tensor:
        terms, slope = downstream.joined
        value = draw.value.movedim(-1, 0)  # [t, y, data]
        dim, whole = draw.plate_dim, torch.logsumexp(terms, draw.plate_dim, keepdim=True)
        each = value - 0.4 * (1 - value)  # as the story's: Σ over steps is what is joined
        own, others = steps_kept(each), mean_of_finite_others(each.sum(0) - steps_kept(each), dim)
        put = torch.logaddexp(log_sum_of_others(terms, dim), own + others)
        found: Tensor = downstream.cost - slope * (whole - put + 0 * log(2))
        return found

    return baseline_value


def test_a_baseline_of_every_step_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    text = OWN.replace("log_prob(Bernoulli(logits=stop_gradient(w * x) - 0.7 * y), y)", "{ll}")
    text = text.replace("{ll}", "y - 0.4 * (1 - y)")
    prove(text, "VIMCO(n=2)", [0.7])
    before_the_step = per_step(lambda each: from_here(each, 0) * 0 + each.cumsum(0) - each)
    monkeypatch.setattr(VIMCO, "baseline_value", before_the_step)
    prove(text, "VIMCO(n=2)", [0.7])  # what came before a step is known there
    with_the_step = per_step(lambda each: each.sum(0) - later(each, 0))
    monkeypatch.setattr(VIMCO, "baseline_value", with_the_step)
    assert fails(lambda: prove(text, "VIMCO(n=2)", [0.7]))
