"""Sampling without replacement: the k largest log-probabilities with Gumbel noise.

Formula: ``G_s = log p_s + Gumbel``, S the k largest, κ the next one,
``w_s = p_s / (1 - exp(-exp(log p_s - κ)))``; ``Σ_{s in S} w_s f_s`` has mean ``Σ_s p_s f_s``.
Where k is the size of the support or more, ``w_s = p_s``.
Needs: finitely many values of the event; its places are independent.
Shapes: value ``[k, *plates, *event]``, weight ``[k, *plates]``, detached; an element that holds no
value, as there are fewer than k, has weight 0 and repeats another.
Raises: ValueError `in` an open plate, where a path through the value is asked for, and where values
are given: they do not tell their weights.
Reference: Kool et al. 2019, arXiv:1903.06059; Vieira 2017; Duffield et al. 2007.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.joint import Joint
from storch_runtime.place import Extending
from storch_runtime.samplers.sampler import Outcome, Sampler
from storch_runtime.samplers.sets import draw_set, extend_set, opened_by
from storch_runtime.samplers.stochastic_beam import log_inclusion

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["NOT_REPLAYED", "WithoutReplacement", "inclusion_weights"]

NOT_REPLAYED = (
    "values cannot be given to `{}`: it weighs them by noise that they do not tell; the weights of "
    "`UnorderedSetEstimator` are a function of the values alone"
)


class WithoutReplacement(Sampler):
    """``k`` distinct values, or all there are.

    Formula, shapes, errors and source: `storch_runtime.samplers.without_replacement`.
    """

    kind = "linear-exact"
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
        """See `Sampler.draw`; n is k, the noise standard Gumbel ``[places, k, C, *plates]``."""
        if pathwise:
            raise ValueError("`WithoutReplacement` chooses values: there is no path through them")
        if n is None:
            raise ValueError(
                "`WithoutReplacement` draws sets: it opens a plate of its own, it cannot draw `in` "
                "another"
            )
        if outcome is not None:
            raise ValueError(NOT_REPLAYED.format(type(self).__name__))
        draw = draw_set(distribution, self.k, noise, rest=False)
        assert draw.joint is not None
        with torch.no_grad():
            draw.weight = inclusion_weights(draw.joint)
        return draw

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """Refused: values do not tell the weights that they were drawn with."""
        raise ValueError(NOT_REPLAYED.format(type(self).__name__))

    @property
    def size(self) -> int:
        """See `Sampler.size`."""
        return self.k

    def extend(
        self,
        distribution: Distribution,
        place: Extending,
        given: Tensor | None = None,
        *,
        noise: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Sampler.extend`; the noise is standard Gumbel, as in `draw`."""
        if given is not None:
            raise ValueError(NOT_REPLAYED.format(type(self).__name__))
        return opened_by(self, extend_set(distribution, place, noise, rest=self.rest))

    def weigh(self, joint: Joint) -> Tensor:
        """What whole sequences weigh ``[k, *plates]``."""
        return inclusion_weights(joint)

    def outcomes(self, distribution: Distribution, n: int | None) -> list[Outcome]:
        """Refused: the weights are continuous."""
        raise ValueError(NOT_REPLAYED.format(type(self).__name__))


def inclusion_weights(joint: Joint) -> Tensor:
    """``p / q`` ``[k, *plates]``, 0 where an element holds no sequence; computed once."""
    assert joint.threshold is not None
    if "inclusion" not in joint.kept:
        masses = joint.masses
        weight = torch.exp(masses - log_inclusion(masses - joint.threshold))
        joint.kept["inclusion"] = torch.where(joint.alive, weight, 0.0)
    return joint.kept["inclusion"]
