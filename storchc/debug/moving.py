"""What moves the values of a story, what of it reaches a cost, and where it jumps."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.facts.jumps import Jump, Jumps
from storchc.analysis.facts.motion import Motion
from storchc.analysis.facts.places import Places
from storchc.analysis.facts.reach import Reach, Reaching
from storchc.analysis.facts.smoothness import Uneven
from storchc.debug.expressions import write
from storchc.debug.places import Known, shortened, show_known
from storchc.debug.types import line_of
from storchc.ir.expression import Apply
from storchc.ir.graph import Graph
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.walk import expressions, walk

STILL = "still"


def show_agreed(graph: Graph, found: frozenset[int]) -> Iterator[str]:
    """The choices whose sides agree where the condition changes."""
    for node in graph.all_nodes:
        for part in (p for root in expressions(node) for p in walk(root)):
            if isinstance(part, Apply) and id(part) in found:
                yield f"{line_of(graph, part.span):>4}  {write(part)}"


def show_motion(graph: Graph, found: Places[Motion]) -> Iterator[str]:
    """What moves every expression."""

    def statement(node: Node) -> str:
        match node:
            case Compute(_, value) | Cost(_, value) | Report(_, value):
                return _motion(found[value])
            case Sample(_, distribution):
                return _motion(found[distribution])
            case Loop():
                return ""

    yield from show_known(graph, Known(statement, lambda v: _motion(found[v]), nothing=STILL))


def _motion(motion: Motion) -> str:
    said = []
    if motion.learns is not None:
        by = f" by {motion.learns.sample}" if motion.learns.sample else ""
        said.append(f"learns ({motion.learns.kind} {motion.learns.name}{by})")
    if motion.inputs:
        said.append(f"learns with {', '.join(sorted(motion.inputs))}")
    if motion.continuous:
        said.append(f"continuous ({motion.continuous})")
    if motion.atoms:
        said.append("atoms")
    return ", ".join(said) or STILL


def show_reaching(graph: Graph, found: Reaching) -> Iterator[str]:
    """How every expression reaches costs."""

    def statement(node: Node) -> str:
        match node:
            case Compute(_, value) | Cost(_, value) | Report(_, value):
                return _reach(found[value])
            case Sample(_, distribution):
                return _reach(found[distribution])
            case Loop():
                return ""

    yield from show_known(graph, Known(statement, lambda v: _reach(found[v]), nothing=_reach(None)))


def _reach(reach: Reach | None) -> str:
    if reach is None:
        return "reaches no cost"
    if not reach.alive:
        return "bends"
    jumps = "" if reach.jumps else ", said not to jump"
    return f"{'smooth' if reach.smooth else 'alive'}{jumps}"


def show_jumps(graph: Graph, found: Jumps) -> Iterator[str]:
    """The jumps that something moves."""
    kinds = (("moved", found.moved), ("guarded", found.guarded), ("said to be none", found.said))
    for kind, jumps in kinds:
        yield from (f"{kind}: {_jump(graph, jump)}" for jump in jumps)
    for kink in found.kinks:
        line = line_of(graph, kink.value.span)
        yield f"kink: line {line}, {shortened(write(kink.value))}, order {kink.order}"
    yield f"looked into: {', '.join(found.inside) or 'none'}"


def _jump(graph: Graph, jump: Jump) -> str:
    return f"line {line_of(graph, jump.value.span)}, {write(jump.value)}: {_motion(jump.motion)}"


def show_uneven(graph: Graph, found: Uneven) -> Iterator[str]:
    """The expressions that jump or bend, and along which operand."""
    for node in graph.all_nodes:
        for part in (p for root in expressions(node) for p in walk(root)):
            if id(part) in found.kinds:
                kinds = ", ".join(found.kinds[id(part)])
                yield f"{line_of(graph, part.span):>4}  {shortened(write(part))}: {kinds}"
