"""Families of finitely many outcomes: their joint outcomes, and the places that these are made of.

A place is one element of the batch event. Its outcomes are numbered from 0, the same in every
family, so that an algorithm may choose numbers and ask for the value that they mean.
"""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions.base import Distribution


class Finite(Distribution):
    """A family whose outcomes can be listed.

    It says `like`, `outcomes`, `outcome_log_probs`, `from_indices` and `to_indices`.
    """

    __slots__ = ()

    finite = True

    @property
    def like(self) -> Tensor:
        """A tensor of any shape, on the device and with the dtype of the log-probabilities."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def outcome_log_probs(self) -> Tensor:
        """``[C, *plates, *batch event]``: of each outcome, everywhere."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def from_indices(self, indices: Tensor) -> Tensor:
        """The values ``[..., *own event]`` of numbered outcomes ``[...]``."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def to_indices(self, value: Tensor) -> Tensor:
        """The numbers ``[...]`` of outcomes ``[..., *own event]``."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    @property
    def places(self) -> int:
        """How many elements the batch event has."""
        return self.batch_event.numel()

    def place_log_probs(self) -> Tensor:
        """See `Distribution.place_log_probs`."""
        table = self.outcome_log_probs()
        return table.flatten(-self.event) if self.event else table.unsqueeze(-1)

    def place_values(self, indices: Tensor) -> Tensor:
        """See `Distribution.place_values`."""
        return self.from_indices(indices.reshape(*indices.shape[:-1], *self.batch_event))

    def place_indices(self, value: Tensor) -> Tensor:
        """See `Distribution.place_indices`."""
        indices = self.to_indices(value)
        return indices.flatten(-self.event) if self.event else indices.unsqueeze(-1)

    def enumerate_support(self) -> Tensor:
        """``[C ** places, *event]``."""
        return self.place_values(joint_indices(self.outcomes, self.places, self.like.device))

    def joint_log_prob(self, support: Tensor) -> Tensor:
        """``[C ** places, *plates]``, for the rows of ``enumerate_support()``."""
        return joint_sums(self.place_log_probs())


def joint_indices(values: int, places: int, device: torch.device) -> Tensor:
    """``[values ** places, places]``: every way to choose, the last place changing fastest."""
    count = torch.arange(values**places, device=device)
    if places == 1:
        return count[:, None]
    strides = torch.tensor([values**p for p in range(places - 1, -1, -1)], device=device)
    return count[:, None] // strides % values


def joint_sums(table: Tensor) -> Tensor:
    """``[values, *plates, places]`` → ``[values ** places, *plates]``, in ``joint_indices`` order.

    Each place adds one row of the table: no sum over the places of all outcomes is ever built.
    """
    first, *others = table.unbind(-1)
    for other in others:
        first = (first[:, None] + other[None, :]).flatten(0, 1)
    return first
