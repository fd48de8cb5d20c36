"""The implicit gradient of mixtures: against closed forms, coordinate by coordinate."""

from __future__ import annotations

import pytest
import torch
import torch.distributions as td

import storchc
from storch_runtime.distributions import (
    Categorical,
    Cauchy,
    Distribution,
    Gumbel,
    Laplace,
    LogNormal,
    MixtureSameFamily,
    Normal,
    Weibull,
)

FAMILIES: dict[str, type[Distribution]] = {
    "Cauchy": Cauchy,
    "Gumbel": Gumbel,
    "Laplace": Laplace,
    "LogNormal": LogNormal,
    "Normal": Normal,
    "Weibull": Weibull,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_derivative_is_that_of_the_quantile(name: str) -> None:
    """At a fixed share below, by bisection of the share that torch knows."""
    weights = torch.tensor([0.3, -0.5, 0.9], dtype=torch.double)
    first, second = torch.tensor([[0.7, 1.5, 2.4], [0.8, 1.1, 0.6]], dtype=torch.double)
    names = ("scale", "concentration") if name == "Weibull" else ("loc", "scale")

    def law(parameters: torch.Tensor) -> MixtureSameFamily:
        component = FAMILIES[name](**dict(zip(names, parameters[1:], strict=True)))
        return MixtureSameFamily(Categorical(logits=parameters[0]), component)

    def share(parameters: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
        component = law(parameters).component_distribution.as_torch()
        return (parameters[0].softmax(-1) * component.cdf(value[..., None])).sum(-1)

    parameters = torch.stack([weights, first, second]).requires_grad_()
    value = torch.tensor([0.4, 1.3, 2.0, 4.0], dtype=torch.double)
    path = law(parameters).replay(value)
    torch.testing.assert_close(path, value)
    for i in range(len(value)):
        (found,) = torch.autograd.grad(path[i], parameters, retain_graph=True)
        step = torch.autograd.grad(share(parameters, value[i]), parameters)[0]
        density = law(parameters).log_prob(value[i]).exp()
        torch.testing.assert_close(found, -step / density, rtol=1e-6, atol=1e-9)


def test_both_tails_are_precise_in_single_precision() -> None:
    loc = torch.tensor([-1.0, 1.0], requires_grad=True)
    wide = loc.detach().double().requires_grad_()
    value = torch.tensor([-6.0, 6.0])
    for parameter in (loc, wide):
        law = MixtureSameFamily(
            Categorical(logits=torch.zeros(2).to(parameter)), Normal(parameter, 1.0)
        )
        law.replay(value.to(parameter)).sum().backward()
    assert loc.grad is not None and wide.grad is not None
    torch.testing.assert_close(loc.grad, wide.grad.float(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("method", ["Reparameterization(n=300000)", "STL(n=300000)"])
def test_coordinates_that_are_joined(method: str) -> None:
    """``E[x y]`` of two coordinates: marginal shares would get it wrong."""
    text = f"""
story T
param w[3] = tensor([0.4, -0.3, 0.1])
param m[3, 2] = normal(0, 1)
compute q = MixtureSameFamily(Categorical(logits=w), Independent(Normal(m, 0.8), 1))
sample z ~ q with {method}
cost c = z[0] * z[1] + z[0] ** 2
"""
    torch.manual_seed(4)
    model = storchc.load(text=text)().double()
    model().loss.backward()
    w, m = (p.detach().clone().requires_grad_() for p in (model.w, model.m))
    true = (w.softmax(0) * (m[:, 0] * m[:, 1] + m[:, 0] ** 2 + 0.64)).sum()
    for got, wanted in zip(
        (model.w.grad, model.m.grad), torch.autograd.grad(true, (w, m)), strict=True
    ):
        assert (got - wanted).abs().max() < 0.025  # 5 standard errors are 0.02


def test_in_plates_and_loops() -> None:
    text = """
story T
plate data
input x[data]
param m[2] = tensor([-0.5, 0.6])
for t in range(2) from h = 0.0:
    sample z ~ MixtureSameFamily(Categorical(logits=x * tensor([1.0, -1.0])), Normal(m + h, 0.5))
    compute h = 0.5 * z
    cost c = z ** 2
"""
    assert "Reparameterization(" in storchc.compile(text=text)
    torch.manual_seed(1)
    model = storchc.load(text=text)().double()
    x = torch.tensor([0.3, -0.8]).double().repeat(40_000)
    model(x).loss.backward()
    m = model.m.detach().clone().requires_grad_()
    p = torch.stack([x[:2], -x[:2]], -1).softmax(-1)
    mean, square = (p * m).sum(-1), (p * m**2).sum(-1) + 0.25
    true = (square + square + mean * mean + 0.25 * square).mean()
    (wanted,) = torch.autograd.grad(true, m)
    assert model.m.grad is not None and (model.m.grad - wanted).abs().max() < 0.02


def test_infer_takes_it_where_weights_do_not_learn() -> None:
    text = "story T\nparam w[2] = 0.0\nparam m[2] = 0.0\nsample z ~ {}\ncost c = z\n"
    law = "MixtureSameFamily(Categorical(logits={}), {}(m, 1))"
    for weights, family, method in (
        ("zeros([2])", "Normal", "Reparameterization"),
        ("stop_gradient(w)", "LogNormal", "Reparameterization"),
        ("w", "Normal", "ScoreFunction"),
        ("zeros([2])", "StudentT", "ScoreFunction"),
    ):
        made = storchc.compile(text=text.format(law.format(weights, family)))
        assert f"{method}(" in made


def test_a_marginal_share_is_not_enough() -> None:
    """What the chain does is looked for: without the updated weights the gradient is another."""
    torch.manual_seed(2)
    loc = torch.randn(3, 2, dtype=torch.double, requires_grad=True)
    law = MixtureSameFamily(Categorical(logits=torch.zeros(3).double()), Normal(loc, 0.5, event=1))
    value = law.sample(5)
    (found,) = torch.autograd.grad(law.replay(value).sum(), loc)
    apart = torch.zeros((), dtype=torch.double)
    for d in range(2):
        one = MixtureSameFamily(Categorical(logits=torch.zeros(3).double()), Normal(loc[:, d], 0.5))
        apart = apart + one.replay(value[:, d]).sum()
    (marginal,) = torch.autograd.grad(apart, loc)
    assert not torch.allclose(found, marginal, atol=1e-3)
    assert isinstance(law.as_torch(), td.MixtureSameFamily)
