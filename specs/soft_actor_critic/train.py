"""Soft actor-critic on carts that are pushed to the middle of a track.

The story is the policy's step. The critics are frozen in it: gradients pass through them to the
action, and they are trained elsewhere, here in plain PyTorch. The same story with slow copies of
the critics tells how much a state is worth, which is what critics learn from: its cost is the
negative soft value. `by_hand` is the loss of the policy as the paper has it. Trained pushes are
compared with the best linear controller. Run `python specs/soft_actor_critic/train.py`.

Haarnoja et al., "Soft Actor-Critic", ICML 2018, equation 12, with two critics.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn.functional import softplus

import storchc

STORY = Path(__file__).with_name("soft_actor_critic.story")
DISCOUNT = 0.9
STEPS = 20  # of an episode


class Critic(nn.Module):
    """The soft value of an action in a state."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(3, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 1)
        )

    def forward(self, state: Tensor, action: Tensor) -> Tensor:
        """A number for each row."""
        values: Tensor = self.layers(torch.cat([state, action], -1))
        return values.squeeze(-1)


class Returns(NamedTuple):
    """Mean returns of fresh episodes."""

    trained: float
    untrained: float
    still: float  # never pushing
    riccati: float  # of the best linear controller, which knows the carts


class Carts:
    """Carts on a track of rails; a state is position, speed. Pushes are between -1 and 1."""

    @staticmethod
    def start(count: int) -> Tensor:
        """Anywhere, at any speed."""
        return 2 * torch.rand(count, 2) - 1

    @staticmethod
    def step(state: Tensor, action: Tensor) -> tuple[Tensor, Tensor]:
        """The states after a push, and the rewards."""
        position, speed = state.unbind(-1)
        push = action.squeeze(-1)
        speed = (speed + 0.4 * push).clamp(-1.5, 1.5)
        position = (position + 0.4 * speed).clamp(-3, 3)
        paid = -(position.square() + 0.1 * speed.square() + 0.05 * push.square())
        return torch.stack([position, speed], -1), paid


class Learner:
    """A policy, two critics, their slow copies, and what was seen so far."""

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        self.policy = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 2))
        self.critics = nn.ModuleList([Critic(), Critic()])
        self.slow = deepcopy(self.critics)
        story = storchc.load(STORY)
        first, second = self.critics
        self.actor = story(policy=self.policy, first=first, second=second)
        first, second = self.slow
        self.worth = story(policy=self.policy, first=first, second=second)
        self.policy_optimiser = torch.optim.Adam(self.actor.parameters(), lr=2e-3)
        self.critic_optimiser = torch.optim.Adam(self.critics.parameters(), lr=2e-3)
        self.seen: list[tuple[Tensor, ...]] = []  # state, action, reward, next state
        self.entropy = 0.0

    def episode(self, count: int) -> float:
        """Drive some carts, learning at every step; hand out their mean return."""
        state, total = Carts.start(count), torch.zeros(count)
        for _ in range(STEPS):
            with torch.no_grad():
                action = self.actor(state, self.temperature).samples["action"][0]
            following, paid = Carts.step(state, action)
            self.seen.append((state, action, paid, following))
            state, total = following, total + paid
            self.learn()
        return total.mean().item()

    def learn(self) -> None:
        """One step of the critics, then one of the policy, on what was seen at some time."""
        chosen = torch.randint(len(self.seen), (4,)).tolist()
        columns = zip(*(self.seen[i] for i in chosen), strict=True)
        state, action, paid, following = (torch.cat(column) for column in columns)
        with torch.no_grad():
            soft_value = -self.worth(following, self.temperature).costs["loss"][0]
        goal = paid + DISCOUNT * soft_value
        self.critic_optimiser.zero_grad()
        sum((critic(state, action) - goal).square().mean() for critic in self.critics).backward()
        self.critic_optimiser.step()
        self.policy_optimiser.zero_grad()
        estimate = self.actor(state, self.temperature)
        estimate.backward()
        self.policy_optimiser.step()
        self.entropy = estimate.reports["entropy"].mean().item()
        with torch.no_grad():
            for slow, quick in zip(self.slow.parameters(), self.critics.parameters(), strict=True):
                slow.lerp_(quick, 0.02)

    def judge(self) -> float:
        """The return of its most probable pushes."""
        return episode_return(lambda state: self.policy(state)[:, :1].tanh())


@torch.no_grad()
def episode_return(push: Callable[[Tensor], Tensor], count: int = 500) -> float:
    """The mean return of fresh episodes, the same for all who are judged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        state, total = Carts.start(count), 0.0
    for _ in range(STEPS):
        state, paid = Carts.step(state, push(state))
        total += paid.mean().item()
    return total


def main(arguments: list[str] | None = None) -> Returns:
    """Train; hand out the returns of fresh episodes, beside those of other ways to push."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=60, help="of 32 carts each")
    parser.add_argument("--temperature", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)

    learner = Learner(options.temperature)
    untrained = learner.judge()
    for episode in range(1, options.episodes + 1):
        paid = learner.episode(32)
        if episode % 10 == 0:
            print(f"episode {episode:4d}   return {paid:6.2f}   entropy {learner.entropy:5.2f}")
    gain = riccati()
    returns = Returns(
        learner.judge(),
        untrained,
        episode_return(lambda state: torch.zeros(len(state), 1)),
        episode_return(lambda state: (-state @ gain.T).clamp(-1, 1)),
    )
    for name, value in returns._asdict().items():
        print(f"{name:10s} return {value:6.2f}")
    return returns


def riccati(steps: int = 200) -> Tensor:
    """The gain [1, 2] of the best controller of such carts, were nothing bounded."""
    state, push = torch.tensor([[1, 0.4], [0, 1]]), torch.tensor([[0.16], [0.4]])
    paid = torch.diag(torch.tensor([1, 0.1]))  # of the state that a push leads to
    worth = torch.zeros(2, 2)
    for _ in range(steps):
        later = paid + worth
        gain = (push.T @ later @ state) / (0.05 + push.T @ later @ push)
        worth = state.T @ later @ (state - push @ gain)
    return gain


def by_hand(model: Any, state: Tensor, noise: Tensor, temperature: float) -> Tensor:
    """The loss of the policy as published, at given noise [n, states, 1]."""
    mean, log_scale = model.policy(state).chunk(2, dim=-1)
    normal = Normal(mean, log_scale.clamp(-5, 2).exp())
    u = normal.loc + normal.scale * noise
    action = u.tanh()
    log_slope = 2 * (torch.tensor(2.0).log() - u - softplus(-2 * u))  # of tanh, stable
    log_pi = (normal.log_prob(u) - log_slope).sum(-1)
    each = state.expand(len(noise), *state.shape)
    worth = torch.minimum(model.first(each, action), model.second(each, action))
    return (temperature * log_pi - worth).mean()


def distance(model: Any, state: Tensor) -> float:
    """The largest difference in loss and gradient between the story and `by_hand`."""
    model.methods["action"].n = 3
    torch.manual_seed(1)
    estimate = model(state, 0.1)
    mean, log_scale = model.policy(state).chunk(2, dim=-1)
    noise = (estimate.samples["action"].atanh() - mean) / log_scale.clamp(-5, 2).exp()
    found = differentiated(estimate.loss, model)
    wanted = differentiated(by_hand(model, state, noise.detach(), 0.1), model)
    return max((a - b).abs().max().item() for a, b in zip(found, wanted, strict=True))


def differentiated(loss: Tensor, model: Any) -> list[Tensor]:
    """A loss, then its derivatives by the policy."""
    return [loss.detach(), *torch.autograd.grad(loss, list(model.policy.parameters()))]


if __name__ == "__main__":
    main()
