"""What follows a sample, as the control variate of its method sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from storch_runtime.ownership import Trained
from storch_runtime.ranks import mean_between_ranks, shared
from storch_runtime.resting import looking
from storch_runtime.surrogate import idle

__all__ = ["Downstream"]


class Downstream:
    """What follows a sample, for the control variate of its method.

    * ``cost``: the downstream cost ``R``, detached, ``[n, *plates]``, of size 1 along mixed plates;
      what is not finite, and weighs nothing, is 0.
    * ``baseline``: the value of a learned baseline; its inputs are detached, its parameters not.
    * ``slot``: the number of the set of mixed plates; running averages are kept apart by it.
    * ``mixed``: the dimensions of ``[n, *plates]`` that are mixed.
    * ``weights``: the weights of the elements of ``R``; None where they are all equal.
    * ``follows``: the rest of the story at another value of the sample ``[n, *plates, *event]``;
      what it returns, ``[n, *plates]``, has the value of ``R`` and the derivatives of ``S``.
    * ``joined``, ``slope``: where draws are joined, the cost is ``slope · logmeanexp(joined)`` over
      the plate, plus what does not move with them; ``joined`` is detached, ``[n, *plates]``.
    * ``folds``: whether many values at once may be given to it, one behind the other in plate n.
    * ``methods``: those that draw again in ``follows``, and must not change by that.
    * ``critic``: the module that a method was given, ``[N, *event]`` to ``[N]``.
    * ``own_loss``: what a control variate leaves for `Method.own_loss`.
    """

    __slots__ = (
        "baseline",
        "cost",
        "critic",
        "folds",
        "follows",
        "joined",
        "methods",
        "mixed",
        "own_loss",
        "slope",
        "slot",
        "weights",
    )

    def __init__(
        self,
        cost: Tensor,
        baseline: Tensor | None = None,
        slot: int = 0,
        mixed: tuple[int, ...] = (),
        weights: Tensor | None = None,
        follows: Callable[[Tensor], Tensor] | None = None,
        folds: bool = True,
        methods: nn.ModuleDict | None = None,
        critic: Trained | None = None,
        joined: Tensor | None = None,
        slope: Tensor | float = 1.0,
    ) -> None:
        self.cost = cost if weights is None else _counting(cost, weights)
        self.baseline = baseline
        self.slot = slot
        self.mixed = mixed
        self.weights = weights
        self.follows = follows
        self.folds = folds
        self.methods = methods
        self.critic = critic
        self.joined = joined
        self.slope = slope
        self.own_loss: Tensor | None = None

    def mean(self, value: Tensor) -> Tensor:
        """The average of ``value`` over the elements of positive weight, a scalar."""
        if self.weights is None:
            return value.mean()
        total, count = self._counted(value, self.weights)
        return total / count

    def mean_of_all(self, value: Tensor) -> Tensor:
        """The average of ``value`` as `mean`, where other processes share the training.

        They average their gradients: each weighs its elements by those that count in all of them.
        """
        if self.weights is None or not shared():
            return self.mean(value)
        total, count = self._counted(value, self.weights)
        return total / mean_between_ranks(count)

    def _counted(self, value: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """The weighted sum of ``value``, and the sum of its weights."""
        shape = (value + weights).shape
        weights = weights.detach().expand(shape)
        counted = weights * value.expand(shape).masked_fill(weights == 0, 0)
        return counted.sum(), weights.sum()

    def costs_at(self, points: Tensor) -> Tensor:
        """The downstream cost at other values ``[h, n, *plates, *event]``: ``[h, n, *plates]``."""
        with torch.no_grad(), self._looking():
            return self._at(points)

    def surrogates_at(self, points: Tensor) -> Tensor:
        """The same with the gradient of the surrogate ``S``, to the points and what lies below."""
        with torch.enable_grad(), self._looking():
            return self._at(points)

    def _looking(self) -> AbstractContextManager[None]:
        return nullcontext() if self.methods is None else looking(self.methods.values())

    def _at(self, points: Tensor) -> Tensor:
        if self.follows is None:
            raise ValueError("this method is given no costs at other values of its sample")
        if not self.folds:
            return torch.stack([self.follows(point) for point in points])
        if len(points) == 1:
            return self.follows(points[0]).unsqueeze(0)
        costs = self.follows(points.flatten(0, 1))
        return costs.reshape(*points.shape[:2], *costs.shape[1:])


def _counting(cost: Tensor, weights: Tensor) -> Tensor:
    """The cost, finite where it weighs nothing: of such an element no average may know."""
    if (cost.detach() + weights.detach()).shape != cost.shape:
        return cost  # its mixed plates, which may weigh something, are reduced already
    return torch.where(idle(weights.detach()) & ~cost.isfinite(), 0.0, cost)
