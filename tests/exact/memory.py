"""Functions with a memory: called once a step, in story order, element by element of their plates.

A call that lacks plates of what is in mind sees the mean over them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from storchc.syntax import tree
from tests.exact.expressions import (
    Node,
    Scope,
    chosen,
    credited_of,
    evaluate,
    parts,
    plates_of,
    samples_of,
)
from tests.exact.laws import as_float
from tests.exact.worlds import lift


class Function(Protocol):
    """What a call says, and what is in mind behind it, of one element.

    It is told of every call, with the plates of the call and those of what is in mind behind it.
    """

    def expect(self, plates: tuple[str, ...], every: tuple[str, ...], /) -> None: ...
    def says(self, kept: Any, /, *given: Any) -> Any: ...
    def keeps(self, kept: Any, /, *given: Any) -> Any: ...


@dataclass(slots=True)
class Memory:
    """A stateful function, and what it has in mind; before the first call that is 0."""

    function: Function
    detached: bool
    kept: Node = field(default_factory=lambda: Node((), {(): torch.zeros(1, dtype=torch.float64)}))


def call_all(expression: object, scope: Scope, memories: Mapping[str, Memory]) -> None:
    """Call every stateful function of an expression, inner calls first, for all elements."""
    side = chosen(expression, scope) if isinstance(expression, tree.Conditional) else None
    for part in parts(expression) if side is None else [side]:
        call_all(part, scope, memories)
    if isinstance(expression, tree.Call) and expression.function.id in memories:
        scope.called.pop(id(expression), None)  # of the step before
        scope.called[id(expression)] = _call(memories[expression.function.id], expression, scope)


def _call(memory: Memory, call: tree.Call, scope: Scope) -> Node:
    kept, plates = memory.kept, scope.ordered(plates_of(call, scope))
    using, credited = samples_of(call, scope), credited_of(call, scope)
    using, credited = using | kept.samples, credited | kept.credited
    given, said, keeps = {}, {}, {}
    for place in scope.elements(plates):
        values = [_float(evaluate(arg, scope, place)) for arg in call.args]
        key = tuple(place.values())
        given[key] = [value.detach() for value in values] if memory.detached else values
        said[key] = lift(memory.function.says, _seen(kept, scope, place), *given[key])
    every = scope.ordered({*plates, *kept.plates})
    memory.function.expect(plates, every)
    for place in scope.elements(every):
        here = given[tuple(place[p] for p in plates)]
        keeps[tuple(place.values())] = lift(memory.function.keeps, kept.at(place), *here)
    memory.kept = Node(every, keeps, using, credited)
    return Node(plates, said, using, credited)


def _seen(kept: Node, scope: Scope, place: Mapping[str, int]) -> Any:
    """What is in mind of an element, on average over the plates that it lacks."""
    lacking = tuple(p for p in kept.plates if p not in place)
    entries = [kept.at({**place, **others}) for others in scope.elements(lacking)]
    return lift(lambda values: sum(values) / len(values), entries)


def _float(value: Any) -> torch.Tensor:
    """In every world; a number is the same in all of them."""
    return as_float(value) if isinstance(value, torch.Tensor) else as_float(value)[None]
