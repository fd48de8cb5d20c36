"""Densities end where supports do, without NaN, and integrate to 1 over them (LOSS.md §10)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import storch_runtime.distributions as runtime
import storchc
from storchc.catalogue import distributions as catalogue
from storchc.catalogue import supports
from storchc.ir import ranges as at

LAWS: dict[str, dict[str, Any]] = {
    "Normal": {"loc": 0.3, "scale": 0.7},
    "Cauchy": {"loc": 0.3, "scale": 0.7},
    "Gumbel": {"loc": 0.3, "scale": 0.7},
    "Laplace": {"loc": 0.3, "scale": 0.7},
    "StudentT": {"df": 4.0, "loc": 0.3, "scale": 0.7},
    "Uniform": {"low": -0.5, "high": 1.5},
    "VonMises": {"loc": 0.3, "concentration": 0.7},
    "Chi2": {"df": 3.0},
    "Exponential": {"rate": 1.3},
    "FisherSnedecor": {"df1": 5.0, "df2": 8.0},
    "Gamma": {"concentration": 2.0, "rate": 1.3},
    "GeneralizedPareto": {"loc": 0.5, "scale": 0.7, "concentration": 0.1},
    "HalfCauchy": {"scale": 0.7},
    "HalfNormal": {"scale": 0.7},
    "InverseGamma": {"concentration": 2.5, "rate": 1.3},
    "LogNormal": {"loc": 0.1, "scale": 0.5},
    "Pareto": {"scale": 0.7, "alpha": 3.0},
    "Weibull": {"scale": 0.7, "concentration": 1.5},
    "Beta": {"concentration1": 2.0, "concentration0": 1.5},
    "ContinuousBernoulli": {"probs": 0.3},
    "Kumaraswamy": {"concentration1": 2.0, "concentration0": 1.5},
    "RelaxedBernoulli": {"temperature": 0.8, "probs": 0.4},
    "Bernoulli": {"probs": 0.3},
    "Binomial": {"total_count": 3.0, "probs": 0.3},
    "Geometric": {"probs": 0.3},
    "NegativeBinomial": {"total_count": 3.0, "probs": 0.3},
    "Poisson": {"rate": 1.3},
}
BEYOND: dict[str, list[float]] = {
    "Uniform": [-0.6, 1.6],
    "GeneralizedPareto": [0.4],
    "Pareto": [0.6, -1.0],
    "Bernoulli": [-1.0, 2.0],
    "Binomial": [-1.0, 4.0],
}
ELSEWHERE = {"Categorical", "Multinomial"}  # below, or without a support of single numbers


def tensors(name: str) -> dict[str, Tensor]:
    return {
        key: torch.tensor(value, dtype=torch.float64, requires_grad=True)
        for key, value in LAWS[name].items()
    }


def law(name: str, given: dict[str, Tensor]) -> Any:
    return getattr(runtime, name)(**given, event=0)


def points(name: str) -> Iterator[float]:
    family = catalogue.lookup(name)
    assert family is not None
    found = supports.SUPPORTS[family.support]
    if name in BEYOND:
        yield from BEYOND[name]
        return
    if found.low == 0:
        yield from (-0.5, -2.0)
    if found.high == 1:
        yield from (1.5, 3.0)


@pytest.mark.parametrize("name", LAWS)
def test_a_density_is_0_outside_of_the_support_and_has_no_slope(name: str) -> None:
    given = tensors(name)
    outside = torch.tensor([*points(name)], dtype=torch.float64)
    value = torch.cat([outside, law(name, given).sample(3)]).requires_grad_()
    found = law(name, given).ending_log_prob(value)
    assert (found[: len(outside)] == -math.inf).all()
    assert found[len(outside) :].isfinite().all()
    learning = [*given.values(), value]
    gradients = torch.autograd.grad(
        found[len(outside) :].sum() + found.exp().sum(), learning, allow_unused=True
    )
    assert all(g is None or g.isfinite().all() for g in gradients)


@pytest.mark.parametrize("name", LAWS)
def test_a_density_integrates_to_1(name: str) -> None:
    family = catalogue.lookup(name)
    assert family is not None
    made = law(name, tensors(name))
    if family.discrete:
        whole = torch.arange(-3.0, 200.0, dtype=torch.float64)
        assert float(made.ending_log_prob(whole).detach().exp().sum()) == pytest.approx(1, abs=1e-9)
        return
    edge = math.pi if family.support == "circle" else math.pi / 2 - 1e-9
    t = torch.linspace(-edge, edge, 4_000_001, dtype=torch.float64)
    value, slope = (t, 1.0) if family.support == "circle" else (t.tan(), 1 + t.tan().square())
    density = made.ending_log_prob(value).detach().exp() * slope
    total = torch.trapezoid(density, t)
    assert float(total) == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("name", LAWS)
def test_samples_lie_in_the_support_of_the_row(name: str) -> None:
    family = catalogue.lookup(name)
    assert family is not None
    ranges = {key: at.exactly(value) for key, value in LAWS[name].items()}
    made: Any = type("Made", (), {"parameters": ()})
    found = supports.lies_in(family, made, ranges)
    drawn = law(name, tensors(name)).sample(2000)
    assert all(found.holds(float(v)) for v in drawn)
    assert law(name, tensors(name)).ending_log_prob(drawn).isfinite().all()


def test_every_family_of_single_numbers_is_tried() -> None:
    single = {
        name
        for name in catalogue.names()
        if (family := catalogue.lookup(name)) is not None
        and family.support not in ("simplex", "real vector", "one-hot", "counts")
        and family.support not in ("positive definite", "correlation cholesky", "index")
    }
    assert single == LAWS.keys()


def test_vectors_off_the_simplex_have_no_density() -> None:
    made = runtime.Dirichlet(concentration=torch.tensor([2.0, 3.0]), event=0)
    value = torch.tensor([[0.3, 0.7], [0.3, 0.9], [-0.2, 1.2]], requires_grad=True)
    found = made.ending_log_prob(value)
    assert found.isinf().tolist() == [False, True, True]
    assert torch.autograd.grad(found[0] + found[1:].exp().sum(), value)[0].isfinite().all()


def test_the_figure_of_an_exponential_density_of_a_normal_value() -> None:
    """E exp(log_prob(Exponential(1), z)) with z ~ N(.3, 1) is .296; without ends it was 1.218."""
    text = (
        "story S\nparam m = 0.3\n"
        "sample z ~ Normal(m, 1) with ScoreFunction(n=400000)\n"
        "cost c = exp(log_prob(Exponential(1), z))\n"
    )
    made: Any = storchc.load(text=text)
    torch.manual_seed(0)
    exact = math.exp(0.5 - 0.3) * 0.5 * math.erfc(0.7 / math.sqrt(2))
    assert exact == pytest.approx(0.296, abs=1e-3)
    assert float(made()().cost) == pytest.approx(exact, abs=5e-3)


def test_values_known_to_lie_inside_pay_nothing() -> None:
    text = (
        "story S\nparam m = 0.3\n"
        "sample z ~ Gamma(2, 1) with Reparameterization()\n"
        "sample e ~ Exponential(1) with Reparameterization()\n"
        "cost c = log_prob(Gamma(1, 2), z) + log_prob(Exponential(exp(m)), z + e)\n"
        "cost d = log_prob(Normal(m, 1), z - 1)\n"
    )
    assert "ending_log_prob" not in storchc.compile(text=text)
    text = "story S\nparam m = 0.3\ncost c = log_prob(Beta(1, 2), sigmoid(m))\n"
    assert "ending_log_prob" in storchc.compile(text=text)  # which is 1 in floats


def test_a_proposal_that_is_wider_than_its_target_is_right() -> None:
    """E[1] is 1: it was 54 with an Exponential target, and 6,496, before densities ended."""
    for target in ("Exponential(1)", "Beta(2, 2)"):
        text = (
            "story S\nparam m = 0.3\n"
            f"sample z ~ {target} with ScoreFunction() "
            "using ImportanceSampling(n=200000, proposal=Normal(0, 3))\n"
            "cost c = 1 + m + 0 * z\n"
        )
        made: Any = storchc.load(text=text)()
        made.m.data.zero_()
        torch.manual_seed(0)
        estimate = made()
        assert float(estimate.cost) == pytest.approx(1, abs=0.03)
        estimate.backward()
        assert made.m.grad.isfinite()


@pytest.mark.parametrize(("support", "wrong"), [("nonnegative", at.UNIT), ("count", at.TRUTH)])
def test_a_wrong_support_is_found(
    support: str, wrong: at.Range, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = {str(key): found for key, found in supports.SUPPORTS.items()} | {support: wrong}
    monkeypatch.setattr(supports, "SUPPORTS", table)
    with pytest.raises(AssertionError):
        for name in ("Exponential", "Poisson"):
            test_samples_lie_in_the_support_of_the_row(name)
