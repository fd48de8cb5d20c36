"""One draw of a sample: values, weights and log-probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from storch_runtime.maybe import MaybeNone
from storch_runtime.reindex import reindexed
from storch_runtime.surrogate import magic_box

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.joint import Joint
    from storch_runtime.told import Context

__all__ = ["Draw"]


class Draw:
    """What a method drew at once; shapes are those of `Drawn`, which says what it holds.

    ``context`` is what a critic is told, of methods that have one.
    The ``value`` of an enumerated sample is ``[n, *event]``, the same for all plates. ``log_prob``
    and ``box`` are computed when they are first asked for.
    """

    __slots__ = (
        "_box",
        "_log_prob",
        "_weight",
        "context",
        "distribution",
        "joint",
        "plate_dim",
        "points",
        "replayed",
        "score",
        "value",
    )

    def __init__(
        self,
        value: Tensor,
        distribution: Distribution,
        weight: Tensor | None = None,
        log_prob: Tensor | None = None,
        replayed: bool = False,
        plate_dim: int = 0,
        points: Tensor | None = None,
        joint: Joint | None = None,
    ) -> None:
        self.value = value
        self.distribution = distribution
        self._weight = weight
        self.replayed = replayed
        self.plate_dim = plate_dim
        self.points = points
        self.joint: Joint | MaybeNone = joint
        self.context: Context | None = None
        self.score: Tensor | MaybeNone = None
        self._log_prob = log_prob
        self._box: Tensor | None = None

    @property
    def weight(self) -> Tensor | MaybeNone:
        """See `Drawn.weight`; without replacement the weights are those of its sequences."""
        return self._weighed()

    @weight.setter
    def weight(self, weight: Tensor | None) -> None:
        self._weight = weight

    def _weighed(self) -> Tensor | None:
        if self._weight is None and self.joint is not None:
            return self.joint.weight
        return self._weight

    @property
    def log_prob(self) -> Tensor:
        """The log-probability of the value, ``[n, *plates]``."""
        if self._log_prob is None:
            self._log_prob = self.distribution.log_prob(self.value)
        return self._log_prob

    @property
    def box(self) -> Tensor:
        """The magic box of the score, ``[n, *plates]``; ValueError where there is no score."""
        if self._box is None:
            if self.score is None:
                raise ValueError("this draw has no score: its gradient is pathwise or enumerated")
            self._box = magic_box(self.score)
        return self._box

    def reindexed(self, joint: Joint) -> Draw:
        """This draw, its elements those that ``joint``, which has chosen among them, continues.

        Both have the same plates. A part of the joint sample weighs what the whole weighs now.
        """
        found = self._along(joint.line, joint.dim)
        if self.context is not None:  # of what goes back to the distribution that it has had
            found.context = self.context.reindexed(joint.line, joint.dim)
            found.distribution = self.distribution.reindexed(joint)
            if self.points is not None:
                found.points = reindexed(self.points, joint.line, joint.dim + 1)
        found.joint = None if self.joint is None else joint
        return found

    def _along(self, line: Tensor, dim: int) -> Draw:
        """This draw, its elements those that ``line`` ``[*plates]`` names along ``dim``."""
        weight = self._weight
        found = Draw(
            reindexed(self.value, line, dim),
            self.distribution,
            None if weight is None else reindexed(weight, line, dim),
            reindexed(self.log_prob, line, dim),
            self.replayed,
            self.plate_dim,
        )
        found.score = None if self.score is None else reindexed(self.score, line, dim)
        return found
