"""Whether memory stays flat: no step may leave anything behind, not even for the collector.

And how much a step keeps for its backward pass.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

PAGE = 4096
STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Growth:
    """What was left behind by ``steps`` steps: tensors, and bytes of resident memory."""

    steps: int
    tensors: int
    resident: int


def grown(step: Callable[[], None], steps: int = 10_000, warm_up: int = 1000) -> Growth:
    """Take the steps without the garbage collector, so that reference cycles would show."""
    for _ in range(warm_up):
        step()
    gc.collect()
    gc.disable()
    try:
        tensors, resident = alive(), used()
        for _ in range(steps):
            step()
        return Growth(steps, alive() - tensors, used() - resident)
    finally:
        gc.enable()


def kept(step: Callable[[], None]) -> int:
    """The bytes that autograd keeps for the backward pass, every storage counted once."""
    found: dict[int, torch.UntypedStorage] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        found[storage.data_ptr()] = storage
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        step()
    return sum(storage.nbytes() for storage in found.values())


def alive() -> int:
    """The number of tensors that Python holds."""
    return sum(issubclass(type(thing), torch.Tensor) for thing in gc.get_objects())


def used() -> int:
    """Resident memory in bytes; 0 where the system does not tell."""
    return int(STATM.read_text().split()[1]) * PAGE if STATM.exists() else 0
