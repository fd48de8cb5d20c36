"""The introduction example: d = a + b, e normal around b + c, cost d e²."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import storchc
from tests.bench.case import Case, Samples, drawn

STORY = Path(__file__).parents[2] / "specs" / "introduction" / "introduction.story"


def cases(dtype: torch.dtype = torch.float32) -> Iterator[Case]:
    """Reparameterization and score function, with few and many draws."""
    for n in (1, 10, 1000):
        model = build(f"Reparameterization(n={n})").to(dtype)
        yield Case(f"introduction, pathwise, n={n}", model, (), Pathwise(model, n), drawn)
    for n in (1, 10, 1000):
        model = build(f"ScoreFunction(n={n})").to(dtype)
        yield Case(f"introduction, score function, n={n}", model, (), Score(model, n), drawn)


def build(method: str) -> Any:
    """The compiled story with ``method``."""
    return storchc.load(STORY, methods={"e": method})()


class Pathwise:
    """By hand: reparameterization."""

    def __init__(self, model: Any, n: int) -> None:
        self.a, self.b, self.c, self.n = model.a, model.b, model.c, n

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        a, b, c = self.a, self.b, self.c
        mean = b + c
        if samples is None:
            noise = torch.randn(self.n, dtype=mean.dtype)
        else:
            noise = samples["e"] - mean.detach()
        loss = ((a + b) * (mean + noise) ** 2).mean()
        return loss, loss


class Score(Pathwise):
    """By hand: the score function, as a surrogate."""

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        a, b, c = self.a, self.b, self.c
        mean = b + c
        if samples is None:
            e = mean.detach() + torch.randn(self.n, dtype=mean.dtype)
        else:
            e = samples["e"]
        log_prob = -0.5 * (e - mean) ** 2
        cost = (a + b) * e**2
        return (cost + log_prob * cost.detach()).mean(), cost.mean()
