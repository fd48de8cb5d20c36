"""The variables of a function named, each as it asks to be or, where that is taken, with ``_``.

A function within a function may call its own variables as those around it that it does not use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

from storchc.python.expressions import Local, Py, leaves
from storchc.python.names import LOCALS, RESERVED, Identifiers
from storchc.python.statements import (
    Assign,
    Break,
    Def,
    Do,
    For,
    If,
    Note,
    Parameter,
    Return,
    Statement,
    used,
)
from storchc.records import dataclass


def named(
    body: Iterable[Statement], identifiers: Identifiers, parameters: Mapping[Local, str]
) -> list[Statement]:
    """The body of a function whose ``parameters`` are called so, with all names given."""
    scope = _Scope(identifiers, dict(parameters), set(identifiers.given))
    return [scope.named(each) for each in body]


@dataclass(slots=True)
class _Scope:
    """The names of one function; ``taken`` are those that no other variable may have there."""

    identifiers: Identifiers
    names: dict[Local, str]
    taken: set[str]

    def named(self, statement: Statement) -> Statement:
        """The statement, with all names."""
        match statement:
            case Assign(target, value, comment, annotation):
                value = self._resolved(value)
                kind = None if annotation is None else self._resolved(annotation)
                return Assign(self._given(target), value, comment, kind)
            case Do(value):
                return Do(self._resolved(value))
            case Return(value):
                return Return(self._resolved(value))
            case If(condition, body):
                return If(self._resolved(condition), tuple(map(self.named, body)))
            case For(counter, steps, body):
                steps = self._resolved(steps)
                return For(self._given(counter), steps, tuple(map(self.named, body)))
            case Def():
                return self._function(statement)
            case Note() | Break():
                return statement
            case _:
                assert_never(statement)

    def _function(self, made: Def) -> Def:
        function = self._given(made.function)
        outside = {variable: self.names[variable] for variable in used(made)}
        inner = _Scope(self.identifiers, outside, {*LOCALS, *outside.values()})
        parameters = tuple(
            Parameter(inner._given(p.variable), inner._resolved(p.annotation))
            for p in made.parameters
        )
        body = tuple(map(inner.named, made.body))
        return Def(function, parameters, self._resolved(made.result), made.doc, body)

    def _resolved(self, py: Py) -> Py:
        return self.identifiers.resolve(py, self.names)

    def _given(self, target: Py) -> Py:
        """A target whose new variables get their names here."""
        for leaf in leaves(target):
            if isinstance(leaf, Local) and leaf not in self.names:
                self.names[leaf] = self._free(leaf.wanted)
        return self._resolved(target)

    def _free(self, wanted: str) -> str:
        others = self.identifiers.imported, self.identifiers.own, RESERVED
        while wanted in self.taken or any(wanted in names for names in others):
            wanted += "_"
        self.taken.add(wanted)
        self.identifiers.given.add(wanted)
        return wanted
