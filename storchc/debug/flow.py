"""The flow of a story: its places, in order, with the points that they read and make."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from storchc.analysis.dataflow import (
    At,
    End,
    Flow,
    Memory,
    Place,
    Point,
    Start,
    Variable,
    Weights,
    names_in,
)
from storchc.debug.graph import title
from storchc.debug.types import line_of
from storchc.ir.graph import Graph
from storchc.ir.walk import expressions


def show_flow(graph: Graph, flow: Flow) -> Iterator[str]:
    """A place a line. Where nothing is made twice, its names are all that there is to say."""
    for number, place in enumerate(flow.places):
        end = flow.ends.get(number)
        again = "" if end is None else f"; then {_end(end)}"
        yield f"{number:>4}  {'  ' * len(place.loops)}{_place(graph, place)}{again}"


def _place(graph: Graph, place: Place) -> str:
    return f"{_what(graph, place)}{_reads(place)}{_makes(place)}"


def _what(graph: Graph, place: Place) -> str:
    node = place.node
    if isinstance(node, Start):
        return f"start of the steps of {node.loop}: {write_point(node.variable)}"
    return f"line {line_of(graph, node.span)}: {title(node)}"


def _reads(place: Place) -> str:
    if isinstance(place.node, Start) or place.reads:
        read = [_reading(place, variable, point) for variable, point in place.reads.items()]
    else:
        read = [write_point(v) for v in names_in(expressions(place.node))]
    return _listed("reads", read)


def _reading(place: Place, variable: Variable, point: Point) -> str:
    return _left(point, place.ended.get(variable, ()))


def _end(end: End) -> str:
    return f"what a step leaves as {_left(end.point, end.ended)}"


def _left(point: Point, ended: tuple[str, ...]) -> str:
    return write_point(point) + (f" of {', '.join(ended)} when it has ended" if ended else "")


def _makes(place: Place) -> str:
    return _listed("makes", [write_point(p) for p in place.makes.values()])


def _listed(verb: str, points: Iterable[str]) -> str:
    found = sorted(points)
    return f", {verb} {', '.join(found)}" if found else ""


def write_point(point: Point) -> str:
    """``h``; ``h@3`` is what place 3 makes of it."""
    match point:
        case str():
            return point
        case Memory(function):
            return f"memory of {function}"
        case Weights(plate):
            return f"weights of {plate}"
        case At(variable, place):
            return f"{write_point(variable)}@{place}"
        case _:
            assert_never(point)
