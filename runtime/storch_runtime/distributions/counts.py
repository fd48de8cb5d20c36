"""Families over counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from storch_runtime.distributions import ends
from storch_runtime.distributions.base import drawn, sum_event
from storch_runtime.distributions.enumeration import Finite
from storch_runtime.distributions.wrapped import Forwarded, Wrapped
from storch_runtime.distributions.written import Written
from storch_runtime.precision import HALVES, smallest

__all__ = ["Binomial", "Geometric", "Multinomial", "NegativeBinomial", "Poisson"]


class Binomial(Finite, Wrapped):
    """How many of ``total_count`` coins show 1; its support can be listed if that is a number.

    Parameters: ``total_count``, and ``probs`` from 0 to 1 or ``logits``: ``[...]``.
    Value: whole floats from 0 to ``total_count``, ``[...]``.
    """

    __slots__ = ()
    lattice = True
    ends = ends.FEWER

    make = torch.distributions.Binomial

    total_count = Forwarded()
    probs = Forwarded()
    logits = Forwarded()

    @property
    def outcomes(self) -> int:
        """``total_count + 1``."""
        total = self._given.get("total_count", 1)
        if isinstance(total, Tensor):
            raise TypeError("the support of Binomial can be listed only if total_count is a number")
        return int(total) + 1

    def log_prob(self, value: Tensor) -> Tensor:
        """``log n!/(k!(n-k)!) + k log p + (n-k) log(1-p)``: smooth, also where the logit is 0."""
        return sum_event(self._each(value), self.event)

    def _each(self, value: Tensor) -> Tensor:
        total, logits = self.torch.total_count, self.torch.logits  # type: ignore[attr-defined]
        rest = total - value
        ways = (total + 1).lgamma() - (value + 1).lgamma() - (rest + 1).lgamma()
        each: Tensor = ways + value * logsigmoid(logits) + rest * logsigmoid(-logits)
        return each

    @property
    def like(self) -> Tensor:
        """The probabilities."""
        return self.probs

    def outcome_log_probs(self) -> Tensor:
        """Of each count from 0."""
        counts = torch.arange(self.outcomes, dtype=self.like.dtype, device=self.like.device)
        return self._each(counts.reshape(-1, *(1,) * len(self.batch_shape)))

    def from_indices(self, indices: Tensor) -> Tensor:
        """The same numbers, as floats."""
        return indices.to(self.like.dtype)

    def to_indices(self, value: Tensor) -> Tensor:
        """The same numbers, as integers."""
        return value.long()


class Geometric(Wrapped):
    """How many failures come before the first success.

    Parameters: ``probs`` above 0 up to 1, or ``logits``: ``[...]``.
    Value: whole floats from 0, ``[...]``.
    """

    __slots__ = ()
    lattice = True
    ends = ends.HALF

    make = torch.distributions.Geometric

    probs = Forwarded()
    logits = Forwarded()


class Multinomial(Written):
    """How often each of C classes comes up in ``total_count`` draws, which may differ by datum.

    Parameters: ``total_count`` ``[...]``; ``probs``, not negative, or ``logits``: ``[..., C]``.
    Value: whole floats that add up to ``total_count``, ``[..., C]``.
    """

    __slots__ = ()
    lattice = True
    ends = ends.COUNTS

    ranks: ClassVar[Mapping[str, int]] = {"probs": 1, "logits": 1}

    def as_torch(self) -> torch.distributions.Multinomial:
        """Torch's distribution, which knows one count for all."""
        total = self._given.get("total_count", 1)
        if isinstance(total, Tensor):
            raise TypeError("torch's Multinomial has one count, a number")
        return torch.distributions.Multinomial(int(total), logits=self.logits, validate_args=False)

    @property
    def like(self) -> Tensor:
        """The probabilities or logits."""
        given = self._given.get("logits", self._given.get("probs"))
        assert isinstance(given, Tensor)
        return given

    @property
    def own_event(self) -> torch.Size:
        """``[C]``."""
        return self.like.shape[-1:]

    @property
    def total_count(self) -> Tensor:
        """How many draws."""
        if "total_count" not in self._given:
            return self.like.new_ones(self.batch_shape)
        return self.full("total_count").to(self.like.dtype)

    def peak(self) -> Tensor:
        """Draws by the mean, rounded down, and each of the rest where it gains the most."""
        counts = (self.total_count.unsqueeze(-1) * self.probs).floor()
        for _ in range(self.own_event[0]):
            left = (self.total_count - counts.sum(-1)).unsqueeze(-1)
            best = (self.probs / (counts + 1)).argmax(-1, keepdim=True)
            counts = counts.scatter_add(-1, best, left.clamp(0, 1))
        return counts

    @property
    def logits(self) -> Tensor:
        """Of the classes, normalised; minus infinity where the probability is 0."""
        classes = self.like
        logs = classes.log_softmax(-1) if "logits" in self._given else self.probs.log()
        return logs.expand(*self.batch_shape, classes.shape[-1])

    @property
    def probs(self) -> Tensor:
        """Of the classes, normalised."""
        classes = self.like
        found = classes.softmax(-1) if "logits" in self._given else _normalised(classes)
        return found.expand(*self.batch_shape, classes.shape[-1])

    def log_prob(self, value: Tensor) -> Tensor:
        """``log n!/Π k_c! + Σ k_c log p_c``; minus infinity where the counts do not add up."""
        total, logits = self.total_count, self.logits
        ways = (total + 1).lgamma() - (value + 1).lgamma().sum(-1)
        never = (value == 0) & (logits == -torch.inf)  # 0 · inf is NaN
        each = ways + (value * logits.masked_fill(never, 0.0)).sum(-1)
        impossible = (value.sum(-1) != total) | (value < 0).any(-1)
        return sum_event(each.masked_fill(impossible, -torch.inf), self.event)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """Class by class: of the draws that are left, as many as a binomial says."""
        if noise is not None:
            return super().sample(n, noise=noise)
        with torch.no_grad():
            probs = self.probs
            kind = probs.dtype
            if kind in HALVES:  # for which torch draws no counts
                probs = probs.float()
            shape = drawn(n, probs.shape[:-1])
            left = self.total_count.to(probs.dtype).expand(shape).contiguous()
            after = probs.flip(-1).cumsum(-1).flip(-1)  # the probability of this class or a later
            share = (probs / after.clamp(min=smallest(probs.dtype))).clamp(max=1.0)
            counts = []
            for chance in share[..., :-1].unbind(-1):
                taken = torch.binomial(left, chance.expand(shape).contiguous())
                counts.append(taken)
                left = left - taken
            return torch.stack([*counts, left], -1).to(kind)

    @property
    def mean(self) -> Tensor:
        """``n p``."""
        return self.total_count.unsqueeze(-1) * self.probs

    @property
    def variance(self) -> Tensor:
        """``n p (1 - p)``."""
        return self.mean * (1 - self.probs)

    @property
    def stddev(self) -> Tensor:
        """The root of the variance."""
        return self.variance.sqrt()

    def entropy(self) -> Tensor:
        """``n H(p) - log n! + Σ_c E log k_c!``, each count binomial."""
        total, probs, logits = self.total_count, self.probs, self.logits
        own = -torch.where(probs > 0, probs * logits, 0.0).sum(-1)
        counts = torch.arange(1, int(total.max()) + 1, dtype=probs.dtype, device=probs.device)
        counts = counts.reshape(-1, *(1,) * probs.dim())
        rest = total.unsqueeze(-1) - counts
        ways = (total + 1).lgamma().unsqueeze(-1) - (counts + 1).lgamma()
        ways = ways - (rest.clamp(min=0) + 1).lgamma()
        chance = (ways + torch.xlogy(counts, probs) + torch.xlogy(rest, 1 - probs)).exp()
        chance = torch.where(rest < 0, 0.0, chance)
        each = total * own - (total + 1).lgamma() + (chance * (counts + 1).lgamma()).sum((0, -1))
        return sum_event(each, self.event)


def _normalised(weights: Tensor) -> Tensor:
    return weights / weights.sum(-1, keepdim=True)


class NegativeBinomial(Wrapped):
    """How many successes come before the ``total_count``-th failure.

    Parameters: ``total_count``, and ``probs`` from 0 up to 1 or ``logits``: ``[...]``.
    Value: whole floats from 0, ``[...]``.
    """

    __slots__ = ()
    lattice = True
    ends = ends.HALF

    make = torch.distributions.NegativeBinomial

    total_count = Forwarded()
    probs = Forwarded()
    logits = Forwarded()


class Poisson(Wrapped):
    """How often something rare happens.

    Parameters: ``rate``, not negative: ``[...]``.
    Value: whole floats from 0, ``[...]``.
    """

    __slots__ = ()
    lattice = True
    ends = ends.HALF

    make = torch.distributions.Poisson

    rate = Forwarded()
