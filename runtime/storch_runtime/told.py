"""What a critic is told besides the value that it is asked about."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from storch_runtime.reindex import reindexed

__all__ = ["Context", "Told"]

Told = tuple[Tensor | int | None, ...]
"""The arguments of a critic as a story states them; None where it is asked about the value."""


class Context(NamedTuple):
    """The other arguments of a critic, detached: ``[*plates, *event]`` each.

    None stands where it is asked; there are as many plates as ``plates`` says. A critic of the
    value alone has one argument.
    """

    arguments: tuple[Tensor | None, ...] = (None,)
    plates: int = 0

    @classmethod
    def of(cls, told: Told, plates: torch.Size, device: torch.device) -> Context:
        """What a story tells, with all of these plates."""
        count = len(plates)

        def whole(value: Tensor | int) -> Tensor:
            fixed = torch.as_tensor(value, device=device).detach()
            fixed = fixed if fixed.dim() else fixed[(None,) * count]
            return fixed.expand((*plates, *fixed.shape[count:]))

        return cls(tuple(None if value is None else whole(value) for value in told), count)

    def rows(self, points: Tensor, lead: torch.Size) -> list[Tensor]:
        """The arguments where it is asked at ``points`` ``[N, *event]``, ``lead`` unfolded."""
        return [
            points
            if value is None
            else value.expand(*lead, *value.shape[self.plates :]).flatten(0, len(lead) - 1)
            if lead
            else value[None]
            for value in self.arguments
        ]

    def reindexed(self, line: Tensor, dim: int) -> Context:
        """The same of the elements that ``line`` ``[*plates]`` names along ``dim``."""
        along = (None if v is None else reindexed(v, line, dim) for v in self.arguments)
        return Context(tuple(along), self.plates)
