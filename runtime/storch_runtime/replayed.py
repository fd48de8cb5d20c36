"""Values that are given for a sample: shape, dtype, and whether it could have drawn them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from storch_runtime.distributions.bernoulli import Bernoulli
from storch_runtime.distributions.categorical import Categorical, OneHotCategorical
from storch_runtime.distributions.users import UserDistribution
from storch_runtime.errors import StoryShapeError, StoryTypeError, StoryValueError
from storch_runtime.validation import looks_at_values

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["check_support", "fitted", "is_hidden"]


def fitted(given: Tensor, distribution: Distribution, own: int) -> Tensor:
    """``given``, detached, as it is stored: ``own`` dimensions before those of the distribution."""
    rest = (*distribution.plates, *distribution.event_shape)
    wanted = (*given.shape[:own], *rest)
    if given.numel() > 0:
        given = _as_drawn(given, distribution)
        if tuple(given.shape) == wanted:
            return given.detach()
        if [s for s in given.shape if s != 1] == [s for s in wanted if s != 1]:
            return given.detach().reshape(wanted)
    shown = ", ".join(["n"] * own + [str(size) for size in rest])
    raise StoryShapeError(f"has shape {list(given.shape)}, expected [{shown}]")


def _as_drawn(given: Tensor, distribution: Distribution) -> Tensor:
    """A given value in the dtype of samples: classes are integers, anything else is floating."""
    if distribution.integers:
        if given.is_floating_point():
            raise StoryTypeError(f"has dtype {given.dtype}, but classes are integers")
        return given.long()
    if isinstance(distribution, UserDistribution):
        return given if distribution.declared.kind == "float" else _whole(given)
    dtypes = [p.dtype for p in distribution.parameters.values() if p.is_floating_point()]
    return given.to(dtypes[0]) if dtypes else given


def _whole(given: Tensor) -> Tensor:
    if given.is_floating_point():
        raise StoryTypeError(f"has dtype {given.dtype}, but these values are integers")
    return given.long()


def is_hidden(value: Tensor) -> bool:
    """Whether nobody can look into a value now: torch compiles, or maps over it."""
    return torch.compiler.is_compiling() or not looks_at_values(value)


def check_support(value: Tensor, distribution: Distribution) -> None:
    """Raise where a discrete distribution never draws such a value."""
    match distribution:
        case OneHotCategorical():
            ones = ((value == 0) | (value == 1)).all() & (value.sum(-1) == 1).all()
            if not ones:
                raise StoryValueError(
                    "is not one-hot: exactly one 1 along its last dimension, and zeros; of class "
                    "numbers `torch.nn.functional.one_hot` makes it"
                )
        case Categorical():
            if not ((value >= 0) & (value < distribution.outcomes)).all():
                raise StoryValueError(
                    f"holds classes from {int(value.min())} to {int(value.max())}, but there are "
                    f"{distribution.outcomes}, numbered from 0"
                )
        case Bernoulli():
            if not ((value == 0) | (value == 1)).all():
                raise StoryValueError("holds other numbers than 0 and 1")
