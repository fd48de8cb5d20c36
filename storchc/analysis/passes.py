"""The passes over a typed story, in order, each with the reason for its place.

A pass that makes a fact is a function of the graph and the facts before it. Rules come last: they
read facts and report. No pass changes what another one has made.
"""

from __future__ import annotations

from collections.abc import Callable

from storchc.analysis.dataflow import flow_of
from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.resolve import resolve
from storchc.analysis.facts.agreement import agreed
from storchc.analysis.facts.dependence import dependence, touch
from storchc.analysis.facts.distinct import verdicts
from storchc.analysis.facts.joins import joins_of
from storchc.analysis.facts.jumps import jumps
from storchc.analysis.facts.liveness import learning, liveness
from storchc.analysis.facts.ownership import ownership
from storchc.analysis.facts.ranges import ranges_of
from storchc.analysis.facts.smoothness import uneven
from storchc.analysis.facts.uncredited import uncredited_places
from storchc.analysis.facts.use import used
from storchc.analysis.rewrite.chains import eliminate
from storchc.analysis.rewrite.fixed import draws_fixed, movement
from storchc.analysis.rewrite.separation import separate
from storchc.analysis.rewrite.sequences import list_sequences
from storchc.analysis.rewrite.stopping import without_stops
from storchc.analysis.rewrite.summands import summands_apart
from storchc.analysis.rules import Rule, every_rule
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A pass that makes the fact ``name`` of the facts before it."""

    name: str
    make: Callable[[Estimation], object]
    reason: str


def _rewritten(known: Estimation) -> Graph:
    """The story as all facts see it; draws are fixed `without_credit` where they have a path."""
    graph = without_stops(summands_apart(known.typed))
    if next(uncredited_places(graph), None) is None:
        return graph
    first = Estimation(typed=known.typed, graph=graph)
    for fact in FACTS[1 : 1 + [fact.name for fact in FACTS[1:]].index("ownership")]:
        first = first.knowing(fact.name, fact.make(first))
    moved = movement(graph, first.flow, first.dependence, first.live, first.estimators)
    return draws_fixed(graph, moved)


FACTS: tuple[Fact, ...] = (
    Fact(
        "graph",
        _rewritten,
        "the types are known: behind this nobody needs to know that loops may stop",
    ),
    Fact("flow", lambda k: flow_of(k.graph), "all that runs along names runs along this"),
    Fact(
        "dependence",
        lambda k: dependence(k.graph, k.flow),
        "of the graph alone: what samples a value depends on holds for every estimator",
    ),
    Fact(
        "touched",
        lambda k: touch(k.graph, k.flow, k.dependence),
        "the same through cuts, if the first walk has met any",
    ),
    Fact(
        "agreed",
        lambda k: agreed(k.graph, k.touched),
        "nobody asks of a choice by what no sample touches",
    ),
    Fact("used", lambda k: used(k.graph, k.flow), "of the graph alone"),
    Fact(
        "first",
        lambda k: resolve(k.graph, k.flow, k.touched, k.agreed),
        "`Infer` asks whether a cost joins the draws, and which choices jump",
    ),
    Fact(
        "ranges",
        lambda k: ranges_of(k.graph, k.flow, k.first.of),
        "a relaxed sample lies between the values of its family, weights need not sum to 1",
    ),
    Fact("uneven", lambda k: uneven(k.graph, k.ranges), "a pole is one where a value goes there"),
    Fact(
        "resolved",
        lambda k: (
            resolve(k.graph, k.flow, k.touched, k.agreed, k.uneven) if k.uneven.hidden else k.first
        ),
        "`Infer` takes no path through a pole; ranges are the same whether a value has one",
    ),
    Fact(
        "live",
        lambda k: liveness(k.graph, k.flow, k.estimators, learning(k.graph)),
        "what a sample hands on depends on where its estimator has the gradient",
    ),
    Fact(
        "ownership",
        lambda k: ownership(k.graph, k.flow, k.estimators),
        "asks which methods were given a module",
    ),
    Fact(
        "jumps",
        lambda k: jumps(k.graph, k.uneven, k.estimators, lambda: k.motion, lambda: k.alive),
        "asks what moves and is alive, where something jumps or bends",
    ),
    Fact(
        "joined",
        lambda k: joins_of(k.graph, k.flow, k.dependence, k.touched, k.estimators),
        "asks which methods join draws, and what the costs move with",
    ),
    Fact(
        "elimination",
        lambda k: eliminate(k.graph, k.flow, k.dependence, k.touched, k.estimators),
        "asks which samples are enumerated; what it leaves is listed, below",
    ),
    Fact(
        "listing",
        lambda k: list_sequences(
            k.graph, k.flow, k.dependence, k.touched, k.estimators, k.elimination
        ),
        "takes what cannot be eliminated",
    ),
    Fact(
        "separation",
        lambda k: separate(k.graph, k.dependence, k.estimators, k.joins),
        "leaves alone what multi-sample methods look into",
    ),
    Fact(
        "distinct",
        lambda k: verdicts(k.graph, k.flow, k.touched, k.estimators),
        "a call with a gradient through it is made for every row",
    ),
)

PASSES: tuple[Fact | Rule, ...] = (*FACTS, *every_rule())
"""The facts, then what is refused for them."""


def analyse(typed: Graph, problems: Problems, until: str | None = None) -> Estimation:
    """Run the passes on a typed story, all of them or up to the one called ``until``."""
    known = Estimation(typed=typed)
    for each in PASSES:
        match each:
            case Fact(name, make):
                known = known.knowing(name, make(known))
            case Rule():
                each.run(known, problems)
        if each.name == until:
            break
    return known
