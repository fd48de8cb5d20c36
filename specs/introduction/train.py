"""Five estimators of one gradient: the table of means and variances of the introduction example.

The story computes d = a + b, draws e from a normal at b + c and pays f = d e². The derivative of
the expected cost by c is 2 (a + b) (b + c) = -11.08 exactly. Every method of the table estimates
it; they differ in how far single estimates lie apart. Run `python specs/introduction/train.py`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

import storchc

STORY = Path(__file__).with_name("introduction.story")
MEAN = -11.08
METHODS = {  # and the variance of one estimate, by hand (moments of the normal)
    "Reparameterization(n=1)": 16.0,
    "Reparameterization(n=10)": 1.6,
    "ScoreFunction(n=1)": 725.2,
    "ScoreFunction(n=45)": 16.1,
    "ScoreFunction(n=20, baseline=batch_average)": 14.9,
}


@dataclass(frozen=True, slots=True)
class Row:
    """A method with the mean and the variance of its estimates, each with its standard error."""

    method: str
    mean: float
    mean_error: float
    variance: float
    variance_error: float


def main(arguments: list[str] | None = None) -> list[Row]:
    """Print the table, and hand it out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=10_000, help="estimates for each method")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    rows = [measure(method, options.repeats) for method in METHODS]
    show(rows)
    return rows


def measure(method: str, repeats: int) -> Row:
    """Estimate the gradient again and again, and look at how the estimates spread."""
    model = storchc.load(STORY, methods={"e": method})()
    estimates = torch.empty(repeats, dtype=torch.float64)
    for index in range(repeats):
        model.zero_grad()
        model().backward()
        estimates[index] = model.c.grad
    deviations = (estimates - estimates.mean()) ** 2
    return Row(
        method,
        estimates.mean().item(),
        (deviations.mean() / repeats).sqrt().item(),
        (deviations.sum() / (repeats - 1)).item(),
        (deviations.var() / repeats).sqrt().item(),
    )


def show(rows: list[Row]) -> None:
    """Print measured values beside the exact ones."""
    table = Table(
        "method", "mean", "exact", "variance", "exact", title="derivative of the expected cost by c"
    )
    for column in table.columns[1:]:
        column.justify = "right"
    for row in rows:
        mean = f"{row.mean:.2f} ± {row.mean_error:.2f}"
        variance = f"{row.variance:.2f} ± {row.variance_error:.2f}"
        table.add_row(row.method, mean, f"{MEAN}", variance, f"{METHODS[row.method]}")
    Console().print(table)


if __name__ == "__main__":
    main()
