"""The entmax relaxations: right for their own objective, in alpha too, and biased for the story's.

With two classes the relaxed value is a function of one logistic variable, whose objective is an
integral. The value and its derivatives come from the optimality condition of entmax, not from
its threshold, so that nothing is shared with what is certified.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime.methods import gumbel_entmax
from tests.certification.harness import (
    case,
    certify_statistically,
    fails,
)

LOGIT, TEMPERATURE, POINTS = 0.4, 0.7, 200_000
STORY = """
story T
plate data
input v[data, 2]
sample z ~ OneHotCategorical(logits=v) with {}
cost c = (z[1] - 0.3) ** 2 * (1 + z[1])
"""
VALUES = {"v": [0.1, 0.1 + LOGIT]}
METHODS = {
    "GumbelEntmax(temperature=0.7)": 1.5,
    "GumbelEntmax(alpha=1.2, temperature=0.7)": 1.2,
    "GumbelEntmax(alpha=2.5, temperature=0.7)": 2.5,
    "GumbelSparseMax(temperature=0.7)": 2.0,
}
BIASES = {1.2: (-0.052, 0.544), 1.5: (0.020, 0.621), 2.0: (0.048, 0.645), 2.5: (0.044, 0.634)}


def differences() -> Tensor:
    """The scaled difference of the two scores at midpoints of its noise."""
    u = (torch.arange(POINTS, dtype=torch.float64) + 0.5) / POINTS
    return (LOGIT + torch.logit(u)) / TEMPERATURE


def second_class(d: Tensor, alpha: float) -> Tensor:
    """z of ``z^(α-1) - (1-z)^(α-1) = (α-1) d``, or the corner beyond which there is none."""
    low, high = torch.zeros_like(d), torch.ones_like(d)
    for _ in range(60):
        z = (low + high) / 2
        under = z ** (alpha - 1) - (1 - z) ** (alpha - 1) < (alpha - 1) * d
        low, high = torch.where(under, z, low), torch.where(under, high, z)
    z = (low + high) / 2
    return torch.where((alpha - 1) * d.abs() >= 1, (d > 0).double(), z)


def slope_of(z: Tensor, alpha: float) -> Tensor:
    """dz/dd inside, 0 in the corners."""
    slope = 1 / (z ** (alpha - 2) + (1 - z) ** (alpha - 2))
    return torch.where((z > 0) & (z < 1), slope, 0.0)


def cost_slope(z: Tensor) -> Tensor:
    return 2 * (z - 0.3) * (1 + z) + (z - 0.3) ** 2


def objective(alpha: float, hard: bool = False) -> Tensor:
    """The gradient in the two logits of the relaxed objective, or of straight-through."""
    z = second_class(differences(), alpha)
    at = (z > 0.5).double() if hard else z
    own = (cost_slope(at) * slope_of(z, alpha) / TEMPERATURE).mean()
    return torch.stack([-own, own])


def true() -> float:
    p = torch.sigmoid(torch.tensor(LOGIT, dtype=torch.float64))
    return float(p * (1 - p) * (0.7**2 * 2 - 0.3**2))


def model_of(method: str) -> Any:
    torch.manual_seed(0)
    return case(STORY.format(method)).model()


@pytest.mark.parametrize("alpha", BIASES)
def test_how_biased_its_objective_is(alpha: float) -> None:
    """As a part of the true gradient: the relaxed objective, and straight-through."""
    found = [float(objective(alpha, hard)[1]) / true() - 1 for hard in (False, True)]
    assert found == pytest.approx(BIASES[alpha], abs=0.001)


@pytest.mark.certify
@pytest.mark.parametrize("method", METHODS)
def test_it_follows_its_own_objective_and_not_the_story(method: str) -> None:
    expected = objective(METHODS[method])
    found = certify_statistically(model_of(method), VALUES, {"v": expected})
    assert abs(float(found.mean["v"][1]) - true()) > 4 * float(found.error["v"][1])


@pytest.mark.certify
@pytest.mark.parametrize("method", METHODS)
def test_straight_through_is_its_formula_and_biased(method: str) -> None:
    hard = method.replace(")", ", straight_through=true)")
    expected = objective(METHODS[method], hard=True)
    found = certify_statistically(model_of(hard), VALUES, {"v": expected}, replicates=300_000)
    assert abs(float(found.mean["v"][1]) - true()) > 20 * float(found.error["v"][1])


def test_alpha_is_trained_by_the_loss_of_the_model() -> None:
    """Its gradient is that of the relaxed objective: the difference quotient in alpha."""
    alpha = 1.7
    model = model_of("GumbelEntmax(alpha=1.7, adaptive=true, temperature=0.7)")
    (a,) = model.method_parameters()
    assert not list(model.model_parameters())
    u = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    fixed = torch.stack([torch.zeros_like(u), torch.logit(u)], -1)

    def draw(like: Tensor, shape: tuple[int, ...]) -> Tensor:
        return fixed.reshape(shape)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gumbel_entmax, "gumbel", draw)
        values = torch.tensor(VALUES["v"], dtype=torch.float64).expand(20_000, 2)
        model(values).backward()
    d = (LOGIT + torch.logit(u)) / TEMPERATURE
    costs = [(z - 0.3) ** 2 * (1 + z) for z in (second_class(d, alpha + e) for e in (1e-4, -1e-4))]
    in_alpha = (costs[0] - costs[1]).mean() / 2e-4
    rate = torch.sigmoid(a.detach())  # of alpha in a: the derivative of softplus
    torch.testing.assert_close(a.grad, in_alpha * rate, rtol=1e-4, atol=1e-8)


@pytest.mark.certify
def test_a_broken_threshold_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the derivative of the threshold the map is no longer one onto the simplex."""
    right = vars(gumbel_entmax)["entmax"]

    def wrong(scores: Tensor, alpha: float) -> Tensor:
        p = right(scores, alpha).detach()
        path = (p > 0) * (p ** (2 - alpha)) * scores  # the diagonal of the Jacobian alone
        return p + path - path.detach()

    method = "GumbelEntmax(temperature=0.7)"

    def check() -> None:
        expected = {"v": objective(1.5)}
        certify_statistically(model_of(method), VALUES, expected, replicates=200_000)

    check()
    monkeypatch.setattr(gumbel_entmax, "entmax", wrong)
    assert fails(check)
