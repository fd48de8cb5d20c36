"""Categorical distributions, by index or one-hot, from probabilities or logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from storch_runtime.distributions import ends
from storch_runtime.distributions.base import KEEPING, Parameter, attach, drawn, sum_event
from storch_runtime.distributions.enumeration import Finite
from storch_runtime.precision import impossible, smallest

__all__ = ["Categorical", "OneHotCategorical", "OneHotCategoricalStraightThrough"]


class Classes(Finite):
    """What the two categorical families share: parameters ``[*plates, *batch event, C]``.

    Probabilities are divided by their sum. A probability of exactly 0 counts as the smallest normal
    float, so that every derivative stays finite; a logit of minus infinity is never drawn either.
    The noise of a sample is uniform on [0, 1), through the cumulative probabilities.
    """

    __slots__ = ("_log_probs", "_logits", "_probs", "_tensor")
    lattice = True

    ranks: ClassVar[Mapping[str, int]] = {"probs": 1, "logits": 1}
    inverse = True

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, *, event: int = 0
    ) -> None:
        self._logits = logits
        self._probs: Tensor | None = None
        self._log_probs: Tensor | None = None
        tensor = probs if logits is None else logits
        assert tensor is not None
        self._tensor = tensor
        self.event = event
        if KEEPING.asked:
            self.retain_grads()

    def given(self) -> dict[str, Parameter]:
        """``logits`` or ``probs``."""
        return {"probs" if self._logits is None else "logits": self._tensor}

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        return self._tensor.shape[:-1]

    @property
    def outcomes(self) -> int:
        """The number of classes."""
        return self._tensor.shape[-1]

    @property
    def logits(self) -> Tensor:
        """Normalised: the logarithms of ``probs``."""
        if self._log_probs is not None:
            return self._log_probs
        if self._logits is not None:
            log_probs = self._logits.log_softmax(-1)
        else:
            log_probs = (self.probs + smallest(self._tensor.dtype)).log()
        if self._lasting:
            self._log_probs = log_probs
        return log_probs

    @property
    def probs(self) -> Tensor:
        """Normalised."""
        if self._probs is not None:
            return self._probs
        if self._logits is not None:
            probs = self.logits.exp()
        else:
            probs = self._tensor / self._tensor.sum(-1, keepdim=True)
        if self._lasting:
            self._probs = probs
        return probs

    @property
    def _lasting(self) -> bool:
        """Whether what is computed now may be kept: without its gradient it may not."""
        return torch.is_grad_enabled() or not self._tensor.requires_grad

    def _weights(self) -> Tensor | None:
        return self._tensor if self._logits is None else None

    def draw_indices(self, n: int | None, noise: Tensor | None) -> Tensor:
        """``[n, *batch]``: class indices, without gradient."""
        probs = self.probs.detach()
        if noise is None and probs.is_cuda:
            return _race(probs, drawn(n, probs.shape))
        cumulative = probs.cumsum(-1)
        if noise is None:
            shape = (*probs.shape[:-1], 1 if n is None else n)
            points = torch.rand(shape, dtype=probs.dtype, device=probs.device)
        else:
            points = noise.unsqueeze(-1) if n is None else noise.movedim(0, -1).contiguous()
        points = points * cumulative.narrow(-1, self.outcomes - 1, 1)
        indices = torch.searchsorted(cumulative, points, right=True).clamp_(max=self.outcomes - 1)
        return indices.squeeze(-1) if n is None else indices.movedim(-1, 0)

    @property
    def noise_shape(self) -> torch.Size:
        """One uniform variable for each class that is drawn."""
        return self.batch_shape

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Uniform itself."""
        return uniform

    def entropy(self) -> Tensor:
        """``-Σ p log p`` with ``0 log 0 = 0``."""
        return -sum_event(self.probs * self._finite_logits(), self.event + 1)

    def kl_divergence(self, other: Classes) -> Tensor:
        """``Σ p log(p/q)`` ``[*plates]``: 0 where p is 0, infinite where only q is."""
        p = self.probs
        ratio = self.logits - other._support_logits()
        return sum_event(p * ratio.masked_fill(p == 0, 0.0), self.event + 1)

    @property
    def like(self) -> Tensor:
        """The probabilities or logits."""
        return self._tensor

    def outcome_log_probs(self) -> Tensor:
        """The normalised logits, classes first."""
        return self.logits.movedim(-1, 0)

    def place_rows(self) -> Tensor:
        """The normalised logits, as they are stored."""
        return self.logits.flatten(-1 - self.event, -2) if self.event else self.logits.unsqueeze(-2)

    def _finite_logits(self) -> Tensor:
        return (
            self.logits
            if self._logits is None
            else self.logits.clamp(min=impossible(self.logits.dtype))
        )

    def _support_logits(self) -> Tensor:
        if self._logits is not None:
            return self.logits
        return self.logits.masked_fill(self._tensor == 0, -torch.inf)


class Categorical(Classes):
    """The index of a class, as an integer.

    Parameters: ``probs``, not negative, or ``logits``: ``[..., C]``.
    Value: integers from 0 to C - 1, ``[...]``.
    """

    __slots__ = ()
    integers = True
    ends = ends.CLASSES

    def as_torch(self) -> torch.distributions.Categorical:
        """Torch's distribution."""
        return torch.distributions.Categorical(self._weights(), self._logits, validate_args=False)

    def log_prob(self, value: Tensor) -> Tensor:
        """The logit at ``value``."""
        index, logits = torch.broadcast_tensors(  # type: ignore[no-untyped-call]
            value.unsqueeze(-1), self.logits
        )
        return sum_event(logits.gather(-1, index[..., :1]).squeeze(-1), self.event)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """Class indices."""
        return self.draw_indices(n, noise)

    def from_indices(self, indices: Tensor) -> Tensor:
        """The indices themselves."""
        return indices

    def to_indices(self, value: Tensor) -> Tensor:
        """The indices themselves."""
        return value

    @property
    def mean(self) -> Tensor:
        """NaN: classes have no mean, as in torch."""
        return self._tensor.new_full(self.batch_shape, torch.nan)

    @property
    def mode(self) -> Tensor:
        """The index of the likeliest class."""
        return self._tensor.argmax(-1)

    @property
    def variance(self) -> Tensor:
        """NaN: classes have no variance, as in torch."""
        return self.mean

    @property
    def stddev(self) -> Tensor:
        """NaN, as in torch."""
        return self.mean


class OneHotCategorical(Classes):
    """A one-hot vector of floats.

    Parameters: ``probs``, not negative, or ``logits``: ``[..., C]``.
    Value: ``[..., C]``, one 1 and zeros.
    """

    __slots__ = ()
    ends = ends.SIMPLEX

    @property
    def own_event(self) -> torch.Size:
        """``[C]``."""
        return self._tensor.shape[-1:]

    def as_torch(self) -> torch.distributions.OneHotCategorical:
        """Torch's distribution."""
        return torch.distributions.OneHotCategorical(
            self._weights(), self._logits, validate_args=False
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """``Σ value log probs``, for relaxed values too."""
        return sum_event(value * self._finite_logits(), self.event + 1)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """One-hot vectors, without gradient."""
        return self.from_indices(self.draw_indices(n, noise))

    def from_indices(self, indices: Tensor) -> Tensor:
        """1 at each index."""
        zeros = self._tensor.new_zeros((*indices.shape, self.outcomes))
        return zeros.scatter(-1, indices.unsqueeze(-1), 1.0)

    def to_indices(self, value: Tensor) -> Tensor:
        """Where the 1 is."""
        return value.argmax(-1)

    @property
    def mean(self) -> Tensor:
        """``probs``."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The likeliest class."""
        return self.from_indices(self._tensor.argmax(-1))

    @property
    def variance(self) -> Tensor:
        """``p (1 - p)``."""
        return self.probs * (1 - self.probs)

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """A one-hot vector with the gradient of the probabilities in its place: biased.

    Parameters: ``probs``, not negative, or ``logits``: ``[..., C]``.
    Value: ``[..., C]``, one 1 and zeros.
    Bengio, Léonard and Courville 2013, arXiv:1308.3432.
    """

    __slots__ = ()

    pathwise = True
    replayable = True

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """One-hot vectors with the gradient of ``probs``."""
        return self.replay(self.sample(n, noise=noise))

    def replay(self, value: Tensor) -> Tensor:
        """``value`` with the gradient of ``probs``."""
        return attach(value, self.probs)


def _race(probs: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The first of exponential clocks to ring; a parallel sum need not be monotone on a GPU."""
    clocks = torch.empty(shape, dtype=probs.dtype, device=probs.device).exponential_()
    return (probs / clocks).argmax(-1)
