"""Who trains which params and modules: the model, or the methods whose options use them.

Uses count by value: what reaches a cost, a distribution or another option is the model's, be it
behind a cut. What only a learned baseline is made of is the baseline's, however many named steps
and loops stand between. Reports are detached, and count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from functools import partial

from storchc.analysis.dataflow import Flow, Statement
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.edges import FLOWING, edges
from storchc.analysis.facts.use import Expressions, Users, users
from storchc.ir.expression import CallUser, Distribution, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, Compute, Cost, ModuleOption, Report, Sample, is_beside
from storchc.ir.walk import expressions
from storchc.records import dataclass

PAID, DRAWN = "a cost", "a draw"
"""The model as a user: its costs, and its distributions with their options."""
MODEL = frozenset({PAID, DRAWN})


@dataclass(frozen=True, slots=True)
class Ownership:
    """Who trains the params and modules that options of methods are made of.

    ``trained`` has, by sample, those that its method trains, ``held`` those that the model uses
    too, ``moved`` the ones of them that a gradient of the option would reach. ``taught`` are the
    names that the gradient of the model reaches, by way of its costs or its draws. ``owned`` are
    all names that only methods use, those of values too. ``told`` has, by sample, what would learn
    and stands only in what critics are told, which is detached.
    """

    trained: Mapping[str, frozenset[str]]
    held: Mapping[str, frozenset[str]]
    owned: frozenset[str]
    moved: Mapping[str, frozenset[str]]
    taught: Mapping[str, Users]
    told: Mapping[str, frozenset[str]]


def ownership(graph: Graph, flow: Flow, estimators: Mapping[str, Estimator]) -> Ownership:
    """Who trains what; most stories have no method that trains."""
    given = {s.name: critics(estimators[s.name]) for s in graph.samples}
    training = [s.name for s in graph.samples if learned(s) or given[s.name]]
    if not training:
        return Ownership({}, {}, frozenset(), {}, {}, {})
    by_value = users(graph, flow, _roots, _made_of)
    by_path = users(graph, flow, _roots, _made_of, partial(_smooth, graph.callees))
    learns = {p.name for p in graph.params}
    learns |= {n for n, callee in graph.callees.items() if callee.learns}
    held, taught = ({n for n, who in m.items() if who & MODEL} for m in (by_value, by_path))
    asked, reached = (_by_user(used, training, given) for used in (by_value, by_path))
    return Ownership(
        {s: (names & learns) - held for s, names in asked.items()},
        {s: names & learns & held for s, names in asked.items()},
        frozenset[str]().union(*asked.values()) - held.union(*_shared(graph, held)),
        {s: names & learns & held for s, names in reached.items()},
        {n: by_path[n] & MODEL for n in taught & learns},
        {s: frozenset(_told(by_value, training, s) & learns) for s in training},
    )


def _told(used: Mapping[str, Users], training: Iterable[str], sample: str) -> set[str]:
    """What the critic of a sample is told, and nobody uses but critics that are told so."""
    tellers = frozenset(map(told_of, training))
    return {name for name, who in used.items() if told_of(sample) in who and who <= tellers}


def _shared(graph: Graph, held: Set[str]) -> Iterator[tuple[str, ...]]:
    """The names that are made together with one of the model's."""
    for node in graph.all_nodes:
        if isinstance(node, Compute) and not held.isdisjoint(node.names):
            yield node.names


def learned(node: Sample) -> Expressions:
    """The expressions that train themselves: learned baselines."""
    values = node.method.values if node.method else {}
    return (values["baseline"],) if "baseline" in values else ()


def contexts(node: Sample) -> Expressions:
    """What a critic is told besides the value, without a gradient."""
    values = node.method.values.items() if node.method else ()
    return tuple(v for option, v in values if is_beside(option) and option != "baseline")


def told_of(sample: str) -> str:
    """The critic of a sample as a user of what it is told, which nothing trains."""
    return f"what is told of {sample}"


def critics(estimator: Estimator) -> frozenset[str]:
    """The modules that a method was given."""
    given = estimator.constants.values()
    return frozenset(value.name for value in given if isinstance(value, ModuleOption))


def _by_user(
    used: Mapping[str, Users], samples: Iterable[str], given: Mapping[str, frozenset[str]]
) -> Mapping[str, frozenset[str]]:
    """What the option of each of ``samples`` uses, the modules that it was given among it."""
    found = {sample: set(given[sample]) for sample in samples}
    for name, who in used.items():
        for sample in who & found.keys():
            found[sample].add(name)
    return {sample: frozenset(names) for sample, names in found.items()}


def _roots(node: Statement) -> Iterator[tuple[str, Expressions]]:
    match node:
        case Cost():
            yield PAID, expressions(node)
        case Sample():
            own, told = learned(node), contexts(node)
            apart = {id(e) for e in (*own, *told)}
            yield DRAWN, tuple(e for e in expressions(node) if id(e) not in apart)
            yield node.name, own
            yield told_of(node.name), told


def _made_of(node: Statement) -> Expressions:
    return () if isinstance(node, Sample | Report) else expressions(node)


def _smooth(
    callees: Mapping[str, Callee], value: Value | Distribution
) -> Iterator[Value | Distribution]:
    """The parts of an expression that a gradient reaches."""
    if not (isinstance(value, CallUser) and "nondiff" in callees[value.callee].flags):
        yield value
    for edge in edges(value, callees):
        if edge.flow in FLOWING:
            yield from _smooth(callees, edge.operand)
