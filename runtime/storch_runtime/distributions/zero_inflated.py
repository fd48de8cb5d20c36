"""Distributions of which some values are replaced by 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from storch_runtime.distributions.base import (
    KEEPING,
    Distribution,
    Parameter,
    alias,
    common_shape,
    spread,
    sum_event,
)
from storch_runtime.distributions.composed import Composed
from storch_runtime.distributions.enumeration import Finite
from storch_runtime.precision import smallest

__all__ = ["ZeroInflated"]

_ELSEWHERE = 0.5
"""A number at which the density of a continuous base is asked for in the place of 0."""


class ZeroInflated(Composed, Finite):
    """0 with the probability ``gate``, else a draw of the base distribution.

    Of a continuous base a 0 is one of the gate's: its log-density there is ``log gate`` alone, with
    respect to the measure that has an atom at 0.

    Parameters: ``base_distribution``, of single floats; ``gate`` or ``gate_logits``
    ``[*plates, *batch event]``.
    Value: ``[*plates, *batch event]``, floats.
    """

    __slots__ = ("_gate", "_logits", "base_distribution")

    parts: ClassVar[tuple[str, ...]] = ("base_distribution",)

    def __init__(
        self,
        base_distribution: Distribution,
        gate: Parameter | None = None,
        gate_logits: Parameter | None = None,
        *,
        event: int = 0,
    ) -> None:
        self.base_distribution = base_distribution
        self._gate = gate
        self._logits = gate_logits
        self.event = event
        if KEEPING.asked:  # the base distribution keeps its own
            self._retain_own()

    def own_given(self) -> dict[str, Parameter]:
        """``gate`` or ``gate_logits``."""
        if self._logits is not None:
            return {"gate_logits": self._logits}
        assert self._gate is not None
        return {"gate": self._gate}

    def own_ranks(self) -> Mapping[str, int]:
        """None."""
        return {}

    def retain_grads(self) -> None:
        """Make ``parameters[...].grad`` available after the backward pass."""
        super().retain_grads()
        self._retain_own()

    def _retain_own(self) -> None:
        self._gate = None if self._gate is None else alias(self._gate)
        self._logits = None if self._logits is None else alias(self._logits)

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        given = next(iter(self.own_given().values()))
        own = given.shape if isinstance(given, Tensor) else torch.Size()
        return common_shape(self.base_distribution.batch_shape, own)

    @property
    def lattice(self) -> bool:  # type: ignore[override]
        """Whether values lie apart from one another."""
        return self.base_distribution.lattice

    def _full(self) -> Tensor:
        return spread(next(iter(self.own_given().values())), self.batch_shape, self.like)

    @property
    def gate(self) -> Tensor:
        """The probability that a value is replaced."""
        return self._full() if self._logits is None else self._full().sigmoid()

    def _logs(self) -> tuple[Tensor, Tensor]:
        """The logarithms of the gate, and of what is left."""
        full = self._full()
        if self._logits is not None:
            return logsigmoid(full), logsigmoid(-full)
        tiny = smallest(full.dtype)
        return (full + tiny).log(), (1 - full + tiny).log()

    def log_prob(self, value: Tensor) -> Tensor:
        """``log(gate + (1 - gate) q(0))`` at 0, of a continuous base ``log gate``."""
        return sum_event(self._each(value), self.event)

    def ending_log_prob(self, value: Tensor) -> Tensor:
        """As ``log_prob``; minus infinity where the base distribution has no density."""
        return sum_event(self._each(value, ending=True), self.event)

    def _each(self, value: Tensor, *, ending: bool = False) -> Tensor:
        base, (gate, rest) = self.base_distribution.apart(), self._logs()
        zero = value == 0
        if not self.lattice:
            value = torch.where(zero, _ELSEWHERE, value)
        asked = base.ending_log_prob if ending or not self.lattice else base.log_prob
        other = rest + asked(value)
        return torch.where(zero, torch.logaddexp(gate, other) if self.lattice else gate, other)

    def holds(self, value: Tensor) -> Tensor:
        """0, and where the base distribution draws."""
        return (value == 0) | self.base_distribution.apart().holds(value)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """A draw of the base distribution, or 0, without gradient."""
        self.told(noise)
        with torch.no_grad():
            value = self.whole().sample(n)
            gate = self.gate
            chance = torch.rand(value.shape, dtype=gate.dtype, device=gate.device)
            return value.masked_fill(chance < gate, 0.0)

    @property
    def mean(self) -> Tensor:
        """``(1 - gate) mean``."""
        mean: Tensor = self.base_distribution.mean  # type: ignore[attr-defined]
        return (1 - self.gate) * mean

    def peak(self) -> Tensor:
        """0, the only value of a continuous base that has a probability, or the base's mode."""
        base, gate = self.whole(), self.gate
        if not self.lattice and bool((gate > 0).all()):
            return torch.zeros_like(gate)
        mode = base.peak()
        if not self.lattice:
            return mode.masked_fill(gate > 0, 0.0)
        alone = self.apart()
        return mode.masked_fill(alone.log_prob(torch.zeros_like(mode)) > alone.log_prob(mode), 0.0)

    @property
    def variance(self) -> Tensor:
        """``(1 - gate) (variance + gate mean²)``."""
        base, gate = self.base_distribution, self.gate
        mean: Tensor = base.mean  # type: ignore[attr-defined]
        within: Tensor = base.variance  # type: ignore[attr-defined]
        return (1 - gate) * (within + gate * mean.square())

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()

    # --- outcomes, where the base distribution has finitely many ---------------------------------

    @property
    def finite(self) -> bool:  # type: ignore[override]
        """Whether the support can be listed."""
        return self.base_distribution.finite

    @property
    def outcomes(self) -> int:
        """Those of the base distribution."""
        return self.base_distribution.outcomes

    def outcome_log_probs(self) -> Tensor:
        """``[C, *plates, *batch event]``: the first outcome is 0."""
        base, (gate, rest) = self._finite_base(), self._logs()
        each = base.outcome_log_probs()
        lacking = max(gate.dim() - (each.dim() - 1), 0)
        each = each[(slice(None), *(None,) * lacking)] + rest
        first = torch.logaddexp(each[:1], gate.expand(each.shape[1:]).unsqueeze(0))
        return torch.cat([first, each[1:]])

    def _finite_base(self) -> Finite:
        base = self.base_distribution
        assert isinstance(base, Finite)
        return base

    def from_indices(self, indices: Tensor) -> Tensor:
        """As the base distribution."""
        return self._finite_base().from_indices(indices)

    def to_indices(self, value: Tensor) -> Tensor:
        """As the base distribution."""
        return self._finite_base().to_indices(value)
