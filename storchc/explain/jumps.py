"""Where values jump or bend as something learns, and what storchc takes at the story's word."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.jumps import Jump, Kink
from storchc.analysis.facts.reach import cut_condition
from storchc.analysis.facts.uncredited import uncredited_places
from storchc.explain.text import spoken
from storchc.ir.expression import Apply, CallUser, Distribution, LogProb, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Input
from storchc.ir.walk import expressions, walk

MOST = 3


def derivatives(graph: Graph, estimation: Estimation) -> Iterator[tuple[str, str]]:
    """How often the loss may be differentiated, where that is not as often as methods allow."""
    if next(uncredited_places(graph), None) is not None:
        yield "derivatives", "of order 1 at most are right, because of `without_credit`"
        return
    found = estimation.jumps
    limiting = [kink for kink in found.kinks if kink.order == found.order]
    if limiting:
        places = list(dict.fromkeys(_bend(graph, kink) for kink in limiting))
        more = [f"{len(places) - MOST} more"] if len(places) > MOST else []
        why = spoken([*places[:MOST], *more])
        yield "derivatives", f"of order {found.order} at most are right, because of {why}"
    if found.inside:
        named = spoken([f"`{name}`" for name in found.inside])
        yield (
            "layers",
            f"that bend, such as `nn.ReLU`, in {named} leave derivatives of order 1 right: a model "
            "looks for them, as far as modules can be looked into",
        )


def _bend(graph: Graph, kink: Kink) -> str:
    text = _short(graph, kink.value)
    if isinstance(kink.value, LogProb | CallUser) or not isinstance(kink.value, Apply):
        return f"{text} ({_line(graph, kink.value)})"
    return f"the bend of {text} ({_line(graph, kink.value)})"


def word(graph: Graph, estimation: Estimation) -> Iterator[tuple[str, str]]:
    """What a story says of itself, or of what is the user's, and nobody can check."""
    for jump in estimation.jumps.said:
        yield _line(graph, jump.value), f"{_short(graph, jump.value)} {_said(graph, jump)}"
    continuous = [f"`{name}`" for name in _given_continuous(graph, estimation)]
    if continuous:
        does = "do" if len(continuous) > 1 else "does"
        yield "yours", f"{spoken(continuous)} {does} not jump"
    laws = [f"`{c.name}`" for c in graph.callees.values() if c.kind == "distribution"]
    if laws:
        yield (
            "yours",
            f"{spoken(laws)}: `log_prob` is the normalised law that `sample` draws from, and where "
            "values lie does not change with what learns",
        )


def _said(graph: Graph, jump: Jump) -> str:
    every = (p for node in graph.all_nodes for root in expressions(node) for p in walk(root))
    cut = any(isinstance(p, Apply) and cut_condition(p) is jump.value for p in every)
    if cut:
        return "is cut: the sides agree where it changes"
    if jump.reach.alive:
        return "does not jump: `continuous`"
    return "changes where both sides agree, as storchc has seen"


def _given_continuous(graph: Graph, estimation: Estimation) -> Iterator[str]:
    """What of the user's is called with continuous values that something moves."""
    called = set()
    for value, reach in estimation.alive:
        if isinstance(value, CallUser) and reach.jumps and estimation.motion[value].continuous:
            called.add(value.callee)
    return (name for name in graph.callees if name in called)


def guarded(graph: Graph, estimation: Estimation, item: Input) -> str:
    """What is said of an input that may require no gradient."""
    for jump in estimation.jumps.guarded:
        if item.name in jump.motion.inputs:
            return f"; requires no gradient: it moves a jump ({_line(graph, jump.value)})"
    return ""


def _line(graph: Graph, value: Value | Distribution) -> str:
    return f"line {graph.source.position(value.span.start).line}"


def _short(graph: Graph, value: Value | Distribution) -> str:
    text = " ".join(graph.source.cut(value.span).split())
    return f"`{text if len(text) <= 40 else text[:39] + '…'}`"
