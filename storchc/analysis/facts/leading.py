"""The statements that costs are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from typing import assert_never

from storchc.analysis.dataflow import (
    Flow,
    Push,
    Start,
    Statement,
    Variable,
    Wanting,
    backwards,
    names_in,
)
from storchc.ir.expression import Distribution, Value
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import expressions
from storchc.records import dataclass


def leading_to(flow: Flow, costs: Iterable[str]) -> list[Statement | Carried]:
    """What these costs are made of, the last statement first; of loops what they start with."""
    walk = _Backwards(frozenset(costs))
    backwards(flow, walk)
    nodes = (p.node.carried if isinstance(p.node, Start) else p.node for p in reversed(flow.places))
    return [node for node in nodes if node is not None and id(node) in walk.found]


def roots(node: Statement | Carried) -> tuple[Value | Distribution, ...]:
    """The expressions that make what a statement makes, without the options of methods."""
    match node:
        case Sample():
            return (node.distribution,)
        case Carried():
            return (node.initial,)
        case Compute() | Cost() | Report():
            return expressions(node)


@dataclass(slots=True)
class _Backwards(Wanting):
    """A name is asked True, or it is not asked at all; ``found`` has statements by identity."""

    costs: frozenset[str]
    found: set[int] = field(default_factory=set)

    def statement(
        self, node: Statement, asked: Callable[[Variable], bool | None], push: Push[bool]
    ) -> None:
        """See `Backward.statement`."""
        match node:
            case Compute(names):
                wanted = any(map(asked, names))
            case Sample(name):
                wanted = bool(asked(name))
            case Cost(name, observed=observed):
                wanted = name in self.costs or (not observed and bool(asked(name)))
            case Report():
                wanted = False
            case _:
                assert_never(node)
        if wanted:
            self.found.add(id(node))
            for variable in names_in(roots(node)):
                push(variable, True)

    def initial(self, carried: Carried, asked: bool, push: Push[bool]) -> None:
        """See `Backward.initial`."""
        self.found.add(id(carried))
        for variable in names_in([carried.initial]):
            push(variable, True)
