"""Very long chains: plates of size 1 lose their dimension, and nothing else changes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from storchc.program import storage
from tests.certification.harness import Case, case, certify, set_baselines

METHODS = ["ScoreFunction(n=1)", "ScoreFunction(n=1, baseline=moving_average)"]
COSTS = [
    "cost last = (z{0} - w) ** 2 * x",
    "cost last = (mean(z{0} * x, over=data) - z1 * w) ** 2\ncost mid = z2 * x",
    "cost last = logmeanexp(z{0} * w + z3, over=z{0}) * x\ncost alone = w ** 2",
]


def chain(length: int, method: str, costs: str, *, wide: int = 0) -> Case:
    """A Markov chain over a data plate; node ``wide`` has two draws."""
    lines = ["story Chain", "plate data sum", "input x[data]", "param w = 0.4", "compute z0 = x"]
    for i in range(1, length + 1):
        with_ = method.replace("n=1", "n=2") if i == wide else method
        lines.append(f"sample z{i} ~ Bernoulli(logits=w * z{i - 1} - 0.2) with {with_}")
    return case("\n".join([*lines, costs.format(length), ""]), {"x": [0.7]})


def flat(story: Case, monkeypatch: pytest.MonkeyPatch, deepest: int) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(storage, "DEEPEST", deepest)
        return story.model()


@pytest.mark.parametrize("costs", COSTS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("wide", [0, 2])
def test_short_chains_without_dimensions_are_certified(
    wide: int, method: str, costs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = chain(4, method, costs, wide=wide)
    certify(story, model=flat(story, monkeypatch, 1), hessian=True)


@pytest.mark.parametrize("costs", COSTS)
@pytest.mark.parametrize("method", METHODS)
def test_fourteen_nodes_agree_with_and_without_dimensions(
    method: str, costs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = chain(14, method, costs)
    narrow, full = story.model(), flat(story, monkeypatch, 99)
    draws = full(**story.inputs).samples  # which moves the averages of `full`
    given = {name: draws[name].clone() for name in draws}
    for model in (narrow, full):
        set_baselines(model, 0.7)
    ours, theirs = (model(**story.inputs, given=given) for model in (narrow, full))
    assert ours.loss.shape == theirs.loss.shape == ()
    for first, second in zip(gradients(ours, narrow), gradients(theirs, full), strict=True):
        torch.testing.assert_close(first, second, rtol=1e-12, atol=1e-12)
    for table in ("samples", "log_probs", "weights", "costs"):
        left, right = getattr(ours, table), getattr(theirs, table)
        for name in right:
            torch.testing.assert_close(left[name], right[name])
    assert ours.samples["z14"].shape == (*[1] * 14, 1)


def gradients(estimate: Any, model: Any) -> list[torch.Tensor]:
    """The loss, its gradient and its second derivative in the parameter."""
    (first,) = torch.autograd.grad(estimate.loss, model.w, create_graph=True)
    (second,) = torch.autograd.grad(first, model.w)
    return [estimate.loss.detach(), first.detach(), second]


@pytest.mark.certify
def test_a_chain_of_fourteen_nodes_is_certified() -> None:
    story = chain(14, METHODS[1], COSTS[1])
    certify(story, hessian=True)


def test_a_chain_without_dimensions_shows_values_with_all_their_plates() -> None:
    story = chain(14, METHODS[0], COSTS[0])
    estimate = story.model()(**story.inputs)
    assert estimate.plates["z3"] == ("z3", "z2", "z1", "data")
    for table in (estimate.samples, estimate.log_probs, estimate.weights):
        assert table["z3"].shape == (1, 1, 1, 1)
