"""What a generated module raises about its inputs and its costs."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "MovedJump",
    "NonFiniteCost",
    "NonFiniteGradient",
    "StoryShapeError",
    "StoryTypeError",
    "StoryValueError",
    "StoryWarning",
    "suggestion",
]


class StoryShapeError(ValueError):
    """A value of the wrong shape came into a story; it says which, and what was expected."""


class StoryTypeError(TypeError):
    """A value of the wrong type, dtype or device came into a story."""


class StoryValueError(ValueError):
    """A value of a story lies where it must not: out of a support, a range, its classes."""


class NonFiniteCost(ValueError):
    """A cost is infinite or not a number: `Estimate.backward` raises it, with the story line."""


class NonFiniteGradient(ValueError):
    """The gradient of a parameter is infinite or not a number, though the cost is finite.

    `Estimate.backward` raises it, in a call whose values are looked at.
    """


class MovedJump(ValueError):
    """A value would jump at a place that moves with an input that requires a gradient."""


class StoryWarning(UserWarning):
    """What is doubtful in how a story is used."""


def suggestion(name: str, known: Iterable[str]) -> str:
    """What was meant by a name, or all that there is; to be added to an error."""
    import difflib

    known = list(known)
    close = difflib.get_close_matches(name, known, 1)
    return f": did you mean `{close[0]}`?" if close else f"; it has {', '.join(known)}"
