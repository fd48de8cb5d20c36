"""The form of an entry in the catalogue of functions: all that storchc knows of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Literal

from storchc.ir.expression import Apply, Setting, Value
from storchc.ir.ranges import Range
from storchc.ir.size import Shape, Size
from storchc.ir.types import Dtype, ValueType
from storchc.python.expressions import Py
from storchc.records import dataclass

ParameterKind = Literal[
    "value",  # a value of the story (tensor or number)
    "values",  # a list of values, or all remaining positional arguments
    "places",  # an int value or a list of them, stacked along a last dimension
    "dim",  # one event dimension (an int known now), or None where the default is None
    "dims",  # one event dimension or a list of them
    "shape",  # a list of sizes; -1 allowed where ``infer`` accepts it
    "size",  # one size (constant or free)
    "int",  # an int known now
    "number",  # an int or float known now
    "flag",  # true or false
    "text",  # a string
    "numbers",  # nested lists of numbers, as in tensor([...])
]


class _Required:
    """Marks a parameter without a default."""

    def __repr__(self) -> str:
        return "REQUIRED"


REQUIRED = _Required()


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a catalogue function, in torch's name and order.

    A value that may be left out has the default None: left out, it stands in the settings as None;
    given, it is an operand and does not stand there.
    """

    name: str
    kind: ParameterKind = "value"
    default: Setting | _Required = REQUIRED


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a shape rule sees: the types of the values (in order), and the settings by name.

    ``numbers[i]`` is the number that operand ``i`` is known to be, or None.
    """

    types: tuple[ValueType, ...]
    numbers: tuple[int | float | bool | None, ...]
    settings: Mapping[str, Setting]

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The event shapes of the values."""
        return tuple(t.shape for t in self.types)

    def promoted(self) -> Dtype:
        """The dtype of arithmetic over all values: float over int over bool."""
        kinds = {t.dtype for t in self.types}
        return "float" if "float" in kinds else "int" if "int" in kinds else "bool"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a shape rule answers: event shape and dtype (plates are the union of the operands')."""

    shape: Shape
    dtype: Dtype


class Misfit(Exception):
    """Raised by a shape rule: why the arguments do not fit, and how to mend it.

    ``operand`` is the index of the value to point at; None points at the whole call.
    """

    def __init__(self, message: str, help: str, operand: int | None = None) -> None:
        super().__init__(message)
        self.message, self.help, self.operand = message, help, operand


@dataclass(frozen=True, slots=True)
class Emission:
    """What the code of a function is made from.

    ``operands`` are the codes of the values, already aligned as the entry's ``align`` says;
    ``types`` their types (event shape *before* alignment); ``result`` the type of the result.
    The plates of ``types`` and ``result`` are those that the values are *stored* with; ``plates``
    are the codes of the sizes of the result's, in memory order (the operands of an entry with
    ``align="plates"`` or ``"broadcast"`` have a dimension, maybe of size 1, or no dimension at all
    on the left, for each of them).
    ``size`` writes a size as code; ``creation`` is ``{"dtype": ..., "device": ...}`` for the dtype
    of the result.
    ``plain`` are the positions of operands whose code is a Python number, not a tensor.
    """

    operands: tuple[Py, ...]
    types: tuple[ValueType, ...]
    settings: Mapping[str, Setting]
    result: ValueType
    plates: Callable[[], tuple[Py, ...]]
    size: Callable[[Size], Py]
    creation: Callable[[], dict[str, Py]]
    plain: frozenset[int]


Align = Literal[
    "broadcast",  # plates aligned, event shapes padded to one rank: torch broadcasts as it should
    "plates",  # plates aligned only; operands may lack those on the left, or all of them
    "expand",  # as "plates", and each operand expanded to the common plates
]


# --- what a function does with its arguments ------------------------------------------------------

Move = Callable[[int], int | None]
"""Where an event dimension of an operand is in the result, both counted from the end.

An element of the result is then made of one slice of the operand along it only, the one at its own
place (a dimension of size 1 is repeated). None: it may be made of all elements along the dimension.
"""

Moves = Callable[[Apply, int], Move]
"""The move of the operand at a position of an application."""

Together = tuple[frozenset[int], ...]
"""Sets of operands. The function is linear (or affine) in all operands of a set at once, whatever
the others are: the expectation of the result is then the function of their expectations."""


@dataclass(frozen=True, slots=True)
class Algebra:
    """What a function does with its arguments, by rules that read one application of it.

    ``moves``: which elements of an operand an element of the result is made of.
    ``linear``: the sets of operands in which it is linear.
    ``parts``: the same value made of parts of the operands only, where it uses no more of them.
    ``terms``: the same value written as a sum or product of functions of its operands, or of parts
    of them, of which the rows of those functions say more.

    A rule that answers None, and one that is not there, has nothing to say.
    """

    moves: Moves
    linear: Callable[[Apply], Together]
    parts: Callable[[Apply], Value | None] | None = None
    terms: Callable[[Apply], Value | None] | None = None


Smoothness = Literal[
    "smooth",
    "bend",  # the second derivative jumps: the expected Hessian is still right
    "corner",  # the first derivative jumps
    "jump",  # the value jumps
    "pole",  # it is infinite on a set that is met by moving in one direction
]
"""The worst that happens to a function as one operand moves within its range."""

Smooth = Callable[[Apply, tuple[Range, ...]], tuple[Smoothness, ...]]
"""The smoothness of an application in each of its operands, from where these lie."""

Ranging = Callable[[Apply, tuple[Range, ...]], Range]
"""Where the elements of the result lie, from where those of the operands do."""


@dataclass(frozen=True, slots=True)
class Over:
    """How ``over=`` reduces plates.

    ``method`` is torch's own, for values that weigh the same. ``samples``: plates that samples
    open too, each value with its weight; otherwise data plates only. ``counts``: a value that lacks
    the plate counts once for each of its elements. ``logs``: the values are logarithms of what is
    averaged.
    """

    method: str
    samples: bool = False
    counts: bool = False
    logs: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    ``infer`` is its shape rule (raises Misfit); ``emit`` writes its code.
    ``broken``: the operands through which no gradient flows (``"all"``, ``"none"``, or positions).
    ``algebra``: what it does with its arguments. ``range``, ``smoothness``: where the result lies,
    and how it moves with each operand; constructors of the most common are in
    `storchc.catalogue.functions.ranging` and `.smooth`. None of these has a default.
    ``numbers``: positions of operands that may be plain Python numbers; others are made tensors.
    ``fold`` computes the result when every operand is a number known now; it never raises.
    ``over``: how ``over=`` may take the place of ``dim=``, if it may.
    ``symbol``: how a story writes it, where that is not a call of its name.
    ``condition``: the position of the operand that chooses between the others, if one does.
    ``cut``: the result does not count as made of its operands at all: no path, and no credit.
    ``uncredited``: it credits no score, though gradients flow.
    """

    name: str
    summary: str
    parameters: tuple[Parameter, ...]
    infer: Callable[[Arguments], Outcome]
    emit: Callable[[Emission], Py]
    broken: Literal["all", "none"] | frozenset[int]
    algebra: Algebra
    range: Ranging
    smoothness: Smooth
    align: Align = "broadcast"
    numbers: Literal["all", "none"] | frozenset[int] = "none"
    fold: Callable[..., int | float | bool] | None = None
    over: Over | None = None
    group: str = "elementwise"
    symbol: str = ""
    condition: int | None = None
    cut: bool = False
    uncredited: bool = False

    def breaks(self, position: int) -> bool:
        """Whether no gradient flows through the operand at ``position``."""
        if isinstance(self.broken, str):
            return self.broken == "all"
        return position in self.broken

    def linear_in(self, value: Apply, random: Collection[int]) -> bool:
        """Whether the expectation of ``value`` is the function of expectations.

        ``random`` are the positions of the operands that are no constants.
        """
        sets = () if self.cut else self.algebra.linear(value)
        return any(together.issuperset(random) for together in sets)
