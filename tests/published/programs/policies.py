"""Steps of policies, and the worlds and critics that they meet."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.distributions import Categorical, Normal

from tests.published.programs.normal import again


def sac(model: Any, s: Tensor, alpha: float, *, a: Tensor) -> Tensor:
    loc, log_std = model.policy(s).chunk(2, -1)
    scale = log_std.clamp(-20, 2).exp()
    u = again(a[0].atanh(), loc, scale)
    a = u.tanh()
    log_pi = (Normal(loc, scale).log_prob(u) - (1 - a**2).log()).sum(1)
    return (alpha * log_pi - torch.min(model.q_1(s, a), model.q_2(s, a))).mean()


def swung_up(s: Tensor, a: Tensor) -> Tensor:
    return (s[:, :2] * a).sum(1) - (a[:, 0] > 1).double()


def squashed_policy(model: Any, s: Tensor, *, a: Tensor) -> Tensor:
    u = (a / 2).atanh()
    log_pi = Normal(model.policy(s), model.log_std.exp()).log_prob(u).sum(-1)
    cost = -torch.stack([swung_up(s, each) for each in a])
    others = (cost.sum(0) - cost) / (len(a) - 1)
    return ((cost - others) * log_pi).mean()


def env(action: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return action[:, None] - torch.arange(4).double(), 1.0 - action.double(), action == 2


def a2c(model: Any, s: Tensor, gamma: float, *, a: Tensor) -> Tensor:
    state, reward, over = env(a[0])
    with torch.no_grad():
        target = reward + gamma * model.critic(state) * ~over
    advantage = target - model.critic(s)
    pi = Categorical(logits=model.actor(s))
    actor = -(advantage.detach() * pi.log_prob(a[0])).mean() - 0.01 * pi.entropy().mean()
    return actor + 0.5 * (advantage**2).mean()


class Critic(nn.Module):
    """What a frozen critic is made of: curved in the action."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1))

    def forward(self, s: Tensor, a: Tensor) -> Tensor:
        out: Tensor = self.net(torch.cat([s, a], 1))
        return out[:, 0]


def rolled(s: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    ahead = 0.9 * s + a.repeat(1, 2).round()
    return ahead, -(ahead.abs() > 1).double().sum(1)


def lax_policy(model: Any, s: Tensor, *, a: Tensor) -> Tensor:
    actions = a[0]  # [episodes, T, A]
    states, rewards = [], []
    for action in actions.unbind(1):
        states.append(s)
        s, reward = rolled(s, action)
        rewards.append(reward)
    to_go = -torch.stack(rewards).flip(0).cumsum(0).flip(0)
    loss, estimates = torch.zeros(()).double(), []
    for t, state in enumerate(states):
        loc, scale = model.policy(state), model.log_std.exp()
        value = actions[:, t].detach().requires_grad_()
        critic = model.critic(value, state)
        (slope,) = torch.autograd.grad(critic.sum(), value, create_graph=True)
        left = to_go[t] - critic
        path = (slope.detach() * again(value.detach(), loc, scale)).sum(1)
        score = Normal(loc, scale).log_prob(value.detach()).sum(1)
        loss = loss + (left.detach() * score + path).mean()
        noise = ((value - loc) / scale).detach()
        by_loc = left[:, None] * noise / scale.detach() + slope
        by_scale = left[:, None] * (noise**2 - 1) / scale.detach() + slope * noise
        estimates.append(torch.cat([by_loc, by_scale], 1))
    squared = sum((each**2).sum(1) for each in estimates)
    return loss + squared.mean()
