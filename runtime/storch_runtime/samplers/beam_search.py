"""Beam search: the k most probable values, each weighted by its probability; nothing is drawn.

Formula: ``Σ_{s in S} p_s f_s``, S the k most probable values, the score ``log p_s``.
Unbiased: no, what is outside S is left out; exact where k is the size of the support or more.
Needs: finitely many values of the event; its places are independent, so that the beam is exact.
In a loop the k most probable prefixes are continued, place by place and step by step: S need not
hold the most probable sequences then.
Shapes: value ``[k, *plates, *event]``, the most probable first, weight ``[k, *plates]``, detached;
an element of weight 0 repeats the first.
Raises: ValueError `in` an open plate, and where a path through the value is asked for.
Reference: Lowerre 1976.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.samplers._best import best_sequences, sequence_log_probs
from storch_runtime.samplers._rest import settled
from storch_runtime.samplers.reservoir import extend_best
from storch_runtime.samplers.sampler import Outcome, Sampler
from storch_runtime.samplers.sets import (
    joint_of,
    opened_by,
    replay_extension,
    replay_set,
)

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.joint import Joint
    from storch_runtime.place import Extending

__all__ = ["BeamSearch"]


class BeamSearch(Sampler):
    """The ``k`` most probable values, or all there are.

    Formula, shapes, errors and source: `storch_runtime.samplers.beam_search`.
    """

    kind = "biased"
    rest: ClassVar[bool] = False

    def __init__(self, k: int) -> None:
        self.k = k

    def draw(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        pathwise: bool = False,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Sampler.draw`; n is k, and there is no noise."""
        if pathwise:
            raise ValueError("`BeamSearch` chooses values: there is no path through them")
        if n is None:
            raise ValueError("`BeamSearch` opens a plate of its own: it cannot draw `in` another")
        if outcome is not None:
            return self.replay(distribution, outcome, n)
        with torch.no_grad():
            tables = distribution.place_log_probs()
            sequences = best_sequences(tables, self.k)
            weight = sequence_log_probs(tables, sequences).exp()
            value = distribution.place_values(settled(sequences, weight))
        return Draw(value, distribution, weight)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Sampler.replay`: any values can be given; equal ones count once."""
        draw = replay_set(distribution, value)
        assert draw.joint is not None
        return Draw(value, distribution, draw.joint.masses.exp(), draw.log_prob, replayed=True)

    @property
    def size(self) -> int:
        """See `Sampler.size`."""
        return self.k

    def extend(
        self,
        distribution: Distribution,
        place: Extending,
        given: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Sampler.extend`: as many as there are elements; of equal values one counts."""
        if given is None:
            draw = extend_best(distribution, place, joint_of(place.before).size)
        else:
            draw = replay_extension(distribution, place, given)
        return opened_by(self, draw)

    def weigh(self, joint: Joint) -> Tensor:
        """The probabilities of whole sequences ``[k, *plates]``."""
        return joint.masses.exp()

    def outcomes(self, distribution: Distribution, n: int | None) -> list[Outcome]:
        """See `Sampler.outcomes`: one."""
        return [(self.draw(distribution, n or 1).value, 1.0)]
