"""The typed graph: what is declared, then a node a line, with the type of what it makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from storchc.debug.expressions import call, write
from storchc.debug.types import line_of, write_type
from storchc.ir.graph import Graph
from storchc.ir.nodes import (
    Callee,
    Choice,
    Compute,
    Cost,
    Dim,
    Loop,
    ModuleOption,
    Node,
    Report,
    Sample,
)


def show_graph(graph: Graph) -> Iterator[str]:
    """A typed story."""
    yield f"story {graph.name}"
    yield from _declared(graph)
    yield ""
    yield from show_nodes(graph, graph.nodes)


def _declared(graph: Graph) -> Iterator[str]:
    for dim in graph.dims.values():
        yield f"    dim {_dim(dim)}"
    for plate in graph.data_plates.values():
        yield f"    plate {plate.name} {plate.reduction}"
    for input in graph.inputs:
        yield f"    input {input.name} : {write_type(graph, input.type)}"
    for param in graph.params:
        yield f"    param {param.name} : {write_type(graph, param.type)}"
    for callee in graph.callees.values():
        yield f"    {_callee(callee)}"
    for use in graph.uses.values():
        yield f"    use {use.module}: {use.name}"
    if graph.sample_plates:
        yield f"    sample plates {', '.join(graph.sample_plates)}"


def _dim(dim: Dim) -> str:
    return dim.name if dim.value is None else f"{dim.name} = {dim.value}"


def _callee(callee: Callee) -> str:
    words = [callee.kind, callee.name, *sorted(callee.flags)]
    return f"{' '.join(words)}: {callee.signature}"


# --- nodes ---------------------------------------------------------------------------------------


def show_nodes(graph: Graph, nodes: Iterable[Node], indent: str = "") -> Iterator[str]:
    """Statements in order; those of a loop further in."""
    for node in nodes:
        first, *rest = _node(graph, node)
        yield f"{line_of(graph, node.span):>4}  {indent}{first}"
        yield from (f"        {indent}{line}" for line in rest)
        if isinstance(node, Loop):
            yield from show_nodes(graph, node.body, indent + "    ")
            if node.stop is not None:
                line = line_of(graph, node.stop.span)
                yield f"{line:>4}  {indent}    stop when {write(node.stop.condition)}"


def title(node: Node) -> str:
    """What a statement is called where its expression does not matter."""
    match node:
        case Compute(names):
            return f"compute {', '.join(names)}"
        case Sample(name):
            return f"sample {name}"
        case Cost(name):
            return f"cost {name}"
        case Report(name):
            return f"report {name}"
        case Loop(name):
            return f"for {name}"
        case _:
            assert_never(node)


def _node(graph: Graph, node: Node) -> Iterator[str]:
    match node:
        case Compute(_, value, types):
            shown = ", ".join(write_type(graph, type_) for type_ in types)
            yield f"{title(node)} = {write(value)} : {shown}"
        case Sample():
            yield from _sample(graph, node)
        case Cost(_, value, observed):
            kept = ", observed" if observed else ""
            yield f"{title(node)} = {write(value)} : {write_type(graph, value.type)}{kept}"
        case Report(_, value):
            yield f"{title(node)} = {write(value)} : {write_type(graph, value.type)}"
        case Loop():
            yield from _loop(graph, node)
        case _:
            assert_never(node)


def _sample(graph: Graph, node: Sample) -> Iterator[str]:
    yield f"{title(node)} ~ {write(node.distribution)} : {write_type(graph, node.type)}"
    if node.each:
        yield f"each {', '.join(node.each)}"
    if node.method is not None:
        yield f"with {_choice(node.method)}"
    if node.sampler is not None:
        yield f"using {_choice(node.sampler)}"
    if node.joins:
        yield f"in {node.plate}"
    if node.mask is not None:
        yield f"counts where {write(node.mask)}"


def _choice(choice: Choice) -> str:
    return call(choice.name, *options(choice.constants), *options(choice.values))


def options(given: Mapping[str, object]) -> Iterator[str]:
    """``name=value`` of each option of a method or sampler."""
    for name, value in given.items():
        yield f"{name}={_option(value)}"


def _option(value: object) -> str:
    match value:
        case ModuleOption(name):
            return name
        case bool() | None:
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case _:
            return write(value)  # type: ignore[arg-type]  # all that an option can be besides


def _loop(graph: Graph, node: Loop) -> Iterator[str]:
    yield f"{title(node)} in range({node.bound})"
    for carried in node.carried:
        shown = write_type(graph, carried.type)
        yield f"carries {carried.name} = {write(carried.initial)} : {shown}"
    if node.alive is not None:
        yield f"stops by {node.alive}"
