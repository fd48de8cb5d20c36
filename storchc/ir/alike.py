"""Expressions that are written alike."""

from __future__ import annotations

from collections.abc import Hashable
from types import EllipsisType

from storchc.ir.expression import (
    Apply,
    CallUser,
    Construct,
    Counter,
    Distribution,
    Divergence,
    Entropy,
    Extent,
    Literal,
    LogProb,
    Named,
    OverPlates,
    Property,
    Range,
    Reference,
    Select,
    Value,
)
from storchc.ir.walk import children


def key(value: Value | Distribution) -> Hashable:
    """An expression without its places: those that are equal have the same value."""
    match value:
        case Literal(number):
            own: Hashable = number
        case Reference(name) | Named(name):
            own = name
        case Apply(function, _, settings):
            own = function, repr(sorted(settings.items()))
        case OverPlates(function, _, plates):
            own = function, plates
        case CallUser(callee):
            own = callee
        case Construct(family, parameters):
            own = family, tuple(name for name, _ in parameters)
        case Property(_, name):
            own = name
        case LogProb(type=type_) | Divergence(type=type_) | Entropy(type=type_):
            own = type_.rank
        case Select(_, items):
            own = repr([i for i in items if isinstance(i, int | Range | EllipsisType)])
        case Counter() | Extent():
            own = str(value)
        case _:
            own = None
    return type(value).__name__, own, tuple(map(key, children(value)))
