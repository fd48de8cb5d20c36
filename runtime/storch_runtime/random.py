"""Draws that come from a generator of the user's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["drawing_from"]


@contextmanager
def drawing_from(generator: torch.Generator) -> Iterator[None]:
    """Let all draws come from ``generator``, those of modules (dropout) included.

    Torch's own generator of that device takes its state, and has its own again afterwards.
    """
    device = generator.device
    own = torch.default_generator if device.type == "cpu" else _of_accelerator(device)
    before = own.get_state()
    own.set_state(generator.get_state())
    try:
        yield
    finally:
        generator.set_state(own.get_state())
        own.set_state(before)


def _of_accelerator(device: torch.device) -> torch.Generator:
    if device.type != "cuda":
        raise ValueError(f"a call draws from generators of the CPU or of CUDA, not of `{device}`")
    index = torch.cuda.current_device() if device.index is None else device.index
    found: torch.Generator = torch.cuda.default_generators[index]
    return found
