"""A story once more, with a cost of its own for each summand that credits otherwise (LOSS.md §12).

A cost of which a part stands `without_credit` and another does not is taken apart along sums, what
scales them without being random, and reductions that are linear, through the names in it. Summands
that nothing stands `without_credit` in stay together; others do where they are credited alike.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import field, replace

from storchc.analysis.dataflow import flow_of
from storchc.analysis.facts.dependence import dependence, touch
from storchc.analysis.facts.uncredited import uncredited, uncredited_places
from storchc.analysis.rewrite.additive import Summand, Summing, added
from storchc.ir.expression import Distribution, Named, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.names import credited_of, uncredited_of
from storchc.ir.nodes import Compute, Cost, Loop, Node
from storchc.ir.types import DistributionType, Plates, ValueType
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass


def summands_apart(graph: Graph) -> Graph:
    """``graph`` with costs of their own for summands of a cost that credit otherwise."""
    if next(uncredited_places(graph), None) is None:
        return graph
    flow = flow_of(graph)
    credited = dependence(graph, flow)
    without = uncredited(graph, flow, touch(graph, flow, credited))
    mixed = [c for c in graph.costs if without.costs[c.name] and credited.costs[c.name]]
    if not mixed:
        return graph
    named = dict[str, tuple[Summand, ...]]()
    splitting = _Splitting(graph, Summing(credited, without, named), named, dict(graph.types))
    splitting.split(mixed)
    if not named:
        return graph
    nodes = tuple(splitting.written(graph.nodes))
    return _without_idle(replace(graph, nodes=nodes, types=splitting.types), named)


@dataclass(slots=True)
class _Splitting:
    """Takes costs apart, and the names that they are made of.

    ``named`` has the summands of what came apart, by name, each of them a name of its own; ``made``
    computes these. ``costs`` are the costs that came apart.
    """

    graph: Graph
    summing: Summing
    named: dict[str, tuple[Summand, ...]]
    types: dict[str, ValueType | DistributionType]
    made: dict[str, list[Compute]] = field(default_factory=dict)
    costs: set[str] = field(default_factory=set)

    def split(self, costs: Collection[Cost]) -> None:
        """Take costs apart that are sums of what credits otherwise, names above them first."""
        behind, names = _behind(self.graph, costs), {cost.name for cost in costs}
        for node in self.graph.all_nodes:
            match node:
                case Compute(names=(name,), value=value) if name in behind:
                    if not isinstance(value, Distribution):
                        self._split(node, name, value)
                case Cost(name, value, False) if name in names:
                    if not node.names_itself:
                        self._split(node, name, value)
                    if name in self.named:
                        self.costs.add(name)

    def _split(self, node: Compute | Cost, name: str, value: Value) -> None:
        """Take apart what is called ``name``; a carried one is another value in other steps."""
        if name in self.graph.carried or not self.summing.mixed(value):
            return
        groups: dict[object, list[Summand]] = {}
        for summand in self.summing.summands(value):
            groups.setdefault(summand.way, []).append(summand)
        if len(groups) > 1:
            self.made[name] = []
            parts = list[Summand]()
            for way, group in groups.items():
                number = len([part for part in parts if part.without])
                called = credited_of(name) if way is None else uncredited_of(name, number)
                parts.append(self._group(node, name, called, group))
            self.named[name] = tuple(parts)

    def _group(self, node: Compute | Cost, whole: str, name: str, group: list[Summand]) -> Summand:
        """Summands that are credited alike, under a name."""
        value = added(summand.value for summand in group)
        self.types[name] = value.type
        self.made[whole].append(Compute((name,), value, (value.type,), node.span))
        credits, without = (
            frozenset[str]().union(*found)
            for found in zip(*((s.credits, s.without) for s in group), strict=True)
        )
        return Summand(Reference(name, value.type, value.span), credits, without)

    # --- statements ------------------------------------------------------------------------------

    def written(self, nodes: Iterable[Node]) -> Iterator[Node]:
        """The statements, with the summands of those that came apart before them."""
        for node in nodes:
            match node:
                case Loop(body=body):
                    yield replace(node, body=tuple(self.written(body)))
                case Cost(name) if name in self.costs:
                    yield from () if node.names_itself else self._summed(node, name)
                    yield from self._parts(node)
                case Compute(names=(name,)) if name in self.named:
                    yield from self._summed(node, name)
                case _:
                    yield node

    def _summed(self, node: Compute | Cost, name: str) -> Iterator[Compute]:
        """A value that came apart: its summands, and their sum."""
        yield from self.made[name]
        total = added(part.value for part in self.named[name])
        yield Compute((name,), total, (total.type,), node.span)

    def _parts(self, node: Cost) -> Iterator[Cost]:
        """A cost for each of the summands, for every datum that the whole is there for."""
        data = node.value.type.plates.intersection(self.graph.data_plates)
        for part in self.named[node.name]:
            assert isinstance(part.value, Reference)
            paid = _for_each(part.value, data)
            yield Cost(paid.name, paid, False, node.span, node.loops, node.name)


def _for_each(value: Reference, data: Plates) -> Reference:
    """A value that is the same along some plates, with all of them."""
    return replace(value, type=replace(value.type, plates=value.type.plates | data))


def _behind(graph: Graph, costs: Iterable[Cost]) -> set[str]:
    """The names that costs are made of."""
    waiting: list[Value | Distribution] = [cost.value for cost in costs]
    made = {c.name: c.value for c in graph.costs if not (c.observed or c.names_itself)}
    found = set[str]()
    while waiting:
        for part in walk(waiting.pop()):
            if isinstance(part, Reference | Named) and part.name not in found:
                found.add(part.name)
                node = graph.compute_by_name.get(part.name)
                more = made.get(part.name) if node is None else node.value
                waiting += [] if more is None else [more]
    return found


def _without_idle(graph: Graph, names: Collection[str]) -> Graph:
    """``graph`` without those of the ``names`` that nothing looks at any more."""
    seen = set(graph.carried)
    return replace(graph, nodes=_kept(graph.nodes, names, seen))


def _kept(nodes: Iterable[Node], names: Collection[str], seen: set[str]) -> tuple[Node, ...]:
    """The nodes that something behind them looks at; ``seen`` are the names that it looks at."""
    kept = list[Node]()
    for node in reversed([*nodes]):
        if isinstance(node, Compute) and node.names[0] in names and node.names[0] not in seen:
            continue
        if isinstance(node, Loop):
            node = replace(node, body=_kept(node.body, names, seen))
        parts = (part for value in expressions(node) for part in walk(value))
        seen.update(part.name for part in parts if isinstance(part, Reference))
        kept.append(node)
    return tuple(reversed(kept))
