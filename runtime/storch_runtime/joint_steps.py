"""Joint samples in loops: every step chooses anew among sequences that have become longer.

What a step leaves belongs to the sequences that its elements held then. When the loop has ended it
is re-indexed once, by the lineage of the sequences that are left: time grows with the number of
steps, not with its square.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from storch_runtime.drawn import Drawn
from storch_runtime.extension import Extension, log_probs
from storch_runtime.joint import Joint
from storch_runtime.reindex import reindexed
from storch_runtime.steps import Steps

__all__ = ["JointSteps", "StepsAlong", "along", "begun", "lineage", "widened"]


def begun(sizes: tuple[int, ...], like: Tensor, replayed: bool, dim: int) -> Joint:
    """A joint sample of nothing yet: one empty sequence, in the first element along ``dim``.

    ``sizes`` are those of its plates; the other elements hold no sequence. ``replayed`` says that
    values will be given.
    """
    first = torch.zeros(sizes, dtype=torch.bool, device=like.device)
    first.select(dim, 0).fill_(True)
    size, others = sizes[dim], (*sizes[:dim], *sizes[dim + 1 :])
    log_prob, rest = like.new_zeros(sizes), like.new_full(others, -torch.inf)
    if not replayed:
        return Joint(size, log_prob, first, rest, dim=dim)
    same = torch.ones((size, size, *others), dtype=torch.bool, device=like.device)
    return Joint(size, log_prob, first, rest, same=same, dim=dim)


def widened(joint: Joint) -> Joint:
    """A joint sample with an element for every sequence that was asked for; new ones hold none.

    What has been drawn may have fewer values than that. Steps that follow keep their number.
    """
    log_prob, dim = joint.log_prob, joint.dim
    count = log_prob.shape[dim]
    shape = [-1 if i == dim else 1 for i in range(log_prob.dim())]
    order = torch.arange(joint.size, device=log_prob.device).reshape(shape)
    held, line = order < count, torch.where(order < count, order, 0)
    perturbed = joint.perturbed
    return replace(
        joint,
        log_prob=reindexed(log_prob, line, dim),
        alive=reindexed(joint.alive, line, dim) & held,
        perturbed=None
        if perturbed is None
        else torch.where(held, reindexed(perturbed, line, dim), -torch.inf),
        parents=line.expand([*log_prob.shape[:dim], joint.size, *log_prob.shape[dim + 1 :]]),
        kept={},
    )


def lineage(parents: Sequence[Tensor], dim: int) -> Tensor:
    """Which element every sequence that is left was before the first choice, and after each.

    ``parents[i]`` ``[*plates]`` are what choice i continues; the lineage has one more.
    """
    last = parents[-1]
    order = torch.arange(last.shape[dim], device=last.device)
    index = order.reshape([-1 if i == dim else 1 for i in range(last.dim())]).expand_as(last)
    found = [index]
    for choice in reversed(parents):
        index = choice.gather(dim, index)
        found.append(index)
    return torch.stack(found[::-1])


def along(steps: Sequence[Tensor], lines: Tensor, dim: int) -> list[Tensor]:
    """What every step has left ``[*plates, *event]``, along the sequences that there are now.

    ``lines`` ``[steps, *plates]`` are these sequences' elements when it was left; dimensions for
    the steps of inner loops are among the plates.
    """
    return list(reindexed(torch.stack(list(steps)), lines, dim + 1))


class StepsAlong(Steps):
    """The draws in a loop of a sample that stands in the plate of a joint one.

    They are those of the sequences that there are now: ``lines`` ``[steps, *plates]`` says which
    element of the plate, dimension ``dim``, each of these was when a draw was made.
    """

    __slots__ = ("dim", "lines")

    def __init__(self, draws: Sequence[Drawn], count: int, lines: Tensor, dim: int) -> None:
        super().__init__(draws, count)
        self.lines = lines
        self.dim = dim

    def all_steps(self, steps: list[Tensor], inner: int) -> Tensor:
        """See `Steps.all_steps`: along the sequences that are left."""
        return self._along(torch.stack(steps), inner)

    def reindexed(self, joint: Joint) -> StepsAlong:
        """These draws, along the sequences that ``joint`` has chosen since."""
        return StepsAlong(self.draws, self.count, self._since(joint), self.dim)

    def _along(self, steps: Tensor, inner: int) -> Tensor:
        lines = self.lines[(slice(None), *[None] * inner)]
        return reindexed(steps, lines, self.dim + inner + 1)

    def _since(self, joint: Joint) -> Tensor:
        return reindexed(self.lines, joint.line.unsqueeze(0), self.dim + 1)


class JointSteps(StepsAlong):
    """The draws in a loop of a part of a joint sample; ``joint`` is what is known of the whole."""

    __slots__ = ()

    def __init__(self, draws: Sequence[Drawn], count: int, lines: Tensor, joint: Joint) -> None:
        super().__init__(draws, count, lines, joint.dim)
        self.joint = joint

    def reindexed(self, joint: Joint) -> JointSteps:
        """See `StepsAlong.reindexed`; they weigh what the whole weighs now."""
        return JointSteps(self.draws, self.count, self._since(joint), joint)

    @property
    def log_prob(self) -> Tensor:
        """See `Steps.log_prob`."""
        extensions = [draw for draw in self.draws if isinstance(draw, Extension)]
        if not extensions:  # of an inner loop
            return super().log_prob
        return self._along(log_probs(extensions), 0).sum(0)

    def _scored(self) -> Tensor:
        extensions = [draw for draw in self.draws if isinstance(draw, Extension)]
        if not extensions or extensions[0].score is not None:
            return super()._scored()
        return self._along(log_probs(extensions), 0)

    def _weighed(self) -> Tensor | None:
        """What whole sequences weigh, ``[*plates]``, detached."""
        return self.joint.weight
