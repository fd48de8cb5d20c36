"""Draws that continue the sequences of a joint sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from storch_runtime.draw import Draw

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.joint import Joint

__all__ = ["Extension", "log_probs"]


class Extension(Draw):
    """A draw of which every element continues one that was there before, not always its own.

    Without the dimension ``plate_dim`` of the elements, which is the last one here:

    * ``rows``: ``[*plates, places, C]``, with the dimension of the elements in its place: the
      log-probabilities of each outcome behind each element that was there before.
    * ``origins``: ``[*plates, k]``, which of these an element continues.
    * ``symbols``: ``[*plates, places, k]``, by which outcomes.
    """

    __slots__ = ("origins", "rows", "symbols")

    def __init__(
        self,
        value: Tensor,
        distribution: Distribution,
        plate_dim: int,
        joint: Joint,
        rows: Tensor,
        origins: Tensor,
        symbols: Tensor,
    ) -> None:
        super().__init__(value, distribution, plate_dim=plate_dim, joint=joint)
        self.rows = rows
        self.origins = origins
        self.symbols = symbols

    @property
    def log_prob(self) -> Tensor:
        """See `Draw.log_prob`."""
        if self._log_prob is None:
            self._log_prob = _behind(self.rows, self.plate_dim, self.origins, self.symbols)
        return self._log_prob


def log_probs(draws: Sequence[Extension]) -> Tensor:
    """``[steps, *plates]``: those of many steps, computed at once."""
    rows = torch.stack([draw.rows for draw in draws])
    origins = torch.stack([draw.origins for draw in draws])
    symbols = torch.stack([draw.symbols for draw in draws])
    return _behind(rows, draws[0].plate_dim + 1, origins, symbols)


def _behind(rows: Tensor, dim: int, origins: Tensor, symbols: Tensor) -> Tensor:
    """``[*plates]``: the log-probabilities of symbols behind their origins, with gradient."""
    shape = rows.shape[:-1]
    numbers = torch.arange(shape.numel(), device=rows.device).view(shape).movedim(dim, -1)
    row = numbers.gather(-1, origins.unsqueeze(-2).expand_as(symbols))
    index = (row * rows.shape[-1] + symbols).movedim(-1, dim)
    return rows.flatten().gather(0, index.flatten()).view(index.shape).sum(-1)
