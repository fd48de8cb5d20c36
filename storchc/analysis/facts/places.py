"""What is known of expressions where they stand: two that are written alike are two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from storchc.ir.expression import Distribution, Value

Fact = TypeVar("Fact")


class Places(Generic[Fact]):
    """Facts by expression. The graph that holds the expressions must be kept beside it."""

    __slots__ = ("_facts",)

    def __init__(self, facts: Mapping[int, Fact]) -> None:
        """``facts`` are by the identity of the expressions."""
        self._facts = facts

    def __getitem__(self, expression: Value | Distribution) -> Fact:
        """The fact of an expression of the graph; KeyError for one that does not stand in it."""
        return self._facts[id(expression)]

    def __contains__(self, expression: Value | Distribution) -> bool:
        """Whether an expression stands in the graph."""
        return id(expression) in self._facts

    def get(self, expression: Value | Distribution, default: Fact) -> Fact:
        """The fact of an expression, or ``default`` for one that does not stand in the graph."""
        return self._facts.get(id(expression), default)
