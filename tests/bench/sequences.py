"""Sequences of letters from a recurrent cell: ancestral sampling, and none twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.bench.case import Case, Samples, load

LETTERS, HIDDEN, BATCH, SEQUENCES, STEPS = 100, 64, 16, 4, 16
METHODS = {
    "leave one out": f"ScoreFunction(n={SEQUENCES}, baseline=batch_average)",
    "without replacement": f"ScoreFunctionWOR(k={SEQUENCES})",
}
STORY = """story Letters
dim V = 100
dim H = 64
dim T
plate data
input start[data, H]
input worth[data, T, V]
module cell: [V], [H] -> [H] = nn.GRUCell(V, H)
module out: [H] -> [V] = nn.Linear(H, V)
for t in range(T) from h = start, y = one_hot(0, V):
    compute h = cell(y, h)
    sample y ~ OneHotCategorical(logits=out(h)) with {method}
    cost loss = -sum(y * worth[t])
"""


def cases(dtype: torch.dtype = torch.float32) -> Iterator[Case]:
    """Both ways of drawing four sequences."""
    for name in METHODS:
        yield case(name, STEPS, dtype)


def case(name: str, steps: int, dtype: torch.dtype = torch.float32) -> Case:
    """Sequences of so many letters, drawn by a method of `METHODS`."""
    torch.manual_seed(0)
    model = load(STORY.format(method=METHODS[name])).to(dtype)
    start, worth = data(steps)
    inputs = start.to(dtype), worth.to(dtype)
    by_hand: Any = {"leave one out": Ancestral, "without replacement": Distinct}[name](
        model, *inputs
    )
    return Case(titled(name, steps), model, inputs, by_hand, letters_and_weights)


def data(steps: int) -> tuple[Tensor, Tensor]:
    """Where the cell starts, and what each letter is worth at each step."""
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(BATCH, HIDDEN, generator=generator)
    return start, torch.randn(BATCH, steps, LETTERS, generator=generator)


def titled(name: str, steps: int) -> str:
    """The name of a case."""
    return f"{SEQUENCES} sequences of {steps}, {name}"


def letters_and_weights(estimate: Any) -> Samples:
    """The letters, ``[data, k, T]``, and what each sequence weighs, ``[data, k]``."""
    found = {"letters": estimate.samples["y"].argmax(-1).transpose(0, 1)}
    weights = estimate.weights["y"]
    return found if weights is None else {**found, "weights": weights.detach().T}


class ByHand:
    """What both loops share."""

    def __init__(self, model: Any, start: Tensor, worth: Tensor) -> None:
        self.cell: nn.Module = model.cell
        self.out: nn.Module = model.out
        self.start, self.worth = start, worth

    def begin(self) -> tuple[Tensor, Tensor]:
        """State and letter before the first step, with the sequences in one dimension."""
        h = self.start[:, None].expand(-1, SEQUENCES, -1).flatten(0, 1)
        y = h.new_zeros(len(h), LETTERS)
        y[:, 0] = 1
        return h, y

    def step(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """The next state, and the log-probabilities of its letters ``[data, k, V]``."""
        h = self.cell(y, h)
        return h, self.out(h).log_softmax(-1).view(BATCH, SEQUENCES, LETTERS)

    def coded(self, letter: Tensor) -> Tensor:
        """Letters ``[data, k]`` as the cell takes them."""
        return F.one_hot(letter.flatten(), LETTERS).to(self.start.dtype)

    def cost(self, letter: Tensor, step: int) -> Tensor:
        """What letters ``[data, k]`` cost at a step."""
        return -self.worth[:, step].gather(1, letter)


class Ancestral(ByHand):
    """Each sequence by itself; each return compared with those of the others."""

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One training step."""
        h, y = self.begin()
        scores, costs = [], []
        for step in range(self.worth.shape[1]):
            h, log_p = self.step(h, y)
            with torch.no_grad():
                letter = self.draw(log_p, step, samples)
                y = self.coded(letter)
                costs.append(self.cost(letter, step))
            scores.append(log_p.gather(2, letter[..., None]).squeeze(2))
        cost = torch.stack(costs)
        to_go = cost.flip(0).cumsum(0).flip(0)
        others = (to_go.sum(2, keepdim=True) - to_go) / (SEQUENCES - 1)
        return (torch.stack(scores) * (to_go - others)).sum(0).mean(), cost.sum(0).mean()

    def draw(self, log_p: Tensor, step: int, samples: Samples | None) -> Tensor:
        """The next letter of each sequence."""
        if samples is not None:
            return samples["letters"][..., step]
        return torch.multinomial(log_p.exp().flatten(0, 1), 1).view(BATCH, SEQUENCES)


class Distinct(ByHand):
    """Stochastic beam search, importance weights, and the baseline of Kool et al."""

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One training step."""
        h, y = self.begin()
        beam = Beam(h)
        scores, costs, parents = [], [], []
        for step in range(self.worth.shape[1]):
            h, log_p = self.step(h, y)
            with torch.no_grad():
                if samples is None:
                    chosen = beam.extend(log_p)
                else:
                    chosen = beam.own + samples["letters"][..., step]
                    beam.log_p = beam.log_p + log_p.flatten(1).gather(1, chosen)
                letter, parent = chosen % LETTERS, chosen // LETTERS
                y = self.coded(letter)
                costs.append(self.cost(letter, step))
                parents.append(parent)
            scores.append(log_p.flatten(1).gather(1, chosen))
            h = h[(beam.rows + parent).flatten()]
        with torch.no_grad():
            lines = traced(parents)
            cost = torch.stack(costs).gather(2, lines)
            weights = beam.weights() if samples is None else samples["weights"]
            advantage = self.advantage(cost, weights, beam.log_p.exp())
        score = torch.stack(scores).gather(2, lines)
        surrogate = (weights * (score * advantage).sum(0)).sum(1).mean()
        return surrogate, (weights * cost.sum(0)).sum(1).mean()

    def advantage(self, cost: Tensor, weights: Tensor, p: Tensor) -> Tensor:
        """Returns, less their baselines, ``[T, data, k]``."""
        to_go = cost.flip(0).cumsum(0).flip(0)
        weighed = weights * to_go
        return to_go - (weighed.sum(2, keepdim=True) - weighed + p * to_go)


class Beam:
    """The sequences so far: log-probabilities, these perturbed, the best that was dropped."""

    def __init__(self, like: Tensor) -> None:
        self.log_p = like.new_zeros(BATCH, SEQUENCES)
        self.perturbed = torch.full_like(self.log_p, -torch.inf)
        self.perturbed[:, 0] = -like.new_empty(BATCH).exponential_().log()
        self.threshold = like.new_full((BATCH,), -torch.inf)
        self.own = torch.arange(SEQUENCES) * LETTERS
        self.rows = torch.arange(BATCH)[:, None] * SEQUENCES

    def extend(self, log_p: Tensor) -> Tensor:
        """Which continuations are kept, in the last dimension of ``[data, k * V]``."""
        reached = self.log_p[..., None] + log_p
        noisy = reached - torch.empty_like(reached).exponential_().log()
        excess = noisy - noisy.amax(2, keepdim=True)
        gap = self.perturbed[..., None] - noisy + torch.log(-torch.expm1(excess))
        noisy = self.perturbed[..., None] - gap.relu() - torch.log1p(torch.exp(-gap.abs()))
        noisy = noisy.masked_fill(self.perturbed[..., None] == -torch.inf, -torch.inf)
        top = noisy.flatten(1).topk(SEQUENCES + 1, 1)
        chosen = top.indices[:, :SEQUENCES]
        self.perturbed = top.values[:, :SEQUENCES]
        self.threshold = torch.maximum(self.threshold, top.values[:, SEQUENCES])
        self.log_p = reached.flatten(1).gather(1, chosen)
        return chosen

    def weights(self) -> Tensor:
        """Probabilities over those of being among the sequences, ``[data, k]``."""
        kept = -torch.expm1(-torch.exp(self.log_p - self.threshold[:, None]))
        return self.log_p.exp() / kept


def traced(parents: list[Tensor]) -> Tensor:
    """Which element of each step the last sequences descend from, ``[T, data, k]``."""
    line = torch.arange(SEQUENCES).expand(BATCH, -1)
    lines = [line]
    for parent in reversed(parents[1:]):
        line = parent.gather(1, line)
        lines.append(line)
    return torch.stack(lines[::-1])
