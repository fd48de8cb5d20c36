"""A story with a gradient estimator of one's own.

`leave_one_out.py` beside this file holds the estimator, and `use` brings it into the story: four
lines that say how it differs from the score function. Run `python specs/custom_method/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

import storchc
from storch_runtime import gradient_statistics

STORY = Path(__file__).with_name("custom_method.story")


def main(arguments: list[str] | None = None) -> dict[str, float]:
    """Compare gradient variances, then train with the new method; hand out the variances."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    target = (torch.rand(32, 12) < torch.linspace(0.05, 0.95, 12)).float()

    variances = {}
    for method in ("ScoreFunction(n=8)", "LeaveOneOut(n=8)"):
        model = storchc.load(STORY, methods={"b": method})()
        variances[method] = gradient_statistics(
            model, (target,), repeats=options.repeats
        ).total_variance
        print(f"{method:20} gradient variance {variances[method]:.3f}")

    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(options.steps):
        optimiser.zero_grad()
        model(target).backward()
        optimiser.step()
    print("P(b = 1):", " ".join(f"{p:.2f}" for p in model.logits.sigmoid().tolist()))
    print("target:  ", " ".join(f"{p:.2f}" for p in target.mean(dim=0).tolist()))
    return variances


if __name__ == "__main__":
    main()
