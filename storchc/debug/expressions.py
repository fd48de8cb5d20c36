"""Typed expressions written back as in a story; what stands in no story is written like a call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import EllipsisType
from typing import assert_never

from storchc.catalogue import functions
from storchc.catalogue.function import REQUIRED, Function
from storchc.ir.expression import (
    AlongSteps,
    Apply,
    CallUser,
    Construct,
    Counter,
    Distribution,
    Divergence,
    Entropy,
    Evidence,
    Expected,
    Extent,
    Literal,
    LogProb,
    Named,
    OverPlates,
    Property,
    Range,
    Reference,
    Renamed,
    Select,
    SelectItem,
    SequenceOf,
    StaticChoice,
    SummedOut,
    Value,
)
from storchc.ir.size import Size
from storchc.ir.types import ValueType

# How strongly the parts of an expression hold together, as in Python.
_CHOICE, _COMPARED, _SIGNED, _POWER, _ATOM = 0, 4, 7, 8, 9

_INFIX: Mapping[str, int] = {
    **{"or": 1, "and": 2, "+": 5, "-": 5, "**": _POWER},
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">="), _COMPARED),
    **dict.fromkeys(("*", "/", "//", "%"), 6),
}
_PREFIX: Mapping[str, int] = {"not": 3, "-": _SIGNED, "+": _SIGNED}


def write(expression: Value | Distribution, within: int = _CHOICE) -> str:
    """The text of an expression; in parentheses where it is to hold together more than it does."""
    text, strength = _written(expression)
    return f"({text})" if strength < within else text


def _written(expression: Value | Distribution) -> tuple[str, int]:
    """The text, and how strongly it holds together."""
    match expression:
        case Literal(value=value):
            return _number(value)
        case Extent(size=size):
            return _size(size)
        case Reference(name) | Counter(name) | Named(name):
            return name, _ATOM
        case Apply():
            return _applied(expression)
        case StaticChoice(condition, then, otherwise):
            sides = write(then, 1), write(condition, 1), write(otherwise)
            return "{} if {} else {}".format(*sides), _CHOICE
        case Select(value, items):
            return f"{write(value, _ATOM)}[{', '.join(map(_item, items))}]", _ATOM
        case Property(distribution, name):
            return f"{write(distribution, _ATOM)}.{name}", _ATOM
        case _:
            return _call(expression), _ATOM


def _call(
    expression: SequenceOf
    | OverPlates
    | CallUser
    | Construct
    | LogProb
    | Divergence
    | Entropy
    | Expected
    | Renamed
    | SummedOut
    | AlongSteps
    | Evidence,
) -> str:
    """What is written as a function with its arguments."""
    match expression:
        case SequenceOf(value):
            return call("sequence", write(value))
        case OverPlates(function, value, plates):
            return call(function, write(value), f"over={one_or_list(plates)}")
        case CallUser(callee, arguments):
            return call(callee, *map(_argument, arguments))
        case Construct(family, parameters):
            return call(family, *(f"{name}={write(value)}" for name, value in parameters))
        case LogProb(distribution, value, type_):
            return call("log_prob", write(distribution), write(value), *_kept(type_))
        case Divergence(left, right, type_):
            return call("kl_divergence", write(left), write(right), *_kept(type_))
        case Entropy(distribution, type_):
            return call("entropy", write(distribution), *_kept(type_))
        case Expected(value, sample, plate, items, dims):
            factors = ", ".join(map(_factors, items))
            along = f"along={plate}", f"dims={list(dims)}"
            return call("expected", write(value), f"over={sample}[{factors}]", *along)
        case Renamed(value, plate, copy):
            return call("renamed", write(value), f"{plate}={copy}")
        case SummedOut(value, sample, cut):
            return call("summed_out", write(value), f"over={sample}", *(["cut"] if cut else []))
        case AlongSteps(value, loop):
            return call("along_steps", write(value), f"of={loop}")
        case Evidence(sample=sample):
            return call("evidence", *map(write, expression.parts), f"over={sample}")
        case _:
            assert_never(expression)


def _kept(type_: ValueType) -> tuple[str, ...]:
    return ('reduction="none"',) if type_.shape else ()


def call(function: str, *arguments: str) -> str:
    """``function(a, b)``."""
    return f"{function}({', '.join(arguments)})"


def one_or_list(names: tuple[str, ...]) -> str:
    """``p`` or ``[p, q]``."""
    return names[0] if len(names) == 1 else listing(names)


def listing(texts: Iterable[str]) -> str:
    """``[a, b]``."""
    return f"[{', '.join(texts)}]"


def _argument(argument: Value | tuple[Value, ...]) -> str:
    if isinstance(argument, tuple):
        return listing(map(write, argument))
    return write(argument)


# --- numbers, indices ----------------------------------------------------------------------------


def _number(value: int | float | bool) -> tuple[str, int]:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text, _SIGNED if text.startswith("-") else _ATOM


def _size(size: Size) -> tuple[str, int]:
    text = str(size)
    return text, _ATOM if text.isidentifier() else 5


def _item(item: SelectItem) -> str:
    match item:
        case int():
            return str(item)
        case EllipsisType():
            return "..."
        case Range(start, stop, step):
            ends = ["" if end is None else str(end) for end in (start, stop)]
            return ":".join([*ends, *([] if step is None else [str(step)])])
        case _:
            return write(item)


def _factors(item: int | range) -> str:
    if isinstance(item, int):
        return str(item)
    step = "" if item.step == 1 else f":{item.step}"
    return f"{item.start}:{item.stop}{step}"


# --- functions of the catalogue ------------------------------------------------------------------


def _applied(expression: Apply) -> tuple[str, int]:
    row, operands = functions.row(expression.function), expression.operands
    match operands:
        case (left, right) if row.symbol in _INFIX:
            strength = _INFIX[row.symbol]
            first, second = strength, strength + 1
            if strength == _COMPARED:  # which is not chained
                first = second
            if strength == _POWER:  # the only one that groups from the right
                first, second = _ATOM, _SIGNED
            return f"{write(left, first)} {row.symbol} {write(right, second)}", strength
        case (operand,) if row.symbol in _PREFIX:
            strength = _PREFIX[row.symbol]
            space = " " if row.symbol.isalpha() else ""
            return f"{row.symbol}{space}{write(operand, strength)}", strength
        case _:
            return call(row.name, *_arguments(row, expression)), _ATOM


def _arguments(entry: Function, expression: Apply) -> Iterator[str]:
    """What a function is given, in the order of its parameters, without what holds anyway."""
    values, settings, skipped = map(write, expression.operands), expression.settings, False
    for parameter in entry.parameters:
        name, default = parameter.name, parameter.default
        if name not in settings and parameter.kind == "values":
            text = listing(values)
        elif name not in settings and parameter.kind == "value":
            text = next(values)
        elif settings.get(name, default) == default:
            skipped = True
            continue
        else:
            text = _setting(settings[name])
        by_name = skipped or default is not REQUIRED
        yield f"{name}={text}" if by_name else text


def _setting(value: object) -> str:
    match value:
        case bool() | None:
            return str(value).lower()
        case str():
            return f'"{value}"'
        case tuple():
            return listing(map(_setting, value))
        case _:
            return str(value)
