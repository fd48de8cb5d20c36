"""The downstream cost of a sample at values of it that were not drawn."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import ClassVar

import torch
from torch import Tensor, nn

from storch_runtime.resting import looking

__all__ = ["Elsewhere"]


class Elsewhere:
    """The downstream cost of a sample as a function of its value.

    * ``function``: from ``[n, *plates, *event]`` to ``[n, *plates]``. What it returns has the value
      of the downstream cost ``R`` and the derivatives of the surrogate ``S``.
    * ``folds``: whether many values at once may be given to it, one behind the other in plate n.
    * ``methods``: those that draw anew in it, and must not change by that.

    ``looked`` of the class collects how many costs each look has evaluated, while somebody counts.
    """

    __slots__ = ("folds", "function", "methods")
    looked: ClassVar[list[int] | None] = None

    def __init__(
        self,
        function: Callable[[Tensor], Tensor],
        *,
        folds: bool = True,
        methods: nn.ModuleDict | None = None,
    ) -> None:
        self.function = function
        self.folds = folds
        self.methods = methods

    def costs_at(self, points: Tensor) -> Tensor:
        """The cost at ``points`` ``[h, n, *plates, *event]``: ``[h, n, *plates]``, detached."""
        with torch.no_grad(), self._looking():
            return self._counted(self._at(points))

    def surrogates_at(self, points: Tensor) -> Tensor:
        """The same, ``[h, n, *plates]``, with the surrogate's gradient to points and model."""
        with torch.enable_grad(), self._looking():
            return self._counted(self._at(points))

    @classmethod
    def _counted(cls, costs: Tensor) -> Tensor:
        if cls.looked is not None:
            cls.looked.append(costs.numel())
        return costs

    def _looking(self) -> AbstractContextManager[None]:
        return nullcontext() if self.methods is None else looking(self.methods.values())

    def _at(self, points: Tensor) -> Tensor:
        if not self.folds:
            return torch.stack([self.function(point) for point in points])
        if len(points) == 1:
            return self.function(points[0]).unsqueeze(0)
        costs = self.function(points.flatten(0, 1))
        return costs.reshape(*points.shape[:2], *costs.shape[1:])
