"""Learned baselines: an expression of the story, fitted to the downstream cost."""

from __future__ import annotations

from torch import Tensor

from storch_runtime.downstream import Downstream

__all__ = ["expression", "squared_error"]


def expression(downstream: Downstream) -> Tensor:
    """The value of the baseline, with gradient to what it learns; broadcasts to the cost."""
    if downstream.baseline is None:
        raise ValueError("a learned baseline needs the value of its expression")
    return downstream.baseline


def squared_error(downstream: Downstream, *, training: bool) -> Tensor:
    """The mean squared error, a scalar; in ``training`` elements count as in all processes."""
    errors = (expression(downstream) - downstream.cost).square()
    return downstream.mean_of_all(errors) if training else downstream.mean(errors)
