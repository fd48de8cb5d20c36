"""Typed expressions: what the shapes stage makes of the syntax tree, for all stages after it."""

from __future__ import annotations

from collections.abc import Mapping
from types import EllipsisType

from storchc.ir.size import Shape, Size
from storchc.ir.types import DistributionType, ValueType
from storchc.records import dataclass
from storchc.source import Span

Setting = int | float | bool | str | None | Size | Shape | tuple[int, ...] | tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A number or truth value known when the story is compiled (constant dims included)."""

    value: int | float | bool
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Extent:
    """A size that depends on free dims, used as an integer value."""

    size: Size
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Reference:
    """A value by its name: an input, a param, a sample or a computed value."""

    name: str
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Counter:
    """The counter of a loop: an integer that counts its steps from 0."""

    name: str
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class SequenceOf:
    """``sequence(v)``: a variable of a loop's body at the end of every step, stacked over time."""

    value: Reference
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or operator of the catalogue applied to values; ``function`` is its name there."""

    function: str
    operands: tuple[Value, ...]
    settings: Mapping[str, Setting]
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Select:
    """``value[items]``: ints, slices, ``...`` and int values, over event dimensions.

    An item is an int, a ``(start, stop, step)`` triple of sizes or None, ``...``, or a value.
    """

    value: Value
    items: tuple[SelectItem, ...]
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Range:
    """``start:stop:step`` of an index, as sizes; None where left out."""

    start: Size | None
    stop: Size | None
    step: int | None


@dataclass(frozen=True, slots=True)
class OverPlates:
    """``mean(value, over=p)`` and its kin: the only operation that removes plates."""

    function: str
    value: Value
    plates: tuple[str, ...]
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class CallUser:
    """A call of the user's module or function; ``results`` are flat, tuples spread out."""

    callee: str
    arguments: tuple[Value | tuple[Value, ...], ...]
    results: tuple[ValueType, ...]
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Construct:
    """A distribution made from its parameters, in the family's order."""

    family: str
    parameters: tuple[tuple[str, Value], ...]
    type: DistributionType
    span: Span


def called(value: object) -> str | None:
    """The module, function or distribution of the user's that an expression calls by its name."""
    match value:
        case CallUser(callee):
            return callee
        case Construct(family, _, type_) if type_.declared is not None:
            return family
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Named:
    """A distribution by the name that a ``compute`` gave it."""

    name: str
    type: DistributionType
    span: Span


@dataclass(frozen=True, slots=True)
class LogProb:
    """``log_prob(distribution, value)``: every event dimension summed.

    Of this and the two below `type` tells whether the batch event is kept (``reduction="none"``):
    it has an event then.
    """

    distribution: Distribution
    value: Value
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Divergence:
    """``kl_divergence(left, right)``: every event dimension summed."""

    left: Distribution
    right: Distribution
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Entropy:
    """``entropy(distribution)``: every event dimension summed."""

    distribution: Distribution
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Property:
    """``distribution.name``: a property of torch's distribution."""

    distribution: Distribution
    name: str
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class StaticChoice:
    """``a if c else b`` where ``c`` is known before any tensor is: only one side is evaluated."""

    condition: Value
    then: Value
    otherwise: Value
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Expected:
    """``value`` summed over the outcomes of one factor of ``sample``, each with its probability.

    This and the one below stand in no story: `analysis/rewrite/separation` writes them.

    The outcomes stand along ``plate``. ``items`` choose the factors, an index or a range for each
    batch dimension of the sample; ``dims`` are the event dimensions, counted from the end and in
    ascending order, along which the factors in the ranges stand. No gradient goes by way of the
    probabilities where it is ``cut``.
    """

    value: Value
    sample: str
    plate: str
    items: tuple[int | range, ...]
    dims: tuple[int, ...]
    cut: bool
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Renamed:
    """``value`` with its ``plate`` taken for another one, ``copy``: the same outcomes once more."""

    value: Value
    plate: str
    copy: str
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class SummedOut:
    """``value`` summed over the outcomes of ``sample`` in a step of a loop and in the one before.

    Each weighs what its probability is; no gradient goes that way where it is ``cut``. It stands in
    no story: `analysis/rewrite/chains` writes it.
    """

    value: Value
    sample: str
    cut: bool
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class AlongSteps:
    """The first event dimension of ``value``, which has an element for each step of ``loop``.

    It becomes a dimension of the steps, as plates have one. This and the one below stand in no
    story: `analysis/rewrite/evidence` writes them.
    """

    value: Value
    loop: str
    type: ValueType
    span: Span


@dataclass(frozen=True, slots=True)
class Evidence:
    """``log E[exp(Σ_t term_t)]`` over all sequences of ``sample``: the forward algorithm.

    The sample is drawn from ``first`` in the first step (None: as it stands in the story), from
    ``law`` in later ones, where its outcomes in the step before stand along ``before``. ``term``
    has a dimension for the steps of ``loop``; ``start`` is that of the first step, where it has to
    be told apart.
    """

    sample: str
    loop: str
    before: str
    first: Distribution | None
    law: Distribution
    start: Value | None
    term: Value
    type: ValueType
    span: Span

    @property
    def parts(self) -> tuple[Value | Distribution, ...]:
        """What it is made of, in order."""
        every = (self.first, self.law, self.start, self.term)
        return tuple(part for part in every if part is not None)


Value = (
    Literal
    | Extent
    | Reference
    | Counter
    | SequenceOf
    | Apply
    | Select
    | OverPlates
    | CallUser
    | LogProb
    | Divergence
    | Entropy
    | Property
    | StaticChoice
    | Expected
    | Renamed
    | SummedOut
    | AlongSteps
    | Evidence
)
Distribution = Construct | Named
SelectItem = int | Range | EllipsisType | Value
