"""Sum and sample: the most probable values are all taken, a few more are drawn from the rest.

Formula: with C the ``sum_size`` most probable values, ``w_s = p(s)`` for s in C, and
``w = (1 - p(C)) / sample_size`` for each of the independent draws from p restricted to the others;
the score is ``log p``. Where the sizes add up to the support or more, every value is taken once
with its probability. An element of weight 0 repeats one of the largest.
In a loop C are the prefixes that the beam of the ``sum_size`` most probable ones continues, place
by place and step by step, and the draws are those of a `reservoir` outside of it.
Needs: finitely many values of the event; its places are independent.
Shapes: value ``[n, *plates, *event]``, weight ``[n, *plates]``, detached; n the sum of the sizes,
or the size of the support if that is less.
Raises: ValueError `in` an open plate, where a path through the value is asked for, and where
another number of values is given.
Reference: Liu et al. 2019, arXiv:1810.04777.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.samplers._best import best_sequences
from storch_runtime.samplers._rest import Rest, settled
from storch_runtime.samplers.reservoir import extend_best
from storch_runtime.samplers.sampler import Outcome, Sampler
from storch_runtime.samplers.sets import joint_of, opened_by, replay_extension

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.joint import Joint
    from storch_runtime.place import Extending

__all__ = ["SumAndSample"]


class SumAndSample(Sampler):
    """Take the ``sum_size`` most probable values, and draw ``sample_size`` from the rest.

    Formula, shapes, errors and source: `storch_runtime.samplers.sum_and_sample`.
    """

    kind = "linear-exact"
    rest: ClassVar[bool] = True

    def __init__(self, sum_size: int, sample_size: int = 1) -> None:
        self.sum_size = sum_size
        self.sample_size = sample_size

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
        """See `Sampler.draw`; n is what the sizes say.

        An outcome is the whole value, noise standard exponential ``[m, C, *plates, places]``.
        """
        if pathwise:
            raise ValueError("`SumAndSample` chooses values by rank: there is no path through them")
        if n is None:
            raise ValueError("`SumAndSample` opens a plate of its own: it cannot draw `in` another")
        if outcome is not None:
            return self._taken(distribution, outcome)
        rest, drawn = self._rest(distribution)
        sequences = torch.cat([rest.excluded, rest.draw(drawn, noise)])
        weight = _weights(rest, sequences)
        return Draw(distribution.place_values(settled(sequences, weight)), distribution, weight)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Sampler.replay`: the first values are those that are summed."""
        draw = self._taken(distribution, value)
        draw.replayed = True
        return draw

    @property
    def size(self) -> int:
        """See `Sampler.size`."""
        return self.sum_size + self.sample_size

    def extend(
        self,
        distribution: Distribution,
        place: Extending,
        given: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Sampler.extend`; the first values are those that are summed."""
        size = joint_of(place.before).size
        if size != self.size:
            raise ValueError(f"`SumAndSample` takes {self.size} values here, but {size} are given")
        if given is None:
            draw = extend_best(distribution, place, self.sum_size)
        else:
            draw = replay_extension(distribution, place, given)
        return opened_by(self, draw)

    def weigh(self, joint: Joint) -> Tensor:
        """What whole sequences weigh ``[n, *plates]``."""
        masses, rest, counts = joint.masses, joint.rest, joint.alive[self.sum_size :]
        assert rest is not None
        if joint.same is not None:
            rest, counts = self._replayed(joint, joint.same, rest)
        shared = rest.exp() / self.sample_size * counts
        drawn = torch.where(rest > -torch.inf, shared, masses[self.sum_size :].exp())
        return torch.cat([masses[: self.sum_size].exp(), drawn])

    def _replayed(self, joint: Joint, same: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        """Of values that were given: what lies outside the first, and which of the others do."""
        masses, summed = joint.masses[self.sum_size :], same[self.sum_size :, : self.sum_size]
        possible = joint.log_prob[self.sum_size :] > -torch.inf
        counts = possible & ~summed.any(1)
        outside = masses.masked_fill(~counts, -torch.inf).logsumexp(0)
        return torch.logaddexp(rest, outside).where(rest > -torch.inf, -torch.inf), counts

    def outcomes(self, distribution: Distribution, n: int | None) -> list[Outcome]:
        """See `Sampler.outcomes`: whole values, those that are summed always among them."""
        rest, drawn = self._rest(distribution)
        listed = []
        for sampled, probability in rest.outcomes_of(drawn):
            sequences = torch.cat([rest.excluded, sampled])
            value = distribution.place_values(settled(sequences, _weights(rest, sequences)))
            listed.append((value, probability))
        return listed

    def _sizes(self, distribution: Distribution) -> tuple[int, int]:
        """How many values are summed and how many drawn: all and none, where they are few."""
        support = distribution.support_size()
        if self.sum_size + self.sample_size >= support:
            return support, 0
        return self.sum_size, self.sample_size

    def _rest(self, distribution: Distribution) -> tuple[Rest, int]:
        """What lies outside the values that are summed, and how many are drawn of it."""
        summed, drawn = self._sizes(distribution)
        log_probs = _log_probs(distribution)
        return Rest(log_probs, best_sequences(log_probs, summed)), drawn

    def _taken(self, distribution: Distribution, value: Tensor) -> Draw:
        """The draw that has this value."""
        summed, drawn = self._sizes(distribution)
        if len(value) != summed + drawn:
            raise ValueError(
                f"`SumAndSample` takes {summed + drawn} values here, but {len(value)} are given"
            )
        sequences = distribution.place_indices(value)
        rest = Rest(_log_probs(distribution), sequences[:summed])
        return Draw(value, distribution, _weights(rest, sequences))


def _log_probs(distribution: Distribution) -> Tensor:
    """``[C, *plates, places]``: of each outcome at each place, without gradient."""
    return distribution.place_log_probs().detach()


def _weights(rest: Rest, sequences: Tensor) -> Tensor:
    """Their probability for those that are summed; the rest's is shared by those drawn of it."""
    drawn = sequences[len(rest.inside) :]
    shared = rest.mass / max(len(drawn), 1)
    return torch.cat([rest.inside, shared * rest.holds(drawn)])
