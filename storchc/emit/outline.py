"""What a generated module is called in its parts: imports, constants, attributes."""

from __future__ import annotations

from storchc.emit.context import Module, OfModule
from storchc.ir.expression import CallUser
from storchc.ir.graph import Graph
from storchc.lower.story import Story
from storchc.python.expressions import Imported, Local, Py, dotted_name, name
from storchc.python.names import RUNTIME, Identifiers
from storchc.python.reserved import ATTRIBUTES
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Outline(OfModule):
    """A module and its identifiers."""

    module: Module
    identifiers: Identifiers

    def runtime(self, identifier: str) -> Py:
        """A member of the runtime package."""
        return Imported(identifier, RUNTIME)

    def text(self, dotted: str) -> str:
        """A name of torch's or Python's own, imported."""
        return self.identifiers.text(dotted_name(dotted))

    def constant(self, key: str) -> Py:
        """The constant of the module that is known by ``key``."""
        return self.module.constants[key]


def outline(story: Story) -> Outline:
    """The names of a module; those that a user sees stay as they are."""
    graph = story.graph
    public = frozenset({graph.name, *graph.callees, *(item.name for item in graph.inputs)})
    identifiers = Identifiers(public)
    free = [dim.name for dim in graph.dims.values() if dim.value is None]
    constants = {f"use {use.name}": identifiers.foreign(use.name) for use in graph.uses.values()}
    constants |= _hidden(graph, identifiers)
    module = Module(
        story=story,
        attributes=_attributes(graph),
        constants={key: name(each) for key, each in constants.items()},
        sizes={wanted: Local(wanted) for wanted in (*graph.data_plates, *free)},
        methods=Local("methods"),
        replayed=Local("replayed"),
        like=Local("like"),
        checked=Local("sizes"),
    )
    return Outline(module, identifiers)


def _attributes(graph: Graph) -> dict[str, str]:
    """The attribute that holds each param, module and function."""
    names = [param.name for param in graph.params] + list(graph.callees)
    found: dict[str, str] = {}
    for wanted in names:
        attribute = wanted
        while attribute in ATTRIBUTES or (attribute != wanted and attribute in names):
            attribute += "_"
        found[wanted] = attribute
    return found


def _hidden(graph: Graph, identifiers: Identifiers) -> dict[str, str]:
    """The constants of the module by what they are for; those of several results by position."""
    keys: dict[str, str] = {}
    for callee in graph.callees.values():
        if callee.path is not None:
            keys[f"default {callee.name}"] = f"default_{callee.name}"
    keys |= {f"input {item.name}": item.name for item in graph.inputs}
    called = {part.callee for part in graph.parts if isinstance(part, CallUser)}
    for callee in graph.callees.values():
        count = sum(len(slot.items) for slot in callee.results)
        if callee.name in called and count == 1:
            keys[f"{callee.name}:0"] = callee.name
        elif callee.name in called:
            keys[callee.name] = callee.name
            keys |= {f"{callee.name}:{i}": f"{callee.name}_{i}" for i in range(count)}
    laws = (callee.name for callee in graph.callees.values() if callee.kind == "distribution")
    keys |= {f"{law}:law": law for law in laws}
    keys["the layout"] = "layout"
    return {key: identifiers.hidden(wanted) for key, wanted in keys.items()}
