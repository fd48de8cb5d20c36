"""Joint samples in loops: every step chooses anew among sequences that are one step longer.

What a step leaves belongs to the sequences that its elements held then. When the loop has ended it
is re-indexed once, by the lineage of the sequences that are left: time grows with the number of
steps, not with its square.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.extension import Extension, log_probs
from storch_runtime.follow import follow
from storch_runtime.joint import Joint
from storch_runtime.samplers.sets import Held
from storch_runtime.steps import Steps

__all__ = ["JointSteps", "along", "begun", "ended", "lineage"]


def begun(sizes: tuple[int, ...], dim: int, like: Tensor, replayed: bool) -> Joint:
    """A joint sample of nothing yet: one empty sequence, in the first element along ``dim``.

    ``sizes`` are those of its plates; the other elements hold no sequence. ``replayed`` says that
    values will be given.
    """
    first = torch.zeros(sizes, dtype=torch.bool, device=like.device)
    first.select(dim, 0).fill_(True)
    size, others = sizes[dim], (*sizes[:dim], *sizes[dim + 1 :])
    log_prob, rest = like.new_zeros(sizes), like.new_full(others, -torch.inf)
    if not replayed:
        return Joint(size, log_prob, first, rest)
    same = torch.ones((size, size, *others), dtype=torch.bool, device=like.device)
    return Joint(size, log_prob, first, rest, same=same)


def ended(alive: Tensor, draws: Sequence[Draw]) -> Held | None:
    """The sequences that have stopped, with the values that they keep; before any draw none."""
    return Held(alive, draws[-1].value) if draws else None


def lineage(parents: Sequence[Tensor], dim: int) -> Tensor:
    """For every step, which element at its end each sequence of the last step descends from.

    ``parents[t]`` ``[*plates]`` are elements of the step before; what is found has the steps in
    front: ``[steps, *plates]``.
    """
    last = parents[-1]
    order = torch.arange(last.shape[dim], device=last.device)
    index = order.reshape([-1 if i == dim else 1 for i in range(last.dim())]).expand_as(last)
    found = [index]
    for step in reversed(parents[1:]):
        index = step.gather(dim, index)
        found.append(index)
    return torch.stack(found[::-1])


def along(steps: Sequence[Tensor], lines: Tensor, dim: int) -> list[Tensor]:
    """What every step has left ``[*plates, *event]``, along the sequences that there are now."""
    return list(follow(torch.stack(list(steps)), lines, dim + 1))


class JointSteps(Steps):
    """The draws of a joint sample in a loop, along the sequences that are left at its end.

    ``weight`` ``[*plates]`` is what whole sequences weigh, ``joint`` what is known of them.
    """

    __slots__ = ("extensions", "joint", "lines")

    def __init__(self, draws: list[Extension], lines: Tensor, count: int) -> None:
        super().__init__(draws, count)
        self.extensions = draws
        self.lines = lines
        self.joint = draws[-1].joint

    def followed(self, steps: list[Tensor]) -> Tensor:
        """See `Steps.followed`: along the sequences that are left."""
        return self._along(torch.stack(steps))

    @property
    def log_prob(self) -> Tensor:
        """See `Steps.log_prob`."""
        return self._along(log_probs(self.extensions)).sum(0)

    def _scored(self) -> Tensor:
        if self.extensions[0].score is not None:
            return super()._scored()
        return self._along(log_probs(self.extensions))

    def _along(self, steps: Tensor) -> Tensor:
        return follow(steps, self.lines, self.extensions[0].plate_dim + 1)

    @property
    def weight(self) -> Tensor | None:
        """What whole sequences weigh, ``[*plates]``, detached."""
        return None if self.joint is None else self.joint.weight
