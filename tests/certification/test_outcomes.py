"""The runner over outcomes by itself: right estimates pass, broken ones and unseen noise do not."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from storch_runtime.methods import ScoreFunction
from storchc.certify.choices import Tree
from tests.certification.harness import Case, Uncertified, case
from tests.certification.outcomes import enumerate_estimates

STORY = """
story T
plate data
input x[data]
input u
sample a ~ Bernoulli(logits=u * x) with {}
sample b ~ Bernoulli(logits=a - u) with {}
cost c = (a + 2 * b - u) ** 2
"""


def two(first: str, second: str = "ScoreFunction(n=1)") -> Case:
    return case(STORY.format(first, second), {"x": [0.7, -1.2], "u": 0.4})


def one(method: str) -> Case:
    text = f"story T\ninput u\nsample a ~ Bernoulli(logits=u) with {method}\ncost c = 3 * a - 1\n"
    return case(text, {"u": 0.4})


def test_every_outcome_is_run_once() -> None:
    assert enumerate_estimates(two("ScoreFunction(n=1)").model(), two("")).runs == 16
    assert enumerate_estimates(two("Expect()").model(), two("")).runs == 16


def test_the_mean_and_the_variance_are_exact() -> None:
    story = one("ScoreFunction(n=1)")
    found = enumerate_estimates(story.model(), story, hessian=True)
    p = torch.sigmoid(story.inputs["u"].detach())
    slope = p * (1 - p)
    second = 2**2 * p * (1 - p) ** 2 + (1 - p) * p**2
    torch.testing.assert_close(found.gradient, (3 * slope)[None])
    torch.testing.assert_close(found.variance, (second - (3 * slope) ** 2)[None])
    torch.testing.assert_close(found.hessian, (3 * slope * (1 - 2 * p))[None, None])
    torch.testing.assert_close(found.cost, 3 * p - 1)


def test_n_draws_divide_the_variance_by_n() -> None:
    single, several = (one(f"ScoreFunction(n={n})") for n in (1, 3))
    first, third = (enumerate_estimates(s.model(), s).total_variance for s in (single, several))
    assert third == pytest.approx(first / 3, abs=1e-12)


def test_what_is_exact_has_no_variance() -> None:
    story = one("Expect()")
    assert enumerate_estimates(story.model(), story).total_variance == 0


def test_buffers_are_as_before() -> None:
    story = one("ScoreFunction(n=1, baseline=moving_average)")
    model = story.model()
    before = {name: value.clone() for name, value in model.named_buffers()}
    enumerate_estimates(model, story)
    for name, value in model.named_buffers():
        assert torch.equal(value, before[name])


def test_noise_that_is_no_outcome_is_refused() -> None:
    story = one("GumbelSoftmax()")
    with pytest.raises(Uncertified, match="noise"):
        enumerate_estimates(story.model(), story)


def test_a_missing_outcome_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ScoreFunction.outcomes

    def wrong(self: Any, *args: Any, **values: Any) -> Any:
        return right(self, *args, **values)[1:]

    monkeypatch.setattr(ScoreFunction, "outcomes", wrong)
    story = one("ScoreFunction(n=1)")
    with pytest.raises(Uncertified, match="add up"):
        enumerate_estimates(story.model(), story)


def test_too_many_outcomes_are_refused() -> None:
    story = one("ScoreFunction(n=4)")
    with pytest.raises(Uncertified, match="more than 10 outcomes"):
        enumerate_estimates(story.model(), story, limit=10)


def test_the_tree_goes_through_unequal_branches() -> None:
    def listed(*names: str) -> Any:
        return lambda: [(name, 1 / len(names)) for name in names]

    tree, seen = Tree(), []
    while True:
        first = tree.take(listed("x", "y", "z"))
        seen.append(first + (tree.take(listed("1", "2")) if first != "y" else ""))
        if not tree.advance():
            break
    assert seen == ["x1", "x2", "y", "z1", "z2"]
