"""Every phase that can be printed, by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from storchc.analysis.estimation import Estimation
from storchc.analysis.passes import PASSES, Fact
from storchc.analysis.rules import Rule
from storchc.debug.dependence import show_credit, show_dependence, show_stepwise
from storchc.debug.facts import (
    show_biases,
    show_estimators,
    show_joins,
    show_liveness,
    show_ownership,
    show_ranges,
    show_uncredited,
    show_used,
    show_verdicts,
)
from storchc.debug.flow import show_flow
from storchc.debug.graph import show_graph
from storchc.debug.moving import show_agreed, show_jumps, show_motion, show_reaching, show_uneven
from storchc.debug.program import show_program
from storchc.debug.rewrites import (
    show_elimination,
    show_listing,
    show_separation,
    show_written,
)
from storchc.lower.program import PROGRAMS

Show = Callable[[Estimation], Iterator[str]]

FACTS: Mapping[str, Show] = {
    "graph": lambda k: show_graph(k.graph),
    "flow": lambda k: show_flow(k.graph, k.flow),
    "dependence": lambda k: show_dependence(k.dependence),
    "touched": lambda k: show_dependence(k.touched),
    "agreed": lambda k: show_agreed(k.graph, k.agreed),
    "used": lambda k: show_used(k.graph, k.used),
    "first": lambda k: show_estimators(k.graph, k.first),
    "ranges": lambda k: show_ranges(k.ranges),
    "uneven": lambda k: show_uneven(k.graph, k.uneven),
    "resolved": lambda k: show_estimators(k.graph, k.resolved),
    "live": lambda k: show_liveness(k.live),
    "ownership": lambda k: show_ownership(k.graph, k.ownership),
    "jumps": lambda k: show_jumps(k.graph, k.jumps),
    "joined": lambda k: show_joins(k.graph, k.joined),
    "elimination": lambda k: show_elimination(k.graph, k.elimination),
    "listing": lambda k: show_listing(k.graph, k.listing),
    "separation": lambda k: show_separation(k.separation),
    "distinct": lambda k: show_verdicts(k.graph, k.distinct),
}
"""How the facts of `storchc.analysis.passes` are printed."""

ASKED: Mapping[str, tuple[str, Show]] = {
    "carried": (
        "the dependence of weights that are carried on, for costs and credit",
        lambda k: show_dependence(k.carried),
    ),
    "steps": (
        "the dependence with the steps of loops told apart, for credit",
        lambda k: show_stepwise(k.graph, k.steps),
    ),
    "uncredited": (
        "which samples reach which cost by way of `without_credit`",
        lambda k: show_uncredited(k.uncredited),
    ),
    "motion": (
        "what learns in every expression, and what is continuous, for jumps",
        lambda k: show_motion(k.graph, k.motion),
    ),
    "alive": (
        "what reaches a cost, and how, for jumps",
        lambda k: show_reaching(k.graph, k.alive),
    ),
    "credit": (
        "which scores multiply which cost",
        lambda k: show_credit(k.graph, k.credit, k.groups),
    ),
    "biases": ("why gradients of samples are biased", lambda k: show_biases(k.biases)),
    "written": ("the story that code is generated for", show_written),
}
"""The facts of an `Estimation` that are made when they are asked for."""

MADE: Mapping[str, Show] = {name: partial(show_program, name=name) for name in PROGRAMS}
"""How the program is printed, behind each of the passes that make it."""

FIRST = {
    "tree": "the syntax tree, of the text alone",
    "typed": "the typed graph, of the tree",
}
LAST = {"python": "the generated module, of the program"}


def phases() -> Iterator[tuple[str, str, str]]:
    """Name, kind and reason of every phase, in order."""
    yield from ((name, "stage", reason) for name, reason in FIRST.items())
    for each in PASSES:
        match each:
            case Fact(name, _, reason):
                yield name, "fact", reason
            case Rule(name, asks):
                yield name, "rule", asks
    yield from ((name, "asked for", what) for name, (what, _) in ASKED.items())
    yield from ((name, "program", reason) for name, reason in PROGRAMS.items())
    yield from ((name, "stage", reason) for name, reason in LAST.items())
