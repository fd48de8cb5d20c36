"""Moving averages of earlier forward passes, and their state."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.ranks import mean_of_known, most, shared

__all__ = ["MovingAverages"]


class MovingAverages(Method):
    """A method that can keep averages of its downstream costs, in buffers of its own.

    ``slots`` names the sets of mixed plates of its sample: each has an average. ``average`` is that
    of costs that mix nothing; others have their plates in the name, ``average-data``.
    ``steps`` is the number of averages of a sample in a loop, one a step; None: one for all. With 0
    the number of steps is not known before a call: there are as many as the longest loop had.
    ``decay`` is what is left of an average after one pass.
    """

    average: Tensor
    decay: float
    slots: tuple[str, ...]
    steps: int | None
    _read: dict[str, Tensor] | None = None
    """What this pass has read of each average; None where none are kept."""

    def keep_averages(self, *, squares: bool = False) -> None:
        """Begin averages at 0; those of ``squares`` of what they leave at 1."""
        self._read = {}
        for slot in self.slots:
            start = torch.zeros(() if self.steps is None else self.steps)
            self.register_buffer(_average_of(slot), start)
            if squares:
                self.register_buffer(_square_of(slot), torch.ones_like(start))

    @property
    def fresh(self) -> bool:
        """Whether it keeps averages, and no pass has entered them yet."""
        if self._read is None:
            return False
        return not any(bool(self.get_buffer(_average_of(slot)).any()) for slot in self.slots)

    def moving_average(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """The average of earlier passes, broadcastable to ``[n, *plates]``; this one enters it.

        A look at other values, later in this pass, takes what was read: not yet its own costs. In
        a loop it is ``[steps, 1, ...]``.
        """
        name = _average_of(self.slots[downstream.slot])
        return self._averaged(name, downstream.cost, draw, downstream, rest=0.0)

    def moving_spread(self, advantage: Tensor, draw: Drawn, downstream: Downstream) -> Tensor:
        """``max(1, σ)``, shaped as `moving_average`; ``σ²`` is that of the squared ``advantage``.

        The advantage is ``[n, *plates]``, what the average leaves of the cost.
        """
        name = _square_of(self.slots[downstream.slot])
        return self._averaged(name, advantage**2, draw, downstream, rest=1.0).sqrt().clamp(min=1)

    def _averaged(
        self, name: str, value: Tensor, draw: Drawn, downstream: Downstream, *, rest: float
    ) -> Tensor:
        """The average ``name`` before ``value`` enters it; steps that it has not hold ``rest``."""
        assert self._read is not None, "no averages are kept"
        if not self.looking:
            self._read[name] = self.get_buffer(name).to(value.dtype, copy=True)
            if self.training and not draw.replayed:
                self._update(name, value, downstream, len(draw.box), rest)
        baseline = self._read[name]
        if self.steps is None:
            return baseline
        # a loop that ended early has taken the first steps only, one that is longer has no average
        steps = _fitted(baseline, len(draw.box), rest)
        return steps.reshape(-1, *(1,) * (draw.box.dim() - 1))

    @torch.no_grad()
    def _update(
        self, name: str, value: Tensor, downstream: Downstream, count: int, rest: float
    ) -> None:
        if self.steps is None:
            mean = downstream.mean(value)
        else:  # what is paid behind the loop is the same for all steps
            mean = downstream.mean_by_step(value).expand(count)
        if shared():
            mean = _of_all(mean, self.steps)
        kept = self.get_buffer(name)
        if self.steps is not None and len(mean) > len(kept):
            kept = pad(kept, (0, len(mean) - len(kept)), value=rest)
            setattr(self, name, kept)
        kept = kept if self.steps is None else kept[: len(mean)]
        mean = mean.to(kept.dtype)
        lasting = torch.where(mean.isfinite(), mean, kept)  # one broken step must not stay for ever
        kept.lerp_(lasting, 1 - self.decay)

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *others: Any) -> None:
        """Take the averages of as many steps as were saved."""
        if self._read is not None:
            self._name(state, prefix, errors=others[-1])
            named = {name: kept for name, kept in self.named_buffers(recurse=False)}
            for name, kept in named.items() if self.steps == 0 else ():
                saved = state.get(prefix + name)
                if saved is not None and saved.dim() == 1:
                    setattr(self, name, kept.new_zeros(saved.shape))
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


def _square_of(slot: str) -> str:
    """The name of the average of what the average of a slot leaves, squared."""
    return f"square-{slot}" if slot else "square"


def _fitted(steps: Tensor, count: int, rest: float) -> Tensor:
    """The first ``count`` steps; those that are not there hold ``rest``."""
    missing = max(0, count - len(steps))
    return pad(steps[:count], (0, missing), value=rest)


def _of_all(mean: Tensor, steps: int | None) -> Tensor:
    """The average over all processes; in a loop each may have taken other steps."""
    if steps is not None:
        mean = _fitted(mean, steps or most(len(mean), mean.device), torch.nan)
    return mean_of_known(mean)
