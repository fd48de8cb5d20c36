"""The word for "take the most probable value", in the place of values that are given."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeAlias, TypeGuard

from torch import Tensor

__all__ = ["MODE", "Given", "Mode", "asks_for_modes"]


class Mode(Enum):
    """What ``given`` may hold in the place of values."""

    MODE = "mode"

    def __repr__(self) -> str:
        return self.name


MODE = Mode.MODE
"""Every sample, or the one that it is given for, takes its most probable value."""

Given: TypeAlias = Mapping[str, Tensor | Mode] | Mode


def asks_for_modes(given: object) -> TypeGuard[Given]:
    """Whether some sample is to take its most probable value."""
    if isinstance(given, Mapping):
        return any(value is MODE for value in given.values())
    return given is MODE
