"""Every sequence of outcomes of a loop, as the elements of one plate.

Element e of V^T has in step t the outcome ``e // V^(T-1-t) % V``: the last step changes fastest. It
weighs ``Π_t p(z_t | …)``, with its gradient. Where a sequence may end early, all elements that go
on behind its end are the same sequence, and share its weight.
"""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.steps import Steps

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["EndingSequences", "Sequences", "outcomes_in_step", "outcomes_until_end"]


class EndingSequences(Steps):
    """The outcomes of all sequences, which may end early; see `Steps`.

    ``weight``, ``log_prob``: ``[*plates]``, the sequences' own plate among them.
    """

    __slots__ = ()

    def _weighed(self) -> Tensor:
        """The probability of each sequence, with its gradient."""
        return reduce(mul, map(_weight, self.draws))


class Sequences(EndingSequences):
    """The outcomes of all sequences, the same for all elements of other plates.

    ``value``: ``[n, T, *event]``, n the number of sequences.
    """

    __slots__ = ()

    def _valued(self) -> Tensor:
        return torch.stack([draw.value for draw in self.draws], 1)


def _weight(draw: Draw) -> Tensor:
    assert draw.weight is not None
    return draw.weight


def outcomes_in_step(
    distribution: Distribution,
    steps: tuple[int, ...],
    counts: tuple[int, ...],
    place: int,
    *,
    own: bool,
) -> Draw:
    """What each sequence has in one step of loops of ``counts`` steps.

    The sequences stand at ``place`` among the plates of ``weight`` and ``log_prob``; the
    distribution has them there too if it is their ``own``, depending on what they had before.
    """
    states, draws, step = distribution.support_size(), 1, 0
    for at, count in zip(steps, counts, strict=True):
        draws, step = draws * count, step * count + at
    support = distribution.enumerate_support()
    elements = torch.arange(states**draws, device=support.device)
    digits = elements // states ** (draws - 1 - step) % states
    table = distribution.joint_log_prob(support)
    if own:
        shape = [1] * (table.dim() - 1)
        shape[place] = len(digits)
        rows = digits.reshape(shape).expand(table.shape[1:])
        log_prob = table.gather(0, rows[None]).squeeze(0)
    else:
        log_prob = table[digits].movedim(0, place)
    return Draw(support[digits], distribution, log_prob.exp(), log_prob)


def outcomes_until_end(draw: Draw, alive: Tensor, before: Tensor, place: int) -> Draw:
    """The ``draw`` of a step of which only the elements ``alive`` ``[*plates]`` take part.

    Their sequences stand at ``place``. The others keep the value ``before``, and share the weight.
    """
    assert draw.weight is not None
    plates, event = draw.weight.shape, draw.value.shape[1:]
    shape = [1] * len(plates)
    shape[place] = len(draw.value)
    value = draw.value.reshape(*shape, *event).expand(*plates, *event)
    value = torch.where(alive.reshape(*alive.shape, *(1,) * len(event)), value, before)
    weight = torch.where(alive, draw.weight, 1 / draw.distribution.support_size())
    log_prob = torch.where(alive, draw.log_prob, 0.0)
    return Draw(value, draw.distribution, weight, log_prob)
