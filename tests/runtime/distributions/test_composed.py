"""Distributions that are made of others, against torch's."""

from __future__ import annotations

import pytest
import torch
import torch.distributions as td
from torch import Tensor

import storch_runtime.distributions as runtime
from storch_runtime.distributions import (
    AffineTransform,
    Bernoulli,
    Categorical,
    ExpTransform,
    LogNormal,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    Poisson,
    PowerTransform,
    SigmoidTransform,
    SoftplusTransform,
    TanhTransform,
    Uniform,
    ZeroInflated,
)
from storch_runtime.distributions import TransformedDistribution as Transformed
from storch_runtime.distributions.transforms import Transform
from storch_runtime.remembered import remembering


def mixture(event: int = 1, joined: int = 0) -> MixtureSameFamily:
    """``[3 plates, 2, 4 components]``, and 2 dimensions joined in each."""
    torch.manual_seed(0)
    own = (2,) * joined
    loc = torch.randn(3, 2, 4, *own, dtype=torch.double, requires_grad=True)
    weights = torch.randn(3, 2, 4, dtype=torch.double, requires_grad=True)
    return MixtureSameFamily(
        Categorical(logits=weights), Normal(loc, 0.5, event=joined), event=event
    )


@pytest.mark.parametrize("event", [0, 1, 2])
@pytest.mark.parametrize("joined", [0, 1])
def test_mixtures_are_torchs(event: int, joined: int) -> None:
    ours = mixture(event, joined)
    theirs = td.Independent(ours.as_torch(), event)
    value = ours.sample(5)
    assert value.shape == (5, *ours.plates, *ours.event_shape)
    torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(value))
    torch.testing.assert_close(ours.mean, theirs.mean)
    torch.testing.assert_close(ours.variance, theirs.variance)
    assert ours.plates == theirs.batch_shape
    assert ours.event_shape == theirs.event_shape


@pytest.mark.parametrize("joined", [0, 1])
def test_what_changes_plates_and_events_changes_nothing_else(joined: int) -> None:
    ours = mixture(1, joined)
    value = ours.sample()
    wanted = ours.log_prob(value)
    expanded = ours.expand((5, 3))
    assert expanded.sample().shape == (5, *value.shape)
    torch.testing.assert_close(expanded.log_prob(value), wanted.expand(5, 3))
    torch.testing.assert_close(ours.lift(2).log_prob(value.unsqueeze(1)), wanted)
    torch.testing.assert_close(ours.unsqueeze(1).log_prob(value.unsqueeze(1))[:, 0], wanted)
    torch.testing.assert_close(ours.apart().log_prob(value).sum(-1), wanted)
    assert not ours.detached().log_prob(value).requires_grad


def test_draws_are_those_of_the_mixture() -> None:
    ours = mixture(1, 1)
    with torch.no_grad():
        value = ours.sample(40_000)
        bound = 5 * ours.variance.sqrt() / 200
        assert bool(((value.mean(0) - ours.mean).abs() < bound).all())
        torch.testing.assert_close(value.var(0), ours.variance, rtol=0.05, atol=0.02)


def test_every_element_of_a_plate_has_a_draw_of_its_own() -> None:
    shared = Normal(torch.zeros(4, dtype=torch.double), 1.0)
    weights = Categorical(logits=torch.zeros(6, 4, dtype=torch.double))
    assert MixtureSameFamily(weights, shared).sample().unique().numel() == 6


def test_gradients_of_all_parts_can_be_looked_at() -> None:
    ours = mixture()
    ours.retain_grads()
    ours.log_prob(ours.sample()).sum().backward()
    assert set(ours.parameters) == {"mixture_distribution.logits", "component_distribution.loc"}
    assert all(value.grad is not None for value in ours.parameters.values())


def test_supports_are_joined_and_end() -> None:
    low = torch.tensor([0.0, 2.0], dtype=torch.double, requires_grad=True)
    weights = torch.zeros(2, dtype=torch.double, requires_grad=True)
    ours = MixtureSameFamily(Categorical(logits=weights), Uniform(low=low, high=low + 1))
    value = torch.tensor([0.5, 1.5, 2.5], dtype=torch.double)
    found = ours.ending_log_prob(value)
    assert found.exp().tolist() == [0.5, 0.0, 0.5]
    assert ours.holds(value).tolist() == [True, False, True]
    found[::2].sum().backward()
    assert low.grad is not None and low.grad.isfinite().all()


def test_outcomes_are_those_of_the_components() -> None:
    coins = Bernoulli(logits=torch.randn(2, 3, dtype=torch.double))
    weights = Categorical(logits=torch.randn(4, 1, 3, dtype=torch.double))
    ours = MixtureSameFamily(weights, coins, event=1)
    support = ours.enumerate_support()
    logs = ours.joint_log_prob(support)
    assert logs.shape == (4, 4)
    torch.testing.assert_close(logs.exp().sum(0), torch.ones(4, dtype=torch.double))
    torch.testing.assert_close(logs, ours.log_prob(support[:, None]))
    assert isinstance(ours, runtime.Distribution)


# --- transforms ----------------------------------------------------------------------------------

WAYS: dict[str, list[Transform]] = {
    "tanh": [TanhTransform()],
    "sigmoid": [SigmoidTransform()],
    "exp": [ExpTransform()],
    "softplus": [SoftplusTransform()],
    "affine": [AffineTransform(0.5, -2.0)],
    "power": [ExpTransform(), PowerTransform(0.7)],
    "three": [AffineTransform(0.2, 1.5), TanhTransform(), AffineTransform(1.0, 3.0)],
}


def location(ours: Transformed) -> Tensor:
    found = ours.base_distribution.parameters["loc"]
    assert isinstance(found, Tensor)
    return found


def transformed(name: str, event: int = 1) -> Transformed:
    torch.manual_seed(1)
    loc = torch.randn(3, 2, dtype=torch.double, requires_grad=True)
    return Transformed(Normal(loc, 0.8, event=event), WAYS[name], event=event)


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("event", [0, 1])
def test_transformed_distributions_are_torchs(name: str, event: int) -> None:
    ours = transformed(name, event)
    theirs = td.Independent(ours.as_torch(), event)
    value = ours.sample(5)
    assert value.shape == (5, *ours.plates, *ours.event_shape)
    for given in (value, value.clone()):  # which does not know whence it is
        torch.testing.assert_close(ours.log_prob(given), theirs.log_prob(value))
        torch.testing.assert_close(ours.ending_log_prob(given), theirs.log_prob(value))
    assert ours.plates == theirs.batch_shape


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.parametrize("remembered", [False, True])
def test_slopes_are_those_of_autograd(name: str, remembered: bool) -> None:
    """By the value and by the parameters, of first and second order."""
    ours, theirs = transformed(name), transformed(name)
    source = ours.base_distribution.sample(2)
    way = ours._way(source)[-1].detach()
    found, wanted = (way.clone().requires_grad_() for _ in range(2))
    if remembered:
        remembering(found, source, "base")
    plain = td.Independent(theirs.as_torch(), 1).log_prob(wanted)
    sides = (
        (ours.log_prob(found), found, location(ours)),
        (plain, wanted, location(theirs)),
    )
    firsts, seconds = [], []
    for density, value, loc in sides:
        first = torch.autograd.grad(density.sum(), (value, loc), create_graph=True)
        firsts.append(first)
        total = first[0].square().sum() + first[1].square().sum()
        seconds.append(torch.autograd.grad(total, value)[0])
    for a, b in zip(*firsts, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(*seconds, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", WAYS)
def test_replayed_values_carry_the_gradient_of_drawn_ones(name: str) -> None:
    ours = transformed(name)
    noise = torch.randn(4, 3, 2, dtype=torch.double)
    drawn = ours.rsample(4, noise=noise)
    again = ours.replay(drawn.detach().clone())
    loc = location(ours)
    (first,) = torch.autograd.grad(drawn.sum(), loc, retain_graph=True)
    (second,) = torch.autograd.grad(again.sum(), loc)
    torch.testing.assert_close(first, second)


def test_a_saturated_value_is_known_by_its_source() -> None:
    """Float32 tanh of N(0, 5) is 1 or -1 for one value in fourteen."""
    torch.manual_seed(0)
    loc = torch.zeros(10_000, requires_grad=True)
    ours = Transformed(Normal(loc, 5.0), [TanhTransform()])
    value = ours.sample()
    exact = Transformed(Normal(loc.detach().double(), 5.0), [TanhTransform()])
    wide = value.double()
    source = value.drawn_as.double()  # type: ignore[attr-defined]
    remembering(wide, source, "base")
    base = exact.base_distribution.log_prob(source)
    wanted = base - TanhTransform().log_slope(source)
    found = ours.log_prob(value)
    assert found.isfinite().all() and ours.ending_log_prob(value).isfinite().all()
    torch.testing.assert_close(found, wanted.float(), rtol=1e-4, atol=1e-4)
    assert ours.log_prob(value.clone()).isfinite().all()  # of what the value tells


def test_a_saturated_path_loses_nothing() -> None:
    """``log q(z)`` of a pathwise z: by the location all but the slope cancels."""
    torch.manual_seed(0)
    ours = Transformed(Normal(torch.zeros(10_000, requires_grad=True), 5.0), [TanhTransform()])
    value = ours.rsample()
    loc = location(ours)
    (found,) = torch.autograd.grad(ours.log_prob(value).sum(), loc)
    wanted = 2 * value.drawn_as.detach().tanh()  # type: ignore[attr-defined]
    torch.testing.assert_close(found, wanted, rtol=1e-3, atol=1e-3)


def test_a_source_of_another_distribution_is_not_believed() -> None:
    value = transformed("tanh").sample()
    others = Transformed(Normal(0.3, 1.0), [SigmoidTransform(), AffineTransform(-1.0, 2.0)])
    assert torch.equal(others.log_prob(value), others.log_prob(value.clone()))


def test_densities_end_where_nothing_is_sent() -> None:
    ours = transformed("three", event=0)
    value = torch.tensor([-2.5, -1.9, 3.9, 4.1], dtype=torch.double)[:, None, None].expand(4, 3, 2)
    found = ours.ending_log_prob(value)
    assert found[[0, 3]].eq(-torch.inf).all() and found[1:3].isfinite().all()
    assert ours.holds(value)[:, 0, 0].tolist() == [False, True, True, False]


def test_elements_of_a_smaller_base_have_draws_of_their_own() -> None:
    scale = torch.ones(6, dtype=torch.double)
    ours = Transformed(
        Normal(torch.zeros((), dtype=torch.double), 1.0), [AffineTransform(0.0, scale)]
    )
    assert ours.sample().unique().numel() == 6
    assert ours.sample(3).unique().numel() == 18


def test_closed_forms_of_transformed_distributions() -> None:
    ours = transformed("affine")
    torch.testing.assert_close(
        ours.entropy(), td.Independent(td.Normal(location(ours), 1.6), 1).entropy()
    )
    other = Transformed(Normal(0.1, torch.tensor(2.0).double(), event=1), WAYS["tanh"], event=1)
    found = runtime.kl_divergence(transformed("tanh"), other)
    wanted = td.kl_divergence(transformed("tanh").as_torch(), other.as_torch()).sum(-1)
    torch.testing.assert_close(found, wanted)


def test_transforms_of_vectors_and_gradients_of_their_parameters() -> None:
    loc = torch.randn(3, 2, dtype=torch.double)
    base = MultivariateNormal(loc=loc, scale_tril=torch.eye(2, dtype=torch.double))
    shift = torch.randn(2, dtype=torch.double, requires_grad=True)
    ours = Transformed(base, [ExpTransform(), AffineTransform(shift, 2.0)])
    assert (ours.plates, ours.event_shape) == ((3,), (2,))
    value = ours.sample(4)
    torch.testing.assert_close(ours.log_prob(value), ours.as_torch().log_prob(value))
    ours.retain_grads()
    ours.log_prob(value).sum().backward()
    assert ours.parameters["transforms[1].loc"].grad is not None


# --- zeros ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", [0, 1])
@pytest.mark.parametrize("logits", [False, True])
def test_zeros_are_drawn_as_often_as_said(event: int, logits: bool) -> None:
    torch.manual_seed(0)
    gate = torch.tensor([[0.2], [0.5], [0.9]], dtype=torch.double)
    given = {"gate_logits": gate.logit()} if logits else {"gate": gate}
    base = LogNormal(loc=torch.tensor([0.0, 0.4]).double(), scale=0.5, event=event)
    ours = ZeroInflated(base, **given, event=event)
    value = ours.sample(50_000)
    assert value.shape == (50_000, *ours.plates, *ours.event_shape)
    zeros = (value == 0).double().mean(0)
    assert bool(((zeros - ours.gate).abs() < 0.012).all())
    assert bool(((value.mean(0) - ours.mean).abs() < 5 * ours.stddev / 223).all())
    torch.testing.assert_close(value.var(0), ours.variance, rtol=0.1, atol=0.0)
    assert ours.log_prob(value).shape == (50_000, *ours.plates)


def test_counts_are_zero_in_two_ways() -> None:
    rate = torch.tensor([1.0, 3.0], dtype=torch.double, requires_grad=True)
    ours = ZeroInflated(Poisson(rate=rate), gate=0.25)
    counts = torch.arange(60, dtype=torch.double)[:, None]
    found = ours.log_prob(counts).exp()
    torch.testing.assert_close(found.sum(0), torch.ones(2, dtype=torch.double))
    torch.testing.assert_close(found[0], 0.25 + 0.75 * (-rate).exp())


def test_no_slope_of_a_density_at_zero_is_nan() -> None:
    m = torch.tensor(0.3, dtype=torch.double, requires_grad=True)
    ours = ZeroInflated(LogNormal(loc=m, scale=1.0), gate_logits=m)
    ours.log_prob(torch.zeros(3, dtype=torch.double)).sum().backward()
    torch.testing.assert_close(m.grad, 3 * (1 - m.detach().sigmoid()))
    assert ours.ending_log_prob(torch.tensor([-1.0]).double()).item() == -torch.inf
    assert ours.holds(torch.tensor([-1.0, 0.0, 2.0]).double()).tolist() == [False, True, True]


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
def test_squashed_values_compile_whole() -> None:
    def step(loc: Tensor, value: Tensor) -> Tensor:
        law = Transformed(Normal(loc, 1.0), [TanhTransform(), AffineTransform(loc, 2)])
        return law.log_prob(value) + law.replay(value) + law.log_prob(law.rsample())

    loc = torch.randn(3, dtype=torch.float64, requires_grad=True)
    value = (torch.rand(3, dtype=torch.float64) - 0.5) + loc.detach()
    found = []
    for called in (torch.compile(step, fullgraph=True, backend="eager"), step):
        torch.manual_seed(0)
        found.append(torch.autograd.grad(called(loc, value).sum(), [loc])[0])
    torch.testing.assert_close(*found)
