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
from storch_runtime.drawn import Drawn
from storch_runtime.steps import Steps

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.place import EverySequence

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


def _weight(draw: Drawn) -> Tensor:
    assert draw.weight is not None
    return draw.weight


def outcomes_in_step(distribution: Distribution, place: EverySequence) -> Draw:
    """What each sequence has in one step of loops.

    The sequences lie along ``plate_dim`` of the place in ``weight`` and ``log_prob``.
    """
    states, draws, step = distribution.support_size(), 1, 0
    for at, count in zip(place.steps, place.counts, strict=True):
        draws, step = draws * count, step * count + at
    support = distribution.enumerate_support()
    elements = torch.arange(states**draws, device=support.device)
    digits = elements // states ** (draws - 1 - step) % states
    table = distribution.joint_log_prob(support)
    if place.own:
        shape = [1] * (table.dim() - 1)
        shape[place.plate_dim] = len(digits)
        rows = digits.reshape(shape).expand(table.shape[1:])
        log_prob = table.gather(0, rows[None]).squeeze(0)
    else:
        log_prob = table[digits].movedim(0, place.plate_dim)
    return Draw(support[digits], distribution, log_prob.exp(), log_prob)


def outcomes_until_end(draw: Draw, place: EverySequence) -> Draw:
    """The ``draw`` of a step in which the sequences that the place holds have ended.

    These keep the value that they had, and share the weight.
    """
    assert draw.weight is not None and place.held is not None
    alive, before = place.held
    plates, event = draw.weight.shape, draw.value.shape[1:]
    shape = [1] * len(plates)
    shape[place.plate_dim] = len(draw.value)
    value = draw.value.reshape(*shape, *event).expand(*plates, *event)
    value = torch.where(alive.reshape(*alive.shape, *(1,) * len(event)), value, before)
    weight = torch.where(alive, draw.weight, 1 / draw.distribution.support_size())
    log_prob = torch.where(alive, draw.log_prob, 0.0)
    return Draw(value, draw.distribution, weight, log_prob)
