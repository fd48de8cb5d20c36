"""The score function (REINFORCE), with a baseline.

Formula: ``1/n Σ_k (f(x_k) - b_k) ∇ log p(x_k)``; in the loss the control variate
``a = stop(b) - box(l) · stop(b)`` with ``l = log p(x)``.

* ``moving_average``: b is the running average of earlier forward passes; in a loop each step has
  its own.
* ``batch_average``: b is the mean of the other elements of the sample's plate (n of at least 2).
* ``learned``: b is an expression of the story, regressed on the downstream cost.

``normalize`` divides the coefficient ``A = f - b`` of the score by its spread: with a moving
average by ``max(1, σ)``, ``σ²`` the moving average of ``A²`` in earlier passes, and else by
``σ + eps``, ``σ`` the standard deviation of ``A`` over the elements of the sample's plate that
count. It is written as the baseline ``f - A / σ``; what acts by paths is not scaled. With the batch
average it is the advantage of GRPO, ``(f - mean f) / std f``.

Unbiased: yes, unless it normalizes.
Needs: a log-probability.
Shapes: score and control variate ``[n, *plates]``.
Raises: ValueError where one draw has no others to be averaged.
Reference: Williams 1992; DiCE: Foerster et al. 2018, arXiv:1802.05098; batch average: Kool et al.
2019, openreview r1lgTGL5DE; learned: Mnih and Gregor 2014, arXiv:1402.0030; normalize: Shao et al.
2024, arXiv:2402.03300.
Certified for: any order; the first where it normalizes.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from storch_runtime.baselines.averages import MovingAverages
from storch_runtime.baselines.learned import expression, squared_error
from storch_runtime.baselines.others import batch_average
from storch_runtime.baselines.spread import spread_of_draws
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.samplers.sampler import Sampler

__all__ = ["ScoreFunction"]

Baseline = Literal["none", "moving_average", "batch_average", "learned"]


class ScoreFunction(MovingAverages):
    """The score function; ``baseline`` says what is taken off the downstream cost.

    ``decay``, ``slots`` and ``steps`` are those of `MovingAverages`. With ``normalize`` what is
    left of it is divided by its spread, to which ``eps`` is added.

    Formula, shapes, errors and source: `storch_runtime.methods.score_function`.
    """

    def __init__(
        self,
        n: int = 1,
        *,
        baseline: Baseline = "none",
        decay: float = 0.95,
        normalize: bool = False,
        eps: float = 1e-4,
        sampler: Sampler | None = None,
        slots: tuple[str, ...] = ("",),
        steps: int | None = None,
    ) -> None:
        super().__init__(n, sampler=sampler)
        self.baseline = baseline
        self.decay = decay
        self.normalize = normalize
        self.eps = eps
        self.steps = steps
        self.slots = slots
        if baseline == "moving_average":
            self.keep_averages(squares=normalize)

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor | None:
        """See `Method.control_variate`."""
        baseline = self.baseline_value(draw, downstream)
        if self.normalize:
            baseline = self._normalized(baseline, draw, downstream)
        if baseline is None:
            return None
        return torch.addcmul(baseline, draw.box, baseline, value=-1)

    def _normalized(self, baseline: Tensor | None, draw: Drawn, downstream: Downstream) -> Tensor:
        """What leaves of the cost its advantage over the ``baseline``, divided by the spread."""
        advantage = downstream.cost if baseline is None else downstream.cost - baseline
        return downstream.cost - advantage / self._spread(advantage, draw, downstream)

    def _spread(self, advantage: Tensor, draw: Drawn, downstream: Downstream) -> Tensor:
        """What the coefficient of the score is divided by."""
        if self.baseline == "moving_average":
            return self.moving_spread(advantage, draw, downstream)
        cost, weights = downstream.cost, downstream.weights
        return spread_of_draws(advantage, cost, draw.plate_dim, weights, self.eps)

    def baseline_value(self, draw: Drawn, downstream: Downstream) -> Tensor | None:
        """The baseline ``b``, detached, broadcastable to ``[n, *plates]``."""
        match self.baseline:
            case "moving_average":
                return self.moving_average(draw, downstream)
            case "batch_average":
                if self.looking and downstream.cost.shape[draw.plate_dim] == 1:
                    return torch.zeros_like(downstream.cost)  # one value, looked at by itself
                return batch_average(downstream.cost, draw.plate_dim)
            case "learned":
                return expression(downstream).detach()
        return None

    def own_loss(self, draw: Drawn, downstream: Downstream) -> Tensor | None:
        """The squared error of a learned baseline."""
        if self.baseline != "learned":
            return None
        return squared_error(downstream, training=self.training)
