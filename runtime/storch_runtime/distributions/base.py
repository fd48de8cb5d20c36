"""What every family can do, and the little that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, ClassVar, Self

import torch
from torch import Tensor

from storch_runtime.distributions.ends import Ends, ending
from storch_runtime.errors import StoryValueError
from storch_runtime.reindex import reindexed

if TYPE_CHECKING:
    from storch_runtime.joint import Joint

__all__ = ["Distribution", "keeping_grads"]

Parameter = Tensor | float


class _Keeping(local):
    """Whether distributions that this thread makes keep the gradients of their parameters."""

    asked = False


KEEPING = _Keeping()


@contextmanager
def keeping_grads(asked: bool = True) -> Iterator[None]:
    """Let distributions that are made within keep the gradients of their parameters."""
    before = KEEPING.asked
    KEEPING.asked = asked
    try:
        yield
    finally:
        KEEPING.asked = before


class Distribution:
    """A distribution over plates: parameters ``[*plates, *batch event, *own]``.

    ``event`` counts the trailing batch dimensions that belong to the story's event; those on their
    left are plates. A log-probability sums every event dimension: one joint variable for each
    element of the plates. Parameters are Python numbers or floating tensors that broadcast against
    each other; nothing is checked here. The class attributes agree with the compiler's catalogue.

    Families write ``[...]`` for ``[*plates, *batch event]``. A property has the shape of a
    parameter. What a family does not have raises TypeError: a pathwise derivative, a noise, a
    support that can be listed. Where no other source is named, families and formulas are those of
    `torch.distributions`.

    >>> import torch
    >>> from storch_runtime.distributions import Normal
    >>> law = Normal(torch.zeros(3, 2), 1.0, event=1)  # a plate of 3, vectors of 2
    >>> law.plates, law.event_shape, law.sample(5).shape
    (torch.Size([3]), torch.Size([2]), torch.Size([5, 3, 2]))
    >>> law.log_prob(torch.zeros(3, 2))
    tensor([-1.8379, -1.8379, -1.8379])
    """

    __slots__ = ("event",)

    ranks: ClassVar[Mapping[str, int]] = {}  # dimensions of each parameter's own event part
    constants: ClassVar[frozenset[str]] = frozenset()  # parameters that are plain integers
    pathwise: ClassVar[bool] = False  # whether rsample carries a gradient
    pathwise_order: ClassVar[int | None] = None  # highest derivative of rsample; None: any
    finite: ClassVar[bool] = False  # whether the support can be listed
    replayable: ClassVar[bool] = False  # whether replay() re-attaches the gradient
    inverse: ClassVar[bool] = False  # whether noise_from_uniform() is there
    integers: ClassVar[bool] = False  # whether values are integers
    lattice: ClassVar[bool] = False  # whether values lie apart from one another
    ends: ClassVar[Ends | None] = None  # of the support, where `log_prob` does not know them

    event: int

    def given(self) -> dict[str, Parameter]:
        """The parameters as they were given, numbers included."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    @property
    def own_event(self) -> torch.Size:
        """The family's own event shape."""
        return torch.Size()

    def log_prob(self, value: Tensor) -> Tensor:
        """``[..., *plates]``: every event dimension summed; leading dimensions may be added."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def ending_log_prob(self, value: Tensor) -> Tensor:
        """See `log_prob`; minus infinity, without a gradient, outside of the support."""
        if self.ends is None:
            return self.log_prob(value)
        return sum_event(ending(self, self.ends, value), self.event)

    def holds(self, value: Tensor) -> Tensor:
        """Whether each element ``[...]`` lies in the support, as far as that ends somewhere."""
        if self.ends is None:
            return self.log_prob(value) > -torch.inf
        return self.ends.holds(self, value)

    def sample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """``[n, *plates, *event]`` without gradient; no leading dimension where ``n`` is None."""
        with torch.no_grad():
            return self.rsample(n, noise=noise)

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """See `sample`; differentiable with respect to the parameters."""
        raise TypeError(f"{type(self).__name__} has no pathwise derivative")

    @property
    def noise_shape(self) -> torch.Size:
        """The shape of the noise of one sample, plates included."""
        return self.batch_shape + self.own_event

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """The noise of a sample, from ones uniform within (0, 1): both ``[n, *noise_shape]``."""
        raise TypeError(f"{type(self).__name__} has no noise that is made of uniform variables")

    def replay(self, value: Tensor) -> Tensor:
        """``value`` ``[n, *plates, *event]`` with the gradient that ``rsample`` had given it."""
        raise TypeError(
            f"the gradient of a value that is given for a `{self.known_as}` cannot be re-attached: "
            "it does not tell what it was made of; draw the value, or use `ScoreFunction`"
        )

    @property
    def known_as(self) -> str:
        """Its name, for those who read messages."""
        return type(self).__name__

    def entropy(self) -> Tensor:
        """``[*plates]``: of the joint variable."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def most_probable(self) -> Tensor:
        """``[*plates, *event]``: the most probable value, without gradient.

        Of several it is 1, or the first class. StoryValueError where there is none, where it is not
        finite, or not inside of the support.
        """
        value = self.peak().detach()
        if not (value.isfinite().all() and self.holds(value).all()):
            raise StoryValueError(
                f"has no most probable value: this `{type(self).__name__}` has no finite mode "
                "inside of its support"
            )
        return value

    def peak(self) -> Tensor:
        """``[*plates, *event]``: the mode, for `most_probable`; not finite where there is none.

        StoryValueError where it is not known.
        """
        try:
            mode: Tensor = self.mode  # type: ignore[attr-defined]
        except (AttributeError, NotImplementedError):
            raise StoryValueError(
                f"has no most probable value that is known: it is a `{type(self).__name__}`"
            ) from None
        return mode

    def enumerate_support(self) -> Tensor:
        """``[S, *event]``: every joint outcome, the last element changing fastest."""
        raise TypeError(f"the support of {type(self).__name__} cannot be listed")

    def joint_log_prob(self, support: Tensor) -> Tensor:
        """``[S, *plates]``: the log-probability of each row of ``enumerate_support()``."""
        raise TypeError(f"the support of {type(self).__name__} cannot be listed")

    def place_log_probs(self) -> Tensor:
        """``[C, *plates, places]``: the log-probability of each outcome at each batch element."""
        raise TypeError(f"the support of {type(self).__name__} cannot be listed")

    def place_rows(self) -> Tensor:
        """``[*plates, places, C]``: the same, the outcomes last."""
        return self.place_log_probs().movedim(0, -1)

    def place_values(self, indices: Tensor) -> Tensor:
        """``[..., places]`` → ``[..., *event]``: the values that numbered outcomes mean."""
        raise TypeError(f"the support of {type(self).__name__} cannot be listed")

    def place_indices(self, value: Tensor) -> Tensor:
        """``[..., *event]`` → ``[..., places]``: the numbers of the outcomes at each place."""
        raise TypeError(f"the support of {type(self).__name__} cannot be listed")

    @property
    def parameters(self) -> dict[str, Tensor]:
        """The tensors among the parameters, by the story's names, of shapes ``[..., *own]``."""
        return {k: v for k, v in self.given().items() if isinstance(v, Tensor)}

    @property
    def plates(self) -> torch.Size:
        """The sizes of the plates."""
        shape = self.batch_shape
        return shape[: len(shape) - self.event]

    @property
    def batch_event(self) -> torch.Size:
        """The event shape that comes from the parameters."""
        shape = self.batch_shape
        return shape[len(shape) - self.event :]

    @property
    def event_shape(self) -> torch.Size:
        """The story's event shape: batch event, then the family's own."""
        return self.batch_event + self.own_event

    def support_size(self) -> int:
        """The number of joint outcomes of the event."""
        size: int = self.outcomes ** self.batch_event.numel()
        return size

    @property
    def outcomes(self) -> int:
        """The number of outcomes of one batch element."""
        raise TypeError(f"the support of {type(self).__name__} cannot be listed")

    def as_torch(self) -> torch.distributions.Distribution:
        """Torch's distribution, over plates and batch event alike."""
        raise TypeError(f"{type(self).__name__} does not say this of itself")

    def remade(self, given: dict[str, Parameter], event: int) -> Self:
        """A distribution of the same kind with other parameters."""
        return type(self)(**given, event=event)  # type: ignore[call-arg]

    def expand(self, plates: tuple[int, ...]) -> Self:
        """The same distribution with these plate sizes."""
        shape = (*plates, *self.batch_event)
        given = self.given()
        if not any(isinstance(value, Tensor) for value in given.values()):
            given = {k: v if k in self.constants else _tensor(v) for k, v in given.items()}
        expanded = {k: _expand(v, shape, self.ranks.get(k, 0)) for k, v in given.items()}
        return self.remade(expanded, self.event)

    def lift(self, event: int) -> Self:
        """The same distribution with ``event`` batch-event dimensions, padded on their left."""
        lifted = {
            name: _lift(value, self.event + self.ranks.get(name, 0), event - self.event)
            for name, value in self.given().items()
        }
        return self.remade(lifted, event)

    def apart(self, joined: int = 0) -> Self:
        """The same distribution, the last ``joined`` dimensions its event, the others plates."""
        return self.remade(self.given(), joined)

    def unsqueeze(self, *dims: int) -> Self:
        """The same distribution with a plate of size 1 at each of ``dims``, counted afterwards."""
        plates = len(self.plates)
        given = {
            name: _insert(value, plates, self.event + self.ranks.get(name, 0), dims)
            for name, value in self.given().items()
        }
        return self.remade(given, self.event)

    def detached(self) -> Self:
        """The same distribution whose parameters get no gradient."""
        given = {k: v.detach() if isinstance(v, Tensor) else v for k, v in self.given().items()}
        return self.remade(given, self.event)

    def reindexed(self, joint: Joint) -> Self:
        """The same distribution along the sequences that ``joint`` has chosen."""
        given = {
            name: _reindexed(value, len(self.plates), self.event + self.ranks.get(name, 0), joint)
            for name, value in self.given().items()
        }
        return self.remade(given, self.event)

    def retain_grads(self) -> None:
        """Make ``parameters[...].grad`` available after the backward pass."""
        aliases = {name: alias(value) for name, value in self.given().items()}
        with keeping_grads(False):
            type(self).__init__(self, **aliases, event=self.event)  # type: ignore[call-arg]

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}: {tuple(value.shape) if isinstance(value, Tensor) else value}"
            for name, value in self.given().items()
        )
        return f"{type(self).__name__}({shown}, event={self.event})"


def sum_event(value: Tensor, event: int) -> Tensor:
    """``value`` summed over its last ``event`` dimensions."""
    if event == 0:
        return value
    return value.sum(-1) if event == 1 else value.sum(tuple(range(-event, 0)))


def joint_shape(a: Parameter | None, b: Parameter | None) -> torch.Size:
    """The shape that two parameters broadcast to."""
    if not isinstance(b, Tensor):
        return a.shape if isinstance(a, Tensor) else torch.Size()
    if not isinstance(a, Tensor) or a.shape == b.shape:
        return b.shape
    return common_shape(a.shape, b.shape)


def common_shape(*shapes: torch.Size) -> torch.Size:
    """The shape that these broadcast to."""
    shape: torch.Size = torch.broadcast_shapes(*shapes)  # type: ignore[no-untyped-call]
    return shape


def spread(value: Parameter, shape: torch.Size, like: Tensor) -> Tensor:
    """A parameter as a tensor of the full shape, with the dtype and device of ``like``."""
    if not isinstance(value, Tensor):
        return like.new_full(shape, value)
    return value if value.shape == shape else value.expand(shape)


def attach(value: Tensor, path: Tensor) -> Tensor:
    """``value``, bit for bit, with the derivatives of ``path``."""
    return value + (path - path.detach())


def drawn(n: int | None, shape: torch.Size) -> tuple[int, ...]:
    """The shape of ``n`` draws of something of this shape."""
    return shape if n is None else (n, *shape)


def _expand(value: Parameter, shape: tuple[int, ...], rank: int) -> Parameter:
    if not isinstance(value, Tensor) or value.dim() < rank:
        return value
    return value.expand(*shape, *value.shape[value.dim() - rank :])


def _tensor(value: Parameter) -> Tensor:
    return value if isinstance(value, Tensor) else torch.tensor(float(value))


def _lift(value: Parameter, rank: int, more: int) -> Parameter:
    if not isinstance(value, Tensor) or value.dim() <= rank or more == 0:
        return value
    plates = value.dim() - rank
    return value.reshape(value.shape[:plates] + (1,) * more + value.shape[plates:])


def _reindexed(value: Parameter, plates: int, event: int, joint: Joint) -> Parameter:
    if not isinstance(value, Tensor) or value.dim() <= event:
        return value
    value = _all_plates(value, plates, event)
    return value if value.shape[joint.dim] == 1 else reindexed(value, joint.line, joint.dim)


def _all_plates(value: Tensor, plates: int, event: int) -> Tensor:
    """``value`` with a dimension for each of the plates, of size 1 where it had none."""
    return value[(None,) * (plates + event - value.dim())]


def _insert(value: Parameter, plates: int, event: int, dims: tuple[int, ...]) -> Parameter:
    if not isinstance(value, Tensor) or value.dim() <= event:
        return value
    value = _all_plates(value, plates, event)
    for dim in sorted(dims):
        value = value.unsqueeze(dim)
    return value


def alias(value: Parameter) -> Parameter:
    """The same parameter, whose gradient is kept."""
    if not isinstance(value, Tensor) or not value.requires_grad:
        return value
    kept = value.view_as(value)
    kept.retain_grad()
    return kept
