"""What distributions that are made of other distributions have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from torch import Tensor

from storch_runtime.distributions.base import Distribution, Parameter
from storch_runtime.errors import StoryTypeError


class Composed(Distribution):
    """A distribution made of ``parts``: attributes, whose parameters are its own as ``part.loc``.

    A part has the plates and the batch event of the whole, in what it has of dimensions there, then
    ``outer`` more, then its own. Whoever remakes parameters (plates that are added, gradients that
    are cut) sees all of them at once.
    """

    __slots__ = ()

    parts: ClassVar[tuple[str, ...]]

    def outer(self, part: str) -> int:
        """The dimensions of a part between the batch event of the whole and its own."""
        return 0

    def inner_event(self, part: str, event: int) -> int:
        """The event of a part of the whole with an event of so many dimensions."""
        return event

    def own_given(self) -> dict[str, Parameter]:
        """Parameters that belong to no part."""
        return {}

    def own_ranks(self) -> Mapping[str, int]:
        """The own dimensions of these."""
        return {}

    def given(self) -> dict[str, Parameter]:
        """The parameters of all parts as they were given, and those that belong to none."""
        given = self.own_given()
        for part in self.parts:
            inner: Distribution = getattr(self, part)
            given |= {f"{part}.{name}": value for name, value in inner.given().items()}
        return given

    @property
    def ranks(self) -> Mapping[str, int]:  # type: ignore[override]
        """The own dimensions of every parameter, those around a part included."""
        ranks = dict(self.own_ranks())
        for part in self.parts:
            inner, more = getattr(self, part), self.outer(part)
            ranks |= {f"{part}.{n}": more + inner.ranks.get(n, 0) for n in inner.given()}
        return ranks

    @property
    def constants(self) -> frozenset[str]:  # type: ignore[override]
        """Parameters that are plain integers."""
        return frozenset(f"{p}.{name}" for p in self.parts for name in getattr(self, p).constants)

    def remade(self, given: dict[str, Parameter], event: int) -> Self:
        """The same made of the same parts with other parameters."""
        made: dict[str, Any] = {name: v for name, v in given.items() if "." not in name}
        for part in self.parts:
            start = f"{part}."
            own = {n.removeprefix(start): v for n, v in given.items() if n.startswith(start)}
            made[part] = getattr(self, part).remade(own, self.inner_event(part, event))
        return self.assembled(made, event)

    def assembled(self, made: dict[str, Any], event: int) -> Self:
        """One of this kind, of these parts and parameters of its own."""
        return type(self)(**made, event=event)  # type: ignore[call-arg]

    def retain_grads(self) -> None:
        """Make ``parameters[...].grad`` available after the backward pass."""
        for part in self.parts:
            getattr(self, part).retain_grads()

    @property
    def like(self) -> Tensor:
        """A tensor, of any shape, whose dtype and device are the distribution's."""
        given = self.given().values()
        return next(v for v in given if isinstance(v, Tensor) and v.is_floating_point())

    def whole(self) -> Distribution:
        """The last part over every element, each of which has a draw of its own."""
        part: Distribution = getattr(self, self.parts[-1])
        shape = self.batch_shape
        if part.batch_shape == shape:
            return part
        wide = part.apart().expand(tuple(shape))
        return wide.remade(wide.given(), self.event)

    def told(self, noise: Tensor | None) -> None:
        """StoryTypeError where noise, of any shape, is given to a distribution that has none."""
        if noise is not None:
            raise StoryTypeError(f"{type(self).__name__} cannot be told its noise")
