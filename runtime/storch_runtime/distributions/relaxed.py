"""Relaxations: classes blurred by a temperature, as distributions of their own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from storch_runtime.distributions import ends, inverse
from storch_runtime.distributions.base import sum_event
from storch_runtime.distributions.pathwise import ByNoise
from storch_runtime.distributions.written import Written, exponential_noise, uniform_noise
from storch_runtime.precision import smallest

__all__ = ["RelaxedBernoulli", "RelaxedOneHotCategorical"]


def _remembering(value: Tensor, unrounded: Tensor) -> Tensor:
    """A value with what it was made of: at low temperatures it is next to 1, or 0, in floats.

    There its density moves by more than a rounding error of the value tells.
    """
    value.drawn_as = unrounded  # type: ignore[attr-defined]
    return value


def _drawn_as(value: Tensor) -> Tensor | None:
    """The log-odds, or log-probabilities, that a value was drawn as; None: read them off it."""
    return getattr(value, "drawn_as", None)


class RelaxedBernoulli(ByNoise, Written):
    """``sigmoid((logits + noise)/temperature)`` with logistic noise."""

    __slots__ = ()
    ends = ends.OPEN_INTERVAL

    inverse = True

    def as_torch(self) -> torch.distributions.RelaxedBernoulli:
        """Torch's distribution."""
        return torch.distributions.RelaxedBernoulli(
            self.temperature, logits=self.logits, validate_args=False
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """Of a logistic variable, squeezed."""
        heat, odds = self.temperature, _drawn_as(value)
        if odds is None:
            odds = value.log() - torch.log1p(-value)
        shift = self.logits - heat * odds
        squeezed = softplus(odds) + softplus(-odds)
        return sum_event(heat.log() + shift - 2 * softplus(shift) + squeezed, self.event)

    def draw_noise(self, shape: tuple[int, ...]) -> Tensor:
        """Logistic."""
        return inverse.logistic(uniform_noise(shape, self.like))

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Logistic."""
        return inverse.logistic(uniform)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``sigmoid((logits + noise)/temperature)``, strictly inside (0, 1)."""
        odds = (self.logits + noise) / self.temperature
        value = odds.sigmoid().clamp(smallest(odds.dtype), 1 - torch.finfo(odds.dtype).eps)
        return _remembering(value, odds)

    def noise(self, value: Tensor) -> Tensor:
        """``temperature logit(value) - logits``."""
        return self.temperature * (value.log() - torch.log1p(-value)) - self.logits

    @property
    def temperature(self) -> Tensor:
        """The lower, the closer to 0 and 1."""
        return self.full("temperature")

    @property
    def logits(self) -> Tensor:
        """Of the coin that is blurred."""
        return self.log_odds()

    @property
    def probs(self) -> Tensor:
        """Of the coin that is blurred."""
        return self.logits.sigmoid()


class RelaxedOneHotCategorical(ByNoise, Written):
    """``softmax((logits + noise)/temperature)`` with Gumbel noise ``[..., C]``."""

    __slots__ = ()
    ends = ends.SIMPLEX

    ranks: ClassVar[Mapping[str, int]] = {"probs": 1, "logits": 1}
    inverse = True

    def as_torch(self) -> torch.distributions.RelaxedOneHotCategorical:
        """Torch's distribution, which knows scalar temperatures only."""
        return torch.distributions.RelaxedOneHotCategorical(
            self.temperature, logits=self.logits, validate_args=False
        )

    @property
    def own_event(self) -> torch.Size:
        """``[C]``."""
        return self._classes().shape[-1:]

    def _classes(self) -> Tensor:
        given = self._given.get("logits", self._given.get("probs"))
        assert isinstance(given, Tensor)
        return given

    @property
    def like(self) -> Tensor:
        """The probabilities or logits."""
        return self._classes()

    def log_prob(self, value: Tensor) -> Tensor:
        """On the simplex, with respect to its first C - 1 coordinates."""
        heat, logs = self.temperature, _drawn_as(value)
        if logs is None:
            logs = value.clamp(min=smallest(value.dtype)).log()
        count = logs.shape[-1]
        score = (self.logits - heat.unsqueeze(-1) * logs).log_softmax(-1) - logs
        constant = math.lgamma(count) + (count - 1) * heat.log()
        return sum_event(score.sum(-1) + constant, self.event)

    def draw_noise(self, shape: tuple[int, ...]) -> Tensor:
        """Standard Gumbel."""
        return -exponential_noise(shape, self.like).log()

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard Gumbel."""
        return inverse.gumbel(uniform)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``softmax((logits + noise)/temperature)``."""
        blurred = (self.logits + noise) / self.temperature.unsqueeze(-1)
        return _remembering(blurred.softmax(-1), blurred.log_softmax(-1))

    def noise(self, value: Tensor) -> Tensor:
        """``temperature log(value) - logits``: up to a shift, which changes nothing."""
        logs = value.clamp(min=smallest(value.dtype)).log()
        return self.temperature.unsqueeze(-1) * logs - self.logits

    @property
    def temperature(self) -> Tensor:
        """The lower, the closer to one-hot."""
        return self.full("temperature")

    @property
    def logits(self) -> Tensor:
        """Of the classes that are blurred, normalised."""
        classes = self._classes()
        if "logits" not in self._given:
            classes = (self.probs + smallest(classes.dtype)).log()
        classes = classes.log_softmax(-1)
        return classes.expand(*self.batch_shape, classes.shape[-1])

    @property
    def probs(self) -> Tensor:
        """Of the classes that are blurred, normalised."""
        classes = self._classes()
        if "logits" in self._given:
            return self.logits.exp()
        probs = classes / classes.sum(-1, keepdim=True)
        return probs.expand(*self.batch_shape, classes.shape[-1])
