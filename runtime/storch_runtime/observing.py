"""What looks at a model from outside shares: its parameters, calls that leave no trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from storch_runtime.estimate import Estimate
from storch_runtime.story import StoryModule

__all__ = [
    "Inputs",
    "RandomState",
    "buffers_kept",
    "called",
    "learning",
    "random_state",
    "set_random_state",
]

Inputs = Tensor | tuple[Any, ...] | Mapping[str, Any]
"""What a model is called with: one tensor, a tuple, or a mapping by name."""

RandomState = tuple[Tensor, dict[torch.device, Tensor]]


def learning(model: StoryModule) -> dict[str, Tensor]:
    """The model's own parameters that are trained, by name."""
    own = {id(parameter) for parameter in model.model_parameters()}
    named = model.named_parameters()
    return {name: value for name, value in named if id(value) in own and value.requires_grad}


def called(model: StoryModule, inputs: Inputs) -> Estimate:
    """One estimate."""
    match inputs:
        case Mapping():
            return model(**inputs)
        case tuple():
            return model(*inputs)
        case _:
            return model(inputs)


@contextmanager
def buffers_kept(model: StoryModule) -> Iterator[Callable[[], None]]:
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


def random_state(values: Iterable[Tensor]) -> RandomState:
    """Where torch's generators stand, of the CPU and of the devices of ``values``."""
    devices = {value.device for value in values if value.is_cuda}
    return torch.get_rng_state(), {device: torch.cuda.get_rng_state(device) for device in devices}


def set_random_state(state: RandomState) -> None:
    """Set the generators back to where they stood."""
    torch.set_rng_state(state[0])
    for device, value in state[1].items():
        torch.cuda.set_rng_state(value, device)
