"""Continuous samples: exactly by quadrature, or a million replicates against closed forms."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.certification.harness import (
    Case,
    case,
    certify,
    certify_statistically,
    replicate,
)

NORMAL = [
    "",
    "with Reparameterization(n=1)",
    "with Reparameterization(n=2)",
    "with Infer(n=2)",
    "with ScoreFunction(n=1)",
    "with ScoreFunction(n=2, baseline=batch_average)",
    "with ScoreFunction(n=1, baseline=moving_average)",
]


@pytest.mark.parametrize("method", NORMAL)
def test_a_normal_with_polynomial_costs(method: str) -> None:
    text = f"""
story T
param m = 0.4
param s = 0.8
sample z ~ Normal(m, s) {method}
cost c = z ** 3 - m * z ** 2
observe x = 1.0 ~ Normal(z, 2)
"""
    certify(case(text), hessian=True, tolerance=1e-8)


@pytest.mark.parametrize("first", NORMAL[1:3] + NORMAL[4:5])
def test_a_normal_above_a_bernoulli_and_above_a_normal(first: str) -> None:
    method = first.replace("n=2", "n=1")
    text = f"""
story T
param m = 0.4
param u = 0.3
sample z ~ Normal(m, 0.8) {method}
sample y ~ Normal(z * u, 1) with Reparameterization(n=1)
sample b ~ Bernoulli(logits=u) with ScoreFunction(n=1, baseline=moving_average)
cost c = (b - z) ** 2 * u + y * z * b
"""
    certify(case(text), hessian=True, tolerance=1e-8)


@pytest.mark.parametrize("method", ["Reparameterization(n=2)", "ScoreFunction(n=2)"])
def test_a_normal_whose_plate_is_mixed(method: str) -> None:
    text = f"""
story T
param m = 0.4
sample z ~ Normal(m, 0.8) with {method}
cost c = mean(z, over=z) ** 2 * m
"""
    certify(case(text), hessian=True, tolerance=1e-8)


# --- relaxations, against their own objective ----------------------------------------------------

TEMPERATURE, LOGIT = 0.7, 0.4
RELAXED = """
story T
plate data
input w[data]
sample z ~ Bernoulli(logits=w) with GumbelSoftmax(temperature=0.7{})
cost c = (z - 0.3) ** 2 * (1 + z)
"""


def cost(z: Tensor) -> Tensor:
    return (z - 0.3) ** 2 * (1 + z)


def relaxed(points: int = 400_000) -> tuple[Tensor, Tensor]:
    """The relaxed value at midpoints of the noise, and its derivative in the logit."""
    u = (torch.arange(points, dtype=torch.float64) + 0.5) / points
    z = torch.sigmoid((LOGIT + torch.logit(u)) / TEMPERATURE)
    return z, z * (1 - z) / TEMPERATURE


def derivative(z: Tensor) -> Tensor:
    z = z.detach().requires_grad_()
    return torch.autograd.grad(cost(z).sum(), z)[0]


def exact_gradient() -> Tensor:
    p = torch.sigmoid(torch.tensor(LOGIT, dtype=torch.float64))
    ends = cost(torch.tensor([0.0, 1.0], dtype=torch.float64))
    return p * (1 - p) * (ends[1] - ends[0])


def model_of(story: Case) -> torch.nn.Module:
    torch.manual_seed(0)
    model: torch.nn.Module = story.model()
    return model


@pytest.mark.certify
def test_gumbel_softmax_is_right_for_its_own_objective_and_biased_for_the_story() -> None:
    model = model_of(case(RELAXED.format("")))
    z, slope = relaxed()
    own = (derivative(z) * slope).mean()
    found = certify_statistically(model, {"w": LOGIT}, {"w": own})
    bias = (found.mean["w"] - exact_gradient()).abs()
    assert float(bias) > 20 * float(found.error["w"]), "no bias to be seen on a nonlinear cost"


@pytest.mark.certify
def test_straight_through_is_its_formula_and_biased() -> None:
    model = model_of(case(RELAXED.format(", straight_through=true")))
    z, slope = relaxed()
    formula = (derivative((z > 0.5).double()) * slope).mean()
    found = certify_statistically(model, {"w": LOGIT}, {"w": formula})
    bias = (found.mean["w"] - exact_gradient()).abs()
    assert float(bias) > 20 * float(found.error["w"]), "no bias to be seen on a nonlinear cost"


def test_straight_through_values_are_exactly_discrete() -> None:
    text = RELAXED.format(", straight_through=true")
    model = model_of(case(text))
    z = model(torch.linspace(-2, 2, 100, dtype=torch.float64)).samples["z"]
    assert bool(((z == 0) | (z == 1)).all())


@pytest.mark.certify
def test_a_relaxed_one_hot_follows_its_objective() -> None:
    text = """
story T
plate data
input v[data, 2]
sample z ~ OneHotCategorical(logits=v) with GumbelSoftmax(temperature=0.7)
cost c = (z[1] - 0.3) ** 2 * (1 + z[1])
"""
    z, slope = relaxed()
    own = (derivative(z) * slope).mean()
    certify_statistically(
        model_of(case(text)), {"v": [0.1, 0.1 + LOGIT]}, {"v": torch.stack([-own, own])}
    )


# --- the rest, statistically ---------------------------------------------------------------------


@pytest.mark.certify
@pytest.mark.parametrize("method", NORMAL)
def test_drawing_a_normal_agrees_with_its_moments(method: str) -> None:
    """What is drawn, not replayed: the gradients of E[z³] are 3m² + 3s² and 6ms."""
    text = f"""
story T
plate data
input m[data]
input s[data]
sample z ~ Normal(m, s) {method}
cost c = z ** 3
"""
    m, s = 0.4, 0.8
    expected = {"m": 3 * m * m + 3 * s * s, "s": 6 * m * s}
    certify_statistically(model_of(case(text)), {"m": m, "s": s}, expected)


@pytest.mark.certify
@pytest.mark.parametrize(
    "method",
    [
        "with ScoreFunction(n=1)",
        "with ScoreFunction(n=2, baseline=batch_average)",
        "with ScoreFunction() using ImportanceSampling(n=2, proposal=Bernoulli(probs=0.4))",
    ],
)
def test_drawing_a_bernoulli_agrees_with_the_sum(method: str) -> None:
    text = RELAXED.replace("with GumbelSoftmax(temperature=0.7{})", method)
    certify_statistically(model_of(case(text)), {"w": LOGIT}, {"w": exact_gradient()})


@pytest.mark.certify
def test_a_batch_average_has_less_variance() -> None:
    """Where the cost has a part that is the same for all, which the plain estimator multiplies."""
    text = RELAXED.replace("cost c = ", "cost c = 3 + ")
    plain, others = (
        replicate(
            model_of(case(text.replace("GumbelSoftmax(temperature=0.7{})", m))),
            {"w": 0.4},
            ["w"],
        )
        for m in ("ScoreFunction(n=2)", "ScoreFunction(n=2, baseline=batch_average)")
    )
    assert float(others.error["w"]) < float(plain.error["w"])
