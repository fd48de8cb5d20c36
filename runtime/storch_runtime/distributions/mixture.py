"""Mixtures: one of several distributions of a family, chosen by a Categorical."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from storch_runtime.distributions.base import Distribution, attach, common_shape, sum_event
from storch_runtime.distributions.categorical import Categorical
from storch_runtime.distributions.composed import Composed
from storch_runtime.distributions.cumulative import has_cumulative, sides
from storch_runtime.distributions.enumeration import Finite
from storch_runtime.precision import smallest
from storch_runtime.remembered import carried
from storch_runtime.surrogate import log_sum_exp

__all__ = ["MixtureSameFamily"]


class MixtureSameFamily(Composed, Finite):
    """``Σ_k w_k p_k``, the weights ``[*plates, *batch event, K]``.

    The components are ``[*plates, *batch event, K, *joined]``, of which as many dimensions are
    joined as their event has: these, and those of their family, are one value.

    Parameters: ``mixture_distribution``, a `Categorical` ``[..., K]``, and
    ``component_distribution``, of parameters ``[..., K, *joined, *own]``.
    Value: that of the components, ``[..., *joined, *own]``.
    """

    __slots__ = ("component_distribution", "mixture_distribution")

    pathwise_order = 1

    parts: ClassVar[tuple[str, ...]] = ("mixture_distribution", "component_distribution")

    def __init__(
        self,
        mixture_distribution: Categorical,
        component_distribution: Distribution,
        *,
        event: int = 0,
    ) -> None:
        self.mixture_distribution = mixture_distribution
        self.component_distribution = component_distribution
        self.event = event

    def outer(self, part: str) -> int:
        """The components, and what is joined in each."""
        inner: Distribution = getattr(self, part)
        return 1 + inner.event if inner is self.component_distribution else 0

    def inner_event(self, part: str, event: int) -> int:
        """What is joined, whatever the event of the whole is."""
        inner: Distribution = getattr(self, part)
        return inner.event

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        components = self.component_distribution.plates
        return common_shape(self.mixture_distribution.batch_shape, components[:-1])

    @property
    def own_event(self) -> torch.Size:
        """What is joined, and the event of the family."""
        return self.component_distribution.event_shape

    @property
    def integers(self) -> bool:  # type: ignore[override]
        """Whether values are integers."""
        return self.component_distribution.integers

    @property
    def lattice(self) -> bool:  # type: ignore[override]
        """Whether values lie apart from one another."""
        return self.component_distribution.lattice

    def as_torch(self) -> torch.distributions.MixtureSameFamily:
        """Torch's distribution."""
        weights, component = self._whole()
        inner = torch.distributions.Independent(component.as_torch(), component.event)
        return torch.distributions.MixtureSameFamily(weights.as_torch(), inner, validate_args=False)

    def _whole(self) -> tuple[Categorical, Distribution]:
        """Both parts over every element."""
        shape = tuple(self.batch_shape)
        count = self.mixture_distribution.outcomes
        return (
            self.mixture_distribution.expand(shape),
            self.component_distribution.expand((*shape, count)),
        )

    def _each(self, value: Tensor) -> Tensor:
        """A value once for each component, at its place among the dimensions."""
        dim = -1 - len(self.own_event)
        return carried(value.unsqueeze(dim), value, lambda source: source.unsqueeze(dim))

    def _mixed(self, each: Tensor) -> Tensor:
        """The log-probability of all from that of each component, behind its logarithm."""
        total = log_sum_exp(each + self.mixture_distribution.logits, (each.dim() - 1,))
        return sum_event(total, self.event)

    def log_prob(self, value: Tensor) -> Tensor:
        """``log Σ_k w_k p_k(value)``."""
        return self._mixed(self.component_distribution.log_prob(self._each(value)))

    def ending_log_prob(self, value: Tensor) -> Tensor:
        """As ``log_prob``; each component ends where its own support does."""
        return self._mixed(self.component_distribution.ending_log_prob(self._each(value)))

    def holds(self, value: Tensor) -> Tensor:
        """Whether each element lies in the support of some component."""
        inside = self.component_distribution.apart().holds(self._each(value))
        joined = self.component_distribution.event
        if joined:
            inside = inside.flatten(-joined).all(-1)
        return inside.any(-1)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """A draw of the component that is chosen, without gradient."""
        self.told(noise)
        weights, component = self._whole()
        with torch.no_grad():
            values = component.sample(n)
            chosen = weights.sample(n).unsqueeze(-1)
            own = len(self.own_event)
            index = chosen.reshape(chosen.shape + (1,) * own)
            index = index.expand(*chosen.shape, *values.shape[values.dim() - own :])
            dim = values.dim() - 1 - own

            def pick(each: Tensor) -> Tensor:
                return each.gather(dim, index).squeeze(dim)

            return carried(pick(values), values, pick)

    # --- gradients of values ---------------------------------------------------------------------

    @property
    def pathwise(self) -> bool:  # type: ignore[override]
        """Whether ``rsample`` carries a gradient: where components have a cumulative function."""
        return has_cumulative(self.component_distribution)

    @property
    def replayable(self) -> bool:  # type: ignore[override]
        """Whether ``replay`` attaches the gradient again."""
        return self.pathwise

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """A sample with its implicit derivative; there is no simple noise to take."""
        return self.replay(self.sample(n, noise=noise))

    def replay(self, value: Tensor) -> Tensor:
        """``value`` with its implicit derivative; raises TypeError where components have none."""
        if not self.pathwise:
            return super().replay(value)
        component, joined = self.component_distribution, self.component_distribution.event
        if not joined:
            _, path = self._step(component, self.mixture_distribution.logits, value.detach())
            return attach(value, path)
        return attach(value, self._chain(value.detach().flatten(-joined)).reshape(value.shape))

    def _chain(self, value: Tensor) -> Tensor:
        """Coordinate by coordinate ``[..., D]``: each given those before it.

        Those before tell which component it may be: its weights are updated by their densities.
        """
        weights, found = self.mixture_distribution.logits, []
        for law, coordinate in zip(self._coordinates(), value.unbind(-1), strict=True):
            weights, path = self._step(law, weights, coordinate)
            found.append(path)
        return torch.stack(found, -1)

    def _coordinates(self) -> list[Distribution]:
        """The components of each coordinate, ``[*plates, *batch event, K]``."""
        law = self.component_distribution.apart()
        joined, shape = self.component_distribution.event, law.batch_shape
        full = {
            name: value.expand(shape).flatten(-joined).unbind(-1)
            for name, value in law.given().items()
            if isinstance(value, Tensor)
        }
        return [
            law.remade({n: full[n][d] if n in full else v for n, v in law.given().items()}, 0)
            for d in range(shape[len(shape) - joined :].numel())
        ]

    def _step(self, law: Distribution, weights: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """The weights behind a coordinate, and the coordinate with its derivative ``-∂F/∂θ / p``.

        ``F`` is the part that lies below, or less the part above where that is the smaller one.
        """
        chances, at = weights.softmax(-1), value.unsqueeze(-1)
        below, above = ((chances * side).sum(-1) for side in sides(law, at))
        part = torch.where(below > above, -above, below)
        with torch.no_grad():
            density = (chances * law.log_prob(at).exp()).sum(-1).clamp(min=smallest(value.dtype))
        path = value - (part - part.detach()) / density
        return weights + law.log_prob(path.unsqueeze(-1)), path

    # --- moments ---------------------------------------------------------------------------------

    def peak(self) -> Tensor:
        """Where outcomes can be listed, the first of the most probable ones."""
        if not self.finite:
            return super().peak()
        return self.from_indices(self.outcome_log_probs().argmax(0))

    @property
    def mean(self) -> Tensor:
        """``Σ_k w_k mean_k``."""
        return self._average(self.component_distribution.mean)  # type: ignore[attr-defined]

    @property
    def variance(self) -> Tensor:
        """That within components and that between them."""
        means = self.component_distribution.mean  # type: ignore[attr-defined]
        between = (means - self._each(self._average(means))).square()
        within = self.component_distribution.variance  # type: ignore[attr-defined]
        return self._average(within + between)

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()

    def _average(self, each: Tensor) -> Tensor:
        own = len(self.own_event)
        weights = self.mixture_distribution.probs
        weights = weights.reshape(weights.shape + (1,) * own)
        return (weights * each).sum(-1 - own).expand(self.batch_shape + self.own_event)

    # --- outcomes, where components have finitely many -------------------------------------------

    @property
    def finite(self) -> bool:  # type: ignore[override]
        """Whether the support can be listed."""
        return self.component_distribution.finite and self.component_distribution.event == 0

    @property
    def outcomes(self) -> int:
        """Those of a component."""
        return self.component_distribution.outcomes

    def outcome_log_probs(self) -> Tensor:
        """``[C, *plates, *batch event]``: of each outcome, whatever the component."""
        component = self.component_distribution
        assert isinstance(component, Finite)
        each, weights = component.outcome_log_probs(), self.mixture_distribution.logits
        lacking = max(weights.dim() - (each.dim() - 1), 0)
        each = each[(slice(None), *(None,) * lacking)] + weights
        return log_sum_exp(each, (each.dim() - 1,))

    def from_indices(self, indices: Tensor) -> Tensor:
        """As the components."""
        component = self.component_distribution
        assert isinstance(component, Finite)
        return component.from_indices(indices)

    def to_indices(self, value: Tensor) -> Tensor:
        """As the components."""
        component = self.component_distribution
        assert isinstance(component, Finite)
        return component.to_indices(value)
