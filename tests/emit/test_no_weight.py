"""What weighs nothing counts nothing, be its cost infinite or not a number (LOSS.md §10)."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import storchc

MASKED = """\
story Masked
input h[4]
input mask[4]
param w[4] = zeros()
sample k ~ OneHotCategorical(logits=w + mask) with {}
"""
WAYS = (
    *("Expect()", "ScoreFunction(n=4, baseline=batch_average)", "ScoreFunctionWOR(k=3)"),
    *("UnorderedSetEstimator(k=4)", "RaoBlackwellSF(k=1)", "SumAndSample(sum_size=1)"),
    *("LocalExpectation()", "MeasureValued()", "ARSM()", "CARMS(n=4)"),
    "ScoreFunction() using WithoutReplacement(k=4)",
    "ScoreFunction() using ImportanceSampling(n=8, proposal=OneHotCategorical(logits=0.0 * h2))",
)
COSTS = (
    "cost c = h[argmax(k)]",
    "sample z ~ Normal(w[0] + k[1], 1) with ScoreFunction(n=3, baseline=batch_average)\n"
    "cost c = z ** 2 + h[argmax(k)]",
)


def gradient(text: str, *values: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(0)
    model: Any = storchc.load(text=text)()
    model.validate = "always"
    model(*values).backward()
    found: torch.Tensor = next(model.parameters()).grad
    return found


@pytest.mark.parametrize("cost", COSTS)
@pytest.mark.parametrize("way", WAYS)
def test_an_outcome_that_is_impossible(way: str, cost: str) -> None:
    proposed = "h2" in way
    text = MASKED.replace("param", "input h2[4]\nparam" if proposed else "param").format(way)
    mask = torch.tensor([0.0, 0.0, 0.0, -math.inf])
    rest = (torch.zeros(4),) if proposed else ()
    slopes = [
        gradient(text + cost, torch.tensor([1.0, 2.0, 3.0, worst]), mask, *rest)
        for worst in (0.0, math.inf, -math.inf, math.nan)
    ]
    for slope in slopes:
        torch.testing.assert_close(slope, slopes[0])


@pytest.mark.parametrize("baseline", ["", "baseline=moving_average", "baseline=batch_average"])
def test_a_draw_off_the_support(baseline: str) -> None:
    text = (
        f"story S\nparam m = 0.0\nsample z ~ Exponential(exp(m)) with ScoreFunction({baseline}) "
        "using ImportanceSampling(n=200_000, proposal=Normal(1, 3), covers=cost)\n"
        "cost c = log(z)\n"
    )
    assert float(gradient(text)) == pytest.approx(-1, abs=0.1)


def test_a_learned_baseline_knows_nothing_of_it() -> None:
    text = (
        "story S\nparam v = 0.0\nparam m = 0.0\n"
        "sample z ~ Exponential(exp(m)) with ScoreFunction(baseline=v) "
        "using ImportanceSampling(n=200_000, proposal=Normal(1, 3), covers=cost)\n"
        "cost c = log(z)\n"
    )
    assert float(gradient(text)) == pytest.approx(2 * 0.5772, abs=0.1)


@pytest.mark.parametrize("worst", ["1 / (z - 2)", "log(1.0 - z)"])
@pytest.mark.parametrize("baseline", ["none", "moving_average", "batch_average", "b"])
def test_steps_behind_that_are_impossible(baseline: str, worst: str) -> None:
    """A class of probability 0: what follows a step is finite, though later steps are not."""
    text = (
        "story S\nparam v = 0.2\nparam b = 0.1\n"
        "for t in range(3) from h = 0.0:\n"
        "    compute p = Categorical(probs=stack(sigmoid(v), 1 - sigmoid(v), 0))\n"
        "    sample z ~ p with ScoreFunction({}) using "
        "ImportanceSampling(n=6, proposal=Categorical(logits=stack(0.3, v, 0.1)))\n"
        "    compute h = h + z\n"
        "    cost c = z * h if z < 2 else {}\n"
    )
    wanted, found = (gradient(text.format(f"baseline={baseline}", c)) for c in ("0 * z", worst))
    torch.testing.assert_close(found, wanted)
    assert found.isfinite().all()
