"""Loops that stop for some elements before others, certified exactly."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from torch import nn

import storchc
from tests.certification.harness import Case, case, certify
from tests.certification.loops.test_loops import METHODS, story


def prove(story: Case) -> None:
    """Certify all steps, in all worlds at once; then in each world as many as there are."""
    whole = story.model()
    vars(sys.modules[type(whole).__module__])["all_stopped"] = lambda alive: False
    certify(story, model=whole, hessian=True)
    certify(story, vectorised=False)


def test_a_reduction_sees_what_stopped_elements_hold() -> None:
    text = story(
        """
for t in range(2) from z = 0:
    sample z ~ Bernoulli(logits=w) with ScoreFunction(n=2)
    compute m = z * u + t
    compute q = Normal(m, 1)
    compute l = log_prob(q, 0.5)
    cost c = logmeanexp(log_prob(q, 0.3), over=z) * w
    for s in range(2) from k = t * u:
        compute v = k + s
        compute k = k * w + v
        cost d = mean(v * l, over=z)
    stop when z == 1
"""
    )
    prove(case(text))


def test_what_a_sample_starts_from_is_never_held() -> None:
    text = story(
        """
sample a ~ Normal(w, 1) with Reparameterization(n=2)
for t in range(2) from z = a:
    sample z ~ Bernoulli(logits=z + u) with ScoreFunction()
    stop when z == 1
cost c = z
"""
    )
    assert not storchc.check(text=text)


@pytest.mark.parametrize("method", METHODS)
def test_an_element_stops_after_the_step_that_ends_it(method: str) -> None:
    text = story(
        f"""
for t in range(3) from h = u, z = 0:
    compute h = h * w + z + 0.3
    sample z ~ Bernoulli(logits=h + u * t) with {METHODS[method]}
    cost c = (z - h) ** 2 + 0.5
    compute g = z * h + t
    stop when z == 1
cost d = h ** 2 + sum(sequence(g)) * w + z
cost length = sum(sequence(alive)) * u
"""
    )
    prove(case(text))


@pytest.mark.parametrize("method", METHODS)
def test_elements_of_a_data_plate_stop_by_themselves(method: str) -> None:
    if method == "others":
        pytest.skip("too many outcomes to run one by one")
    text = story(
        f"""
for t in range(2) from h = 0.0, y = 0.2:
    compute h = h + w * x[t] + y
    sample y ~ Bernoulli(logits=h) with {METHODS[method]}
    cost c = (y - x[t]) ** 2 * u if alive else 7.0
    stop when y > 0.5 or x[t] < 0
cost d = y * h
""",
        "plate data sum\ninput x[data, 2]",
    )
    prove(case(text, {"x": [[0.7, -0.4], [-0.3, 1.1]]}))


def test_a_sample_that_nothing_carries_keeps_its_value() -> None:
    text = story(
        """
for t in range(3):
    sample z ~ Bernoulli(logits=w + t * u) with ScoreFunction(n=1, baseline=moving_average)
    sample e ~ Bernoulli(logits=u) with ScoreFunction(n=1, baseline=moving_average)
    observe fit = z ~ Bernoulli(logits=u * e)
    report seen = z + e
    stop when e == 1
cost d = sum(sequence(z) * stack([1.0, 2.0, 4.0])) * w
"""
    )
    prove(case(text))


def test_a_stop_in_an_inner_loop() -> None:
    text = story(
        """
for t in range(2) from g = u:
    for s in range(2) from h = g:
        sample z ~ Bernoulli(logits=h + 0.2 * t) with ScoreFunction(n=1, baseline=moving_average)
        compute h = h * w + z + 1
        cost c = h * (1 + t)
        stop when z == 0
    compute g = w * h + sum(sequence(z)) - sum(sequence(alive))
cost d = g ** 2
"""
    )
    prove(case(text))


def test_several_results_of_a_call_are_held() -> None:
    class Cell(nn.Module):
        def forward(self, z: Any, h: Any, c: Any) -> tuple[Any, Any]:
            return (h + 0.5 * z, c * 0.5 + z + h)

    text = story(
        """
for t in range(2) from h = w, c = u, z = 0.0:
    compute h, c = cell(z, h, c)
    sample z ~ Bernoulli(logits=h + c) with ScoreFunction(n=1, baseline=moving_average)
    stop when z == 1
cost d = h * c
""",
        "module cell: [], [], [] -> [], []",
    )
    prove(case(text, cell=Cell()))


def test_the_sequence_of_a_cost_is_zero_where_it_costs_nothing() -> None:
    text = story(
        """
for t in range(3) from h = w:
    sample z ~ Bernoulli(logits=h) with ScoreFunction(n=1, baseline=moving_average)
    cost c = z * h + u + 1
    compute y = z + h
    cost y
    compute h = h + z * u
    report c
    stop when z == 0
cost d = sum(sequence(c)) ** 2 + sum(sequence(y)) * w
"""
    )
    prove(case(text))
    model = case(text).model()
    for steps in ([0.0, 0.0, 0.0], [1.0, 0.0, 0.0]):
        seen = model(given={"z": torch.tensor([steps])}).reports["c"]
        assert seen.count_nonzero() == 1 + sum(steps)
