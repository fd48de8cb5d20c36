"""The score function (REINFORCE), with a baseline.

Formula: ``1/n Σ_k (f(x_k) - b_k) ∇ log p(x_k)``; in the loss the control variate
``a = stop(b) - box(l) · stop(b)`` with ``l = log p(x)``.

* ``moving_average``: b is the running average of earlier forward passes; in a loop each step has
  its own.
* ``batch_average``: b is the mean of the other elements of the sample's plate (n of at least 2).
* ``learned``: b is an expression of the story, regressed on the downstream cost.

Unbiased: yes.
Needs: a log-probability.
Shapes: score and control variate ``[n, *plates]``.
Reference: Williams 1992; DiCE: Foerster et al. 2018, arXiv:1802.05098; batch average: Kool et al.
2019, openreview r1lgTGL5DE; learned: Mnih and Gregor 2014, arXiv:1402.0030.
Certified for: any order.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, distributed
from torch.nn.functional import pad

from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.ranks import shared
from storch_runtime.samplers.sampler import Sampler

__all__ = ["ScoreFunction"]

Baseline = Literal["none", "moving_average", "batch_average", "learned"]


class ScoreFunction(Method):
    """The score function; ``slots`` names the sets of mixed plates of its sample.

    ``steps`` is the number of averages of a sample in a loop, one a step; None: one for all. With 0
    the number of steps is not known before a call: there are as many as the longest loop had.
    ``average`` is that of costs that mix nothing; others have their plates in the name.
    """

    average: Tensor

    def __init__(
        self,
        n: int = 1,
        *,
        baseline: Baseline = "none",
        decay: float = 0.95,
        sampler: Sampler | None = None,
        slots: tuple[str, ...] = ("",),
        steps: int | None = None,
    ) -> None:
        super().__init__(n, sampler=sampler)
        self.baseline = baseline
        self.decay = decay
        self.steps = steps
        self.slots = slots
        if baseline == "moving_average":
            for slot in slots:
                self.register_buffer(_average_of(slot), torch.zeros(() if steps is None else steps))
            self._read: dict[int, Tensor] = {}

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor | None:
        """See `Method.control_variate`."""
        baseline = self.baseline_value(draw, downstream)
        if baseline is None:
            return None
        return torch.addcmul(baseline, draw.box, baseline, value=-1)

    def baseline_value(self, draw: Drawn, downstream: Downstream) -> Tensor | None:
        """The baseline ``b``, detached, broadcastable to ``[n, *plates]``."""
        match self.baseline:
            case "moving_average":
                return self._moving_average(draw, downstream)
            case "batch_average":
                if self.looking and downstream.cost.shape[draw.plate_dim] == 1:
                    return torch.zeros_like(downstream.cost)  # one value, looked at by itself
                return _batch_average(downstream.cost, draw.plate_dim)
            case "learned":
                return _expression(downstream).detach()
        return None

    def own_loss(self, draw: Drawn, downstream: Downstream) -> Tensor | None:
        """The squared error of a learned baseline."""
        if self.baseline != "learned":
            return None
        errors = (_expression(downstream) - downstream.cost).square()
        return downstream.mean_of_all(errors) if self.training else downstream.mean(errors)

    def _moving_average(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """The average of earlier passes; this one enters it afterwards.

        A look at other values, later in this pass, takes what was read: not yet its own costs.
        """
        if not self.looking:
            kept = self._kept(downstream.slot)
            self._read[downstream.slot] = kept.to(downstream.cost.dtype, copy=True)
            if self.training and not draw.replayed:
                self._update(downstream, len(draw.box))
        baseline = self._read[downstream.slot]
        if self.steps is None:
            return baseline
        # a loop that ended early has taken the first steps only, one that is longer has no average
        steps = _fitted(baseline, len(draw.box), 0.0)
        return steps.reshape(-1, *(1,) * (draw.box.dim() - 1))

    def _kept(self, slot: int) -> Tensor:
        kept: Tensor = self.get_buffer(_average_of(self.slots[slot]))
        return kept

    @torch.no_grad()
    def _update(self, downstream: Downstream, count: int) -> None:
        if self.steps is None:
            mean = downstream.mean(downstream.cost)
        else:  # what is paid behind the loop is the same for all steps
            mean = _by_step(downstream).expand(count)
        if shared():
            mean = _between_ranks(mean, self.steps)
        kept = self._kept(downstream.slot)
        if self.steps is not None and len(mean) > len(kept):
            kept = pad(kept, (0, len(mean) - len(kept)))
            setattr(self, _average_of(self.slots[downstream.slot]), kept)
        kept = kept if self.steps is None else kept[: len(mean)]
        mean = mean.to(kept.dtype)
        lasting = torch.where(mean.isfinite(), mean, kept)  # one broken step must not stay for ever
        kept.lerp_(lasting, 1 - self.decay)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *others: Any) -> None:
        """Take the averages of as many steps as were saved."""
        if self.baseline == "moving_average":
            self._name(state, prefix, errors=others[-1])
        for slot in range(len(self.slots)) if self.steps == 0 else ():
            name = _average_of(self.slots[slot])
            saved = state.get(prefix + name)
            if saved is not None and saved.dim() == 1:
                setattr(self, name, self._kept(slot).new_zeros(saved.shape))
        super()._load_from_state_dict(state, prefix, *others)

    def _name(self, state: dict[str, Any], prefix: str, errors: list[str]) -> None:
        """Give the averages of an old checkpoint their names: it had them in the costs' order."""
        names = [prefix + _average_of(slot) for slot in self.slots]
        saved = state.get(f"{prefix}average")
        if saved is None or state.keys() & (set(names) - {f"{prefix}average"}):
            return
        apart = saved.dim() > (self.steps is not None)
        slots = saved.unbind(0) if apart else (saved,)
        if len(slots) == len(names):
            del state[f"{prefix}average"]
            state.update(zip(names, slots, strict=True))
        elif apart:
            errors.append(
                f"{prefix}average holds the averages of {len(slots)} sets of costs, but the story "
                f"has {len(names)} now, and which is which was not saved: take it out of the "
                "checkpoint, and they begin anew"
            )


def _average_of(slot: str) -> str:
    """The name of the average that stands for the costs of a slot."""
    return f"average-{slot}" if slot else "average"


def _fitted(steps: Tensor, count: int, rest: float) -> Tensor:
    """The first ``count`` steps; those that are not there hold ``rest``."""
    missing = max(0, count - len(steps))
    return pad(steps[:count], (0, missing), value=rest)


def _between_ranks(mean: Tensor, steps: int | None) -> Tensor:
    """The average over the ranks that know one; in a loop each may have taken other steps."""
    if steps is not None:
        mean = _fitted(mean, steps or _most(len(mean), mean.device), torch.nan)
    finite = mean.isfinite()
    total = torch.stack([mean.masked_fill(~finite, 0), finite.to(mean.dtype)])
    distributed.all_reduce(total)
    return total[0] / total[1]


def _most(count: int, device: torch.device) -> int:
    """The largest count of all ranks."""
    most = torch.tensor(count, device=device)
    distributed.all_reduce(most, distributed.ReduceOp.MAX)
    return int(most)


def _by_step(downstream: Downstream) -> Tensor:
    """The average of each step over its elements that count; NaN where there are none."""
    cost, weights = downstream.cost, downstream.weights
    if weights is None:
        return cost.flatten(1).mean(1)
    shape = (cost + weights).shape
    weights = weights.expand(shape)
    counted = weights * cost.expand(shape).masked_fill(weights == 0, 0)
    mean: Tensor = counted.flatten(1).sum(1) / weights.flatten(1).sum(1)
    return mean


def _batch_average(cost: Tensor, dim: int) -> Tensor:
    """The mean of the other elements of the plate: with its own, the gradient would shrink."""
    n = cost.shape[dim]
    if n < 2:
        raise ValueError(
            "`baseline=batch_average` compares the n draws of one sample, but n is 1: "
            "set `n` to 2 or more, or use `baseline=moving_average`"
        )
    return (cost.sum(dim, keepdim=True) - cost) / (n - 1)


def _expression(downstream: Downstream) -> Tensor:
    if downstream.baseline is None:
        raise ValueError("a learned baseline needs the value of its expression")
    return downstream.baseline
