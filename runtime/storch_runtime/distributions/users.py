"""Distributions of the user's: rows are folded for every call, as for modules, and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor, nn

from storch_runtime.checks import Kind, Result
from storch_runtime.distributions.base import (
    KEEPING,
    Distribution,
    Parameter,
    common_shape,
    drawn,
    sum_event,
)
from storch_runtime.errors import StoryTypeError, StoryValueError
from storch_runtime.frozen import Frozen
from storch_runtime.joint import Joint

__all__ = ["Declared", "DistributionLike", "PathwiseUserDistribution", "UserDistribution"]


class DistributionLike(Protocol):
    """What a constructor takes for a distribution.

    Its arguments are those that the story declares, one row for each value. ``sample(*arguments)``
    returns a value ``[N, *event]`` for each of N rows, ``log_prob(value, *arguments)`` one number
    for each, ``[N]``. Declared without arguments it is called as ``sample(rows=N)``. What asks for
    more may need ``rsample`` (declared `reparameterized`), ``entropy(*arguments)`` ``[N]`` or
    ``mode(*arguments)`` ``[N, *event]``, too.
    """

    def sample(self, *arguments: Any, **rows: Any) -> Any:
        """One value for each row."""

    def log_prob(self, *arguments: Any, **rows: Any) -> Any:
        """The log-probability of each row's value."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What a story declares of a distribution: ``Declared("policy", (1,), (20,), "int", "a:5")``.

    ``ranks`` are the event dimensions of its arguments, ``event`` the sizes of a value, where the
    call brings those of free dims.
    """

    name: str
    ranks: tuple[int, ...]
    event: tuple[int | str, ...] = ()
    kind: Kind = "float"
    where: str = ""
    values: Result = field(init=False)
    numbers: Result = field(init=False)

    def __post_init__(self) -> None:
        said = f"{self.name}.sample", self.event, self.kind, self.where
        object.__setattr__(self, "values", Result(*said))
        object.__setattr__(self, "numbers", Result(f"{self.name}.log_prob", where=self.where))

    def of(
        self, law: Any, *arguments: Tensor, event: tuple[int, ...] | None = None
    ) -> UserDistribution:
        """The distribution of these arguments, ``[*plates, *event]`` each."""
        return UserDistribution(self, law, arguments, event)

    def pathwise(
        self, law: Any, *arguments: Tensor, event: tuple[int, ...] | None = None
    ) -> PathwiseUserDistribution:
        """The same of one that has ``rsample``; arguments ``[*plates, *event]``."""
        return PathwiseUserDistribution(self, law, arguments, event)


class UserDistribution(Distribution):
    """A distribution of the user's, of arguments that broadcast over plates.

    All event dimensions are its own, until it is lifted to the batch event of several values.
    Values are drawn, and probabilities asked for, with every argument repeated to one row for each.

    Parameters: the arguments, ``[..., *ranks]``, as the story declares them.
    Value: ``[..., *event]``, as it declares that.
    """

    __slots__ = ("_asked", "_batch", "arguments", "declared", "law", "sizes")

    def __init__(
        self,
        declared: Declared,
        law: Any,
        arguments: tuple[Tensor, ...],
        sizes: tuple[int, ...] | None = None,
        batch: torch.Size | None = None,
        event: int = 0,
    ) -> None:
        self.declared = declared
        self.law = law
        self.arguments = arguments
        self.sizes = sizes
        self.event = event
        self._batch = batch
        self._asked: tuple[Tensor, bool, Tensor] | None = None
        if KEEPING.asked:
            self.retain_grads()

    def given(self) -> dict[str, Parameter]:
        """Its arguments, numbered."""
        return {str(position): argument for position, argument in enumerate(self.arguments)}

    @property
    def ranks(self) -> dict[str, int]:  # type: ignore[override]  # known of an instance alone
        """The event dimensions of each argument."""
        return {str(position): rank for position, rank in enumerate(self.declared.ranks)}

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        if self._batch is None:
            pairs = zip(self.arguments, self.declared.ranks, strict=True)
            self._batch = common_shape(*(a.shape[: a.dim() - rank] for a, rank in pairs))
        return self._batch

    @property
    def known_as(self) -> str:
        """What the story calls it."""
        return self.declared.name

    @property
    def own_event(self) -> torch.Size:
        """The event of a value."""
        return torch.Size(self.declared.event if self.sizes is None else self.sizes)  # type: ignore[arg-type]

    # --- what the user's object is asked for -----------------------------------------------------

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """``[n, *plates, *event]`` without gradient; no leading dimension where ``n`` is None."""
        with torch.no_grad():
            return self._drawn("sample", drawn(n, self.batch_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """``[..., *plates]``; asked once for a value, as its score and costs of it are the same."""
        grads = torch.is_grad_enabled()
        if self._asked is not None and self._asked[0] is value and self._asked[1] is grads:
            return self._asked[2]
        own = len(self.declared.event)
        lead = common_shape(value.shape[: value.dim() - own], self.batch_shape)
        rows = _rows(value, lead, own)
        each = self.declared.numbers.unfold(self._ask("log_prob", rows, *self._rows(lead)), lead)
        self._check_trained(each, value)
        found = sum_event(each, self.event)
        self._asked = value, grads, found
        return found

    def entropy(self) -> Tensor:
        """``[*plates]``."""
        lead = self.batch_shape
        each = self.declared.numbers.unfold(self._ask("entropy", *self._rows(lead)), lead)
        return sum_event(each, self.event)

    def peak(self) -> Tensor:
        """``mode(*arguments)`` ``[*plates, *event]``; StoryValueError where nobody wrote one."""
        law = self.law.module if isinstance(self.law, Frozen) else self.law
        if not hasattr(law, "mode"):
            raise StoryValueError(
                f"has no most probable value that is known: `{self.declared.name}` has no function "
                "`mode(*arguments)`"
            )
        return self._drawn("mode", self.batch_shape)

    def _drawn(self, function: str, lead: tuple[int, ...]) -> Tensor:
        rows = self._rows(lead)
        value = self._ask(function, *rows) if rows else self._ask(function, rows=prod(lead))
        return self.declared.values.unfold(value, tuple(lead), self.sizes)

    def _rows(self, lead: tuple[int, ...]) -> list[Tensor]:
        pairs = zip(self.arguments, self.declared.ranks, strict=True)
        return [_rows(argument, lead, rank) for argument, rank in pairs]

    def _ask(self, function: str, *arguments: Tensor, **rows: int) -> Any:
        if isinstance(self.law, Frozen):
            return self.law.ask(function, *arguments, **rows)
        return getattr(self.law, function)(*arguments, **rows)

    def _check_trained(self, found: Tensor, value: Tensor) -> None:
        """What learns must be registered with the model; a frozen distribution does not learn."""
        if not found.requires_grad or isinstance(self.law, nn.Module):
            return
        if isinstance(self.law, Frozen):
            self._check_held(value)
            return
        if not any(tensor.requires_grad for tensor in (value, *self.arguments)):
            kind, name = type(self.law).__name__, self.declared.name
            raise StoryTypeError(
                f"{self.declared.where}: `log_prob` of `{name}` requires grad, but `{name}` is a "
                f"`{kind}` and no `nn.Module`: nothing would train it; make it one, or declare it "
                "`frozen`"
            )

    def _check_held(self, value: Tensor) -> None:
        """What is no module cannot be held fixed while its arguments get their gradient."""
        assert isinstance(self.law, Frozen)
        lead = common_shape(value.shape[: value.dim() - len(self.declared.event)], self.batch_shape)
        rows = _rows(value, lead, len(self.declared.event))
        if self.arguments and self.law.leaks("log_prob", rows, *self._rows(lead)):
            kind, name = type(self.law.module).__name__, self.declared.name
            raise StoryTypeError(
                f"{self.declared.where}: `{name}` is to be held fixed, but is a `{kind}` and no "
                "`nn.Module`: what learns in it would get the gradient that is meant for its "
                "arguments; make it one, or call `requires_grad_(False)` on what is inside"
            )

    # --- the same distribution elsewhere ---------------------------------------------------------

    def _with(
        self,
        arguments: tuple[Tensor, ...],
        batch: tuple[int, ...],
        *,
        law: Any = None,
        event: int | None = None,
    ) -> Self:
        law, event = self.law if law is None else law, self.event if event is None else event
        return type(self)(self.declared, law, arguments, self.sizes, torch.Size(batch), event)

    def expand(self, plates: tuple[int, ...]) -> Self:
        """The same distribution with these plate sizes."""
        return self._with(self.arguments, (*plates, *self.batch_event))

    def lift(self, event: int) -> Self:
        """The same distribution with ``event`` batch-event dimensions, padded on their left."""
        more = (1,) * (event - self.event)
        pairs = zip(self.arguments, self.declared.ranks, strict=True)
        lifted = tuple(_inserted(a, a.dim() - rank - self.event, more) for a, rank in pairs)
        return self._with(lifted, (*self.plates, *more, *self.batch_event), event=event)

    def apart(self, joined: int = 0) -> Self:
        """See `Distribution.apart`."""
        return self._with(self.arguments, self.batch_shape, event=joined)

    def unsqueeze(self, *dims: int) -> Self:
        """The same distribution with a plate of size 1 at each of ``dims``, counted afterwards."""
        batch = list(self.batch_shape)
        pairs = zip(self.arguments, self.declared.ranks, strict=True)
        full = [a[(None,) * (len(batch) + rank - a.dim())] for a, rank in pairs]
        for dim in sorted(dims):
            full = [a.unsqueeze(dim) for a in full]
            batch.insert(dim, 1)
        return self._with(tuple(full), tuple(batch))

    def detached(self) -> Self:
        """The same distribution, nothing of which gets a gradient."""
        law = self.law if isinstance(self.law, Frozen) else Frozen(self.law)
        arguments = tuple(a.detach() for a in self.arguments)
        return self._with(arguments, self.batch_shape, law=law)

    def reindexed(self, joint: Joint) -> Self:
        """See `Distribution.reindexed`; no method that chooses sequences takes one of these."""
        raise TypeError(f"`{self.declared.name}` has no support that can be listed")

    def retain_grads(self) -> None:
        """Make ``parameters[...].grad`` available after the backward pass."""
        self.arguments = tuple(a.view_as(a) if a.requires_grad else a for a in self.arguments)
        for argument in self.arguments:
            if argument.requires_grad:
                argument.retain_grad()


class PathwiseUserDistribution(UserDistribution):
    """One that has ``rsample``.

    Parameters: those of `UserDistribution`.
    Value: that, with the gradient of its path.
    """

    __slots__ = ()

    pathwise: ClassVar[bool] = True

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """As ``sample``, differentiable with respect to arguments and parameters."""
        return self._drawn("rsample", drawn(n, self.batch_shape))


def _inserted(value: Tensor, at: int, sizes: tuple[int, ...]) -> Tensor:
    """``value`` with dimensions of these sizes, of one element each, before dimension ``at``."""
    return value if at <= 0 else value.reshape(*value.shape[:at], *sizes, *value.shape[at:])


def _rows(value: Tensor, lead: tuple[int, ...], own: int) -> Tensor:
    """``value``, its last ``own`` dimensions its event, as ``[N, *event]`` over all of ``lead``."""
    event = value.shape[value.dim() - own :]
    return value.expand((*lead, *event)).reshape((prod(lead), *event))
