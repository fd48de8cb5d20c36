"""VIMCO in every world; DReG and STL by quadrature; broken variants beside them."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor

import storchc
from storch_runtime.methods import VIMCO, DReG, dreg, vimco
from tests.certification.harness import case, certify, fails
from tests.certification.outcomes import enumerate_estimates

BOUND = """
story T
plate data
input x[data]
param w = 0.4
param v = -0.7
sample z ~ Bernoulli(logits=w * x) with {}
compute f = z * x + v * z - log_prob(Bernoulli(logits=w * x), z)
cost c = -logmeanexp(f, over=z)
"""


def certified(text: str, method: str, inputs: dict[str, Any]) -> None:
    """Certify ``text`` with the method against the same story with a plain score function."""
    count = method.partition("n=")[2].partition(",")[0].rstrip(")")
    plain = text.format(f"ScoreFunction(n={count})")
    certify(case(text.format(method), inputs), interpreted=plain, hessian=True)


@pytest.mark.parametrize("mean", ["geometric", "arithmetic"])
@pytest.mark.parametrize(("n", "data"), [(2, [0.7, -1.2]), (4, [0.7])])
def test_vimco_is_exact(mean: str, n: int, data: list[float]) -> None:
    certified(BOUND, f"VIMCO(n={n}, mean={mean})", {"x": data})


def test_vimco_with_any_slope_and_rest() -> None:
    text = """
story T
plate data sum
input x[data]
param w = 0.4
param v = -0.7
sample z ~ OneHotCategorical(logits=w * tensor([0.5, -1.0, 0.0]) * x) with {}
compute m = logmeanexp(sum(z * tensor([0.2, 1.0, 0.5])) * v * x, over=z)
cost c = -0.5 * v * m / (1 + x ** 2) + w * x - m * w
cost d = x + m
"""
    certified(text, "VIMCO(n=2)", {"x": [0.7, -1.2]})


def test_vimco_with_a_reduced_slope_beside_factors_apart() -> None:
    text = """
story T
plate data
input x[data]
param w = 0.4
param u[5] = tensor([0.1, 0.2, -0.3, 0.4, 0.5])
sample k ~ Bernoulli(logits=u) with Expect()
sample z ~ Bernoulli(logits=w) with {}
cost c = mean(x * w, over=data) * logmeanexp(z * w, over=z)
cost d = sum(k * w)
"""
    certified(text, "VIMCO(n=2)", {"x": [0.7, -1.2]})


def test_vimco_beside_costs_that_join_nothing_or_another_plate() -> None:
    text = BOUND + "cost d = (z - v) ** 2 * x\ncost e = (mean(z, over=data) - w) ** 2\n"
    certified(text, "VIMCO(n=2)", {"x": [0.7, -1.2]})


def test_vimco_where_the_data_plate_is_joined_too() -> None:
    text = """
story T
plate data
input x[data]
param w = 0.4
sample z ~ Bernoulli(logits=w * x) with {}
cost c = logmeanexp(mean(z * x, over=data) * w, over=z) * w
"""
    certified(text, "VIMCO(n=2)", {"x": [0.7, -1.2]})


ABOVE_AND_BELOW = """
story T
plate data
input x[data]
param w = 0.4
param v = -0.7
sample a ~ Bernoulli(logits=v * x) with {other}
sample z ~ Bernoulli(logits=w * x + a) with {{}}
sample b ~ Bernoulli(logits=v * z) with {below} in z
cost c = -logmeanexp(z * x + v * b * z - 0.3 * a, over=z) * (v + a)
"""


@pytest.mark.parametrize("other", ["ScoreFunction()", "Expect()", "VIMCO(n=2)"])
@pytest.mark.parametrize("below", ["ScoreFunction()", "VIMCO()"])
def test_vimco_between_other_samples(other: str, below: str) -> None:
    text = ABOVE_AND_BELOW.format(other=other, below=below)
    story = case(text.format("VIMCO(n=2)"), {"x": [0.7]})
    plain = ABOVE_AND_BELOW.format(
        other=other.replace("VIMCO", "ScoreFunction"), below="ScoreFunction()"
    )
    certify(story, interpreted=plain.format("ScoreFunction(n=2)"), hessian=True)


def test_vimco_above_a_sample_that_is_enumerated() -> None:
    text = """
story T
plate data
input x[data]
param w = 0.4
sample z ~ Bernoulli(logits=w * x) with {}
sample e ~ Bernoulli(logits=2 * z - w) with Expect()
cost c = -logmeanexp(mean(e * x + w * z, over=e), over=z) * w
cost d = e * x + z
"""
    certified(text, "VIMCO(n=2)", {"x": [0.7, -1.2]})


def test_vimco_takes_its_number_from_the_sampler() -> None:
    text = BOUND.format("VIMCO() using MonteCarlo(n=2)")
    certify(case(text, {"x": [0.7]}), interpreted=BOUND.format("ScoreFunction(n=2)"), hessian=True)


@pytest.mark.parametrize("above", ["ARM()", "DisARM()", "LocalExpectation()", "MeasureValued()"])
def test_vimco_below_a_method_that_looks_at_other_values(above: str) -> None:
    text = """
story T
param w = 0.4
param v = -0.7
sample a ~ Bernoulli(logits=v) with {}
sample z ~ Bernoulli(logits=w + 0.8 * a) with {}
cost c = -logmeanexp(z * w + 2 * z * a, over=z) * (1 + a)
"""
    story = case(text.format(above, "VIMCO(n=2)"))
    found = enumerate_estimates(story.model(), story, hessian=False)
    plain = case(text.format("ScoreFunction()", "ScoreFunction(n=2)"))
    wanted = enumerate_estimates(plain.model(), plain, hessian=False)
    assert float((found.gradient - wanted.gradient).abs().max()) < 1e-9


# --- broken variants -----------------------------------------------------------------------------


def including_itself(value: torch.Tensor, dim: int) -> torch.Tensor:
    return value.logsumexp(dim, keepdim=True).expand_as(value)


def test_a_bound_that_keeps_the_draw_itself_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    certified(BOUND, "VIMCO(n=2)", {"x": [0.7]})
    monkeypatch.setattr(vimco, "log_sum_of_others", including_itself)
    assert fails(lambda: certified(BOUND, "VIMCO(n=2)", {"x": [0.7]}))


def test_a_wrong_slope_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = VIMCO.baseline_value

    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        joined = downstream.joined
        downstream.joined = joined._replace(slope=-joined.slope)
        return right(self, draw, downstream)

    monkeypatch.setattr(VIMCO, "baseline_value", wrong)
    assert fails(lambda: certified(BOUND, "VIMCO(n=2)", {"x": [0.7]}))


# --- the doubly reparameterized gradient and sticking the landing, by quadrature -----------------

NODES, WEIGHTS = (torch.as_tensor(a) for a in hermegauss(40))
WEIGHTS = WEIGHTS / WEIGHTS.sum()
VALUES = {"m": 0.4, "s": -0.3, "t": 0.7}
STORY = """
story T
plate data
input weight[data]
input m
input s
input t
compute q = Normal(m + 0 * weight, exp(s))
sample z ~ q with {}
compute r = log_prob(Normal(t * z, 0.8), 1.1) + log_prob(Normal(0, 1), z)
cost bound = weight * {}
"""
IWAE = "-logmeanexp(r - log_prob(q, z), over=z)"
ELBO = "-(r - log_prob(q, z))"
Gradient = dict[str, Tensor]


def grid(n: int) -> tuple[Tensor, Tensor]:
    """The noise of ``n`` draws ``[n, points]``, and the weights of the points."""
    places = torch.cartesian_prod(*[torch.arange(len(NODES))] * n).reshape(-1, n)
    return NODES[places].T, WEIGHTS[places].prod(1)


def leaves() -> Gradient:
    return {k: torch.tensor(v, dtype=torch.float64, requires_grad=True) for k, v in VALUES.items()}


def of_module(text: str, n: int) -> Gradient:
    """The expected gradient of the module: every point of the noise is an element of the plate."""
    noise, weights = grid(n)
    values = leaves()
    z = (values["m"] + values["s"].exp() * noise).detach()
    model = storchc.load(text=text)().double()
    loss = model(weights * len(weights), **values, given={"z": z}).loss
    return dict(zip(values, torch.autograd.grad(loss, list(values.values())), strict=True))


def log_weights(values: Gradient, noise: Tensor, stopped: bool = False) -> Tensor:
    m, s, t = values.values()
    z = m + s.exp() * noise
    loc, scale = (v.detach() if stopped else v for v in (m, s.exp()))
    q = torch.distributions.Normal(loc, scale)
    seen = torch.tensor(1.1, dtype=torch.float64)
    likelihood = torch.distributions.Normal(t * z, 0.8).log_prob(seen)
    return likelihood + torch.distributions.Normal(0, 1).log_prob(z) - q.log_prob(z)


def exact(n: int, *, joined: bool = True, stopped: bool = False) -> Gradient:
    """The gradient of the objective itself, or of one in which the score is stopped."""
    noise, weights = grid(n)
    values = leaves()
    terms = log_weights(values, noise, stopped)
    each = -(terms.logsumexp(0) - math.log(n)) if joined else -terms.mean(0)
    total = (weights * each).sum()
    return dict(zip(values, torch.autograd.grad(total, list(values.values())), strict=True))


def distance(a: Gradient, b: Gradient) -> float:
    return max(float((a[name] - b[name]).abs()) for name in a)


@pytest.mark.parametrize("n", [1, 2])
def test_dreg_is_unbiased(n: int) -> None:
    assert distance(of_module(STORY.format(f"DReG(n={n})", IWAE), n), exact(n)) < 1e-9


def test_dreg_is_unbiased_below_an_enumerated_sample() -> None:
    """Each outcome has a bound of its own: the same grid does for both."""
    text = STORY.replace(
        "compute q = Normal(m",
        "sample e ~ Bernoulli(logits=t) with Expect()\n" + "compute q = Normal(m + e",
    )
    gradients = []
    for method in ("DReG(n=2)", "Reparameterization(n=2)"):
        noise, weights = grid(2)
        values = leaves()
        m, s, _ = values.values()
        z = torch.stack([m + e + s.exp() * noise for e in (0, 1)], 1).detach()
        model = storchc.load(text=text.format(method, IWAE + " * (1 + e)"))().double()
        loss = model(weights * len(weights), **values, given={"z": z}).loss
        found = torch.autograd.grad(loss, list(values.values()))
        gradients.append(dict(zip(values, found, strict=True)))
    assert distance(*gradients) < 1e-8


def test_stl_is_unbiased_where_the_score_enters_affinely() -> None:
    text = STORY.format("STL(n=2)", ELBO)
    assert distance(of_module(text, 2), exact(2, joined=False)) < 1e-9
    assert distance(of_module(text, 2), exact(2, joined=False, stopped=True)) < 1e-12


def test_stl_is_its_formula_and_biased_where_draws_are_joined() -> None:
    found = of_module(STORY.format("STL(n=2)", IWAE), 2)
    assert distance(found, exact(2, stopped=True)) < 1e-12
    assert distance(found, exact(2)) > 0.05
    assert distance(of_module(STORY.format("STL()", IWAE), 1), exact(1)) < 1e-9


TWO = """
story T
plate data
input weight[data]
input m
input s
input t
compute q = Normal(m + 0 * weight, exp(s))
sample z ~ q with {}
compute p = Normal(sin(z) + t, exp(s))
sample y ~ p with {} in z
compute f = log_prob(Normal(y + z, 2), 1.1) + log_prob(Normal(0, 1.5), z) - log_prob(q, z)
compute g = f + log_prob(Normal(t, 1.2), y) - log_prob(p, y)
cost bound = -0.5 * weight * logmeanexp(g, over=z)
cost again = bound * t / 2
"""
APART = TWO.replace("sin(z)", "m")


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (TWO, "DReG", "Reparameterization"),
        (TWO, "Reparameterization", "DReG"),
        (APART, "DReG", "DReG"),
    ],
)
def test_dreg_is_unbiased_beside_other_pathwise_samples(text: str, first: str, second: str) -> None:
    found = of_two(text.format(f"{first}(n=2)", f"{second}()"))
    wanted = of_two(text.format("Reparameterization(n=2)", "Reparameterization()"))
    assert distance(found, wanted) < 1e-5  # what the quadrature is good for


def of_two(text: str) -> Gradient:
    """As `of_module`, over the noise of both variables."""
    nodes, weights = (torch.as_tensor(a) for a in hermegauss(18))
    places = torch.cartesian_prod(*[torch.arange(len(nodes))] * 4)
    noise, share = nodes[places].T.reshape(2, 2, -1), (weights / weights.sum())[places].prod(1)
    values = leaves()
    m, s, t = (v.detach() for v in values.values())
    z = m + s.exp() * noise[0]
    y = (z.sin() if "sin" in text else m) + t + s.exp() * noise[1]
    model = storchc.load(text=text)().double()
    loss = model(share * len(share), **values, given={"z": z, "y": y}).loss
    return dict(zip(values, torch.autograd.grad(loss, list(values.values())), strict=True))


def test_they_lower_the_variance() -> None:
    torch.manual_seed(0)
    text = STORY.replace("input m\n", "input m[data]\n")

    def variance(method: str, cost: str) -> float:
        m = torch.full((20_000,), 0.4, requires_grad=True)
        model = storchc.load(text=text.format(method, cost))()
        model(torch.ones(20_000), m, torch.tensor(-0.3), torch.tensor(0.7)).loss.backward()
        assert m.grad is not None
        return float((m.grad * 20_000).var())

    assert variance("DReG(n=4)", IWAE) < variance("Reparameterization(n=4)", IWAE) / 20
    assert variance("VIMCO(n=4)", IWAE) < variance("ScoreFunction(n=4)", IWAE) / 4
    assert variance("STL(n=4)", ELBO) < variance("Reparameterization(n=4)", ELBO) / 4


def test_dreg_that_weighs_once_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def once(self: Any, draw: Any, bound: Tensor, terms: Tensor) -> Tensor:
        return dreg._Weights.apply(bound, draw.points, torch.ones_like(draw.points))

    monkeypatch.setattr(DReG, "joined", once)
    text = STORY.format("DReG(n=2)", IWAE)
    assert distance(of_module(text, 2), exact(2)) > 0.05
