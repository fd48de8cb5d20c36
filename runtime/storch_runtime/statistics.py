"""The mean and the variance of the gradient that a module estimates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

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
    inputs: Tensor | tuple[Any, ...] | Mapping[str, Any] = (),
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
    parameters = _parameters(model)
    values = list(parameters.values())
    mean = [torch.zeros_like(value, dtype=torch.float64) for value in values]
    spread = [torch.zeros_like(value) for value in mean]
    state = _random_state(values) if restore_random_state else None
    with _buffers_kept(model) as restore:
        for count in range(1, repeats + 1):
            gradients = _gradients(model, inputs, values)
            for average, total, gradient in zip(mean, spread, gradients, strict=True):
                step = gradient.double() - average
                average += step / count
                total += step * (gradient.double() - average)
            restore()
    if state is not None:
        _set_random_state(state)
    return GradientStatistics(
        repeats,
        dict(zip(parameters, mean, strict=True)),
        {name: total / (repeats - 1) for name, total in zip(parameters, spread, strict=True)},
    )


def _parameters(model: StoryModule) -> dict[str, Tensor]:
    """The model's own parameters that are trained, by name."""
    own = {id(parameter) for parameter in model.model_parameters()}
    named = model.named_parameters()
    return {name: value for name, value in named if id(value) in own and value.requires_grad}


def _gradients(model: StoryModule, inputs: Any, values: list[Tensor]) -> list[Tensor]:
    """One estimate of the gradient."""
    match inputs:
        case Mapping():
            estimate = model(**inputs)
        case tuple():
            estimate = model(*inputs)
        case _:
            estimate = model(inputs)
    found = torch.autograd.grad(estimate.loss, values, allow_unused=True)
    return [
        torch.zeros_like(value) if gradient is None else gradient
        for value, gradient in zip(values, found, strict=True)
    ]


@contextmanager
def _buffers_kept(model: StoryModule) -> Iterator[Any]:
    """Yields a function that sets every buffer back; at the end all is as it was."""
    kept = [
        (module._buffers, name, buffer, buffer.detach().clone())
        for module in model.modules()
        for name, buffer in module.named_buffers(recurse=False)
    ]

    @torch.no_grad()
    def restore() -> None:
        for buffers, name, buffer, value in kept:
            buffer.copy_(value)
            buffers[name] = buffer  # it may have made place for a larger one
        model.watch.unsettled = False

    unsettled = model.watch.unsettled
    model.watch.unsettled = False
    try:
        yield restore
    finally:
        restore()
        model.watch.unsettled = unsettled


def _random_state(values: list[Tensor]) -> tuple[Tensor, dict[torch.device, Tensor]]:
    devices = {value.device for value in values if value.is_cuda}
    return torch.get_rng_state(), {device: torch.cuda.get_rng_state(device) for device in devices}


def _set_random_state(state: tuple[Tensor, dict[torch.device, Tensor]]) -> None:
    torch.set_rng_state(state[0])
    for device, value in state[1].items():
        torch.cuda.set_rng_state(value, device)
