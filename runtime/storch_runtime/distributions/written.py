"""A base for families with formulas of our own, where torch's are wrong or unstable somewhere."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions.base import KEEPING, Distribution, Parameter, common_shape, spread
from storch_runtime.precision import smallest


class Written(Distribution):
    """Parameters are keywords with torch's names; those of rank 0 are broadcast when asked for."""

    __slots__ = ("_given", "_shape")

    def __init__(self, *, event: int = 0, **given: Parameter) -> None:
        self._given = given
        self._shape: torch.Size | None = None
        self.event = event
        if KEEPING.asked:
            self.retain_grads()

    def given(self) -> dict[str, Parameter]:
        """The parameters as they were given."""
        return self._given

    @property
    def batch_shape(self) -> torch.Size:
        """Plates and batch event together."""
        if self._shape is None:
            shapes = [
                value.shape[: value.dim() - self.ranks.get(name, 0)]
                for name, value in self._given.items()
                if isinstance(value, Tensor)
            ]
            self._shape = common_shape(*shapes)
        return self._shape

    @property
    def like(self) -> Tensor:
        """A tensor of any shape, whose dtype and device are the distribution's."""
        tensors = (v for v in self._given.values() if isinstance(v, Tensor))
        return next(tensors, torch.zeros(()))

    def full(self, name: str) -> Tensor:
        """A parameter of rank 0, as large as the batch: ``[...]``."""
        return spread(self._given[name], self.batch_shape, self.like)

    def log_odds(self) -> Tensor:
        """``logits`` ``[...]``, from probabilities where these were given."""
        if "logits" in self._given:
            return self.full("logits")
        probs = self.full("probs")
        tiny = smallest(probs.dtype)
        return (probs + tiny).log() - (1 - probs + tiny).log()


def exponential_noise(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Exponential with rate 1."""
    return torch.empty(shape, dtype=like.dtype, device=like.device).exponential_()


def uniform_noise(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Uniform on (0, 1)."""
    noise = torch.rand(shape, dtype=like.dtype, device=like.device)
    return noise.clamp_(min=smallest(like.dtype))
