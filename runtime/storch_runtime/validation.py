"""What the ranges of a story could not prove, looked at when it is called."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor

from storch_runtime.errors import StoryShapeError, StoryValueError, StoryWarning
from storch_runtime.surrogate import idle

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = [
    "NONNEGATIVE",
    "NONZERO",
    "POSITIVE",
    "PROBABILITY",
    "SCORED_PROBABILITY",
    "Validate",
    "Within",
    "check_classes",
    "check_control",
    "check_order",
    "check_sign",
    "check_support",
    "look_for_ended",
    "looks_at_values",
]

_MANY = 0.01
"""The share of draws at the smallest number that is spoken of."""

Validate = Literal["first", "always", "never"]
"""At which calls values are looked at: an instance's first one, all of them, none."""


@dataclass(frozen=True, slots=True)
class Within:
    """What a value must be, in words too.

    ``above``: ``least`` itself is not among the numbers; ``below``: nor is ``most``; ``nonzero``:
    nor is 0.
    """

    words: str
    least: float
    most: float = math.inf
    above: bool = False
    below: bool = False
    nonzero: bool = False

    def check(self, value: Tensor, subject: str) -> None:
        """Raise where an element lies elsewhere, NaN included."""
        value = value.detach()
        outside = self._outside(value) | value.isnan()
        if not bool(outside.any()):
            return
        count, size = int(outside.sum()), value.numel()
        found = f"{float(value[outside].flatten()[0]):g}"
        few = f"it is {found}" if size == 1 else f"{count} of {size} elements are not ({found})"
        raise StoryValueError(f"`{subject}` must be {self.words}, but {few}")

    def marked(self, value: Tensor) -> Tensor:
        """``value``, NaN where it lies elsewhere: what is made of it is then no number either."""
        return value.masked_fill(self._outside(value), math.nan)

    def _outside(self, value: Tensor) -> Tensor:
        if self.nonzero:
            return value == 0
        below = value <= self.least if self.above else value < self.least
        if math.isinf(self.most):
            return below
        return below | (value >= self.most if self.below else value > self.most)


POSITIVE = Within("positive", 0.0, above=True)
NONNEGATIVE = Within("0 or more", 0.0)
NONZERO = Within("other than 0", -math.inf, nonzero=True)
PROBABILITY = Within("between 0 and 1", 0.0, 1.0)
SCORED_PROBABILITY = Within(
    "strictly between 0 and 1 below a score function", 0.0, 1.0, above=True, below=True
)


def check_support(law: Distribution, value: Tensor, subject: str) -> None:
    """Raise where data lie outside of the support of the distribution that they are seen under."""
    with torch.no_grad():
        outside = ~law.holds(value)
    if not bool(outside.any()):
        return
    count, size = int(outside.sum()), outside.numel()
    name = type(law).__name__
    found = value.expand(*outside.shape, *value.shape[outside.dim() :])[outside].flatten()
    raise StoryValueError(
        f"`{subject}` lies outside of the support of `{name}`: {count} of {size} elements, such "
        f"as {float(found[0]):g}"
    )


def check_classes(value: Tensor, count: int, subject: str) -> None:
    """Raise where a number is that of no class."""
    least, most = (int(end) for end in value.detach().aminmax())
    if least < 0 or most >= count:
        found = least if least < 0 else most
        raise StoryValueError(
            f"{subject} is to be a class from 0 to {count - 1}, but {found} is among its elements: "
            "give `one_hot` as many classes as there are"
        )


def look_for_ended(value: Tensor, subject: str) -> None:
    """Warn where draws ended at the smallest number: a logarithm would tell how much is missing.

    Families of gamma variables know their logarithms; what a transform gives does not.
    """
    ended = float(idle(value.detach()).double().mean())
    if ended > _MANY:
        kind = str(value.dtype).removeprefix("torch.")
        warnings.warn(
            f"{subject}: {ended:.0%} of its elements ended at the smallest number of {kind}, so "
            "that its logarithm is too large, and its gradient wrong: use a larger concentration, "
            "a higher temperature or double precision (`model.double()`)",
            StoryWarning,
            stacklevel=4,
        )


def check_sign(value: Tensor, subject: str) -> None:
    """Raise where a denominator is 0, or of either sign: it goes through 0 as it moves then."""
    if _changes_sign(value.detach()):
        raise StoryValueError(
            f"{subject} goes through 0, where what is divided by it has a pole: no estimate of its "
            "gradient is right; keep it to one side, by `softplus` or `exp`, or say "
            "`continuous(…)` of the quotient"
        )


def check_order(value: Tensor, dim: int, subject: str) -> None:
    """Raise where two elements along a dimension are equal, or either of them is the larger."""
    first, second = value.detach().unbind(dim)
    if _changes_sign(first - second):
        raise StoryValueError(
            f"{subject} has two elements whose difference goes through 0, where what is divided by "
            "their spread has a pole: no estimate of its gradient is right; keep one of them above "
            "the other, or say `continuous(…)` of the quotient"
        )


def _changes_sign(value: Tensor) -> bool:
    """Whether some element is 0, or there are elements of either sign."""
    above, below = bool((value > 0).any()), bool((value < 0).any())
    return (above and below) or bool((value == 0).any())


def looks_at_values(value: Tensor) -> bool:
    """Whether the elements of a value can be looked at now: not where torch maps or captures."""
    inner = value
    while torch._C._functorch.is_functorch_wrapped_tensor(inner):
        if torch._C._functorch.is_batchedtensor(inner):
            return False
        inner = torch._C._functorch.get_unwrapped(inner)
    return not (value.is_cuda and torch.cuda.is_current_stream_capturing())


def check_control(control: Tensor, score: Tensor | None, sample: str, where: str) -> None:
    """Raise where a user's control variate is not 0 for each element of the plates."""
    told = f"{where}: the control variate that the method of `{sample}` gives"
    if score is not None and control.shape != score.shape:
        raise StoryShapeError(
            f"{told} has shape {list(control.shape)}, expected {list(score.shape)}: one value for "
            "each element of the sample's plates"
        )
    most = float(control.detach().abs().max())
    if not most <= 1e-6:
        raise StoryValueError(
            f"{told} has values up to {most:g}: it must be 0, and add to the gradient alone; take "
            "its value off, `a - a.detach()`"
        )
