"""The mean of sampled derivatives, along a plate of independent replicates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from tests.certification.harness import Case, Model

__all__ = ["REPLICATES", "Sampled", "derivatives_of_each", "known", "replicated", "sample"]

REPLICATES = 1_000_000
CHUNK = 100_000


@dataclass(frozen=True, slots=True)
class Sampled:
    """Mean and standard error of each coordinate, flattened over the leaves."""

    mean: Tensor
    error: Tensor

    def minus(self, other: Sampled) -> Sampled:
        """The difference of two independent means."""
        error = (self.error.square() + other.error.square()).sqrt()
        return Sampled(self.mean - other.mean, error)

    def deviation(self) -> float:
        """The largest distance from 0, in standard errors."""
        return float((self.mean.abs() / self.error.clamp(min=1e-12)).max())


def known(value: Tensor) -> Sampled:
    """What is known exactly."""
    return Sampled(value, torch.zeros_like(value))


def sample(model: Model, story: Case, *, second: bool = False, seed: int = 0) -> Sampled:
    """The gradient, or the Hessian, of ``REPLICATES`` independent estimates.

    Each input is repeated along the story's first plate, so each replicate has its own leaves.
    """
    torch.manual_seed(seed)
    model.eval()
    sums: list[Tensor] = []
    for _ in range(REPLICATES // CHUNK):
        each = derivatives_of_each(model, replicated(story.inputs, CHUNK), second=second)
        parts = torch.stack([each.sum(0), each.square().sum(0)])
        sums.append(parts)
    mean, square = torch.stack(sums).sum(0) / REPLICATES
    return Sampled(mean, ((square - mean**2).clamp(min=0) / REPLICATES).sqrt())


def replicated(inputs: Mapping[str, Any], count: int) -> dict[str, Tensor]:
    """Leaves, repeated along a new first dimension."""
    return {
        name: value.detach().expand(count, *value.shape).clone().requires_grad_()
        for name, value in inputs.items()
    }


def derivatives_of_each(
    model: Model, leaves: dict[str, Tensor], *, second: bool, **fixed: Tensor
) -> Tensor:
    """The gradient ``[replicates, D]`` of each replicate, or its Hessian ``[replicates, D, D]``."""
    loss = model(**leaves, **fixed).loss
    first = _flat(loss, leaves, again=second)
    if not second:
        return first.detach()
    columns = [_flat(column.sum(), leaves, again=True) for column in first.unbind(1)]
    return torch.stack(columns, 1).detach() / len(first)


def _flat(value: Tensor, leaves: dict[str, Tensor], *, again: bool) -> Tensor:
    """The gradient of a mean over replicates, ``[replicates, D]``."""
    found = torch.autograd.grad(
        value,
        list(leaves.values()),
        create_graph=again,
        allow_unused=True,
        materialize_grads=True,
    )
    count = len(found[0]) if found[0].dim() else 1
    return torch.cat([part.reshape(count, -1) for part in found], 1) * count
