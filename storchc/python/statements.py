"""Python statements as data: what the functions of a generated module are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from storchc.python.expressions import Local, Py, leaves
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """A comment above a block of statements."""

    text: str


@dataclass(frozen=True, slots=True)
class Assign:
    """``target: annotation = value  # comment``; the target of several is a tuple."""

    target: Py
    value: Py
    comment: str = ""
    annotation: Py | None = None


@dataclass(frozen=True, slots=True)
class Do:
    """An expression for its effect."""

    value: Py


@dataclass(frozen=True, slots=True)
class Return:
    """``return value``."""

    value: Py


@dataclass(frozen=True, slots=True)
class Break:
    """``break``."""


@dataclass(frozen=True, slots=True)
class If:
    """``if condition:`` and what is done then."""

    condition: Py
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class For:
    """``for counter in steps:`` and what is done in each."""

    counter: Py
    steps: Py
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """``variable: annotation`` of a function within a function."""

    variable: Py
    annotation: Py


@dataclass(frozen=True, slots=True)
class Def:
    """A function within a function: what it is called, takes, gives and is for, and its body."""

    function: Py
    parameters: tuple[Parameter, ...]
    result: Py
    doc: str
    body: tuple[Statement, ...]


Statement = Note | Assign | Do | Return | Break | If | For | Def


def defined(statement: Statement) -> Iterator[Local]:
    """The variables that a statement gives a value in the function that it stands in."""
    match statement:
        case Assign(target):
            yield from _variables(target)
        case For(counter, _, body):
            yield from _variables(counter)
            yield from all_defined(body)
        case If(_, body):
            yield from all_defined(body)
        case Def(function):
            yield from _variables(function)
        case Note() | Do() | Return() | Break():
            return
        case _:
            assert_never(statement)


def all_defined(statements: Iterable[Statement]) -> Iterator[Local]:
    """The variables that statements define."""
    for each in statements:
        yield from defined(each)


def used(statement: Statement) -> Iterator[Local]:
    """The variables that a statement looks at; a function within at those from outside of it."""
    match statement:
        case Assign(_, value) | Do(value) | Return(value):
            yield from _variables(value)
        case If(condition, body):
            yield from _variables(condition)
            yield from all_used(body)
        case For(_, steps, body):
            yield from _variables(steps)
            yield from all_used(body)
        case Def(_, parameters, _, _, body):
            own = set(all_defined(body)).union(p.variable for p in parameters)
            yield from (variable for variable in all_used(body) if variable not in own)
        case Note() | Break():
            return
        case _:
            assert_never(statement)


def all_used(statements: Iterable[Statement]) -> Iterator[Local]:
    """The variables that statements look at."""
    for each in statements:
        yield from used(each)


def _variables(py: Py) -> Iterator[Local]:
    return (leaf for leaf in leaves(py) if isinstance(leaf, Local))
