"""What the methods share whose whole gradient is in their control variate."""

from __future__ import annotations

from torch import Tensor

from storch_runtime.distributions.base import sum_event


def injected(coefficient: Tensor, parameter: Tensor, event: int) -> Tensor:
    """A term of value 0, summed over the event; its derivative by ``parameter`` is ``coefficient``.

    The parameter must be finite: where its own derivative is 0, an infinite one would give NaN.
    """
    return sum_event(coefficient.detach() * (parameter - parameter.detach()), event)


def widened(cost: Tensor, event: int) -> Tensor:
    """A cost ``[n, *plates]`` with an event of ones."""
    return cost[(..., *(None,) * event)]
