"""Families with formulas of our own, where torch's are not right or not smooth."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest
import torch
import torch.distributions as td
from torch import Tensor

import storch_runtime.distributions as runtime
from storch_runtime.distributions import (
    ContinuousBernoulli,
    FisherSnedecor,
    GeneralizedPareto,
    LowRankMultivariateNormal,
    RelaxedOneHotCategorical,
    StudentT,
    Wishart,
    kl_divergence,
)

cases = import_module("tests.runtime.distributions.cases")

LOGITS = [-1e3, -30.0, -0.3, -0.021, -0.019, -1e-5, 0.0, 1e-3, 0.019, 0.021, 0.2, 3.0, 50.0, 1e3]


def test_the_continuous_bernoulli_is_torchs_away_from_a_half() -> None:
    logits = torch.tensor([-9.0, -2.0, 0.7, 6.0], dtype=torch.double)
    ours = ContinuousBernoulli(logits=logits)
    theirs = td.ContinuousBernoulli(logits=logits)
    value = torch.rand(20, 4, dtype=torch.double)
    torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(value))
    torch.testing.assert_close(ours.from_noise(value), theirs.icdf(value))
    torch.testing.assert_close(ours.noise(value), theirs.cdf(value))
    for name in ("mean", "variance", "stddev", "probs"):
        torch.testing.assert_close(getattr(ours, name), getattr(theirs, name))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())
    torch.testing.assert_close(
        kl_divergence(ours, ContinuousBernoulli(logits=-logits)),
        td.kl_divergence(theirs, td.ContinuousBernoulli(logits=-logits)),
    )


def _quadrature(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Logarithm of the integral, mean and variance on a grid that is fine near the edges."""
    t = torch.linspace(-1, 1, 20_001, dtype=torch.double)
    x = ((t * 6).sinh() / torch.tensor(6.0).double().sinh() + 1) / 2
    density = (logits[:, None] * x - logits.relu()[:, None]).exp()
    mass = torch.trapezoid(density, x)
    mean = torch.trapezoid(density * x, x) / mass
    variance = torch.trapezoid(density * (x - mean[:, None]) ** 2, x) / mass
    return mass.log() + logits.relu(), mean, variance


def test_the_continuous_bernoulli_everywhere_by_quadrature() -> None:
    logits = torch.tensor([v for v in LOGITS if abs(v) < 100], dtype=torch.double)
    ours = ContinuousBernoulli(logits=logits)
    normalizer, mean, variance = _quadrature(logits)
    torch.testing.assert_close(-ours.log_prob(torch.zeros(())), normalizer, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(ours.mean, mean, rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(ours.variance, variance, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("value", LOGITS)
def test_the_continuous_bernoulli_is_smooth(value: float) -> None:
    logits = torch.tensor([value], dtype=torch.double, requires_grad=True)
    noise = torch.tensor([[1e-9], [0.1], [0.5], [0.8]], dtype=torch.double)
    samples = ContinuousBernoulli(logits=logits).from_noise(noise).detach()
    assert ((samples >= 0) & (samples <= 1)).all()
    for formula in (
        lambda a: ContinuousBernoulli(logits=a).from_noise(noise),
        lambda a: ContinuousBernoulli(logits=a).log_prob(samples),
        lambda a: ContinuousBernoulli(logits=a).entropy(),
    ):
        step = 1e-6 * max(1.0, abs(value))
        assert torch.autograd.gradcheck(formula, (logits,), eps=step, atol=1e-5)
        second = torch.autograd.functional.hessian(lambda a: formula(a).sum(), logits)  # noqa: B023
        assert second.isfinite().all()
    torch.testing.assert_close(
        ContinuousBernoulli(logits=logits.float()).from_noise(noise.float()).double(),
        samples,
        rtol=1e-4,
        atol=1e-5,
    )


@pytest.mark.parametrize("k", [-0.4, -1e-3, -1e-9, 0.0, 1e-9, 1e-4, 0.3])
def test_the_generalized_pareto_is_smooth_where_its_tail_turns(k: float) -> None:
    given = [torch.tensor(v, dtype=torch.double, requires_grad=True) for v in (0.5, 1.5, k)]
    noise = torch.tensor([1e-4, 0.1, 1.0, 3.0], dtype=torch.double)

    def made(*tensors: Tensor) -> GeneralizedPareto:
        return GeneralizedPareto(
            loc=tensors[0].expand(()), scale=tensors[1], concentration=tensors[2]
        )

    value = made(*given).from_noise(noise).detach()
    torch.testing.assert_close(made(*given).noise(value), noise)
    assert torch.autograd.gradcheck(lambda *t: made(*t).from_noise(noise), given)
    assert torch.autograd.gradcheck(lambda *t: made(*t).log_prob(value), given)
    assert torch.autograd.gradgradcheck(lambda *t: made(*t).log_prob(value), given, atol=1e-4)
    loc, scale, concentration = (t.detach().float() for t in given)
    single = td.GeneralizedPareto(loc, scale, concentration, validate_args=False)
    expected = single.log_prob(value.float()).double()
    torch.testing.assert_close(made(*given).log_prob(value), expected, rtol=1e-3, atol=1e-3)
    assert made(*given).log_prob(torch.tensor(0.2).double()) == -torch.inf


def _implicit(make: Callable[..., runtime.Distribution], given: Tensor, value: Tensor) -> Tensor:
    """``-∂F/∂θ / p``, by the trapezoidal rule on ``value * s²`` from the support's lower end."""
    s = torch.linspace(1e-9, 1, 400_001, dtype=torch.double)
    grid = value * s**4

    def mass(at: Tensor) -> Tensor:
        return torch.trapezoid(make(at).log_prob(grid).exp() * 4 * s**3 * value, s)

    step = 1e-4
    slope = (mass(given + step) - mass(given - step)) / (2 * step)
    return -slope / make(given).log_prob(value).exp()


@pytest.mark.parametrize(
    "make",
    [
        lambda a: StudentT(df=a, loc=torch.zeros_like(a), scale=1.0),
        lambda a: FisherSnedecor(df1=a, df2=torch.full_like(a, 6.0)),
        lambda a: FisherSnedecor(df1=torch.full_like(a, 3.0), df2=a),
    ],
)
@pytest.mark.parametrize("value", [0.2, 1.3, 3.0])
def test_implicit_derivatives(make: Callable[[Tensor], runtime.Distribution], value: float) -> None:
    given = torch.tensor(4.5, dtype=torch.double, requires_grad=True)
    at = torch.tensor(value, dtype=torch.double)
    (slope,) = torch.autograd.grad(make(given).replay(at), given)
    expected = _implicit(make, given.detach(), at)  # symmetric: the mass below 0 does not change
    torch.testing.assert_close(slope, expected, rtol=1e-2, atol=1e-5)  # as far as torch's are


def test_student_t_moves_with_its_location_and_scale() -> None:
    loc, scale = (torch.tensor(v, dtype=torch.double, requires_grad=True) for v in (0.3, 2.0))
    value = torch.tensor([-3.0, 0.0, 1.0, 50.0], dtype=torch.double)
    made = StudentT(df=4.0, loc=loc, scale=scale)
    slopes = torch.autograd.grad(made.replay(value).sum(), (loc, scale))
    torch.testing.assert_close(slopes[0], torch.tensor(4.0).double())
    torch.testing.assert_close(slopes[1], ((value - 0.3) / 2).sum())


def test_the_factor_of_a_low_rank_normal_has_its_covariance() -> None:
    given = cases.differentiable(cases.parameters("LowRankMultivariateNormal"))
    made = LowRankMultivariateNormal(**given)
    noise = torch.eye(4, dtype=torch.double).reshape(4, 1, 1, 4).expand(4, 3, 2, 4)
    columns = made.from_noise(noise) - given["loc"]
    covariance = torch.einsum("k...i,k...j->...ij", columns, columns)
    diagonal = torch.diag_embed(given["cov_diag"])
    torch.testing.assert_close(covariance, given["cov_factor"] @ given["cov_factor"].mT + diagonal)


def test_relaxed_classes_take_a_temperature_of_every_plate() -> None:
    given = cases.parameters("RelaxedOneHotCategorical")
    made = RelaxedOneHotCategorical(**given)
    value = made.sample(5)
    for i in range(3):
        for j in range(2):
            heat, logits = given["temperature"][i, j], given["logits"][i, j]
            expected = td.RelaxedOneHotCategorical(heat, logits=logits).log_prob(value[:, i, j])
            torch.testing.assert_close(made.log_prob(value)[:, i, j], expected)


@pytest.mark.parametrize(
    "name",
    [
        *("ExpRelaxedCategorical", "LogitRelaxedBernoulli"),
        *("RelaxedBernoulli", "RelaxedOneHotCategorical"),
    ],
)
def test_a_replayed_relaxation_has_the_derivative_of_its_noise(name: str) -> None:
    given = cases.differentiable(cases.parameters(name))
    made = getattr(runtime, name)(**given)
    noise = made.draw_noise((4, *made.batch_shape, *made.own_event))
    value = made.from_noise(noise)
    weight = torch.rand_like(value)
    leaves = list(given.values())
    expected = torch.autograd.grad((value * weight).sum(), leaves, retain_graph=True)
    actual = torch.autograd.grad((made.replay(value.detach()) * weight).sum(), leaves)
    torch.testing.assert_close(actual, expected)


@pytest.mark.parametrize("matrix", ["covariance_matrix", "precision_matrix", "scale_tril"])
def test_the_wishart_by_each_of_its_matrices(matrix: str) -> None:
    given = cases.parameters("Wishart")
    theirs = td.Wishart(**given)
    ours = Wishart(df=given["df"], **{matrix: getattr(theirs, matrix)})
    value = ours.sample(6)
    torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(value))
    torch.testing.assert_close(ours.entropy(), theirs.entropy())
    for name in ("mean", "mode", "variance", "scale_tril", "covariance_matrix", "precision_matrix"):
        torch.testing.assert_close(
            getattr(ours, name), getattr(theirs, name), equal_nan=True, msg=name
        )


def test_the_wishart_derivative_is_that_of_bartletts_factor() -> None:
    given = cases.differentiable(cases.parameters("Wishart"))
    theirs = td.Wishart(**given)
    value = theirs._bartlett_sampling(torch.Size((4,)))
    weight = torch.rand_like(value)
    leaves = list(given.values())
    expected = torch.autograd.grad((value * weight).sum(), leaves, retain_graph=True)
    replayed = Wishart(**given).replay(value.detach())
    actual = torch.autograd.grad((replayed * weight).sum(), leaves)
    torch.testing.assert_close(actual, expected)
