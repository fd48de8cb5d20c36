"""Advantage actor-critic (A2C) as it is published, on gymnasium's CartPole-v1.

The story says the loss that people write: the policy's log-probabilities times advantages, an
entropy bonus, the critic's squared error. Each is `without_credit`: differentiated at the actions
taken, so that no earlier action answers for it. (`specs/cartpole` lets the method of the action see
to its gradient instead, and pays for the fallen pole alone.) A test holds the gradient to the
textbook's loss on the same rollout. Run `python specs/actor_critic/train.py`.
"""

from __future__ import annotations

import argparse
import time
from collections import deque
from pathlib import Path

import gymnasium
import torch
from torch import Tensor, nn

import storchc

STORY = Path(__file__).with_name("actor_critic.story")
STEPS = 500  # after which CartPole-v1 ends an episode
DISCOUNT = 0.98
REWARD = 0.02  # of a step: what a critic learns is of the order of 1


class Carts:
    """Gymnasium's carts, as many at a time as are asked for."""

    def start(self, count: int) -> Tensor:
        """The first states of ``count`` new episodes, ``[carts, 4]``."""
        self.carts = gymnasium.make_vec(
            "CartPole-v1", num_envs=count, vectorization_mode="vector_entry_point"
        )
        states, _ = self.carts.reset(seed=int(torch.randint(2**31, ())))
        return torch.from_numpy(states)

    def step(self, action: Tensor) -> tuple[Tensor, Tensor]:
        """Where each cart's push takes it, and whether its pole has fallen."""
        states, _, fallen, _, _ = self.carts.step(action.numpy())
        return torch.from_numpy(states), torch.from_numpy(fallen)


def main(arguments: list[str] | None = None) -> tuple[float, float]:
    """Train; hand out the mean lengths of the first and of the last episodes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=300)
    parser.add_argument("--carts", type=int, default=16, help="episodes of an update")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    carts = Carts()
    model = storchc.load(STORY)(step=carts.step)
    return train(model, carts, options)


def train(model: nn.Module, carts: Carts, options: argparse.Namespace) -> tuple[float, float]:
    """Update; print how long poles stand."""
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    latest: deque[float] = deque(maxlen=10)
    first, began = 0.0, time.perf_counter()
    for update in range(1, options.updates + 1):
        optimiser.zero_grad()
        estimate = model(carts.start(options.carts), rewards(), DISCOUNT)
        estimate.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimiser.step()
        latest.append(estimate.reports["lasted"].mean().item())
        first = first or latest[0]
        if update % 20 == 0:
            mean, seconds = sum(latest) / len(latest), time.perf_counter() - began
            print(f"update {update:4d}   steps {mean:5.1f}   {seconds:4.0f} s", flush=True)
    return first, sum(latest) / len(latest)


def rewards() -> Tensor:
    """What each step brings to a cart whose pole stands, ``[T]``."""
    return torch.full((STEPS,), REWARD)


if __name__ == "__main__":
    main()
