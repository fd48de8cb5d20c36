"""A sequence generator: one letter a step, each with a cost, four sequences for each datum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.bench.case import Case, Samples, drawn, load

LETTERS, HIDDEN, DRAWS, BATCH = 100, 64, 4, 8
STEPS = 32
ANCESTRAL = f"ScoreFunction(n={DRAWS}, baseline=batch_average)"
JOINT = f"UnorderedSetEstimator(k={DRAWS})"


def cases(dtype: torch.dtype = torch.float32) -> Iterator[Case]:
    """Ancestral sampling with the leave-one-out baseline on the return to go."""
    model, x = build(STEPS, ANCESTRAL, dtype)
    yield Case(f"generator of {STEPS} letters", model, (x,), ByHand(model, x, STEPS), drawn)


def build(steps: int, method: str, dtype: torch.dtype = torch.float32) -> tuple[Any, Tensor]:
    """The model, and the states that it starts with."""
    torch.manual_seed(0)
    cell, out = nn.GRUCell(LETTERS, HIDDEN), nn.Linear(HIDDEN, LETTERS)
    model = load(story(steps, method), cell=cell, out=out).to(dtype)
    return model, torch.randn(BATCH, HIDDEN, dtype=dtype)


def story(steps: int, method: str) -> str:
    """The text of the generator."""
    return f"""
story Generator
plate data
input x[data, {HIDDEN}]
module cell: [{LETTERS}], [{HIDDEN}] -> [{HIDDEN}]
module out: [{HIDDEN}] -> [{LETTERS}]
for t in range({steps}) from h = x, y = one_hot(0, {LETTERS}):
    compute h = cell(y, h)
    sample y ~ OneHotCategorical(logits=out(h)) with {method}
    cost c = y[3] - y[5]
"""


def stepping(steps: int, method: str) -> Callable[[], None]:
    """A training step of a generator of so many letters."""
    model, x = build(steps, method)
    return lambda: model(x).backward()


class ByHand:
    """The generator by hand."""

    def __init__(self, model: Any, x: Tensor, steps: int) -> None:
        self.cell, self.out, self.x, self.steps = model.cell, model.out, x, steps

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        h = self.x.expand(DRAWS, BATCH, HIDDEN).flatten(0, 1)
        y = self.x.new_zeros(DRAWS * BATCH, LETTERS)
        y[:, 0] = 1
        scores, costs = [], []
        for step in range(self.steps):
            h = self.cell(y, h)
            logits = torch.log_softmax(self.out(h), -1)
            if samples is None:
                index = torch.multinomial(logits.detach().exp(), 1)
                y = F.one_hot(index.squeeze(-1), LETTERS).to(logits.dtype)
            else:
                y = samples["y"][:, :, step].flatten(0, 1)
            scores.append((logits * y).sum(-1))
            costs.append(y[:, 3] - y[:, 5])
        score = torch.stack(scores).unflatten(1, (DRAWS, BATCH))
        cost = torch.stack(costs).unflatten(1, (DRAWS, BATCH))
        to_go = cost.flip(0).cumsum(0).flip(0)
        others = (to_go.sum(1, keepdim=True) - to_go) / (DRAWS - 1)
        return (score * (to_go - others)).sum(0).mean(), cost.sum(0).mean()
