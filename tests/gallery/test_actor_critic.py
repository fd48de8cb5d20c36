"""A2C of the gallery: its gradient is that of the textbook's loss on the same rollout."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.distributions import Categorical

import storchc
from tests.gallery.conftest import Script


def test_the_gradient_is_that_of_the_textbook(script: Script) -> None:
    training = script("actor_critic/train")
    torch.manual_seed(0)
    carts = training.Carts()
    start = carts.start(3)
    seen: list[tuple[Tensor, Tensor]] = []

    def step(action: Tensor) -> tuple[Tensor, Tensor]:
        seen.append(carts.step(action))
        return seen[-1]

    model = storchc.load(training.STORY)(step=step)
    steps, discount = 30, 0.9
    estimate = model(start, torch.full((steps,), 0.5), discount)
    weights = list(model.parameters())
    found = torch.autograd.grad(estimate.loss, weights)

    actions = estimate.samples["action"][0]  # [carts, T]
    state, alive, loss = start, torch.ones(3, dtype=torch.bool), torch.zeros(())
    for t, (following, fallen) in enumerate(seen):
        law, value = Categorical(logits=model.actor(state)), model.critic(state)[:, 0]
        ahead = torch.where(fallen, 0.0, model.critic(following)[:, 0])
        target = (0.5 + discount * ahead).detach()
        each = -(target - value).detach() * law.log_prob(actions[:, t]) - 0.01 * law.entropy()
        loss = loss + (each + 0.5 * (target - value) ** 2)[alive].sum() / 3
        alive, state = alive & ~fallen, following
    wanted = torch.autograd.grad(loss, weights)
    torch.testing.assert_close(found, wanted, rtol=0, atol=2e-5)


def test_poles_stand_longer(script: Script) -> None:
    first, last = script("actor_critic/train").main(["--updates", "24", "--carts", "8"])
    assert last > first
