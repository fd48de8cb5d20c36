"""The constant that says how an estimate's tensors are stored; made after all statements."""

from __future__ import annotations

from storchc.analysis.estimation import Origin
from storchc.backend.block import place
from storchc.backend.reductions import weight_plates, weights_of
from storchc.backend.timed import steps_kept, steps_told
from storchc.backend.writer import Writer
from storchc.ir.nodes import Cost, Report, Sample
from storchc.ir.types import Plates
from storchc.python.expressions import Py, call, literal, table, tuple_of

SUMMED_OUT = "it is summed out step by step: no whole sequence of its values was built"
ABSENT = "its costs separate: no value of all its factors together was built"


def layout(writer: Writer) -> Py:
    """``Layout(samples=..., costs=..., reports=..., sums=...)``."""
    graph = writer.graph
    parts: dict[str, Py] = {}
    if graph.samples:
        parts["samples"] = table({s.name: _sampled(writer, s) for s in graph.samples})
    if graph.costs:
        parts["costs"] = table({c.name: _valued(writer, c) for c in graph.costs})
    if graph.reports:
        parts["reports"] = table({r.name: _valued(writer, r) for r in graph.reports})
    sums = sorted(p.name for p in graph.data_plates.values() if p.reduction == "sum")
    if sums:
        parts["sums"] = call("frozenset", tuple_of(*map(literal, sums)))
    return call(writer.runtime("Layout"), **parts)


def _names(plates: tuple[str, ...]) -> Py:
    return tuple_of(*map(literal, plates))


def _stored(writer: Writer, stored: Plates, plates: Plates) -> tuple[str, ...] | None:
    """The plates in memory, or None where they are all there."""
    return None if stored == plates else writer.storage.order(stored)


def _sampled(writer: Writer, node: Sample) -> Py:
    plates = node.type.plates
    options: dict[str, Py] = {}
    if node.name in writer.estimation.separation.samples:
        options["absent"] = literal(ABSENT)
        return call(writer.runtime("Sampled"), _names(writer.graph.order(plates)), **options)
    if node.name in writer.estimation.elimination.chains:
        options |= {"absent": literal(SUMMED_OUT), "value": tuple_of(literal(node.name))}
    for key, stored in (
        ("value", _value_plates(writer, node)),
        ("weight", weight_plates(writer, node.name)),
    ):
        kept = _stored(writer, stored, plates)
        if kept is not None:
            options[key] = _names(kept)
    if node.joins:
        options["plate"] = literal(node.plate)
        if writer.estimation.estimators[node.name].joint:
            options["joint"] = literal(True)
    options |= _weights(writer, plates, writer.estimation.origin(lambda d: d.values[node.name]))
    if loops := steps_told(writer, node):
        options["loops"] = _names(loops)
    if node.name in writer.storage.flat:
        options["flat"] = literal(True)
    return call(writer.runtime("Sampled"), _names(writer.graph.order(plates)), **options)


def _value_plates(writer: Writer, node: Sample) -> Plates:
    if writer.estimation.estimators[node.name].enumerated and node.mask is None:
        return frozenset({node.name})
    return node.type.plates if node.loops else writer.stored[node.name]


def _valued(writer: Writer, node: Cost | Report) -> Py:
    plates = _plates(writer, node)
    options: dict[str, Py] = {}
    kept = _stored(writer, _code_plates(writer, node), plates)
    if kept is not None:
        options["stored"] = _names(kept)
    kind = "costs" if isinstance(node, Cost) else "reports"
    origin = writer.estimation.origin(lambda d: getattr(d, kind)[node.name])
    options |= _weights(writer, plates, origin)
    if isinstance(node, Cost) and (steps := steps_kept(writer, node)):
        options["steps"] = _names(steps)
    where = literal(place(writer.graph.source, node.span))
    return call(writer.runtime("Valued"), _names(writer.graph.order(plates)), where, **options)


def _plates(writer: Writer, node: Cost | Report) -> Plates:
    """The plates that a cost or report has in the story, whatever was summed out of it."""
    if isinstance(node, Cost) and writer.estimation.elimination.chains:
        node = writer.estimation.graph.cost_by_name[node.name]
    return node.value.type.plates


def _weights(writer: Writer, plates: Plates, origin: Origin) -> dict[str, Py]:
    """The option that names the weights of a value's plates, where there are any."""
    found = {p: weights_of(writer, p, origin) for p in writer.graph.order(plates)}
    carried = {p: _names(weights.samples) for p, weights in found.items() if weights.samples}
    mixed = {s: m for weights in found.values() for s, m in weights.mixed}
    options: dict[str, Py] = {"weights": table(carried)} if carried else {}
    if mixed:
        products = {s: _names(writer.graph.order(m)) for s, m in mixed.items()}
        options["products"] = table(products)
    return options


def _code_plates(writer: Writer, node: Cost | Report) -> Plates:
    if isinstance(node, Cost):
        return writer.costs[node.name].stored - frozenset(node.loops)
    if node.loops:
        return writer.stepping.reports[node.name].stored
    return writer.stored[node.name]
