"""The harness by itself, on a module written by hand, whole and broken."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.certification.harness import (
    Case,
    Uncertified,
    case,
    certify,
    certify_statistically,
    fails,
    run,
)
from tests.exact.interpreter import interpret

STORY = """
story ByHand
plate data
input x[data]
param w = 0.4
sample z ~ Bernoulli(logits=w * x) with ScoreFunction(n=2)
cost c = (z - w) ** 2 * x
"""


class ByHand(nn.Module):
    """What the story above means; ``sign`` and ``average`` break it."""

    order = None

    def __init__(self, *, sign: float = 1.0, average: bool = True) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(0.4, dtype=torch.float64))
        self.methods = nn.ModuleDict()
        self.sign, self.average = sign, average

    def forward(self, x: Tensor, given: dict[str, Tensor] | None = None) -> Any:
        law = torch.distributions.Bernoulli(logits=self.w * x, validate_args=False)
        z = law.sample((2,)) if given is None else given["z"]
        score = self.sign * law.log_prob(z)
        cost = (z - self.w) ** 2 * x
        surrogate = torch.exp(score - score.detach()) * cost
        loss = surrogate.mean() if self.average else surrogate.mean(0).sum()
        return Estimate(loss, {"c": cost}, {"z": law.log_prob(z)})


class Estimate:
    """As much of an estimate as the harness reads."""

    def __init__(self, loss: Tensor, costs: dict[str, Tensor], logs: dict[str, Tensor]) -> None:
        self.loss, self.costs, self.log_probs = loss, costs, logs
        self.cost = loss.detach()


def by_hand() -> Case:
    return case(STORY, {"x": [0.5, -1.3]})


def test_the_right_module_is_certified_to_second_order() -> None:
    exact = certify(by_hand(), model=ByHand(), hessian=True)
    assert exact.totals.shape == (16,)


def test_a_wrong_sign_fails() -> None:
    words = fails(lambda: certify(by_hand(), model=ByHand(sign=-1.0)))
    assert words.startswith("gradient of w")


def test_a_wrong_reduction_fails() -> None:
    assert "total" in fails(lambda: certify(by_hand(), model=ByHand(average=False)))


def test_fails_demands_a_failure() -> None:
    with pytest.raises(AssertionError, match="was certified"):
        fails(lambda: certify(by_hand(), model=ByHand()))


def test_all_worlds_at_once_are_the_worlds_one_by_one() -> None:
    story, model = by_hand(), ByHand()
    exact = interpret(story.text, story.inputs, {"w": model.w})
    together, single = (run(model, story, exact, vectorised=v) for v in (True, False))
    for name in ("loss", "cost"):
        torch.testing.assert_close(getattr(together, name), getattr(single, name))
    torch.testing.assert_close(together.log_probs["z"], single.log_probs["z"])


def test_statistics_accept_the_right_gradient_and_refuse_a_wrong_one() -> None:
    torch.manual_seed(0)
    model, w, x = ByHand(), 0.4, 0.5
    leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    p = torch.sigmoid(w * leaf)
    (exact,) = torch.autograd.grad(p * (1 - w) ** 2 * leaf + (1 - p) * w**2 * leaf, leaf)
    found = certify_statistically(model, {"x": x}, {"x": exact}, replicates=200_000)
    assert float(found.error["x"]) < 0.01
    with pytest.raises(Uncertified):
        certify_statistically(model, {"x": x}, {"x": exact + 0.05}, replicates=200_000)
