"""Who uses which names, through whatever leads to them; and the names that matter at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field
from typing import assert_never

from storchc.analysis.dataflow import (
    Backward,
    Flow,
    Memory,
    Push,
    Statement,
    Variable,
    backwards,
)
from storchc.ir.expression import CallUser, Construct, Distribution, Named, Reference, Value, called
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass

Expressions = tuple[Value | Distribution, ...]
Users = frozenset[str]
NOBODY: Users = frozenset()


def used(graph: Graph, flow: Flow) -> frozenset[str]:
    """The names that something uses which is paid or shown, in whatever way."""
    found = users(graph, flow, _paid_or_shown, expressions)
    return frozenset(found.keys() - graph.callees.keys())


def _paid_or_shown(node: Statement) -> Iterator[tuple[str, Expressions]]:
    if isinstance(node, Cost | Report):
        yield "", expressions(node)


def users(
    graph: Graph,
    flow: Flow,
    roots: Callable[[Statement], Iterator[tuple[str, Expressions]]],
    handed: Callable[[Statement], Expressions],
    parts: Callable[[Value | Distribution], Iterator[Value | Distribution]] = walk,
) -> Mapping[str, Users]:
    """The users of each name of a value, param or callee that has any.

    ``roots`` are the users that a statement has of its own, with what they use; ``handed`` is what
    a statement is made of, used by all who use what it makes, or what a function that it calls has
    in mind. ``parts`` are those of an expression that its users use.
    """
    callees = graph.callees.items()
    stateful = frozenset(n for n, callee in callees if "stateful" in callee.flags)
    walk = _Backwards(stateful, roots, handed, parts)
    backwards(flow, walk)
    return walk.found


@dataclass(slots=True)
class _Backwards(Backward[Users]):
    """A name, and what a function has in mind, is asked for by its users."""

    stateful: frozenset[str]
    roots: Callable[[Statement], Iterator[tuple[str, Expressions]]]
    handed: Callable[[Statement], Expressions]
    parts: Callable[[Value | Distribution], Iterator[Value | Distribution]]
    found: dict[str, Users] = field(default_factory=dict)

    def statement(
        self, node: Statement, asked: Callable[[Variable], Users | None], push: Push[Users]
    ) -> None:
        """See `Backward.statement`."""
        kept = {m: users for m in map(Memory, sorted(self.stateful)) if (users := asked(m))}
        for user, values in self.roots(node):
            self._use(values, frozenset({user}), push)
        called = self._memories(expressions(node)) if kept else ()
        asking = [kept.get(memory, NOBODY) for memory in called]
        asking += [asked(name) or NOBODY for name in _made(node)]
        if users := NOBODY.union(*asking):
            self._use(self.handed(node), users, push)
        if isinstance(node, Sample):  # which may choose among the elements that functions know
            for memory, users in kept.items():
                push(memory, users)

    def _memories(self, values: Iterable[Value | Distribution]) -> set[Memory]:
        """The functions with a memory that are called."""
        if not self.stateful:
            return set()
        calls = (p for value in values for p in walk(value) if isinstance(p, CallUser))
        return {Memory(call.callee) for call in calls if call.callee in self.stateful}

    def initial(self, carried: Carried, asked: Users, push: Push[Users]) -> None:
        """See `Backward.initial`."""
        self._use((carried.initial,), asked, push)

    def join(self, a: Users, b: Users) -> Users:
        """See `Backward.join`."""
        return a | b

    def _use(self, values: Expressions, users: Users, push: Push[Users]) -> None:
        for part in (part for value in values for part in self.parts(value)):
            match part:
                case Reference(name) | Named(name):
                    self.found[name] = self.found.get(name, NOBODY) | users
                    push(name, users)
                case CallUser() | Construct() if (callee := called(part)) is not None:
                    self.found[callee] = self.found.get(callee, NOBODY) | users
        for memory in self._memories(values):
            push(memory, users)


def _made(node: Statement) -> tuple[str, ...]:
    """The values that a statement makes."""
    match node:
        case Compute(names):
            return names
        case Sample(name):
            return (name,)
        case Cost(name, _, observed):
            return () if observed else (name,)
        case Report():
            return ()
        case _:
            assert_never(node)
