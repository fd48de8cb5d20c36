"""The concrete relaxation at a set of distinct values, whatever their order.

Formula: ``Σ_{s in S} p_s R(S, s) ∇ f(softmax((φ + G_s) / τ))``, S k values without replacement,
``R(S, s) = P^{D∖s}(S∖s) / P(S)``, G_s Gumbel noise given that φ + G_s is largest at s; for a
Bernoulli ``sigmoid((η + L_s) / τ)``, L_s logistic noise given its sign. The noise is taken as it
is: the derivative does not go through its dependence on φ, else the mean is another.
Unbiased: no (the mean is that of the concrete relaxation, the variance lower).
Needs: Bernoulli or OneHotCategorical; every path to every cost differentiable.
Shapes: value ``[k, *plates, *event]``, weights ``[k, *plates]``, detached.
Raises: ValueError where values are given: they do not tell their noise.
Reference: Kool et al. 2020, arXiv:2002.06043; conditional noise: Tucker et al. 2017,
arXiv:1703.07370; Paulus et al. 2021, arXiv:2010.04838.
Certified for: the gradient of the relaxed objective of `GumbelSoftmax`, any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from storch_runtime.distributions import Bernoulli, OneHotCategorical
from storch_runtime.distributions.base import attach
from storch_runtime.draw import Draw
from storch_runtime.joint import Joint, Opener
from storch_runtime.methods._discrete import finite
from storch_runtime.methods._joint import JointMethod
from storch_runtime.methods._relaxed import conditional_points, relax
from storch_runtime.methods.unordered_set_estimator import set_weights

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["UnorderedSetGumbelSoftmax"]


class UnorderedSetGumbelSoftmax(JointMethod):
    """Distinct values, each relaxed by noise that rounds to it; ``log_prob`` is the values'.

    Formula, shapes, errors and source: `storch_runtime.methods.unordered_set_gumbel_softmax`.
    """

    families = (Bernoulli, OneHotCategorical)

    def __init__(self, k: int = 1, *, temperature: float = 1.0) -> None:
        super().__init__(k, use_baseline=False)
        self.temperature = temperature

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """Refused: a relaxed value does not tell the noise that it came from."""
        raise ValueError("values cannot be given to a relaxation: it has nothing to replay")

    def weigh(self, joint: Joint) -> Tensor:
        """See `JointMethod.weigh`."""
        return set_weights(joint)

    def weighed(self, draw: Draw, opener: Opener) -> Draw:
        """See `JointMethod.weighed`; the values are relaxed, too."""
        law = draw.distribution
        if draw.joint is not None and draw.joint.parents is not None:
            law = law.reindexed(draw.joint)
        assert isinstance(law, Bernoulli | OneHotCategorical)
        points = conditional_points(law, draw.value, 1)[0]
        draw.value = relax(law, attach(points, finite(law.logits)), self.temperature)
        return super().weighed(draw, opener)

    def gradient_function(self, draw: Draw) -> None:
        """None: the gradient goes through the value."""
