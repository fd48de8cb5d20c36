"""Fills the moving averages of a model that has not been trained yet."""

from __future__ import annotations

from math import ceil, log

from torch import Tensor

from storch_runtime.baselines.averages import MovingAverages
from storch_runtime.observing import Inputs, buffers_kept, called
from storch_runtime.story import StoryModule

__all__ = ["fill_averages"]

LEFT = 0.01
"""What may be left of the start of an average, as a part of it."""

MOST = 1000
"""Passes at most."""


def fill_averages(model: StoryModule, inputs: Inputs) -> tuple[str, ...]:
    """Run ``model`` until averages that were empty hold what they would in training.

    The names of their samples; nothing else of the model changes. In eval mode averages stand
    still, and are left empty.
    """
    methods = {
        name: method
        for name, method in model.methods.items()
        if isinstance(method, MovingAverages) and method.fresh
    }
    if not methods or not model.training:
        return ()
    slowest = max(method.decay for method in methods.values())
    passes = min(MOST, ceil(log(LEFT) / log(slowest))) if 0 < slowest < 1 else 1
    with buffers_kept(model):
        for _ in range(passes):
            called(model, inputs)
        filled = {name: _buffers(method) for name, method in methods.items()}
    for name, buffers in filled.items():
        for buffer, value in buffers.items():
            methods[name]._buffers[buffer] = value  # of another size, where a loop has grown it
    return tuple(methods)


def _buffers(method: MovingAverages) -> dict[str, Tensor]:
    """What the method has now, apart from what it goes on to change."""
    return {name: value.detach().clone() for name, value in method.named_buffers(recurse=False)}
