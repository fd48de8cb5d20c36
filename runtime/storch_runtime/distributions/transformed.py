"""Distributions whose values are those of another one, sent through transforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from storch_runtime.distributions.base import (
    KEEPING,
    Distribution,
    Parameter,
    alias,
    attach,
    common_shape,
    sum_event,
)
from storch_runtime.distributions.composed import Composed
from storch_runtime.distributions.transforms import Transform
from storch_runtime.remembered import remembering, source_of

__all__ = ["TransformedDistribution"]

_CLOSE = 16
"""How many units of rounding lie between a value and what its source is sent to once more."""


class TransformedDistribution(Composed):
    """``transforms[-1](… transforms[0](x))`` of ``x`` from the base distribution.

    A value knows the ``x`` that it was drawn with, as its attribute ``drawn_as``; the
    log-probability is that of the ``x`` wherever it is sent to the value, and else that of what the
    value tells: where a transform is flat, that is little.

    Parameters: ``base_distribution``, and ``transforms``, whose parameters broadcast to values.
    Value: ``[*plates, *event]``, the event of the base distribution; floats.
    """

    __slots__ = ("base_distribution", "transforms")

    parts: ClassVar[tuple[str, ...]] = ("base_distribution",)

    def __init__(
        self,
        base_distribution: Distribution,
        transforms: Sequence[Transform],
        *,
        event: int = 0,
    ) -> None:
        self.base_distribution = base_distribution
        self.transforms = tuple(transforms)
        self.event = event
        if KEEPING.asked:  # the base distribution keeps its own
            self._retain_own()

    # --- parameters ------------------------------------------------------------------------------

    def own_given(self) -> dict[str, Parameter]:
        """The parameters of the transforms."""
        return {
            f"transforms[{i}].{name}": value
            for i, transform in enumerate(self.transforms)
            for name, value in transform.given().items()
        }

    def own_ranks(self) -> Mapping[str, int]:
        """Those of a value of the base distribution."""
        return dict.fromkeys(self.own_given(), len(self.own_event))

    def remade(self, given: dict[str, Parameter], event: int) -> Self:
        """See `Composed.remade`."""
        own: list[dict[str, Any]] = [{} for _ in self.transforms]
        rest = {}
        for name, value in given.items():
            if name.startswith("transforms["):
                place, _, key = name.removeprefix("transforms[").partition("].")
                own[int(place)][key] = value
            else:
                rest[name] = value
        made = [type(t)(**each) for t, each in zip(self.transforms, own, strict=True)]
        base = {n.removeprefix("base_distribution."): v for n, v in rest.items()}
        return type(self)(self.base_distribution.remade(base, event), made, event=event)

    def retain_grads(self) -> None:
        """Make ``parameters[...].grad`` available after the backward pass."""
        super().retain_grads()
        self._retain_own()

    def _retain_own(self) -> None:
        """The same of what the transforms are given."""
        self.transforms = tuple(
            type(transform)(**{name: alias(value) for name, value in transform.given().items()})
            for transform in self.transforms
        )

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        own = len(self.own_event)
        shapes = [
            value.shape[: value.dim() - own]
            for value in self.own_given().values()
            if isinstance(value, Tensor)
        ]
        return common_shape(self.base_distribution.batch_shape, *shapes)

    @property
    def own_event(self) -> torch.Size:
        """That of the base distribution."""
        return self.base_distribution.own_event

    def as_torch(self) -> torch.distributions.TransformedDistribution:
        """Torch's distribution."""
        made = [
            getattr(torch.distributions, type(t).__name__)(
                **{name: torch.as_tensor(value) for name, value in t.given().items()}
            )
            for t in self.transforms
        ]
        return torch.distributions.TransformedDistribution(
            self.whole().as_torch(), made, validate_args=False
        )

    # --- densities -------------------------------------------------------------------------------

    def _way(self, source: Tensor) -> list[Tensor]:
        """What becomes of a source, transform by transform."""
        found = [source]
        for transform in self.transforms:
            found.append(transform.value(found[-1]))
        return found

    def _sources(self, value: Tensor) -> tuple[list[Tensor], Tensor | None]:
        """What each transform was given, and where that is known to be sent to the value."""
        with torch.no_grad():  # as a decorator of a method torch.compile does not take it
            return self._sources_of(value)

    def _sources_of(self, value: Tensor) -> tuple[list[Tensor], Tensor | None]:
        told = [value]
        for transform in reversed(self.transforms):
            told.insert(0, transform.source(told[0]))
        drawn_as = source_of(value, "base")
        if drawn_as is None or drawn_as.shape != value.shape:
            return told[:-1], None
        *way, end = self._way(drawn_as.detach())
        unit = torch.finfo(value.dtype).eps * _CLOSE
        known = (end - value).abs() <= unit * value.abs()
        return [torch.where(known, x, y) for x, y in zip(way, told, strict=False)], known

    def _back(self, value: Tensor) -> tuple[Tensor, Tensor, list[Tensor], Tensor | None]:
        """The source, the log of the slope at it, each value on the way, where that is known."""
        sources, known = self._sources(value)
        way, slopes = [value], torch.zeros_like(value)
        for transform, source in zip(reversed(self.transforms), reversed(sources), strict=True):
            way.insert(0, transform.back(way[0], source))
            slopes = slopes + transform.log_slope(way[0])
        return way[0], slopes, way[1:], known

    def log_prob(self, value: Tensor) -> Tensor:
        """That of the source, less the log of the slope there."""
        source, slopes, _, _ = self._back(value)
        return self.base_distribution.log_prob(source) - self._summed(slopes)

    def _summed(self, slopes: Tensor) -> Tensor:
        return sum_event(slopes, self.event + len(self.own_event))

    def ending_log_prob(self, value: Tensor) -> Tensor:
        """As ``log_prob``; minus infinity where no source with a density is sent to the value."""
        source, slopes, way, known = self._back(value)
        inside = self._sent(way, known)
        each = self.base_distribution.apart().ending_log_prob(source)
        own = len(self.own_event)
        each = each - sum_event(slopes, own)
        if own:
            inside = inside.flatten(-own).all(-1)
        return sum_event(each.masked_fill(~inside, -torch.inf), self.event)

    def _sent(self, way: list[Tensor], known: Tensor | None) -> Tensor:
        """Whether something is sent to each element of a value."""
        inside = torch.ones_like(way[-1], dtype=torch.bool)
        for transform, value in zip(self.transforms, way, strict=True):
            inside = inside & transform.holds(value)
        return inside if known is None else inside | known

    def holds(self, value: Tensor) -> Tensor:
        """Whether each element lies in the support."""
        source, _, way, known = self._back(value)
        inside, own = self._sent(way, known), len(self.own_event)
        if own:
            inside = inside.flatten(-own).all(-1)
        return inside & self.base_distribution.apart().holds(source)

    # --- draws -----------------------------------------------------------------------------------

    def _drawn(self, source: Tensor) -> Tensor:
        """What a source is sent to, which knows where it comes from."""
        return remembering(self._way(source)[-1], source, "base")

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """A draw of the base distribution, sent on, without gradient."""
        with torch.no_grad():
            return self._drawn(self.whole().sample(n, noise=noise))

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """A draw of the base distribution, sent on."""
        return self._drawn(self.whole().rsample(n, noise=noise))

    def replay(self, value: Tensor) -> Tensor:
        """``value`` with the derivatives of a source that is sent to it."""
        sources, _ = self._sources(value)
        source = self.whole().replay(sources[0])
        return remembering(attach(value, self._way(source)[-1]), source, "base")

    def most_probable(self) -> Tensor:
        """The base distribution's, transformed: not where the density of the values is highest."""
        source = self.whole().most_probable()
        return remembering(self._way(source)[-1].detach(), source, "base")

    @property
    def noise_shape(self) -> torch.Size:
        """That of the base distribution."""
        return self.whole().noise_shape

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """That of the base distribution."""
        return self.whole().noise_from_uniform(uniform)

    @property
    def pathwise(self) -> bool:  # type: ignore[override]
        """Whether ``rsample`` carries a gradient."""
        return self.base_distribution.pathwise

    @property
    def pathwise_order(self) -> int | None:  # type: ignore[override]
        """The highest derivative of ``rsample``."""
        return self.base_distribution.pathwise_order

    @property
    def replayable(self) -> bool:  # type: ignore[override]
        """Whether ``replay`` attaches the gradient again."""
        return self.base_distribution.replayable

    @property
    def inverse(self) -> bool:  # type: ignore[override]
        """Whether ``noise_from_uniform`` is there."""
        return self.base_distribution.inverse

    # --- closed forms ----------------------------------------------------------------------------

    def entropy(self) -> Tensor:
        """Of affine transforms: that of the base distribution, and the logs of scales."""
        base = self.whole()
        slopes = torch.zeros(base.event_shape, dtype=self.like.dtype, device=self.like.device)
        slopes = slopes.expand(base.batch_shape + self.own_event)
        for transform in self.transforms:
            slopes = slopes + transform.log_slope(slopes)
        return base.entropy() + self._summed(slopes)
