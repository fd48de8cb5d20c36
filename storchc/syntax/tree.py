"""The syntax tree of a story: frozen, and equal whenever two texts say the same.

Spans take no part in equality: a story and its YAML twin have equal trees.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from storchc.ir.types import Dtype, Flag
from storchc.records import dataclass
from storchc.source import Span


def _span() -> Any:
    return field(compare=False, repr=False)


# --- expressions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """A name as written: ``x``; in module defaults and paths also dotted: ``nn.Linear``."""

    id: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Number:
    """``3``, ``1_000``, ``.5``, ``1e-3``: an int or a float by the way it is written."""

    value: int | float
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Constant:
    """One of ``true false none inf pi``."""

    id: Literal["true", "false", "none", "inf", "pi"]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Text:
    """A string argument, without its quotes."""

    value: str
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x``, ``+x``, ``not x``."""

    op: Literal["-", "+", "not"]
    operand: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Binary:
    """``left op right`` with one of ``+ - * / ** % // @ == != < <= > >= and or``."""

    op: str
    left: Expression
    right: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Conditional:
    """``then if condition else otherwise``."""

    then: Expression
    condition: Expression
    otherwise: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Keyword:
    """``name=value`` in a call."""

    name: Name
    value: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Call:
    """``function(args, keywords)``: a function, module, distribution, method or sampler by name."""

    function: Name
    args: tuple[Expression, ...]
    keywords: tuple[Keyword, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Slice:
    """``start:stop:step`` inside an index."""

    start: Expression | None
    stop: Expression | None
    step: Expression | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Dots:
    """``...`` inside an index."""

    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Index:
    """``value[items]``; items index event dimensions only."""

    value: Expression
    items: tuple[Expression | Slice | Dots, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Attribute:
    """``value.name``: a property of a distribution."""

    value: Expression
    name: Name
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class ListOf:
    """``[a, b]``: a shape, a list of dims or plates, or the numbers of a tensor."""

    items: tuple[Expression, ...]
    span: Span = _span()


Expression = (
    Name
    | Number
    | Constant
    | Text
    | Unary
    | Binary
    | Conditional
    | Call
    | Index
    | Attribute
    | ListOf
)

# --- declarations --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dim:
    """``dim K = 2`` (a constant) or ``dim D`` (free: ``value`` is None)."""

    name: Name
    value: Expression | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Plate:
    """``plate data`` or ``plate sites sum``."""

    name: Name
    reduction: Literal["mean", "sum"]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Input:
    """``input x[data, 784]: float``; leading names in ``sizes`` that are plates are its plates."""

    name: Name
    sizes: tuple[Expression, ...]
    dtype: Dtype
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Param:
    """``param w[K] = init``."""

    name: Name
    sizes: tuple[Expression, ...]
    init: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class TensorType:
    """``[A, B]: int`` in a signature."""

    sizes: tuple[Expression, ...]
    dtype: Dtype
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class TupleType:
    """``([H], [H])`` in a signature."""

    items: tuple[TensorType, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Module:
    """``module enc nondiff: [A], [B] -> [C] = nn.Linear(3, 4)``."""

    name: Name
    flags: frozenset[Flag]
    arguments: tuple[TensorType | TupleType, ...]
    results: tuple[TensorType | TupleType, ...]
    default: Expression | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Function:
    """``function f batched nondiff stateful: [A] -> [] = package.module.name``."""

    name: Name
    flags: frozenset[Flag]
    arguments: tuple[TensorType | TupleType, ...]
    results: tuple[TensorType | TupleType, ...]
    path: Name | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Declared:
    """``distribution policy discrete: [P]: int -> [T]: int``."""

    name: Name
    flags: frozenset[Flag]
    arguments: tuple[TensorType | TupleType, ...]
    results: tuple[TensorType | TupleType, ...]
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Use:
    """``use package.module: MyMethod``."""

    module: Name
    name: Name
    span: Span = _span()


Declaration = Dim | Plate | Input | Param | Module | Function | Declared | Use

# --- steps ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Compute:
    """``compute y = expr`` or ``compute a, b = f(x)``."""

    names: tuple[Name, ...]
    value: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Sample:
    """``sample z ~ distribution each data with method using sampler in plate``."""

    name: Name
    distribution: Expression
    each: tuple[Name, ...]
    method: Call | None
    sampler: Call | None
    plate: Name | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Cost:
    """``cost name = expr``, or ``cost y`` (``value`` is None)."""

    name: Name
    value: Expression | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Observe:
    """``observe name = expr ~ distribution``; ``observe x ~ distribution`` has value ``x``."""

    name: Name
    value: Expression
    distribution: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Report:
    """``report name = expr``, or ``report y`` (``value`` is None)."""

    name: Name
    value: Expression | None
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class Carried:
    """``h = h0`` after ``from``."""

    name: Name
    value: Expression
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class For:
    """``for t in range(T) from h = h0:`` with its body; ``header`` is the span of that line."""

    counter: Name
    bound: Expression
    carried: tuple[Carried, ...]
    body: tuple[Step, ...]
    header: Span = _span()
    span: Span = _span()


@dataclass(frozen=True, slots=True)
class StopWhen:
    """``stop when condition``."""

    condition: Expression
    span: Span = _span()


Step = Compute | Sample | Cost | Observe | Report | For | StopWhen


@dataclass(frozen=True, slots=True)
class Story:
    """A whole story. Declarations keep their order within each kind, steps theirs."""

    name: Name
    doc: str | None
    declarations: tuple[Declaration, ...]
    steps: tuple[Step, ...]
    span: Span = _span()
