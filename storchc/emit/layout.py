"""The constant that says how an estimate's tensors are stored; made after all statements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from storchc.analysis.estimation import Origin
from storchc.analysis.facts.dependence import merge
from storchc.emit.context import MANY_PLATES, Context
from storchc.emit.places import place
from storchc.ir.graph import Graph
from storchc.ir.names import spelled
from storchc.ir.nodes import Cost, Report, Sample
from storchc.ir.types import Plates
from storchc.lower.steps import steps_kept, steps_told
from storchc.lower.weights import weights_of
from storchc.program.slots import Kind, Slot
from storchc.python.expressions import Py, call, literal, name, prefix, table, tuple_of
from storchc.records import dataclass

SUMMED_OUT = "it is summed out step by step: no whole sequence of its values was built"
ABSENT = "its costs separate: no value of all its factors together was built"
NEWEST = 4
"""Plates that a long tuple may have beyond another one to be made of it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The ``layout``, and above it the tuples of ``plates`` that several of its lines share."""

    layout: Py
    plates: tuple[tuple[Py, Py], ...]


def layout(context: Context, hidden: Callable[[str], str]) -> Kept:
    """``Layout(samples=..., costs=..., reports=..., sums=...)``.

    ``hidden`` gives further constants of the module their names.
    """
    graph, lists = context.graph, _Lists(context.graph, hidden)
    parts: dict[str, Py] = {}
    if graph.samples:
        parts["samples"] = table({s.name: _sampled(context, lists, s) for s in graph.samples})
    if graph.costs:
        costs = graph.parts_of_costs.items()
        parts["costs"] = table({name: _paid(context, lists, each) for name, each in costs})
    if graph.reports:
        parts["reports"] = table({r.name: _reported(context, lists, r) for r in graph.reports})
    sums = sorted(p.name for p in graph.data_plates.values() if p.reduction == "sum")
    if sums:
        parts["sums"] = call("frozenset", tuple_of(*map(literal, sums)))
    return Kept(call(context.runtime("Layout"), **parts), tuple(lists.constants))


@dataclass(slots=True)
class _Lists:
    """Plates as tuples. Long ones are constants, each made of the one of all but its newest plates.

    In a chain of samples the n-th has n plates: written out they would be n² names.
    """

    graph: Graph
    hidden: Callable[[str], str]
    known: dict[Plates, Py] = field(default_factory=dict)
    constants: list[tuple[Py, Py]] = field(default_factory=list)

    def of(self, owner: str, plates: Plates) -> Py:
        """The plates of ``owner``, outermost first."""
        if len(plates) <= MANY_PLATES:
            return _names(self.graph.order(plates))
        if plates not in self.known:
            target = name(self.hidden(f"plates_of_{spelled(owner)}"))
            self.constants.append((target, self._made(plates)))
            self.known[plates] = target
        return self.known[plates]

    def _made(self, plates: Plates) -> Py:
        newest, left = list[Py](), plates
        while len(newest) < NEWEST:
            plate = self.graph.newest(left)
            newest.append(literal(plate))
            left -= {plate}
            if left in self.known:
                return tuple_of(*newest, prefix("*", self.known[left]))
        return _names(self.graph.order(plates))


def _names(plates: tuple[str, ...]) -> Py:
    return tuple_of(*map(literal, plates))


def _stored(context: Context, stored: Plates, plates: Plates) -> tuple[str, ...] | None:
    """The plates in memory, or None where they are all there."""
    return None if stored == plates else context.storage.order(stored)


def _sampled(context: Context, lists: _Lists, node: Sample) -> Py:
    plates = node.type.plates
    options: dict[str, Py] = {"plates": lists.of(node.name, plates)}
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


def _paid(context: Context, lists: _Lists, parts: tuple[Cost, ...]) -> Py:
    """A cost, or several that the estimate shows as their sum."""
    origins = [context.estimation.cost_origin(part.name) for part in parts]
    steps = next((told for part in parts if (told := steps_kept(context.story, part))), ())
    plates = frozenset[str]().union(*(_plates(context, part) for part in parts))
    stored = frozenset[str]().union(*(_cost_plates(context, part) for part in parts))
    return _valued(context, lists, parts[0], plates, stored, _joined(origins), steps)


def _reported(context: Context, lists: _Lists, node: Report) -> Py:
    origin = context.estimation.origin(lambda d: d.reports[node.name])
    kind: Kind = "report" if node.loops else "value"
    stored = context.held[Slot(kind, node.name)].stored
    return _valued(context, lists, node, node.value.type.plates, stored, origin, ())


def _valued(
    context: Context,
    lists: _Lists,
    node: Cost | Report,
    plates: Plates,
    stored: Plates,
    origin: Origin,
    steps: tuple[str, ...],
) -> Py:
    options: dict[str, Py] = {"plates": lists.of(node.name, plates)}
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
    weighing = context.graph.order(plates & context.story.weighed)
    found = {p: weights_of(context.story, p, origin) for p in weighing}
    carried = {p: _names(weights.samples) for p, weights in found.items() if weights.samples}
    mixed = {s: m for weights in found.values() for s, m in weights.mixed}
    options: dict[str, Py] = {"weights": table(carried)} if carried else {}
    if mixed:
        products = {s: _names(context.graph.order(m)) for s, m in mixed.items()}
        options["products"] = table(products)
    return options


def _cost_plates(context: Context, node: Cost) -> Plates:
    return context.held[Slot("cost", node.name)].stored - frozenset(node.loops)
