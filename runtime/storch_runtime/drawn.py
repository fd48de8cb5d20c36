"""What was drawn of a sample: once, or in the steps of a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from torch import Tensor

from storch_runtime.maybe import MaybeNone

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.joint import Joint

__all__ = ["Drawn"]


class Drawn(Protocol):
    """What a method sees of its sample, when the story behind it has been evaluated.

    Drawn once it is a `Draw`, with shapes ``[n, *plates]``: ``n`` is the sample's own plate, which
    a sample ``in`` an open plate lacks, ``*plates`` are those of its distribution. In a loop of T
    steps it is `Steps`; of nested loops there is a dimension for each, the outermost first.
    """

    @property
    def value(self) -> Tensor:
        """``[n, *plates, *event]``; in a loop ``[*plates, T, *event]``."""

    @property
    def distribution(self) -> Distribution:
        """What it was drawn from; in a loop in the first step."""

    @property
    def weight(self) -> Tensor | MaybeNone:
        """``[n, *plates]``; None where every element weighs 1/n (1 without a plate of its own).

        It carries everything: a ratio over n; a probability, with its gradient. In a loop
        ``[*plates]``, the product over all steps.
        """

    @property
    def log_prob(self) -> Tensor:
        """The log-probability ``[n, *plates]``; in a loop ``[*plates]``, that of all steps."""

    @property
    def score(self) -> Tensor | MaybeNone:
        """``l`` ``[n, *plates]`` of `Method.gradient_function`; in a loop ``[steps, *plates]``.

        Steps that were not taken are missing. None where the gradient is pathwise or enumerated.
        """

    @property
    def box(self) -> Tensor:
        """The magic box ``exp(l - stop(l))``, shaped like the `score`; ValueError without one.

        Value 1, derivatives of ``exp(l)`` (DiCE: Foerster et al. 2018, arXiv:1802.05098).
        """

    @property
    def plate_dim(self) -> int:
        """The dimension of the sample's plate in the score."""

    @property
    def replayed(self) -> bool:
        """Whether its values were given: nothing may be learned from them."""

    @property
    def points(self) -> Tensor | None:
        """Values ``[h, n, *plates, *event]`` that a method looks at, in no plate of the story."""

    @property
    def joint(self) -> Joint | MaybeNone:
        """What is known of a joint sample; None of others."""

    def reindexed(self, joint: Joint) -> Drawn:
        """The same, its elements those that ``joint``, which has chosen among them, continues."""
