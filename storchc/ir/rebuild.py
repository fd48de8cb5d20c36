"""Expressions once more, with other parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import EllipsisType
from typing import assert_never

from storchc.ir.expression import (
    AlongSteps,
    Apply,
    CallUser,
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

Change = Callable[["Value"], "Value"]
ChangeLaw = Callable[["Distribution"], "Distribution"]


def rebuilt(value: Value, change: Change, change_law: ChangeLaw) -> Value:
    """``value`` with every operand changed; types stay as they are."""
    match value:
        case Literal() | Extent() | Reference() | Counter() | SequenceOf():
            return value
        case Apply(operands=operands):
            return replace(value, operands=tuple(map(change, operands)))
        case Select(of, items):
            return replace(value, value=change(of), items=_items(items, change))
        case OverPlates() | Expected() | Renamed() | SummedOut() | AlongSteps():
            return replace(value, value=change(value.value))
        case CallUser(arguments=arguments):
            return replace(value, arguments=tuple(_argument(a, change) for a in arguments))
        case LogProb(law, of):
            return replace(value, distribution=change_law(law), value=change(of))
        case Divergence(left, right):
            return replace(value, left=change_law(left), right=change_law(right))
        case Entropy(law) | Property(law):
            return replace(value, distribution=change_law(law))
        case StaticChoice(condition, then, otherwise):
            sides = change(then), change(otherwise)
            return replace(value, condition=change(condition), then=sides[0], otherwise=sides[1])
        case Evidence():
            return value
        case _:
            assert_never(value)


def rebuilt_law(law: Distribution, change: Change) -> Distribution:
    """``law`` with every parameter changed; types stay as they are."""
    if isinstance(law, Named):
        return law
    parameters = tuple((name, change(value)) for name, value in law.parameters)
    return replace(law, parameters=parameters)


def _items(items: tuple[SelectItem, ...], change: Change) -> tuple[SelectItem, ...]:
    return tuple(i if isinstance(i, int | Range | EllipsisType) else change(i) for i in items)


def _argument(argument: Value | tuple[Value, ...], change: Change) -> Value | tuple[Value, ...]:
    return tuple(map(change, argument)) if isinstance(argument, tuple) else change(argument)
