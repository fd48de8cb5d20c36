"""Rao-Blackwellised score function: some values by their probability, one drawn from the rest.

Formula: ``Σ_{x in C} p(x) f(x) ∇ log p(x) + (1 - p(C)) f(x') ∇ log p(x')``, x' drawn from p
restricted to what is not in C. C are the k - 1 most probable values, as of `SumAndSample` with one
sample. Of a joint sample of several variables, or of the steps of a loop, all sequences would be
needed to find these. C are then the k - 1 largest of ``log p + Gumbel``, by stochastic beam search,
and x' is the next one: given C it is a draw from the rest.
Unbiased: yes, whatever chose C; without variance where k is at least the size of the support.
Needs: finitely many values of the event.
Shapes: score ``[k, *plates]``, weights ``[k, *plates]``; x' is the last element.
Raises: ValueError `in` a plate of another method.
Reference: Liu et al. 2019, arXiv:1810.04777; stochastic beam search: Kool et al. 2019,
arXiv:1903.06059.
Certified for: any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.joint import Joint
from storch_runtime.method import Method, count_of
from storch_runtime.methods._joint import JointMethod
from storch_runtime.place import OWN, Extending, Own, Place
from storch_runtime.samplers.sets import draw_set, replay_extension, replay_set
from storch_runtime.samplers.sum_and_sample import SumAndSample

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["RaoBlackwellSF"]


class RaoBlackwellSF(JointMethod):
    """The score function at ``k`` values, all of them different.

    Formula, shapes, errors and source: `storch_runtime.methods.rao_blackwell_sf`.
    """

    def __init__(self, k: int = 1) -> None:
        super().__init__(k, use_baseline=False)
        self.sampler = SumAndSample(k - 1, 1)

    @property
    def n(self) -> int:
        """See `Method.n`: all values, of which the sampler draws one."""
        return self._n

    @n.setter
    def n(self, n: int) -> None:
        self._n = count_of(n)
        self.sampler = SumAndSample(n - 1, 1)

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`; the values are those of the sampler."""
        return Method.propose(self, distribution, n, noise=noise, outcome=outcome, **values)

    def draw(
        self,
        distribution: Distribution,
        given: Tensor | None = None,
        place: Place = OWN,
        **values: Any,
    ) -> Draw:
        """See `Method.draw`; what others will extend is drawn by stochastic beam search."""
        if not (isinstance(place, Own) and place.extended):
            return super().draw(distribution, given, place, **values)
        if given is None:
            draw = draw_set(distribution, self.k)
        else:
            draw = replay_set(distribution, self.fitting(given, distribution, own=1))
        draw = self.weighed(draw, self)
        draw.score = self.gradient_function(draw)
        return draw

    def replay_joint(self, distribution: Distribution, place: Extending, value: Tensor) -> Draw:
        """See `JointMethod.replay_joint`; the last of the values is the one from the rest."""
        return replay_extension(distribution, place, value)

    def weigh(self, joint: Joint) -> Tensor:
        """See `JointMethod.weigh`: elements lie from the largest perturbed value to the least."""
        assert joint.rest is not None
        masses = joint.masses
        last = torch.logaddexp(masses[-1:], joint.rest.unsqueeze(0))
        return torch.cat([masses[:-1], last]).exp()
