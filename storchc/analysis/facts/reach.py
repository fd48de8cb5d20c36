"""What reaches a cost alive, and how (LOSS.md §8).

A value is alive where a cost depends on it: by its value, by way of the parameters, the weights or
the temperature of a later sample, whether a gradient comes back or not. A baseline, a report, a
proposal and what is cut are not alive.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field, replace

from storchc.analysis.dataflow import Flow, Memory, Push, Statement, Variable, Weights, backwards
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.edges import FLOWING, Edge, edges
from storchc.analysis.facts.smoothness import CONTINUOUS
from storchc.catalogue import functions
from storchc.ir.expression import (
    Apply,
    CallUser,
    Distribution,
    Named,
    OverPlates,
    Reference,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Report, Sample
from storchc.ir.walk import children, expressions, walk
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Reach:
    """How a value reaches costs, taken over all ways there.

    ``jumps``: some way goes through no `continuous`, so that a jump in the value counts.
    ``smooth``: a gradient comes back on some way. Both are False of a condition that is cut, or
    whose sides agree where it changes: ``bent`` only, which a second derivative sees.
    """

    jumps: bool = True
    smooth: bool = True
    alive: bool = True


FULLY = Reach()
BENT = Reach(jumps=False, smooth=False, alive=False)


def either(a: Reach, b: Reach) -> Reach:
    """What reaches costs in both ways."""
    if a == b:
        return a
    return Reach(a.jumps or b.jumps, a.smooth or b.smooth, a.alive or b.alive)


@dataclass(frozen=True, slots=True)
class Reaching:
    """The expressions that reach a cost, each with how, and the ``names`` that do."""

    graph: Graph
    names: Mapping[str, Reach]
    found: Mapping[int, tuple[Value | Distribution, Reach]]

    def __getitem__(self, expression: Value | Distribution) -> Reach | None:
        """How an expression of the graph reaches costs; None where it reaches none."""
        entry = self.found.get(id(expression))
        return None if entry is None else entry[1]

    def __iter__(self) -> Iterator[tuple[Value | Distribution, Reach]]:
        """All of them; the order is that of the story turned round."""
        return iter(self.found.values())


def reaching(
    graph: Graph, flow: Flow, estimators: Mapping[str, Estimator], agreed: frozenset[int]
) -> Reaching:
    """What reaches a cost; ``agreed`` are the choices that do not jump, by identity."""
    stateful = tuple(n for n, callee in graph.callees.items() if "stateful" in callee.flags)
    walk = _Backwards(graph, estimators, agreed, stateful)
    facts = backwards(flow, walk)
    names: dict[str, Reach] = {}
    for point, reach in facts.items():
        name = point if isinstance(point, str) else getattr(point, "variable", point)
        if isinstance(name, str):
            names[name] = either(names[name], reach) if name in names else reach
    return Reaching(graph, names, walk.found)


@dataclass(slots=True)
class _Backwards:
    """The walk from the end of the story."""

    graph: Graph
    estimators: Mapping[str, Estimator]
    agreed: frozenset[int]
    stateful: tuple[str, ...]
    found: dict[int, tuple[Value | Distribution, Reach]] = field(default_factory=dict)

    def statement(
        self,
        node: Statement,
        asked: Callable[[Variable], Reach | None],
        push: Push[Reach],
    ) -> None:
        """See `Backward.statement`."""
        self._remembered(node, asked, push)
        match node:
            case Cost(_, value):
                self._ask(value, FULLY, push)
            case Compute(names, value):
                for name in names:
                    if (reach := asked(name)) is not None:
                        self._ask(value, reach, push)
            case Sample():
                self._sample(node, asked(node.name), asked(Weights(node.plate)), push)
            case Report():
                pass

    def _remembered(
        self,
        node: Statement,
        asked: Callable[[Variable], Reach | None],
        push: Push[Reach],
    ) -> None:
        """What later calls of a stateful function have in mind is made of what it is given here."""
        for name in self.stateful:
            if (reach := asked(Memory(name))) is None:
                continue
            push(Memory(name), reach)
            for call in (p for value in expressions(node) for p in walk(value)):
                if isinstance(call, CallUser) and call.callee == name:
                    for operand in children(call):
                        self._ask(operand, reach, push)

    def _sample(
        self, node: Sample, value: Reach | None, weights: Reach | None, push: Push[Reach]
    ) -> None:
        """Where the gradient lives in a score or in weights, they are what must be continuous."""
        if value is None and weights is None:
            return
        estimator = self.estimators[node.name]
        if node.mask is not None:
            self._ask(node.mask, replace(FULLY, smooth=False), push)
        if weights is not None:  # samples above in this plate have a part in its weights
            push(Weights(node.plate), weights)
        if estimator.carrier == "pathwise":
            temperature = estimator.values.get("temperature")
            for part in (node.distribution, temperature):
                if part is not None and value is not None:
                    self._ask(part, value, push)
        else:
            self._ask(node.distribution, FULLY, push)

    def initial(self, carried: Carried, asked: Reach, push: Push[Reach]) -> None:
        """See `Backward.initial`."""
        self._ask(carried.initial, asked, push)

    def join(self, a: Reach, b: Reach) -> Reach:
        """See `Backward.join`."""
        return either(a, b)

    # --- expressions -----------------------------------------------------------------------------

    def _ask(self, value: Value | Distribution, reach: Reach, push: Push[Reach]) -> None:
        before = self.found.get(id(value))
        total = reach if before is None else either(before[1], reach)
        if before is None or before[1] != total:
            self.found[id(value)] = (value, total)
        elif not isinstance(value, Reference | Named):
            return  # it has handed on all of that before
        match value:
            case Reference(name) | Named(name):
                push(name, total)
            case OverPlates(plates=plates):
                for plate in plates:
                    push(Weights(plate), total)
            case CallUser(callee) if callee in self.stateful:
                push(Memory(callee), total)
        for position, edge in enumerate(edges(value, self.graph.callees)):
            self._ask_operand(value, position, edge, total, push)

    def _ask_operand(
        self,
        value: Value | Distribution,
        position: int,
        edge: Edge,
        reach: Reach,
        push: Push[Reach],
    ) -> None:
        if isinstance(value, Apply) and position == functions.row(value.function).condition:
            condition = cut_condition(value)
            if condition is not None:
                self._ask(condition, BENT, push)
            elif id(value) in self.agreed:
                self._agreed(edge.operand, reach, push)
            else:
                self._ask(edge.operand, replace(reach, smooth=False), push)
        elif id(edge.operand) in self.agreed and not _chooses(edge.operand):
            self._agreed(edge.operand, reach, push)
        elif edge.flow in FLOWING:
            said = isinstance(value, Apply) and value.function == CONTINUOUS
            self._ask(edge.operand, replace(reach, jumps=False) if said else reach, push)
        elif edge.flow == "broken":
            self._ask(edge.operand, replace(reach, smooth=False), push)

    def _agreed(self, condition: Value | Distribution, reach: Reach, push: Push[Reach]) -> None:
        """A comparison that is no jump; what it compares may have some."""
        before = self.found.get(id(condition))
        bent = BENT if before is None else either(before[1], BENT)
        self.found[id(condition)] = (condition, bent)
        said = replace(reach, jumps=False, smooth=False)
        match condition:
            case Reference(name):
                push(name, said)
            case Apply("logical_not", (inner,)):
                self._agreed(inner, reach, push)
            case _:
                for operand in children(condition):
                    self._ask(operand, replace(reach, smooth=False), push)


def _chooses(value: Value | Distribution) -> bool:
    return isinstance(value, Apply) and functions.row(value.function).condition is not None


def cut_condition(value: Apply) -> Value | None:
    """The condition of a choice that is cut, if it is: what stands inside of the cut."""
    position = functions.row(value.function).condition
    if position is None:
        return None
    condition = value.operands[position]
    if isinstance(condition, Apply) and functions.row(condition.function).cut:
        return condition.operands[0]
    return None
