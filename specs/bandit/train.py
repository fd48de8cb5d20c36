"""Actor and critic on a contextual bandit.

The reward is a plain Python function without a gradient, so the actor learns from the score
function. Its baseline is a value that the story names, `critic(context)`: `backward()` trains the
critic on the reward beside the actor, and the critic changes the variance of the actor's
gradient, never its mean. Run `python specs/bandit/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

import storchc

STORY = Path(__file__).with_name("bandit.story")
FEATURES, ACTIONS = 6, 4


class Casino:
    """Each machine pays best for contexts near a direction of its own."""

    def __init__(self) -> None:
        self.directions = nn.functional.normalize(torch.randn(ACTIONS, FEATURES), dim=1)

    def contexts(self, count: int) -> Tensor:
        """Contexts as they come in."""
        return torch.randn(count, FEATURES)

    def reward(self, context: Tensor, action: Tensor) -> Tensor:
        """What each chosen machine pays in its context."""
        return 5 + (context * self.directions[action]).sum(dim=1)

    def best(self, context: Tensor) -> float:
        """What the best choices would have paid, on average."""
        return 5 + (context @ self.directions.T).max(dim=1).values.mean().item()


def main(arguments: list[str] | None = None) -> tuple[float, float]:
    """Train; hand out the average reward of the trained actor, and that of the best choices."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)

    casino = Casino()
    critic = nn.Sequential(
        nn.Linear(FEATURES, 32), nn.ReLU(), nn.Linear(32, 1), nn.Flatten(start_dim=0)
    )
    policy = nn.Linear(FEATURES, ACTIONS)
    model = storchc.load(STORY)(policy=policy, critic=critic, reward=casino.reward)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for step in range(1, options.steps + 1):
        optimiser.zero_grad()
        estimate = model(casino.contexts(options.batch))
        reward = -estimate.backward().item()
        optimiser.step()
        if step % 500 == 0 or step == options.steps:
            spread = estimate.reports["spread"].mean().item()
            print(f"step {step:5d}   reward {reward:.2f}   entropy of the actor {spread:.2f}")
    return judge(model, casino)


@torch.no_grad()
def judge(model: nn.Module, casino: Casino) -> tuple[float, float]:
    """The actor's average reward on many contexts, and the best possible one."""
    context = casino.contexts(5000)
    earned, best = -model(context).cost.item(), casino.best(context)
    print(f"the trained actor earns {earned:.2f}, the best choices {best:.2f}")
    return earned, best


if __name__ == "__main__":
    main()
