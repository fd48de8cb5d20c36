"""Distributions that are made of others, against torch's."""

from __future__ import annotations

import pytest
import torch
import torch.distributions as td

import storch_runtime.distributions as runtime
from storch_runtime.distributions import Bernoulli, Categorical, MixtureSameFamily, Normal, Uniform


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
