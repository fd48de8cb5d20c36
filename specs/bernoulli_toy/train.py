"""The Bernoulli toy: E[(b - t)²] falls as b is more often on the nearer side of t.

With t = 0.45 the best probability of b = 1 is 0, and the costs of the two choices differ by 0.1
only: a noisy gradient wanders, and a biased one may settle elsewhere.
Run `python specs/bernoulli_toy/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

import storchc
from storch_runtime import gradient_statistics

STORY = Path(__file__).with_name("bernoulli_toy.story")
METHODS = (
    "ScoreFunction(n=1)",
    "ScoreFunction(n=1, baseline=moving_average)",
    "ScoreFunction(n=8, baseline=batch_average)",
    "Expect()",
    "GumbelSoftmax(n=1, temperature=0.5)",
)


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Train with every method; hand out the probability that each ends with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--target", type=float, default=0.45)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    table = Table("method", "P(b = 1)", "gradient variance at P = 1/2", title="Bernoulli toy")
    probabilities = {}
    for method in METHODS:
        torch.manual_seed(options.seed)
        model = storchc.load(STORY, methods={"b": method})()
        statistics = gradient_statistics(model, (options.target,), repeats=500)
        probabilities[method] = train(model, options.target, options.steps)
        table.add_row(method, f"{probabilities[method]:.4f}", f"{statistics.total_variance:.2e}")
    Console().print(table)
    return probabilities


def train(model: torch.nn.Module, target: float, steps: int) -> float:
    """The plain loop: estimate, differentiate, step."""
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(steps):
        optimiser.zero_grad()
        model(target).backward()
        optimiser.step()
    return model(target).reports["probability"].item()


if __name__ == "__main__":
    main()
