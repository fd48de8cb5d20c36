"""Hidden Markov chains: ``Expect`` in a loop, against the forward recursion."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from tests.bench.case import Case, Samples, load

STATES, SYMBOLS, BATCH, STEPS = 4, 6, 64, 20
HEAD = """story Hidden
dim C = 4
dim V = 6
dim T
plate data
input x[data, T]: int
param start[C] = normal(0, 1)
param move[C, C] = normal(0, 1)
param emit[C, V] = normal(0, 1)
"""
PRIOR = (
    HEAD
    + """for t in range(T) from z = zeros([C]):
    sample z ~ OneHotCategorical(logits=start if t == 0 else z @ move) with Expect()
    observe nll = x[t] ~ Categorical(logits=z @ emit)
"""
)
GUIDED = (
    HEAD
    + """input hints[data, T, C]
for t in range(T) from z = zeros([C]):
    compute prior = start if t == 0 else z @ move
    compute q = OneHotCategorical(logits=prior + hints[t])
    sample z ~ q with Expect()
    cost kl = kl_divergence(q, OneHotCategorical(logits=prior))
    cost nll = cross_entropy(z @ emit, x[t])
"""
)
LIKELIHOOD = """story Hidden
dim K = 16
dim T
plate data
input x[data, T]
param start[K] = normal(0, 1)
param move[K, K] = normal(0, 1)
param mu[K] = normal(0, 2)
param width = 0.0
for t in range(T) from z = 0:
    sample z ~ Categorical(logits=start if t == 0 else move[z]) with Expect()
    compute ll = log_prob(Normal(mu[z], exp(width)), x[t])
cost nll = -logmeanexp(sum(sequence(ll)), over=z)
"""


def cases(dtype: torch.dtype = torch.float32) -> Iterator[Case]:
    """States from the prior, and from a posterior that sees the data."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randint(SYMBOLS, (BATCH, STEPS), generator=generator)
    hints = torch.randn(BATCH, STEPS, STATES, generator=generator).to(dtype)
    for title, story, inputs, by_hand in (
        ("prior", PRIOR, (x,), Prior),
        ("posterior", GUIDED, (x, hints), Guided),
    ):
        torch.manual_seed(0)
        model = load(story).to(dtype)
        name = f"hidden chain of {STEPS} steps, {title}"
        yield Case(name, model, inputs, by_hand(model, *inputs), lambda estimate: {})
    yield likelihood(dtype)


def likelihood(dtype: torch.dtype = torch.float32, steps: int = 100, batch: int = 32) -> Case:
    """The likelihood of observations below a Gaussian in each of 16 states."""
    torch.manual_seed(0)
    model = load(LIKELIHOOD).to(dtype)
    x = 2 * torch.randn(batch, steps, generator=torch.Generator().manual_seed(1)).to(dtype)
    title = f"likelihood of a hidden chain of {steps} steps"
    return Case(title, model, (x,), Likelihood(model, x), lambda estimate: {})


class Prior:
    """The mass of the states is moved, and weighs what each emits."""

    def __init__(self, model: Any, x: Tensor) -> None:
        self.model, self.x = model, x

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        start, move = self.model.start.softmax(-1), self.model.move.softmax(-1)
        emitted = -self.model.emit.log_softmax(-1)[:, self.x]  # [C, data, T]
        mass, masses = start, [start]
        for _ in range(1, self.x.shape[1]):
            mass = mass @ move
            masses.append(mass)
        nll = torch.einsum("tc,cdt->d", torch.stack(masses), emitted)
        loss = nll.mean()
        return loss, loss


class Guided:
    """Masses for each series; the divergences are weighed by those of the step before."""

    def __init__(self, model: Any, x: Tensor, hints: Tensor) -> None:
        self.model, self.x, self.hints = model, x, hints

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        steps = self.x.shape[1]
        emission = -self.model.emit.log_softmax(-1)
        prior = self.model.start
        mass = self.hints.new_ones(len(self.x), 1)
        loss = self.hints.new_zeros(())
        for t in range(steps):
            table = prior if t else prior[None]  # [before, C]
            log_p = table.log_softmax(-1)
            log_q = (table + self.hints[:, t, None]).log_softmax(-1)  # [data, before, C]
            q = log_q.exp()
            kl = (q * (log_q - log_p)).sum(-1)
            loss = loss + (mass * kl).sum(1)
            mass = (mass[:, None] @ q).squeeze(1)
            loss = loss + (mass * emission[:, self.x[:, t]].T).sum(1)
            prior = self.model.move
        loss = loss.mean()
        return loss, loss


class Likelihood:
    """The forward algorithm in the log domain, a product of matrices in each step."""

    def __init__(self, model: Any, x: Tensor) -> None:
        self.model, self.x = model, x

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        model = self.model
        normal = torch.distributions.Normal(model.mu, model.width.exp())
        emitted = normal.log_prob(self.x.T[..., None])  # [T, data, K]
        move = model.move.softmax(-1)
        mass = model.start.log_softmax(-1) + emitted[0]
        for term in emitted.unbind(0)[1:]:
            top = mass.detach().amax(-1, keepdim=True)
            mass = ((mass - top).exp() @ move).log() + top + term
        loss = -mass.logsumexp(-1).mean()
        return loss, loss
