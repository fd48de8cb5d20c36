"""What happens to applications of functions as their operands move, in the words of LOSS.md §8."""

from __future__ import annotations

from typing import Literal

from storchc.catalogue import functions
from storchc.ir.expression import Apply

Smoothness = Literal["smooth", "bend", "corner", "jump", "pole"]

CONTINUOUS = "continuous"
"""The function by which a story says that a value does not jump."""

_JUMPS: dict[str, frozenset[int]] = {
    **dict.fromkeys(
        [
            "equal",
            "not_equal",
            "less",
            "less_equal",
            "greater",
            "greater_equal",
            "floor_divide",
            "remainder",
            "fmod",
            "isclose",
        ],
        frozenset({0, 1}),
    ),
    **dict.fromkeys(
        [
            "floor",
            "ceil",
            "trunc",
            "sign",
            "round",
            "frac",
            "hardshrink",
            "threshold",
            "heaviside",
            "argmax",
            "argmin",
            "argsort",
            "count_nonzero",
            "any",
            "all",
            "signbit",
            "logical_not",
        ],
        frozenset({0}),
    ),
    **dict.fromkeys(["logical_and", "logical_or", "logical_xor"], frozenset({0, 1})),
    "copysign": frozenset({1}),
}


def smoothness(value: Apply) -> tuple[Smoothness, ...]:
    """The worst that happens as each operand moves."""
    jumping = _JUMPS.get(value.function, frozenset())
    return tuple("jump" if i in jumping else "smooth" for i in range(len(value.operands)))


_MOVING_ON = frozenset({"remainder", "fmod", "frac", "hardshrink", "threshold"})
"""They jump from one piece to the next and move on each."""


def steps(value: Apply, position: int) -> bool:
    """Whether a value is constant in an operand but for where it jumps."""
    row = functions.row(value.function)
    if position == row.condition:
        return True
    if not row.breaks(position) or value.function in _MOVING_ON:
        return False
    return smoothness(value)[position] == "jump"


_TOUCHING = frozenset(
    [
        "equal",
        "not_equal",
        "isclose",
        "count_nonzero",
        "any",
        "all",
        "logical_and",
        "logical_or",
        "logical_xor",
        "logical_not",
    ]
)


def touches(value: Apply) -> bool:
    """Whether a jump stands at one number only, so that it needs a value that takes it often."""
    return value.function in _TOUCHING


_ATOMS = frozenset(
    [
        "relu",
        "relu6",
        "hardtanh",
        "hardsigmoid",
        "hardswish",
        "hardshrink",
        "softshrink",
        "threshold",
        "clamp",
        "maximum",
        "minimum",
        "fmax",
        "fmin",
        "max",
        "min",
        "where",
        "round",
        "floor",
        "ceil",
        "trunc",
        "sign",
        "copysign",
        "heaviside",
        "floor_divide",
    ]
)


def makes_atoms(value: Apply) -> bool:
    """Whether a value may take single numbers with positive probability, made of one that won't."""
    return value.function in _ATOMS
