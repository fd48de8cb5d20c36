"""The flags of declarations, by kind."""

from __future__ import annotations

from storchc.ir.types import Flag

FUNCTION_FLAGS: tuple[Flag, ...] = ("batched", "nondiff", "stateful")
MODULE_FLAGS: tuple[Flag, ...] = (*FUNCTION_FLAGS, "frozen")
DISTRIBUTION_FLAGS: tuple[Flag, ...] = ("reparameterized", "discrete", "frozen")
FLAGS = tuple(dict.fromkeys((*MODULE_FLAGS, *DISTRIBUTION_FLAGS)))
