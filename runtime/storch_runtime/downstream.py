"""What is downstream of a sample, as the control variate of its method sees it."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from storch_runtime.elsewhere import Elsewhere
from storch_runtime.ownership import Trained
from storch_runtime.ranks import mean_between_ranks, shared
from storch_runtime.surrogate import idle
from storch_runtime.told import Context

__all__ = ["Downstream", "Joined"]


class Joined(NamedTuple):
    """What joins the draws of a plate: the cost is ``slope · logmeanexp(terms)`` over it.

    To that may be added what does not move with the draws. ``terms`` are detached,
    ``[n, *plates]``; ``slope`` broadcasts to them.
    """

    terms: Tensor
    slope: Tensor | float = 1.0


class Downstream:
    """What is downstream of a sample, for the control variate of its method.

    What every method sees:

    * ``cost``: the downstream cost ``R``, detached, ``[n, *plates]``, of size 1 along mixed plates;
      what is not finite, and weighs nothing, is 0.
    * ``weights``: the weights of the elements of ``R``; None where they are all equal.
    * ``mixed``: the dimensions of ``[n, *plates]`` that are mixed.
    * ``slot``: the number of the set of mixed plates; running averages are kept apart by it.

    What some ask for:

    * `elsewhere`: the downstream cost at values that were not drawn.
    * ``joined``: what joins the draws, where a cost does.
    * ``baseline``: the value of a learned baseline; its inputs are detached, its parameters not.
    * ``critic``: the module that a method was given, ``[N, *event]`` to ``[N]``; it may be told
      more.

    ``context`` is what the critic is told besides the value, of the draw that is looked at.
    ``own_loss`` is what a control variate leaves for `Method.own_loss`.

    >>> import torch
    >>> downstream = Downstream(torch.tensor([[1.0, 3.0]]), weights=torch.tensor([[1.0, 0.0]]))
    >>> downstream.mean(downstream.cost)
    tensor(1.)
    >>> square = Downstream(torch.tensor([4.0]), elsewhere=Elsewhere(lambda z: z**2))
    >>> square.costs_at(torch.tensor([[0.0], [3.0]]))
    tensor([[0.],
            [9.]])
    """

    __slots__ = (
        "_elsewhere",
        "baseline",
        "context",
        "cost",
        "critic",
        "joined",
        "mixed",
        "own_loss",
        "slot",
        "weights",
    )

    def __init__(
        self,
        cost: Tensor,
        *,
        weights: Tensor | None = None,
        mixed: tuple[int, ...] = (),
        slot: int = 0,
        elsewhere: Elsewhere | None = None,
        joined: Joined | None = None,
        baseline: Tensor | None = None,
        critic: Trained | None = None,
    ) -> None:
        self.cost = cost if weights is None else _counting(cost, weights)
        self.weights = weights
        self.mixed = mixed
        self.slot = slot
        self._elsewhere = elsewhere
        self.joined = joined
        self.baseline = baseline
        self.critic = critic
        self.context = Context()
        self.own_loss: Tensor | None = None

    @property
    def elsewhere(self) -> Elsewhere:
        """The downstream cost at other values; ValueError where the method is given none."""
        if self._elsewhere is None:
            raise ValueError("this method is given no costs at other values of its sample")
        return self._elsewhere

    def mean(self, value: Tensor) -> Tensor:
        """The average of ``value`` over the elements of positive weight, a scalar."""
        if self.weights is None:
            return value.mean()
        counted, weights = self._weighed(value, self.weights)
        return counted.sum() / weights.sum()

    def mean_by_step(self, value: Tensor) -> Tensor:
        """The average of ``value`` ``[steps, n, *plates]`` in each step of a loop, ``[steps]``.

        It is NaN where no element counts.
        """
        if self.weights is None:
            return value.flatten(1).mean(1)
        counted, weights = self._weighed(value, self.weights)
        mean: Tensor = counted.flatten(1).sum(1) / weights.flatten(1).sum(1)
        return mean

    def mean_of_all(self, value: Tensor) -> Tensor:
        """The average of ``value`` as `mean`, a scalar, where other processes train too.

        They average their gradients: each weighs its elements by those that count in all of them.
        """
        if self.weights is None or not shared():
            return self.mean(value)
        counted, weights = self._weighed(value, self.weights)
        return counted.sum() / mean_between_ranks(weights.sum())

    def mean_of_steps(self, value: Tensor, loops: int) -> Tensor:
        """The same of a ``value`` that is summed over its first ``loops`` dimensions, the steps.

        A scalar. It is the elements of the first step that are averaged over.
        """
        if self.weights is None:
            return value.flatten(0, loops - 1).sum(0).mean()
        counted, weights = self._weighed(value, self.weights)
        first = weights[(0,) * loops].sum()
        return counted.sum() / (mean_between_ranks(first) if shared() else first)

    def of_step(self, step: tuple[int, ...], sizes: tuple[int, ...]) -> Downstream:
        """What one ``step`` of loops with these ``sizes`` sees."""
        loops = len(sizes)

        def there(value: Tensor) -> Tensor:
            return value.expand(*sizes, *value.shape[loops:])[step]

        return Downstream(
            there(self.cost),
            weights=None if self.weights is None else there(self.weights),
            mixed=tuple(dim - loops for dim in self.mixed),
            slot=self.slot,
            critic=self.critic,
        )

    @staticmethod
    def _weighed(value: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """``value`` times its weights, and these, in one shape; 0 where the weight is."""
        shape = (value + weights).shape
        weights = weights.detach().expand(shape)
        return weights * value.expand(shape).masked_fill(weights == 0, 0), weights

    def costs_at(self, points: Tensor) -> Tensor:
        """The downstream cost at other values ``[h, n, *plates, *event]``: ``[h, n, *plates]``."""
        return self.elsewhere.costs_at(points)

    def surrogates_at(self, points: Tensor) -> Tensor:
        """The same, ``[h, n, *plates]``, with the gradient of the surrogate ``S``.

        It goes to the points, and to what of the model the costs are made of.
        """
        return self.elsewhere.surrogates_at(points)


def _counting(cost: Tensor, weights: Tensor) -> Tensor:
    """The cost, finite where it weighs nothing: of such an element no average may know."""
    if (cost.detach() + weights.detach()).shape != cost.shape:
        return cost  # its mixed plates, which may weigh something, are reduced already
    return torch.where(idle(weights.detach()) & ~cost.isfinite(), 0.0, cost)
