"""Loops, unrolled step by step into values of their own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storchc.syntax import tree
from tests.exact.expressions import Node, Scope, evaluate, plates_of
from tests.exact.functions import FUNCTIONS
from tests.exact.laws import Law
from tests.exact.worlds import lift, spread

if TYPE_CHECKING:
    from tests.exact.interpreter import _Walk

ALIVE = "alive"


@dataclass(slots=True)
class Unrolling:
    """One loop. ``plates`` are those that its variables have in every step, ``history`` what they
    were at the end of each, ``around`` the elements that loops around it have not stopped."""

    walk: _Walk
    loop: tree.For
    plates: dict[str, tuple[str, ...]] = field(default_factory=dict)
    history: dict[str, list[Node]] = field(default_factory=dict)
    around: Node | None = None

    @property
    def stop(self) -> tree.StopWhen | None:
        last = self.loop.body[-1]
        return last if isinstance(last, tree.StopWhen) else None

    def run(self) -> None:
        walk, loop, scope = self.walk, self.loop, self.walk.scope
        start = {c.name.id: _tensors(walk.node(c.value)) for c in loop.carried}
        for sample in _samples(loop.body):
            if sample.plate is None and sample.name.id not in scope.order:
                walk.open(sample)
        self.around = walk.alive
        self.plates = _settled_plates(scope, loop, start, self.around)
        scope.values |= {name: self._started(name, node) for name, node in start.items()}
        outer = walk.when, walk.wanted, walk.alive
        walk.wanted = walk.wanted | self.plates
        if self.stop is not None:
            every = Node((), {(): torch.ones(1, dtype=torch.bool)})
            walk.alive = self._wide(_alive(loop), self.around or every)
        for step in range(int(evaluate(loop.bound, scope, {}))):
            scope.dims[loop.counter.id] = step
            walk.when = f"{outer[0]}@{step}"
            self._step()
        walk.when, walk.wanted, walk.alive = outer
        for name, nodes in self.history.items():
            if any(isinstance(value, Law) for value in nodes[0].elements.values()):
                continue  # a distribution has no sequence
            scope.values[f"sequence of {name}"] = self._stacked(nodes)
        if self.around is not None:
            scope.values[ALIVE] = self.around

    def _started(self, name: str, node: Node) -> Node:
        """What a carried variable starts with: one that is stopped already, with its last value."""
        last = self.walk.scope.values.get(name)
        return self._masked(self._wide(name, node), node if last is None else last)

    def _step(self) -> None:
        walk, scope = self.walk, self.walk.scope
        if walk.alive is not None:
            scope.values[ALIVE] = walk.alive
            self.history.setdefault(ALIVE, []).append(walk.alive)
        for step in self.loop.body:
            if isinstance(step, tree.StopWhen):
                self._end(step)
                continue
            before = {name: scope.values.get(name) for name in _names(step)}
            walk.take(step)
            for name, last in before.items():
                self._define(name, step, last)
            for name in (k for k in walk.costs if k == f"{_cost(step)}{walk.when}"):
                walk.costs[name] = self._masked(self._wide(_cost(step), walk.costs[name]), None)
        inner = [s for s in self.loop.body if isinstance(s, tree.For)]
        drawn = {s.name.id for loop in inner for s in _samples(loop.body)}
        for name in {n for s in self.loop.body for n in _names(s)} - drawn:
            self.history.setdefault(name, []).append(scope.values[name])
        for name in drawn:
            self.history.setdefault(name, []).append(scope.values[f"sequence of {name}"])

    def _define(self, name: str, step: tree.Step, last: Node | None) -> None:
        """The value of a step, with all its plates; one that has stopped keeps the last."""
        scope = self.walk.scope
        node = self._wide(name, scope.values[name])
        if isinstance(step, tree.For) or _is_law(node):
            scope.values[name] = node
        else:
            zero = isinstance(step, tree.Cost)
            first = last is None or (self.around is None and not self.history.get(name))
            scope.values[name] = self._masked(node, None if zero else node if first else last)

    def _masked(self, node: Node, last: Node | None) -> Node:
        """``node`` where an element is alive, elsewhere ``last`` (None: 0)."""
        alive = self.walk.alive
        if alive is None:
            return node
        elements = {}
        for place in self.walk.scope.elements(node.plates):
            key = tuple(place.values())
            rest = 0.0 if last is None else last.at(place)
            elements[key] = lift(_choose, alive.at(place), node.elements[key], rest)
        others = [alive, *([] if last is None else [last])]
        return replace(
            node,
            elements=elements,
            samples=node.samples.union(*(o.samples for o in others)),
            credited=node.credited.union(*(o.credited for o in others)),
        )

    def _end(self, stop: tree.StopWhen) -> None:
        walk = self.walk
        assert walk.alive is not None
        ends = tree.Unary("not", stop.condition, stop.span)
        both = tree.Binary("and", tree.Name(ALIVE, stop.span), ends, stop.span)
        walk.alive = self._wide(_alive(self.loop), walk.node(both))

    def _wide(self, name: str, node: Node) -> Node:
        """``node`` with the plates that the variable has in every step."""
        plates = self.plates.get(name, node.plates)
        elements = {
            tuple(place.values()): node.at(place) for place in self.walk.scope.elements(plates)
        }
        return replace(node, plates=plates, elements=elements)

    def _stacked(self, nodes: list[Node]) -> Node:
        if _is_law(nodes[0]):
            return nodes[0]  # a distribution has no sequence
        elements = {}
        for key in nodes[0].elements:
            steps = [self._tensor(node.elements[key]) for node in nodes]
            elements[key] = torch.stack(torch.broadcast_tensors(*steps), 1)
        samples = frozenset[str]().union(*(n.samples for n in nodes))
        credited = frozenset[str]().union(*(n.credited for n in nodes))
        return Node(nodes[0].plates, elements, samples, credited)

    def _tensor(self, value: Any) -> Tensor:
        return spread(_tensor(value), self.walk.count)


def _is_law(node: Node) -> bool:
    return any(isinstance(value, Law) for value in node.elements.values())


def _tensors(node: Node) -> Node:
    return replace(node, elements={key: _tensor(value) for key, value in node.elements.items()})


def _tensor(value: Any) -> Tensor:
    if isinstance(value, Tensor):
        return value
    dtype = torch.float64 if isinstance(value, float) else None
    return torch.as_tensor(value, dtype=dtype)[None]


def _choose(alive: Tensor, new: Any, last: Any) -> Tensor:
    return FUNCTIONS["where"](alive, new, last)


def _alive(loop: tree.For) -> str:
    """Under which name the plates of ``alive`` are known, that of every loop by itself."""
    return f"{ALIVE}@{loop.span.start}"


def _samples(body: tuple[tree.Step, ...]) -> list[tree.Sample]:
    """The samples of a body and of the loops in it."""
    found: list[tree.Sample] = []
    for step in body:
        if isinstance(step, tree.Sample):
            found.append(step)
        elif isinstance(step, tree.For):
            found += _samples(step.body)
    return found


def _names(step: tree.Step) -> list[str]:
    """The variables that a step defines."""
    match step:
        case tree.Compute(names):
            return [name.id for name in names]
        case tree.Sample(name=name):
            return [name.id]
        case tree.Cost(name, value) if value is not None:
            return [name.id]
        case tree.For(carried=carried):
            return [c.name.id for c in carried]
        case _:
            return []


def _cost(step: tree.Step) -> str:
    return step.name.id if isinstance(step, tree.Cost | tree.Observe) else ""


def _settled_plates(
    scope: Scope, loop: tree.For, start: dict[str, Node], around: Node | None
) -> dict[str, tuple[str, ...]]:
    """The plates of every variable of the loop once they grow no more; no value is looked at."""
    known: dict[str, set[str]] = {name: set(node.plates) for name, node in start.items()}
    while True:
        before = {name: set(plates) for name, plates in known.items()}
        shadow = replace(scope, values=dict(scope.values))
        _grow(shadow, loop, known, set(around.plates) if around is not None else set())
        if before == known:
            return {name: scope.ordered(plates) for name, plates in known.items()}


def _grow(shadow: Scope, loop: tree.For, known: dict[str, set[str]], around: set[str]) -> None:
    """One step of plates alone; ``around`` are those of the elements that a loop around stops."""
    stops = isinstance(loop.body[-1], tree.StopWhen)
    alive = known.setdefault(_alive(loop), set()) if stops else around
    alive |= around

    def define(name: str, plates: set[str]) -> None:
        known.setdefault(name, set()).update(plates, alive)
        shadow.values[name] = Node(tuple(known[name]), {})
        shadow.values[f"sequence of {name}"] = shadow.values[name]

    for carried in loop.carried:
        define(carried.name.id, plates_of(carried.value, shadow))
    outer = shadow.values.get(ALIVE)
    if stops:
        shadow.values[ALIVE] = Node(tuple(alive), {})
    for step in loop.body:
        match step:
            case tree.Compute(names, value):
                for name in names:
                    define(name.id, plates_of(value, shadow))
            case tree.Sample(name=name, distribution=law, each=each, plate=plate):
                own = {name.id} if plate is None else set(shadow.values[plate.id].plates)
                own |= {p.id for p in each}
                define(name.id, own | plates_of(law, shadow))
            case tree.Cost(name, value) if value is not None:
                define(name.id, plates_of(value, shadow))
            case tree.For():
                _grow(shadow, step, known, alive)
            case tree.StopWhen(condition):
                alive |= plates_of(condition, shadow)
    if stops:
        shadow.values[f"sequence of {ALIVE}"] = Node(tuple(alive), {})
        if outer is not None:
            shadow.values[ALIVE] = outer
