"""Actor and critic, or REINFORCE, on gymnasium's CartPole-v1.

An episode is a loop of the story: the policy draws an action, `step` hands it to gymnasium (a
stateful function without a gradient), and `stop when` ends the episodes of the carts whose pole has
fallen; the others go on. Each action is credited with the rewards of later steps only, less what
the critic expected. Run `python specs/cartpole/train.py`, or with `--story reinforce`, where the
baseline is a moving average for each step.
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

HERE = Path(__file__).parent
STEPS = 500  # after which CartPole-v1 ends an episode
SOLVED = 475  # mean return at which gymnasium holds CartPole-v1 to be solved
REWARD = 0.01  # of a step, so that returns are numbers that a critic learns quickly


class Carts:
    """Gymnasium's carts, as many at a time as are asked for."""

    def start(self, count: int) -> Tensor:
        """The first states of ``count`` new episodes."""
        self.carts = gymnasium.make_vec(
            "CartPole-v1", num_envs=count, vectorization_mode="vector_entry_point"
        )
        states, _ = self.carts.reset(seed=int(torch.randint(2**31, ())))
        return torch.from_numpy(states)

    def step(self, action: Tensor) -> tuple[Tensor, Tensor]:
        """Where each cart's push takes it, and whether its pole has fallen.

        Gymnasium starts fallen carts anew. Nothing comes of it: the story no longer looks at them.
        """
        states, _, fallen, _, _ = self.carts.step(action.numpy())
        return torch.from_numpy(states), torch.from_numpy(fallen)


def main(arguments: list[str] | None = None) -> float:
    """Train; hand out the mean return of 100 fresh episodes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--story", choices=("cartpole", "reinforce"), default="cartpole")
    parser.add_argument("--updates", type=int, default=200, help="at most; less if solved")
    parser.add_argument("--carts", type=int, default=32, help="episodes of an update")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)

    carts = Carts()
    model = storchc.load(HERE / f"{options.story}.story")(step=carts.step)
    train(model, carts, options)
    judged = episodes(model, carts, 100)
    print(f"100 fresh episodes: mean return {judged:.1f}")
    return judged


def train(model: nn.Module, carts: Carts, options: argparse.Namespace) -> None:
    """Update until the latest episodes hold the pole up nearly to the end."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    latest: deque[float] = deque(maxlen=5)
    began = time.perf_counter()
    for update in range(1, options.updates + 1):
        optimiser.zero_grad()
        estimate = model(carts.start(options.carts), rewards())
        latest.append(-estimate.backward().item() / REWARD)
        optimiser.step()
        mean = sum(latest) / len(latest)
        if update % 5 == 0:
            seconds = time.perf_counter() - began
            print(f"update {update:4d}   mean return {mean:5.1f}   {seconds:4.0f} s", flush=True)
        if len(latest) == latest.maxlen and mean >= SOLVED:
            return


@torch.no_grad()
def episodes(model: nn.Module, carts: Carts, count: int) -> float:
    """The mean return of new episodes, with actions drawn as in training."""
    return -model(carts.start(count), rewards()).cost.item() / REWARD


def rewards() -> Tensor:
    """What each step brings to a cart whose pole stands."""
    return torch.full((STEPS,), REWARD)


if __name__ == "__main__":
    main()
