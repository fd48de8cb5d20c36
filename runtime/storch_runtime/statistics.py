"""The mean and the variance of the gradient that a module estimates."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from storch_runtime.observing import (
    Inputs,
    buffers_kept,
    called,
    learning,
    random_state,
    set_random_state,
)
from storch_runtime.story import StoryModule

__all__ = ["GradientStatistics", "gradient_statistics"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GradientStatistics:
    """Statistics of a gradient over repeated estimates, by the names of the model's parameters.

    ``mean`` and ``variance`` have the shapes of the parameters, in double precision. The variance
    is that of one estimate, ``Σ (g - mean)² / (repeats - 1)``, in the gradient's unit squared.
    """

    repeats: int
    mean: dict[str, Tensor]
    variance: dict[str, Tensor]

    @property
    def total_variance(self) -> float:
        """The variances of all coordinates, summed."""
        return sum(value.sum().item() for value in self.variance.values())

    def __repr__(self) -> str:
        """In short: the tensors are as large as the model."""
        names = ", ".join(self.mean)
        variance = f"total_variance={self.total_variance:.4g}"
        return f"GradientStatistics(repeats={self.repeats}, {variance}, of {names})"

    @property
    def standard_error(self) -> dict[str, Tensor]:
        """The standard error of each mean, shaped as it: ``sqrt(variance / repeats)``."""
        return {name: (value / self.repeats).sqrt() for name, value in self.variance.items()}


def gradient_statistics(
    model: StoryModule,
    inputs: Inputs = (),
    repeats: int = 100,
    *,
    restore_random_state: bool = False,
) -> GradientStatistics:
    """Estimate the gradient ``repeats`` times on the same inputs; the model is left as it was.

    ``inputs`` are what the model is called with: one tensor, a tuple, or a mapping by name. Moving
    averages and other buffers stand still meanwhile. The model stays in the mode that it is in.
    Gradients are those of ``loss`` in the model's own parameters, shaped as these are. ValueError
    where ``repeats`` are fewer than 2.

    >>> import storchc, torch
    >>> model = storchc.load(text='''
    ... story Coin
    ... param w = 0.0
    ... sample z ~ Bernoulli(logits=w) with ScoreFunction(n=2)
    ... cost paid = z
    ... ''')()
    >>> _ = torch.manual_seed(0)
    >>> found = gradient_statistics(model, repeats=400)
    >>> abs(found.mean["w"] - 0.25) < 5 * found.standard_error["w"]
    tensor(True)
    >>> found.repeats, bool(found.total_variance == found.variance["w"])
    (400, True)
    """
    if repeats < 2:
        raise ValueError("a variance needs 2 repeats or more")
    parameters = learning(model)
    values = list(parameters.values())
    mean = [torch.zeros_like(value, dtype=torch.float64) for value in values]
    spread = [torch.zeros_like(value) for value in mean]
    state = random_state(values) if restore_random_state else None
    with buffers_kept(model) as restore:
        for count in range(1, repeats + 1):
            gradients = _gradients(model, inputs, values)
            for average, total, gradient in zip(mean, spread, gradients, strict=True):
                step = gradient.double() - average
                average += step / count
                total += step * (gradient.double() - average)
            restore()
    if state is not None:
        set_random_state(state)
    return GradientStatistics(
        repeats,
        dict(zip(parameters, mean, strict=True)),
        {name: total / (repeats - 1) for name, total in zip(parameters, spread, strict=True)},
    )


def _gradients(model: StoryModule, inputs: Inputs, values: list[Tensor]) -> list[Tensor]:
    """One estimate of the gradient."""
    found = torch.autograd.grad(called(model, inputs).loss, values, allow_unused=True)
    return [
        torch.zeros_like(value) if gradient is None else gradient
        for value, gradient in zip(values, found, strict=True)
    ]
