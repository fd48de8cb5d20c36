"""Importance sampling: independent draws from a proposal, weighted by the ratio; never normalised.

Formula: ``z_k ~ q``, ``w_k = stop(p(z_k) / q(z_k)) / n``; the score is ``log p(z_k)``.
Needs: ``q > 0`` wherever ``p`` times the cost is not 0.
Shapes: value ``[n, *plates, *event]``, weight ``[n, *plates]``.
Raises: ValueError without a proposal, and where a path through the value is asked for.
Reference: van Krieken et al. 2021, arXiv:2104.00428.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.samplers.monte_carlo import MonteCarlo
from storch_runtime.samplers.sampler import Outcome, Sampler
from storch_runtime.surrogate import idle

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["ImportanceSampling"]


class ImportanceSampling(Sampler):
    """Independent draws from ``proposal``, a value of the story that comes with every draw.

    Formula, shapes, errors and source: `storch_runtime.samplers.importance_sampling`.
    """

    kind = "iid"

    def draw(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        pathwise: bool = False,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        proposal: Distribution | None = None,
        **values: Any,
    ) -> Draw:
        """See `Sampler.draw`; the value carries no gradient to the proposal."""
        if pathwise:
            raise ValueError("a value drawn from a proposal has no path to its own distribution")
        source = _over_plates(proposal, distribution)
        drawn = MonteCarlo().draw(source, n, noise=noise, outcome=outcome)
        return _weighted(distribution, source, drawn.value, n)

    def replay(
        self,
        distribution: Distribution,
        value: Tensor,
        n: int | None,
        proposal: Distribution | None = None,
        **values: Any,
    ) -> Draw:
        """See `Sampler.replay`; the weights are those of draws from the proposal."""
        draw = _weighted(distribution, _over_plates(proposal, distribution), value, n)
        draw.replayed = True
        return draw

    def outcomes(
        self,
        distribution: Distribution,
        n: int | None,
        proposal: Distribution | None = None,
    ) -> list[Outcome]:
        """See `Sampler.outcomes`; the probabilities are the proposal's."""
        return MonteCarlo().outcomes(_over_plates(proposal, distribution), n)


def _over_plates(proposal: Distribution | None, distribution: Distribution) -> Distribution:
    """The proposal, with every plate of the distribution: each element has its own draw."""
    if proposal is None:
        raise ValueError("importance sampling needs `proposal`, a distribution")
    if proposal.plates == distribution.plates:
        return proposal
    return proposal.expand(tuple(distribution.plates))


def _weighted(
    distribution: Distribution, source: Distribution, value: Tensor, n: int | None
) -> Draw:
    log_prob = distribution.ending_log_prob(value)
    with torch.no_grad():
        weight = torch.exp(log_prob - source.log_prob(value))
        if n is not None:
            weight /= n
        if distribution.finite:  # a probability of 0 counts as the smallest number elsewhere
            weight = weight.masked_fill(_impossible(distribution, value), 0.0)
    # outside of the support the weight is 0, and a score that is infinite would make it NaN
    log_prob = log_prob.clamp(min=torch.finfo(log_prob.dtype).min / 1024)
    return Draw(value, distribution, weight, log_prob)


def _impossible(distribution: Distribution, value: Tensor) -> Tensor:
    """Whether a place of a value of finitely many outcomes has one of probability 0."""
    event = distribution.event
    nothing = idle(distribution.apart().log_prob(value).exp())
    return nothing.any(tuple(range(-event, 0))) if event else nothing
