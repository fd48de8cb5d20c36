"""The estimate of one sample by hand: a loss as generated code writes it, over every outcome."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from storch_runtime import Downstream, Elsewhere, Method
from storch_runtime.distributions import Distribution
from storch_runtime.draw import Draw

Law = Callable[[Tensor], Distribution]
Cost = Callable[[Tensor], Tensor]
"""Values ``[n, *plates, *event]`` to costs ``[n, *plates]``, of size 1 along mixed plates."""


@dataclass(frozen=True, slots=True)
class Written:
    """One sample with its cost: the total is the mean over all plates that are not mixed."""

    law: Law
    cost: Cost
    mixed: tuple[int, ...] = ()

    def loss(self, draw: Draw, method: Method) -> Tensor:
        """The loss of one draw."""
        value = draw.value
        cost = self.cost(value)
        if draw.score is not None:
            score = draw.score.sum(self.mixed, keepdim=True) if self.mixed else draw.score
            cost = cost * torch.exp(score - score.detach())
        below = Downstream(cost.detach(), mixed=self.mixed, elsewhere=Elsewhere(self.cost))
        term = method.control_variate(draw, below)
        if term is None:
            return cost.mean()
        assert bool((term.detach() == 0).all())
        summed = term.sum(self.mixed, keepdim=True) if self.mixed else term
        return cost.mean() + summed.expand(cost.shape).mean()


def gradient(written: Written, method: Method, leaf: Tensor, draw: Any = None) -> Tensor:
    """The gradient of the loss of one draw."""
    if draw is None:
        draw = method.draw(written.law(leaf))
    loss = written.loss(draw, method)
    if not loss.requires_grad:
        return torch.zeros_like(leaf)
    return torch.autograd.grad(loss, leaf)[0]


def exact_moments(written: Written, method: Method, leaf: Tensor) -> tuple[Tensor, Tensor]:
    """The mean and the variance of the gradient, over every outcome of the method."""
    law = written.law(leaf)
    mean, square, mass = torch.zeros_like(leaf), torch.zeros_like(leaf), 0.0
    for outcome, probability in method.outcomes(law):
        if probability == 0:
            continue
        found = gradient(written, method, leaf, method.draw(written.law(leaf), outcome=outcome))
        mean, square = mean + probability * found, square + probability * found**2
        mass += probability
    assert abs(mass - 1) < 1e-12
    return mean.detach(), (square - mean**2).detach()


def true_gradient(written: Written, leaf: Tensor) -> Tensor:
    """The gradient of the expected cost of one draw, by enumerating every element of its plates."""
    law = written.law(leaf)
    plates = tuple(law.plates)
    flat = law.expand(plates) if plates else law
    rows = flat.joint_log_prob(flat.enumerate_support()).exp()
    support = flat.enumerate_support()
    total = torch.zeros((), dtype=leaf.dtype)
    size = plates.numel() if isinstance(plates, torch.Size) else int(torch.tensor(plates).prod())
    grid = torch.cartesian_prod(*(torch.arange(len(support)),) * size).reshape(-1, size)
    places = torch.arange(size)
    table = rows.reshape(len(support), size)
    for choice in grid:
        value = support[choice].reshape(1, *plates, *support.shape[1:])
        total = total + table[choice, places].prod() * written.cost(value).mean()
    return torch.autograd.grad(total, leaf)[0]


def sampled_moments(
    written: Written, method: Method, leaf: Tensor, *, draws: int = 1_000_000, chunk: int = 250_000
) -> tuple[Tensor, Tensor]:
    """The mean and its standard error; the first plate of ``written.law`` takes the replicates."""
    total, square = torch.zeros_like(leaf), torch.zeros_like(leaf)
    for _ in range(draws // chunk):
        leaves = leaf.detach().expand(chunk, *leaf.shape).clone().requires_grad_()
        loss = written.loss(method.draw(written.law(leaves)), method)
        each = torch.autograd.grad(loss, leaves)[0] * chunk
        total, square = total + each.sum(0), square + each.square().sum(0)
    count = draws // chunk * chunk
    mean = total / count
    return mean, ((square / count - mean**2) / count).sqrt()
