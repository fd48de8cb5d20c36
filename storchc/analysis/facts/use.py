"""The names that statements are made of which matter: costs, reports, and what leads to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field
from typing import assert_never

from storchc.analysis.dataflow import (
    Flow,
    Memory,
    Push,
    Statement,
    Variable,
    Wanting,
    backwards,
    names_in,
)
from storchc.ir.expression import CallUser, Distribution, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass


def used(graph: Graph, flow: Flow) -> frozenset[str]:
    """The names that something uses which is paid or shown, in whatever way."""
    callees = graph.callees.items()
    walk = _Backwards(frozenset(n for n, callee in callees if "stateful" in callee.flags))
    backwards(flow, walk)
    return frozenset(walk.names)


@dataclass(slots=True)
class _Backwards(Wanting):
    """A name is asked True, or it is not asked at all; so is what a function has in mind."""

    stateful: frozenset[str]
    names: set[str] = field(default_factory=set)

    def statement(
        self, node: Statement, asked: Callable[[Variable], bool | None], push: Push[bool]
    ) -> None:
        """See `Backward.statement`."""
        kept = [m for m in map(Memory, sorted(self.stateful)) if asked(m)]
        remembered = not self._memories(expressions(node)).isdisjoint(kept)
        match node:
            case Compute(names) if not (remembered or any(map(asked, names))):
                return
            case Sample(name) if not (remembered or asked(name)):
                self._hand_on(kept, push)
            case Compute() | Sample() | Cost() | Report():
                self._use(expressions(node), push)
                self._hand_on(kept if isinstance(node, Sample) else (), push)
            case _:
                assert_never(node)

    def _hand_on(self, kept: Iterable[Memory], push: Push[bool]) -> None:
        """What functions have in mind goes through a sample, which may choose among elements."""
        for memory in kept:
            push(memory, True)

    def _memories(self, values: tuple[Value | Distribution, ...]) -> set[Memory]:
        """The functions with a memory that are called."""
        if not self.stateful:
            return set()
        calls = (p for value in values for p in walk(value) if isinstance(p, CallUser))
        return {Memory(call.callee) for call in calls if call.callee in self.stateful}

    def initial(self, carried: Carried, asked: bool, push: Push[bool]) -> None:
        """See `Backward.initial`."""
        self._use((carried.initial,), push)

    def _use(self, values: tuple[Value | Distribution, ...], push: Push[bool]) -> None:
        for name in (v for v in names_in(values) if isinstance(v, str)):
            self.names.add(name)
            push(name, True)
        for memory in self._memories(values):
            push(memory, True)
