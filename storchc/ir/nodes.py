"""What a story declares and states, after its types are known: the parts of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from storchc.ir.defaults import TUPLES, Initial, Layer
from storchc.ir.expression import Construct, Distribution, Named, Reference, Value
from storchc.ir.size import Size
from storchc.ir.types import DistributionType, Flag, ValueType, write_shape
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Dim:
    """A dim: a constant with its value, or free (None), bound at the call."""

    name: str
    value: int | None
    span: Span


@dataclass(frozen=True, slots=True)
class DataPlate:
    """A declared plate and how it is reduced in the total cost."""

    name: str
    reduction: Literal["mean", "sum"]
    span: Span


@dataclass(frozen=True, slots=True)
class Input:
    """An argument of ``forward``."""

    name: str
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter and how it starts."""

    name: str
    type: ValueType
    init: Initial
    span: Span


@dataclass(frozen=True, slots=True)
class Passed:
    """One argument or result of a user's module or function; several items make a tuple."""

    items: tuple[ValueType, ...]
    is_tuple: bool

    def __str__(self) -> str:
        """As in a story: ``[K]: int``, or several in parentheses."""
        items = ", ".join(
            write_shape(item.shape) + (f": {item.dtype}" if item.dtype != "float" else "")
            for item in self.items
        )
        return f"({items})" if self.is_tuple else items


@dataclass(frozen=True, slots=True)
class Callee:
    """A module, function or distribution of the user's: what it takes and gives, per row.

    ``default`` is what a module is where the user gives none; ``path`` a function's dotted name.
    """

    name: str
    kind: Literal["module", "function", "distribution"]
    flags: frozenset[Flag]
    arguments: tuple[Passed, ...]
    results: tuple[Passed, ...]
    default: Layer | None
    path: str | None
    span: Span

    @property
    def signature(self) -> str:
        """What it takes and gives, as in a story: ``[K], [] -> [M]``."""
        sides = (", ".join(map(str, side)) for side in (self.arguments, self.results))
        return " -> ".join(sides)

    @property
    def learns(self) -> bool:
        """Whether it may have parameters that the story trains."""
        return self.kind != "function" and "frozen" not in self.flags

    @property
    def takes_first(self) -> bool:
        """Whether its default gives a tuple of which the story declares the first part alone."""
        last = None if self.default is None else self.default.last
        alone = len(self.results) == 1 and not self.results[0].is_tuple
        return alone and last is not None and last.name in TUPLES

    @property
    def folds(self) -> bool:
        """Whether the plates are folded into one batch dimension for the call."""
        return self.kind != "function" or "batched" in self.flags


@dataclass(frozen=True, slots=True)
class Use:
    """A method of the user's, brought in by ``use``."""

    module: str
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Compute:
    """Deterministic: one value or distribution under a name, or a call's results under several."""

    names: tuple[str, ...]
    value: Value | Distribution
    types: tuple[ValueType | DistributionType, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Choice:
    """A method or sampler as the story names it.

    ``constants`` are options known now (numbers, words, strings, flags; user modules appear as
    ``ModuleOption``); ``values`` are story expressions. ``written`` says where options stand.
    """

    name: str
    constants: Mapping[str, int | float | bool | str | ModuleOption | None]
    values: Mapping[str, Value | Construct | Named]
    span: Span
    written: Mapping[str, Written]


@dataclass(frozen=True, slots=True)
class Written:
    """Where an option stands in the story: all of it, and its value."""

    whole: Span
    value: Span


@dataclass(frozen=True, slots=True)
class ModuleOption:
    """A module of the user's given as an option: ``c_phi=critic``, ``c_phi=critic(y, h)``.

    Called with several arguments, it is ``asked`` about the sample's value at this place. The
    others, its context, are values of the story under the names of `context_of`.
    """

    name: str
    asked: int | None = None
    arguments: int = 1

    def context(self, option: str) -> dict[int, str]:
        """The names of the values among its arguments, by their places."""
        places = range(self.arguments if self.asked is not None else 0)
        return {place: context_of(option, place) for place in places if place != self.asked}


def context_of(option: str, place: int) -> str:
    """Under which name the values of a method have an argument of a module given as an option."""
    return f"{option}[{place}]"


def is_beside(option: str) -> bool:
    """Whether a value of a method is for its control variate alone: no draw looks at it."""
    return option == "baseline" or option.endswith("]")


@dataclass(frozen=True, slots=True)
class Sample:
    """Stochastic: ``type`` includes the sample's plate.

    ``plate`` is the plate it opens (its own name) or, with ``in``, the one it joins (``joins`` is
    True). ``each`` are the data plates for whose every element a value is drawn though the
    distribution may lack them. ``method`` is None where none is named.
    ``loops`` are the loops around it, outermost first. ``mask`` says for which elements it counts,
    in a loop that stops.
    """

    name: str
    distribution: Distribution
    type: ValueType
    plate: str
    joins: bool
    each: tuple[str, ...]
    method: Choice | None
    sampler: Choice | None
    span: Span
    name_span: Span
    loops: tuple[str, ...] = ()
    mask: Value | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost: ``value`` defines it, or is a Reference to an existing value.

    ``observed`` marks ``observe``, whose value is already ``-log_prob`` of it: its name is not the
    value's. ``loops`` are the loops around it, outermost first. ``whole`` is the cost of the story
    of which it is a part, where its summands are costs of their own.
    """

    name: str
    value: Value
    observed: bool
    span: Span
    loops: tuple[str, ...] = ()
    whole: str | None = None

    @property
    def stated(self) -> str:
        """The name of the cost as the story states it."""
        return self.whole or self.name

    @property
    def names_itself(self) -> bool:
        """Whether a value that stands above is made a cost under its own name."""
        return isinstance(self.value, Reference) and self.value.name == self.name


@dataclass(frozen=True, slots=True)
class Report:
    """A value to look at; no part of the total. ``loops`` are the loops around it."""

    name: str
    value: Value
    span: Span
    loops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Carried:
    """A variable that a loop carries from step to step; ``type`` holds before and after each."""

    name: str
    initial: Value
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Stop:
    """``stop when condition``: the elements for which it holds count no more from the next step."""

    condition: Value
    span: Span


@dataclass(frozen=True, slots=True)
class Loop:
    """``for t in range(T) from h = h0:`` with its body.

    ``name`` is the counter's, made unique: it names the dimension of the steps. In the body a
    carried name is the previous step's value until the node that defines it again. ``stop`` ends
    the steps of a loop for some elements, as the story says it; once that is written into the
    body, ``alive`` is the carried truth value whose last node does so.
    """

    name: str
    counter: str
    bound: Size
    carried: tuple[Carried, ...]
    body: tuple[Node, ...]
    alive: str | None
    header: Span
    span: Span
    stop: Stop | None = None


Node = Compute | Sample | Cost | Report | Loop
