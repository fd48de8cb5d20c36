"""What the score functions without replacement share: drawing, joining, a baseline of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.joint import Joint, Opener
from storch_runtime.method import Method
from storch_runtime.place import Extending
from storch_runtime.samplers.sets import draw_set, extend_set, joint_of, opened_by
from storch_runtime.samplers.without_replacement import NOT_REPLAYED

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution


class JointMethod(Method):
    """``k`` distinct values, weighted; further samples may join them.

    A method says `weigh` and `baseline`, and by ``rest`` whether these look at what is outside the
    sample. With a single element there is nothing to compare, and no baseline: one of itself alone
    would be biased.
    """

    rest: ClassVar[bool] = True

    def __init__(self, k: int = 1, *, use_baseline: bool = True) -> None:
        super().__init__(k)
        self.use_baseline = use_baseline

    @property
    def k(self) -> int:
        """How many values are drawn for each element of the plates; may change between calls."""
        return self.n

    @k.setter
    def k(self, k: int) -> None:
        self.n = k

    @property
    def elements(self) -> int:
        """See `Method.elements`: what was asked for, however it is drawn."""
        return self.n

    def weigh(self, joint: Joint) -> Tensor:
        """The weights ``[k, *plates]``, 0 where an element holds no sequence."""
        raise TypeError(f"`{type(self).__name__}` does not say how it weighs")

    def baseline(self, joint: Joint, cost: Tensor) -> Tensor:
        """The baseline ``b`` ``[k, *plates]`` of detached costs, 0 where there is no sequence."""
        raise TypeError(f"`{type(self).__name__}` does not say what its baseline is")

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`; the noise is standard Gumbel ``[places, k, C, *plates]``."""
        if n is None:
            raise ValueError(
                f"`{type(self).__name__}` draws sets of values: it opens a plate of its own, or "
                "extends a sample that it drew itself"
            )
        if outcome is not None:
            draw = self.replay(distribution, outcome, n)
            draw.replayed = False
            return draw
        return self.weighed(draw_set(distribution, n, noise, rest=self.rest), self)

    def extend(
        self,
        distribution: Distribution,
        place: Extending,
        given: Tensor | None,
        *,
        noise: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.extend`; the noise is as in `propose`, for what each element continues.

        The method that opened the plate says how many elements there are, weighs them, and compares
        them.
        """
        self.check_family(distribution)
        joint = joint_of(place.before)
        opener = joint.opener or self
        if given is None:
            draw = extend_set(distribution, place, noise, rest=opener.rest)
        else:
            value = self.fitting(given, distribution, own=0)
            draw = self.replay_joint(distribution, place, value)
        draw = self.weighed(draw, opener)
        if not isinstance(place.before, Joint):  # of the steps of a loop it is found when that ends
            draw.score = draw.log_prob
        return draw

    def replay_joint(self, distribution: Distribution, place: Extending, value: Tensor) -> Draw:
        """The draw of values ``[k, *plates, *event]``, each continuing the element in its place."""
        raise ValueError(NOT_REPLAYED.format(type(self).__name__))

    def weighed(self, draw: Draw, opener: Opener) -> Draw:
        """A draw with the weights of the method that opened its sample."""
        return opened_by(opener, draw)

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`: ``a = (1 - box(l)) stop(b)``; in loops for every step."""
        box, dim = draw.box, draw.plate_dim
        if not self.use_baseline or draw.joint is None or box.shape[dim] == 1:
            return torch.zeros_like(box)
        plates = draw.joint.log_prob.shape
        place = dim - (box.dim() - len(plates))
        joint = draw.joint.along(place)
        with torch.no_grad():
            cost = downstream.cost.expand_as(box).reshape(-1, *plates).movedim(0, -1)
            cost = cost.movedim(place, 0)  # [k, *plates, steps]
            counts = joint.alive & (joint.masses > -torch.inf)
            cost = torch.where(behind(counts, cost), cost, 0.0)
            opener = joint.opener if isinstance(joint.opener, JointMethod) else self
            baseline = opener.baseline(joint, cost)
            baseline = baseline.movedim(0, place).movedim(-1, 0).reshape(box.shape)
        return torch.addcmul(baseline, box, baseline, value=-1)


def behind(value: Tensor, like: Tensor) -> Tensor:
    """``value`` with dimensions of size 1 behind its own: as many as ``like`` has."""
    return value.reshape(value.shape + (1,) * (like.dim() - value.dim()))
