"""The constant that says how an estimate's tensors are stored; made after all statements."""

from __future__ import annotations

from storchc.analysis.estimation import Origin
from storchc.analysis.facts.dependence import merge
from storchc.emit.context import Context
from storchc.emit.places import place
from storchc.ir.nodes import Cost, Report, Sample
from storchc.ir.types import Plates
from storchc.lower.steps import steps_kept, steps_told
from storchc.lower.weights import weights_of
from storchc.program.slots import Kind, Slot
from storchc.python.expressions import Py, call, literal, table, tuple_of

SUMMED_OUT = "it is summed out step by step: no whole sequence of its values was built"
ABSENT = "its costs separate: no value of all its factors together was built"


def layout(context: Context) -> Py:
    """``Layout(samples=..., costs=..., reports=..., sums=...)``."""
    graph = context.graph
    parts: dict[str, Py] = {}
    if graph.samples:
        parts["samples"] = table({s.name: _sampled(context, s) for s in graph.samples})
    if graph.costs:
        costs = graph.parts_of_costs.items()
        parts["costs"] = table({name: _paid(context, each) for name, each in costs})
    if graph.reports:
        parts["reports"] = table({r.name: _reported(context, r) for r in graph.reports})
    sums = sorted(p.name for p in graph.data_plates.values() if p.reduction == "sum")
    if sums:
        parts["sums"] = call("frozenset", tuple_of(*map(literal, sums)))
    return call(context.runtime("Layout"), **parts)


def _names(plates: tuple[str, ...]) -> Py:
    return tuple_of(*map(literal, plates))


def _stored(context: Context, stored: Plates, plates: Plates) -> tuple[str, ...] | None:
    """The plates in memory, or None where they are all there."""
    return None if stored == plates else context.storage.order(stored)


def _sampled(context: Context, node: Sample) -> Py:
    plates = node.type.plates
    options: dict[str, Py] = {"plates": _names(context.graph.order(plates))}
    if node.name in context.estimation.separation.samples:
        options["absent"] = literal(ABSENT)
        return call(context.runtime("Sampled"), **options)
    if node.name in context.estimation.elimination.chains:
        options |= {"absent": literal(SUMMED_OUT), "value": tuple_of(literal(node.name))}
    for key, stored in (
        ("value", _value_plates(context, node)),
        ("weight", context.story.weight_plates(context.scope, node.name)),
    ):
        kept = _stored(context, stored, plates)
        if kept is not None:
            options[key] = _names(kept)
    if node.joins:
        options["plate"] = literal(node.plate)
        if context.estimation.estimators[node.name].joint:
            options["joint"] = literal(True)
    options |= _weights(context, plates, context.estimation.origin(lambda d: d.values[node.name]))
    if loops := steps_told(context.story, node):
        options["loops"] = _names(loops)
    if node.name in context.storage.flat:
        options["flat"] = literal(True)
    return call(context.runtime("Sampled"), **options)


def _value_plates(context: Context, node: Sample) -> Plates:
    if context.estimation.estimators[node.name].enumerated and node.mask is None:
        return frozenset({node.name})
    return node.type.plates if node.loops else context.held[Slot("value", node.name)].stored


def _paid(context: Context, parts: tuple[Cost, ...]) -> Py:
    """A cost, or several that the estimate shows as their sum."""
    origins = [context.estimation.cost_origin(part.name) for part in parts]
    steps = next((told for part in parts if (told := steps_kept(context.story, part))), ())
    plates = frozenset[str]().union(*(_plates(context, part) for part in parts))
    stored = frozenset[str]().union(*(_cost_plates(context, part) for part in parts))
    return _valued(context, parts[0], plates, stored, _joined(origins), steps)


def _reported(context: Context, node: Report) -> Py:
    origin = context.estimation.origin(lambda d: d.reports[node.name])
    kind: Kind = "report" if node.loops else "value"
    stored = context.held[Slot(kind, node.name)].stored
    return _valued(context, node, node.value.type.plates, stored, origin, ())


def _valued(
    context: Context,
    node: Cost | Report,
    plates: Plates,
    stored: Plates,
    origin: Origin,
    steps: tuple[str, ...],
) -> Py:
    options: dict[str, Py] = {"plates": _names(context.graph.order(plates))}
    kept = _stored(context, stored, plates)
    if kept is not None:
        options["stored"] = _names(kept)
    options |= _weights(context, plates, origin)
    if steps:
        options["steps"] = _names(steps)
    options["where"] = literal(place(context.graph.source, node.span))
    return call(context.runtime("Valued"), **options)


def _joined(origins: list[Origin]) -> Origin:
    """What a sum is made of."""
    touched, credited, carried = zip(
        *((o.touched, o.credited, o.carried) for o in origins), strict=True
    )
    return Origin(merge(touched), merge(credited), merge(carried))


def _plates(context: Context, node: Cost) -> Plates:
    """The plates that a cost has in the story, whatever was summed out of it."""
    if context.estimation.elimination.chains:
        node = context.estimation.graph.cost_by_name[node.name]
    return node.value.type.plates


def _weights(context: Context, plates: Plates, origin: Origin) -> dict[str, Py]:
    """The option that names the weights of a value's plates, where there are any."""
    found = {p: weights_of(context.story, p, origin) for p in context.graph.order(plates)}
    carried = {p: _names(weights.samples) for p, weights in found.items() if weights.samples}
    mixed = {s: m for weights in found.values() for s, m in weights.mixed}
    options: dict[str, Py] = {"weights": table(carried)} if carried else {}
    if mixed:
        products = {s: _names(context.graph.order(m)) for s, m in mixed.items()}
        options["products"] = table(products)
    return options


def _cost_plates(context: Context, node: Cost) -> Plates:
    return context.held[Slot("cost", node.name)].stored - frozenset(node.loops)
