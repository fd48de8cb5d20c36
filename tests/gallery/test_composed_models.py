"""Models of composed distributions, masks and frozen parts, beside the same in plain PyTorch."""

from __future__ import annotations

from types import ModuleType

import torch

import storchc
from tests.gallery.conftest import Script
from tests.gallery.test_scripts import UNTRAINED

DIGITS = torch.rand(16, 64, generator=torch.Generator().manual_seed(0)).double()
SAME = 1e-9  # in double precision


def _distance(train: ModuleType) -> float:
    """Loss and gradients of a new model, from those that the script has by hand."""
    return train.distance(storchc.load(train.STORY)().double(), DIGITS)


def test_a_prior_is_learned_beside_the_model(script: Script) -> None:
    train = script("mixture_prior/train")
    assert _distance(train) < SAME
    rows = train.main(["--steps", "150"])
    assert min(row.elbo for row in rows.values()) > UNTRAINED + 10
    assert 1 < rows["mixture"].components < 10


def test_a_bent_posterior_diverges_as_quadrature_says(script: Script) -> None:
    train = script("flow/train")
    assert _distance(train) < SAME
    figures = train.main(["--steps", "200"])
    assert figures.elbo > UNTRAINED + 10
    assert abs(figures.divergence - figures.quadrature) < 0.05


def test_missing_pixels_are_filled_in_from_the_others(script: Script) -> None:
    train = script("missing_data/train")
    assert _distance(train) < SAME
    figures = train.main(["--steps", "500"])
    assert figures.model < figures.mean - 0.02


def test_the_policy_steps_as_in_soft_actor_critic(script: Script) -> None:
    train = script("soft_actor_critic/train")
    learner = train.Learner(0.1)
    learner.critics.double()
    state = torch.randn(8, 2, generator=torch.Generator().manual_seed(0)).double()
    assert train.distance(learner.actor.double(), state) < SAME
    returns = train.main(["--episodes", "8"])
    assert returns.trained > 0.5 * returns.still  # negative, of pushing carts to the middle
    assert returns.riccati > returns.trained - 0.05


def test_critics_are_not_trained_by_the_policy(script: Script) -> None:
    learner = script("soft_actor_critic/train").Learner(0.1)
    learner.actor(torch.randn(8, 2), 0.1).backward()
    assert all(parameter.grad is None for parameter in learner.critics.parameters())
    assert all(parameter.grad is not None for parameter in learner.policy.parameters())
    assert set(learner.actor.parameters()) == set(learner.policy.parameters())
