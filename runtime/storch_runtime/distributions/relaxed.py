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
from storch_runtime.remembered import logarithm_of, remembering, source_of

__all__ = [
    "ExpRelaxedCategorical",
    "LogitRelaxedBernoulli",
    "RelaxedBernoulli",
    "RelaxedOneHotCategorical",
]

_EULER = 0.5772156649015329


class BlurredCoin(ByNoise, Written):
    """Log-odds ``(logits + noise)/temperature`` with logistic noise, and what is made of them."""

    __slots__ = ()

    inverse = True

    def draw_noise(self, shape: tuple[int, ...]) -> Tensor:
        """Logistic."""
        return inverse.logistic(uniform_noise(shape, self.like))

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Logistic."""
        return inverse.logistic(uniform)

    def odds_from_noise(self, noise: Tensor) -> Tensor:
        """``(logits + noise)/temperature``: ``[...]``."""
        return (self.logits + noise) / self.temperature

    def odds_log_prob(self, odds: Tensor) -> Tensor:
        """Of a logistic variable, for each element: ``[...]``."""
        heat = self.temperature
        shift = self.logits - heat * odds
        return heat.log() + shift - 2 * softplus(shift)

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


class LogitRelaxedBernoulli(BlurredCoin):
    """``(logits + noise)/temperature`` with logistic noise: the log-odds of a blurred coin.

    Parameters: ``temperature`` above 0, and ``probs`` or ``logits``: ``[...]``.
    Value: any number, ``[...]``.
    Maddison, Mnih and Teh 2017, arXiv:1611.00712.
    """

    __slots__ = ()

    def as_torch(self) -> torch.distributions.Distribution:
        """Torch's distribution."""
        return torch.distributions.relaxed_bernoulli.LogitRelaxedBernoulli(
            self.temperature, logits=self.logits, validate_args=False
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """Of a logistic variable."""
        return sum_event(self.odds_log_prob(value), self.event)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``(logits + noise)/temperature``."""
        return self.odds_from_noise(noise)

    def noise(self, value: Tensor) -> Tensor:
        """``temperature value - logits``."""
        return self.temperature * value - self.logits

    def peak(self) -> Tensor:
        """``logits/temperature``: that of its own density, as the coin's is infinite here."""
        return self.logits / self.temperature

    def entropy(self) -> Tensor:
        """``2 - log temperature``."""
        return sum_event(2 - self.temperature.log(), self.event)


class RelaxedBernoulli(BlurredCoin):
    """``sigmoid((logits + noise)/temperature)`` with logistic noise.

    Parameters: ``temperature`` above 0, and ``probs`` or ``logits``: ``[...]``.
    Value: within (0, 1), ``[...]``.
    Maddison, Mnih and Teh 2017, arXiv:1611.00712; Jang, Gu and Poole 2017, arXiv:1611.01144.
    """

    __slots__ = ()
    ends = ends.OPEN_INTERVAL

    def as_torch(self) -> torch.distributions.RelaxedBernoulli:
        """Torch's distribution."""
        return torch.distributions.RelaxedBernoulli(
            self.temperature, logits=self.logits, validate_args=False
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """Of a logistic variable, squeezed."""
        odds = source_of(value, "odds")
        if odds is None:
            odds = value.log() - torch.log1p(-value)
        squeezed = softplus(odds) + softplus(-odds)
        return sum_event(self.odds_log_prob(odds) + squeezed, self.event)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``sigmoid((logits + noise)/temperature)``, strictly inside (0, 1)."""
        odds = self.odds_from_noise(noise)
        value = odds.sigmoid().clamp(smallest(odds.dtype), 1 - torch.finfo(odds.dtype).eps)
        return remembering(value, odds, "odds")

    def noise(self, value: Tensor) -> Tensor:
        """``temperature logit(value) - logits``."""
        return self.temperature * (value.log() - torch.log1p(-value)) - self.logits

    def most_probable(self) -> Tensor:
        """Of the coin that is blurred; 1 where both sides are equally likely."""
        return (self.logits >= 0).to(self.logits).expand(self.batch_shape)


class BlurredClasses(ByNoise, Written):
    """``(logits + noise)/temperature`` with Gumbel noise ``[..., C]``, and what is made of it."""

    __slots__ = ()

    ranks: ClassVar[Mapping[str, int]] = {"probs": 1, "logits": 1}
    inverse = True

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

    def logs_log_prob(self, logs: Tensor) -> Tensor:
        """Of logarithms ``[..., C]`` whose exponentials sum to 1: ``[...]``."""
        heat, count = self.temperature, logs.shape[-1]
        score = (self.logits - heat.unsqueeze(-1) * logs).log_softmax(-1).sum(-1)
        return score + math.lgamma(count) + (count - 1) * heat.log()

    def draw_noise(self, shape: tuple[int, ...]) -> Tensor:
        """Standard Gumbel."""
        return -exponential_noise(shape, self.like).log()

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard Gumbel."""
        return inverse.gumbel(uniform)

    def blurred(self, noise: Tensor) -> Tensor:
        """``(logits + noise)/temperature``: ``[..., C]``."""
        return (self.logits + noise) / self.temperature.unsqueeze(-1)

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


class ExpRelaxedCategorical(BlurredClasses):
    """``log_softmax((logits + noise)/temperature)`` with Gumbel noise ``[..., C]``.

    Parameters: ``temperature`` above 0, ``[...]``; ``probs`` or ``logits``, ``[..., C]``.
    Value: ``[..., C]``, logarithms of numbers that add up to 1.
    Maddison, Mnih and Teh 2017, arXiv:1611.00712.
    """

    __slots__ = ()
    ends = ends.LOG_SIMPLEX

    def as_torch(self) -> torch.distributions.Distribution:
        """Torch's distribution, which knows scalar temperatures only."""
        return torch.distributions.relaxed_categorical.ExpRelaxedCategorical(
            self.temperature, logits=self.logits, validate_args=False
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """With respect to all coordinates alike, as torch's (Maddison et al. 2017, section 3.3)."""
        return sum_event(self.logs_log_prob(value), self.event)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``log_softmax((logits + noise)/temperature)``."""
        return self.blurred(noise).log_softmax(-1)

    def noise(self, value: Tensor) -> Tensor:
        """``temperature value - logits``: up to a shift, which changes nothing."""
        return self.temperature.unsqueeze(-1) * value - self.logits

    def peak(self) -> Tensor:
        """That of its own density, ``log_softmax(logits/temperature)``: hard classes have none."""
        return (self.logits / self.temperature.unsqueeze(-1)).log_softmax(-1)

    def entropy(self) -> Tensor:
        """``C (γ + ψ(C)) - log Γ(C) - (C - 1) log temperature``, whatever the classes are."""
        heat = self.temperature
        count = torch.tensor(float(self.own_event[0]), dtype=heat.dtype, device=heat.device)
        each = count * (_EULER + count.digamma()) - count.lgamma()
        return sum_event(each - (count - 1) * heat.log(), self.event)


class RelaxedOneHotCategorical(BlurredClasses):
    """``softmax((logits + noise)/temperature)`` with Gumbel noise ``[..., C]``.

    Parameters: ``temperature`` above 0, ``[...]``; ``probs`` or ``logits``, ``[..., C]``.
    Value: ``[..., C]``, positive, adding up to 1.
    Maddison, Mnih and Teh 2017, arXiv:1611.00712; Jang, Gu and Poole 2017, arXiv:1611.01144.
    """

    __slots__ = ()
    ends = ends.SIMPLEX

    def as_torch(self) -> torch.distributions.RelaxedOneHotCategorical:
        """Torch's distribution, which knows scalar temperatures only."""
        return torch.distributions.RelaxedOneHotCategorical(
            self.temperature, logits=self.logits, validate_args=False
        )

    def log_prob(self, value: Tensor) -> Tensor:
        """On the simplex, with respect to its first C - 1 coordinates."""
        logs = logarithm_of(value)
        if logs is None:
            logs = value.clamp(min=smallest(value.dtype)).log()
        return sum_event(self.logs_log_prob(logs) - logs.sum(-1), self.event)

    def from_noise(self, noise: Tensor) -> Tensor:
        """``softmax((logits + noise)/temperature)``."""
        blurred = self.blurred(noise)
        return remembering(blurred.softmax(-1), blurred.log_softmax(-1), "logs")

    def noise(self, value: Tensor) -> Tensor:
        """``temperature log(value) - logits``: up to a shift, which changes nothing."""
        logs = value.clamp(min=smallest(value.dtype)).log()
        return self.temperature.unsqueeze(-1) * logs - self.logits

    def most_probable(self) -> Tensor:
        """One-hot: the likeliest class, the first of several."""
        best = self.logits.detach().argmax(-1, keepdim=True)
        return torch.zeros_like(self.logits).scatter(-1, best, 1.0).detach()
