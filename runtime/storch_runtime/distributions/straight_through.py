"""Hard classes with the gradient of relaxed ones."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.distributions import inverse
from storch_runtime.distributions.base import Parameter, attach, common_shape, drawn, spread
from storch_runtime.distributions.categorical import OneHotCategorical
from storch_runtime.distributions.written import exponential_noise

__all__ = ["RelaxedOneHotCategoricalStraightThrough"]


class RelaxedOneHotCategoricalStraightThrough(OneHotCategorical):
    """A one-hot vector with the gradient of a relaxed one in its place: biased.

    The relaxed vector is ``softmax((logits + noise)/temperature)`` with Gumbel noise ``[..., C]``,
    and its largest element is the class. Log-probabilities are those of the class.

    Parameters: ``temperature`` above 0, ``[...]``; ``probs`` or ``logits``, ``[..., C]``.
    Value: ``[..., C]``, one 1 and zeros.
    Jang, Gu and Poole 2017, arXiv:1611.01144.
    """

    __slots__ = ("_temperature",)

    pathwise = True

    def __init__(
        self,
        temperature: Parameter,
        probs: Tensor | None = None,
        logits: Tensor | None = None,
        *,
        event: int = 0,
    ) -> None:
        self._temperature = temperature
        if isinstance(temperature, Tensor) and temperature.dim():
            probs, logits = _as_large(probs, temperature), _as_large(logits, temperature)
        super().__init__(probs, logits, event=event)

    def given(self) -> dict[str, Parameter]:
        """``temperature``, and ``logits`` or ``probs``."""
        return {"temperature": self._temperature, **super().given()}

    def rsample(self, n: int | None = None, *, noise: Tensor | None = None) -> Tensor:
        """One-hot vectors with the gradient of relaxed ones."""
        if noise is None:
            noise = -exponential_noise(drawn(n, self._tensor.shape), self.like).log()
        blurred = (self.logits + noise) / self.temperature.unsqueeze(-1)
        return attach(self.from_indices(blurred.argmax(-1)), blurred.softmax(-1))

    def draw_indices(self, n: int | None, noise: Tensor | None) -> Tensor:
        """``[n, *batch]``: class indices, without gradient."""
        if noise is None:
            return super().draw_indices(n, None)
        return (self.logits.detach() + noise).argmax(-1)

    @property
    def noise_shape(self) -> torch.Size:
        """A Gumbel variable for each class."""
        return self._tensor.shape

    def noise_from_uniform(self, uniform: Tensor) -> Tensor:
        """Standard Gumbel."""
        return inverse.gumbel(uniform)

    @property
    def temperature(self) -> Tensor:
        """The lower, the closer is the relaxed vector to the one-hot one."""
        return spread(self._temperature, self.batch_shape, self._tensor)


def _as_large(classes: Tensor | None, temperature: Tensor) -> Tensor | None:
    """Classes with all plates and batch dimensions of the temperature."""
    if classes is None:
        return None
    shape = common_shape(classes.shape[:-1], temperature.shape)
    return classes if shape == classes.shape[:-1] else classes.expand(*shape, -1)
