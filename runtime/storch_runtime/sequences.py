"""Every sequence of outcomes of a loop, as the elements of one plate.

Element e of V^T has in step t the outcome ``e // V^(T-1-t) % V``: the last step changes fastest. It
weighs ``Π_t p(z_t | …)``, with its gradient.
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

__all__ = ["Sequences", "outcomes_in_step"]


class Sequences(Steps):
    """The outcomes of all sequences, step by step; see `Steps`.

    * ``value``: ``[n, T, *event]``, n the number of sequences.
    * ``weight``, ``log_prob``: ``[*plates]``, the sequences' own plate among them.
    """

    __slots__ = ()

    @property
    def value(self) -> Tensor:
        """The outcomes of all steps."""
        if self._value is None:
            self._value = torch.stack([draw.value for draw in self.draws], 1)
        return self._value

    @property
    def weight(self) -> Tensor:
        """The probability of each sequence."""
        return reduce(mul, map(_weight, self.draws))


def _weight(draw: Draw | Steps) -> Tensor:
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
