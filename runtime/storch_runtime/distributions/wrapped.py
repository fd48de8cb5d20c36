"""Families whose formulas are torch's own: one torch distribution, made without checks."""

from __future__ import annotations

from typing import ClassVar, Self

import torch
from torch import Tensor

from storch_runtime.distributions import ends
from storch_runtime.distributions.base import (
    KEEPING,
    Distribution,
    Parameter,
    drawn,
    sum_event,
)
from storch_runtime.distributions.pathwise import ByImplicit, ByNoise
from storch_runtime.precision import HALVES, narrowed


class Forwarded:
    """A property that torch's distribution of the same name answers."""

    __slots__ = ("name",)

    def __set_name__(self, owner: type[Wrapped], name: str) -> None:
        self.name = name

    def __get__(self, instance: Wrapped, owner: type[Wrapped]) -> Tensor:
        value: Tensor = getattr(instance.torch, self.name)
        return value


_OPEN: dict[ends.Ends | None, tuple[float | None]] = {
    ends.OPEN_HALF: (None,),
    ends.OPEN_INTERVAL: (1.0,),
    ends.SIMPLEX: (1.0,),
}
"""Supports that begin above 0, and where they end."""


def half_of(given: dict[str, Parameter]) -> torch.dtype | None:
    """The precision of parameters where that is half."""
    tensors = (v for v in given.values() if isinstance(v, Tensor))
    return next((v.dtype for v in tensors if v.dtype in HALVES), None)


def widened(given: dict[str, Parameter]) -> dict[str, Parameter]:
    """Parameters in single precision, where they are of half."""
    return {
        name: v.float() if isinstance(v, Tensor) and v.dtype in HALVES else v
        for name, v in given.items()
    }


class Wrapped(Distribution):
    """A family in torch's words; parameters are keywords with torch's names."""

    __slots__ = ("_given", "torch")

    make: ClassVar[type[torch.distributions.Distribution]]

    def __init__(self, *, event: int = 0, **given: Parameter) -> None:
        self._given = given
        self.event = event
        self.torch = type(self).make(**given, validate_args=False)  # type: ignore[arg-type]
        if KEEPING.asked:
            self.retain_grads()

    def given(self) -> dict[str, Parameter]:
        """The parameters as they were given."""
        return self._given

    def as_torch(self) -> torch.distributions.Distribution:
        """Torch's distribution."""
        return self.torch

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        return self.torch.batch_shape

    @property
    def own_event(self) -> torch.Size:
        """The family's own event shape."""
        return self.torch.event_shape

    def log_prob(self, value: Tensor) -> Tensor:
        """Torch's, summed over the event."""
        return sum_event(self.torch.log_prob(value), self.event)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """Torch's; from the noise where that is given."""
        if noise is not None:
            return super().sample(n, noise=noise)
        half = self.half()
        if half is not None:
            return self._narrowed(self.widened().sample(n), half)
        return self.torch.sample(drawn(n, torch.Size()))

    def half(self) -> torch.dtype | None:
        """The precision of the parameters where that is half."""
        return half_of(self._given)

    def widened(self) -> Self:
        """The same distribution in single precision: torch draws many a family in no other."""
        return type(self)(**widened(self._given), event=self.event)

    def _narrowed(self, value: Tensor, half: torch.dtype) -> Tensor:
        """A draw of the same in half precision, still inside of the support."""
        inside = _OPEN.get(self.ends)
        return value.to(half) if inside is None else narrowed(value, half, *inside)

    def entropy(self) -> Tensor:
        """Torch's, summed over the event."""
        return sum_event(self.torch.entropy(), self.event)

    mean = Forwarded()
    mode = Forwarded()
    variance = Forwarded()
    stddev = Forwarded()


class Noisy(ByNoise, Wrapped):
    """Torch's families with a simple noise."""

    __slots__ = ()

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """Torch's; from the noise where that is given."""
        if noise is not None:
            return self.from_noise(noise)
        half = self.half()
        if half is not None and self.ends in _OPEN:
            return self._narrowed(self.widened().rsample(n), half)
        return self.torch.rsample(drawn(n, torch.Size()))


class Single(Noisy):
    """Those of which half precision is too little for a density, or has no kernel."""

    __slots__ = ()

    def log_prob(self, value: Tensor) -> Tensor:
        """Torch's, summed over the event."""
        kind = self.half() or value.dtype
        if kind not in HALVES:
            return super().log_prob(value)
        return self.widened().log_prob(value.float()).to(kind)


class Implicit(ByImplicit, Wrapped):
    """Torch's families with an implicit derivative.

    Where a sample tells less than torch draws for it, a replayed sample has the mean derivative.
    ``hidden`` are parameters of which torch draws numbers even where they are NaN.
    """

    __slots__ = ()

    hidden: ClassVar[tuple[str, ...]] = ()

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """Torch's; there is no simple noise to take."""
        if noise is not None:
            return super().rsample(n, noise=noise)
        half = self.half()
        if half is not None:
            return self._narrowed(self.widened().rsample(n), half)
        value = self.torch.rsample(drawn(n, torch.Size()))
        for name in self.hidden:
            parameter: Tensor = getattr(self, name).detach()
            value = value + (parameter - parameter)
        return value
