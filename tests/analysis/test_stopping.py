"""`stop when` written into the bodies of loops: who is alive, and what has stopped holds."""

from __future__ import annotations

from storchc.analysis.rewrite.stopping import without_stops
from storchc.ir.expression import Apply, CallUser, Distribution, Literal, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from tests.typing.reading import graph

ONE = """story S
module cell: [], [] -> [], []
param w = 0.3
for t in range(3) from h = w:
    sample z ~ Normal(h, 1)
    compute a, b = cell(h, z)
    compute local = a + b
    compute h = local * 2
    cost c = h
    cost local
    report r = local
    observe d = z ~ Normal(0, 1)
    stop when z > 1
cost behind = sum(sequence(a))
report counts = sequence(alive)
"""

NEST = """story S
param w = 0.3
for t in range(3) from h = w:
    for s in range(2) from g = h, k = 0.0:
        sample z ~ Normal(g, 1)
        compute g = z * 2
        compute k = k + g
        {}
    compute h = g
    stop when h > 1
cost c = h + sum(sequence(h))
"""


def shown(value: Value | Distribution) -> str:
    """A value in short: choices, names, numbers, and what anything else is made of."""
    match value:
        case Reference(name=name):
            return name
        case Literal(value=number):
            return str(number)
        case Apply(function=function, operands=operands):
            return f"{function}({', '.join(map(shown, operands))})"
        case CallUser(callee=callee):
            return f"{callee}(…)"
        case _:
            return type(value).__name__


def written(node: Node) -> str:
    """A statement in short; a loop by what it carries."""
    match node:
        case Compute(names=names, value=value):
            return f"{', '.join(names)} = {shown(value)}"
        case Sample(name=name, mask=mask):
            return name if mask is None else f"{name} if {shown(mask)}"
        case Cost(name=name, value=value):
            return f"cost {name} = {shown(value)}"
        case Report(name=name, value=value):
            return f"report {name} = {shown(value)}"
        case Loop(name=name, carried=carried):
            return f"{name}: " + ", ".join(f"{c.name} = {shown(c.initial)}" for c in carried)


def loop(found: Graph, name: str) -> Loop:
    return next(loop for loop in found.loops if loop.name == name)


def test_the_typed_graph_has_what_the_story_says() -> None:
    found = graph(ONE)
    loop_ = loop(found, "t")
    assert (loop_.alive, [c.name for c in loop_.carried]) == (None, ["h"])
    assert loop_.stop is not None
    assert shown(loop_.stop.condition) == "greater(z, 1)"
    assert found.source.cut(loop_.stop.span) == "stop when z > 1"
    nodes = [node for node in loop_.body if not isinstance(node, Cost)]  # of which one is observed
    assert [written(node) for node in nodes] == [
        "z",
        "a, b = cell(…)",
        "local = add(a, b)",
        "h = multiply(local, 2)",
        "report r = local",
    ]


def test_a_loop_carries_who_is_alive_and_what_is_looked_at() -> None:
    found = loop(without_stops(graph(ONE)), "t")
    assert (found.stop, found.alive) == (None, "_alive_t")
    assert written(found) == "t: h = w, _alive_t = True, z = 0.0, a = 0.0, _shown_r = 0.0"
    assert [written(node) for node in found.body] == [
        "z if _alive_t",
        "_new_a, _new_b = cell(…)",
        "a = where(_alive_t, _new_a, a)",
        "b = _new_b",
        "local = add(a, b)",
        "h = where(_alive_t, multiply(local, 2), h)",
        "cost c = where(_alive_t, h, 0.0)",
        "cost local = where(_alive_t, local, 0.0)",
        "_shown_r = where(_alive_t, local, _shown_r)",
        "report r = _shown_r",
        "cost d = where(_alive_t, negative(LogProb), 0.0)",
        "_alive_t = logical_and(_alive_t, logical_not(greater(z, 1)))",
    ]


def test_types_are_those_that_were_found_before() -> None:
    typed = graph(ONE)
    stepwise = without_stops(typed)
    assert {name: stepwise.types[name] for name in typed.types} == typed.types
    assert {c.name: c.type for c in loop(stepwise, "t").carried}.items() >= {
        name: typed.types[name] for name in ("h", "z", "a", "_alive_t")
    }.items()


def test_what_stops_outside_masks_the_inner_loop() -> None:
    outer, inner = without_stops(graph(NEST.format("cost e = k"))).loops
    assert written(outer) == "t: h = w, _alive_t = True, z = 0.0"
    assert (inner.alive, written(inner)) == (None, "s: g = h, k = 0.0, z = z")
    assert written(inner.body[0]) == "z if _alive_t"


def test_an_inner_loop_starts_with_the_elements_that_are_alive() -> None:
    outer, inner = without_stops(graph(NEST.format("stop when k > 1"))).loops
    assert (outer.alive, inner.alive) == ("_alive_t", "_alive_s")
    assert "_alive_s = _alive_t" in written(inner)
    assert "_alive_s" not in {c.name for c in outer.carried}


def test_a_carried_sample_of_an_inner_loop_goes_on_from_its_last_value() -> None:
    text = """story S
param w = 0.3
for t in range(3) from h = w:
    for s in range(2) from z = h:
        sample z ~ Normal(z, 1)
    compute h = z
    stop when h > 1
cost c = h
"""
    outer, inner = without_stops(graph(text)).loops
    assert written(inner) == "s: z = where(_alive_t, h, z)"
    assert written(outer) == "t: h = w, _alive_t = True, z = 0.0"


def test_names_that_are_made_are_not_those_of_reports() -> None:
    text = """story S
param w = 0.3
for t in range(3) from h = w:
    sample z ~ Normal(h, 1)
    compute h = z * 2
    cost c = h
    report alive_t = h
    stop when z > 1
"""
    (found,) = without_stops(graph(text)).loops
    assert [c.name for c in found.carried] == ["h", "_alive_t", "z", "_shown_alive_t"]


def test_other_loops_stay_as_they_are() -> None:
    text = """story S
for t in range(3) from h = 0.0:
    compute h = h + 1
cost c = h
"""
    found = graph(text)
    assert without_stops(found) is found
