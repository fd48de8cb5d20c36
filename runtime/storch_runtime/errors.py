"""What a generated module raises about its inputs and its costs."""

from __future__ import annotations

__all__ = [
    "MovedJump",
    "NonFiniteCost",
    "StoryShapeError",
    "StoryTypeError",
    "StoryValueError",
    "StoryWarning",
]


class StoryShapeError(ValueError):
    """A value of the wrong shape came into a story."""


class StoryTypeError(TypeError):
    """A value of the wrong type, dtype or device came into a story."""


class StoryValueError(ValueError):
    """A value of a story lies where it must not."""


class NonFiniteCost(ValueError):
    """A cost is infinite or not a number."""


class MovedJump(ValueError):
    """A value would jump at a place that moves with an input that requires a gradient."""


class StoryWarning(UserWarning):
    """What is doubtful in how a story is used."""
