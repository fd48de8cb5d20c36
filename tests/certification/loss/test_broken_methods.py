"""Deliberately broken estimators: each must fail the certification that the right one passes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from storch_runtime.methods import Expect, Reparameterization, ScoreFunction
from storch_runtime.samplers.importance_sampling import ImportanceSampling
from tests.certification.harness import Case, case, certify, fails

TWO_NODES = """
story T
plate data
input x[data]
param w = 0.4
param u = -0.3
sample a ~ Bernoulli(logits=w * x) with {}
sample b ~ Bernoulli(logits=u + 0.8 * a) with Expect()
cost c = (a + 2 * b - w) ** 2
"""
NORMAL = """
story T
param m = 0.4
sample z ~ Normal(m, 0.8) with Reparameterization(n=1)
cost c = z ** 3
"""
AVERAGE = "ScoreFunction(n=1, baseline=moving_average)"
OTHERS = "ScoreFunction(n=2, baseline=batch_average)"
MIXED_PROPOSAL = """
story T
param w = 0.4
sample a ~ Bernoulli(logits=w) with ScoreFunction() \
using ImportanceSampling(n=1, proposal=Bernoulli(probs=0.3))
cost c = (a - w) ** 2
"""

Break = Callable[[pytest.MonkeyPatch], None]


def two_nodes(method: str) -> Case:
    return case(TWO_NODES.format(method), {"x": [0.7, -1.2]})


def wrong_sign(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ScoreFunction, "gradient_function", lambda self, draw: -draw.log_prob)


def no_score(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ScoreFunction, "gradient_function", lambda self, draw: draw.log_prob.detach())


def control_variate_sign(patch: pytest.MonkeyPatch) -> None:
    right: Any = ScoreFunction.control_variate

    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        return -right(self, draw, downstream) * draw.value

    patch.setattr(ScoreFunction, "control_variate", wrong)


def including_itself(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        baseline = downstream.cost.mean(draw.plate_dim, keepdim=True)
        return (1 - draw.box) * baseline

    patch.setattr(ScoreFunction, "control_variate", wrong)


def updated_before_use(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        baseline = self.decay * self.average + (1 - self.decay) * downstream.cost.mean()
        return (1 - draw.box) * baseline

    patch.setattr(ScoreFunction, "control_variate", wrong)


def attached_baseline(patch: pytest.MonkeyPatch) -> None:
    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        return (1 - draw.box) * (1 + downstream.cost)

    patch.setattr(ScoreFunction, "control_variate", wrong)


def detached_probabilities(patch: pytest.MonkeyPatch) -> None:
    right = Expect.propose

    def wrong(self: Any, *args: Any, **keywords: Any) -> Any:
        draw = right(self, *args, **keywords)
        draw.weight = draw.weight.detach()
        return draw

    patch.setattr(Expect, "propose", wrong)


def one_probability_missing(patch: pytest.MonkeyPatch) -> None:
    right = Expect.propose

    def wrong(self: Any, *args: Any, **keywords: Any) -> Any:
        draw = right(self, *args, **keywords)
        keep = torch.ones_like(draw.weight)
        keep[0] = 0
        draw.weight = draw.weight * keep
        return draw

    patch.setattr(Expect, "propose", wrong)


def no_path(patch: pytest.MonkeyPatch) -> None:
    right = Reparameterization.replay

    def wrong(self: Any, *args: Any, **keywords: Any) -> Any:
        draw = right(self, *args, **keywords)
        draw.value = draw.value.detach()
        return draw

    patch.setattr(Reparameterization, "replay", wrong)


def unweighted(patch: pytest.MonkeyPatch) -> None:
    right = ImportanceSampling.replay

    def wrong(self: Any, *args: Any, **keywords: Any) -> Any:
        draw = right(self, *args, **keywords)
        draw.weight = torch.ones_like(draw.weight) / len(draw.weight)
        return draw

    patch.setattr(ImportanceSampling, "replay", wrong)


BROKEN: list[tuple[Break, Case]] = [
    (wrong_sign, two_nodes("ScoreFunction(n=1)")),
    (no_score, two_nodes("ScoreFunction(n=1)")),
    (control_variate_sign, two_nodes(AVERAGE)),
    (updated_before_use, two_nodes(AVERAGE)),
    (including_itself, two_nodes(OTHERS)),
    (attached_baseline, two_nodes(OTHERS)),
    (detached_probabilities, two_nodes(OTHERS)),
    (one_probability_missing, two_nodes(OTHERS)),
    (no_path, case(NORMAL)),
    (unweighted, case(MIXED_PROPOSAL)),
]


@pytest.mark.parametrize(("broken", "story"), BROKEN, ids=[b.__name__ for b, _ in BROKEN])
def test_a_broken_estimator_fails(
    broken: Break, story: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    certify(story, tolerance=1e-8)
    with monkeypatch.context() as patch:
        broken(patch)
        words = fails(lambda: certify(story, tolerance=1e-8))
    assert words
