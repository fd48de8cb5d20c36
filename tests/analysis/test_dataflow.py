"""The fixpoint by itself: what reaches what, forwards and backwards, in nests of loops."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings

from storchc.analysis.dataflow import (
    Flow,
    Forward,
    Known,
    Push,
    Statement,
    Variable,
    backwards,
    flow_of,
    forwards,
    names_in,
)
from storchc.analysis.facts.dependence import dependence, stepwise
from storchc.driver import check_story
from storchc.ir.expression import Literal, Reference
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Loop, Sample
from storchc.ir.size import constant
from storchc.ir.steps import common
from storchc.ir.types import NO_PLATES, ValueType
from storchc.ir.walk import expressions
from storchc.source import Span
from tests.analysis.nests import MEMORY, calls, nests, unrolled

Names = frozenset[str]


def read_in(node: Statement) -> set[Variable]:
    """The names that a statement reads, and what the function that it calls has in mind."""
    memory = {MEMORY} if calls(*expressions(node)) else set[Variable]()
    return {v for v in names_in(expressions(node)) if isinstance(v, str)} | memory


def made_by(node: Statement) -> str:
    match node:
        case Compute((name,)) | Sample(name) | Cost(name):
            return name
    raise AssertionError(node)


@dataclass
class Reaching(Forward[Names]):
    """The statements that a value is made of; ``visits`` counts how often they are looked at."""

    nothing: Names = frozenset()
    visits: int = 0

    def statement(self, node: Statement, known: Known[Names]) -> Mapping[Variable, Names]:
        self.visits += 1
        total = frozenset[str]().union(*map(known, read_in(node)))
        memory = total if MEMORY in read_in(node) else known(MEMORY)  # samples hand it on
        return {made_by(node): total | {made_by(node)}, MEMORY: memory}

    def initial(self, carried: Carried, known: Known[Names]) -> Mapping[Variable, Names]:
        memory = {MEMORY} if calls(carried.initial) else set[Variable]()
        total = frozenset[str]().union(*map(known, names_in([carried.initial]) | memory))
        return {carried.name: total} | dict.fromkeys(memory, total)

    def join(self, a: Names, b: Names) -> Names:
        return a | b


@dataclass
class Wanted:
    """The costs that a value leads to."""

    visits: int = 0
    costs: dict[str, Names] = field(default_factory=dict)

    def statement(
        self, node: Statement, asked: Callable[[Variable], Names | None], push: Push[Names]
    ) -> None:
        self.visits += 1
        name, read = made_by(node), read_in(node)
        kept = asked(MEMORY) or frozenset()
        own = {name} if isinstance(node, Cost) else set[str]()
        self.costs[name] = (asked(name) or frozenset()) | own
        wanted = self.costs[name] | (kept if MEMORY in read else set())
        for variable in read if wanted else ():
            push(variable, wanted)
        if MEMORY not in read and kept:
            push(MEMORY, kept)

    def initial(self, carried: Carried, asked: Names, push: Push[Names]) -> None:
        memory = {MEMORY} if calls(carried.initial) else set[Variable]()
        for variable in names_in([carried.initial]) | memory:
            push(variable, asked)

    def join(self, a: Names, b: Names) -> Names:
        return a | b


# --- stories -------------------------------------------------------------------------------------


def flow_in(text: str) -> Flow:
    found = check_story("flow.story", text.encode(), until="flow").estimation
    assert found is not None
    return found.flow


def reaching(text: str) -> dict[str, Names]:
    facts = forwards(flow_in(text), Reaching(), {})
    return {point: fact for point, fact in facts.items() if isinstance(point, str)}


def test_through_names_and_samples() -> None:
    facts = reaching(
        "story S\nparam w = 0.1\n"
        "compute a = w\nsample z ~ Normal(a, 1)\ncompute b = z\ncost c = w\n"
    )
    assert facts["b"] == {"a", "z", "b"}
    assert facts["c"] == {"c"}


def test_a_carried_name_is_what_the_step_before_has_left() -> None:
    facts = reaching(
        "story S\nparam w = 0.1\ncompute first = w\n"
        "for t in range(3) from h = first, g = w:\n"
        "    compute before = h\n    compute h = g\n    compute behind = h\n    compute g = w\n"
        "cost c = h\n"
    )
    assert facts["before"] == {"first", "h", "g", "before"}
    assert facts["behind"] == {"g", "h", "behind"}
    assert facts["c"] == {"g", "h", "c"}


def test_a_name_by_the_side_of_the_loop_is_not_reached() -> None:
    facts = reaching(
        "story S\nparam w = 0.1\nfor t in range(3) from h = w, g = w:\n"
        "    compute h = h\n    compute g = g\ncost c = g\n"
    )
    assert facts["c"] == {"g", "c"}


def test_a_cost_makes_nothing_of_what_it_only_names() -> None:
    facts = reaching(
        "story S\nparam w = 0.1\ncompute first = w\nfor t in range(3) from h = first:\n"
        "    cost h\n    compute h = w\n    cost c = h\n"
    )
    assert facts["c"] == {"h", "c"}


def test_a_function_remembers_what_the_header_of_a_loop_gives_it() -> None:
    facts = reaching(
        "story S\nfunction f stateful: [] -> []\nparam w = 0.1\ncompute a = w\ncompute b = w\n"
        "for t in range(3) from g = f(a), h = f(b):\n    compute g = h\n    compute h = w\n"
        "cost c = f(w)\n"
    )
    assert facts["g"] == {"a", "b", "g", "h"}
    assert facts["c"] == {"a", "b", "c"}


def test_what_a_function_has_in_mind() -> None:
    facts = reaching(
        "story S\nfunction f stateful: [] -> []\nparam w = 0.1\n"
        "compute a = w\ncompute b = w\ncompute above = f(a)\nfor t in range(3):\n"
        "    compute early = f(w)\n    for s in range(2):\n        compute late = f(b)\n"
        "compute behind = f(w)\ncost c = above + behind\n"
    )
    assert facts["early"] == {"a", "b", "early"}
    assert facts["late"] == {"a", "b", "late"}
    assert facts["behind"] == {"a", "b", "behind"}


# --- against every step --------------------------------------------------------------------------


@settings(max_examples=80)
@given(nests())
def test_facts_are_those_of_all_steps_together(text: str) -> None:
    _, made = unrolled(text)
    expected: dict[str, set[str]] = {}
    for (name, _), reached in made.items():
        expected.setdefault(name, {name}).update(other for other, _ in reached)
    facts = reaching(text)
    assert {name: facts[name] for name in expected} == expected


@settings(max_examples=80)
@given(nests())
def test_backwards_is_the_way_round(text: str) -> None:
    flow = flow_in(text)
    costs = {made_by(p.node) for p in flow.places if isinstance(p.node, Cost)}
    facts = forwards(flow, Reaching(), {})
    backwards(flow, wanted := Wanted())
    for name, leads_to in wanted.costs.items():
        assert leads_to == {cost for cost in costs if name in facts[cost]}


@settings(max_examples=80)
@given(nests())
def test_steps_are_those_in_which_samples_reach_costs(text: str) -> None:
    graph, made = unrolled(text)
    flow = flow_of(graph)
    steps = stepwise(graph, flow, dependence(graph, flow))
    nodes: tuple[Sample | Cost, ...] = (*graph.samples, *graph.costs)
    loops = {node.name: node.loops for node in nodes}
    found = {name: {(s.name, s.level) for s in views} for name, views in steps.costs.items()}
    found |= {name: {(s.name, s.level) for s in views} for name, views in steps.parameters.items()}
    expected: dict[str, set[tuple[str, int | None]]] = {name: set() for name in found}
    for (name, at), reached in made.items():
        for other, there in reached if name in expected else ():
            if other in loops and not other.startswith("k"):
                shared = common(loops[name], loops[other])
                level = next((i for i in range(shared) if at[i] != there[i]), None)
                expected[name].add((other, level))
    assert found == expected


# --- how long it takes ---------------------------------------------------------------------------

NOWHERE = Span(0, 0)
NUMBER = ValueType(NO_PLATES, ())


def ring(order: list[int]) -> Graph:
    """A loop in which each of many variables becomes the one before it; one cost of one of them.

    ``order`` is the order of the statements. All read what the step before has left.
    """

    def named(name: str) -> Reference:
        return Reference(name, NUMBER, NOWHERE)

    def compute(name: str, value: str) -> Compute:
        return Compute((name,), named(value), (NUMBER,), NOWHERE)

    size = len(order)
    start = Literal(0.0, NUMBER, NOWHERE)
    body = [compute(f"old{i}", f"a{i}") for i in range(size)]
    body += [compute(f"a{i}", f"old{(i - 1) % size}") for i in order]
    carried = tuple(Carried(f"a{i}", start, NUMBER, NOWHERE) for i in range(size))
    loop = Loop("t", "t", constant(size), carried, tuple(body), None, NOWHERE, NOWHERE)
    small = check_story("s.story", b"story S\nparam w = 0.1\ncost c = w\n").graph
    assert small is not None
    cost = Cost("c", named("a0"), False, NOWHERE)
    return replace(small, nodes=(loop, cost), loop_names=("t",))


SIZE = 1000
ORDERS = {
    "along": [*range(SIZE)],
    "against": [*range(SIZE - 1, -1, -1)],
    "across": [7 * i % SIZE for i in range(SIZE)],
}


@dataclass
class Marked(Forward[Names]):
    """Only where the marked statement reaches: its mark has the whole ring to go."""

    nothing: Names = frozenset()
    visits: int = 0

    def statement(self, node: Statement, known: Known[Names]) -> Mapping[Variable, Names]:
        self.visits += 1
        own = {"a1"} if made_by(node) == "a1" else set[str]()
        return {made_by(node): frozenset(own).union(*map(known, read_in(node)))}

    def initial(self, carried: Carried, known: Known[Names]) -> Mapping[Variable, Names]:
        return {carried.name: frozenset()}

    def join(self, a: Names, b: Names) -> Names:
        return a | b


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_ring_of_carried_variables_takes_few_visits(order: list[int]) -> None:
    flow = flow_of(ring(order))
    facts = forwards(flow, marked := Marked(), {})
    assert facts["c"] == {"a1"}
    assert marked.visits < 3 * len(flow.places)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_ring_is_walked_backwards_in_few_visits(order: list[int]) -> None:
    flow = flow_of(ring(order))
    backwards(flow, wanted := Wanted())
    assert set(wanted.costs.values()) == {frozenset({"c"})}
    assert wanted.visits < 3 * len(flow.places)


class Restless(Marked):
    """An analysis that never has enough."""

    def statement(self, node: Statement, known: Known[Names]) -> Mapping[Variable, Names]:
        self.visits += 1
        return {made_by(node): frozenset({str(self.visits)})}


def test_what_does_not_settle_is_found_out() -> None:
    with pytest.raises(AssertionError, match="does not settle"):
        forwards(flow_of(ring([0])), Restless(), {})
