"""What rewrites have found, and the stories that they have written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from storchc.analysis.estimation import Estimation
from storchc.analysis.rewrite.chains import Elimination
from storchc.analysis.rewrite.obstacles import Obstacle
from storchc.analysis.rewrite.separation import Separation
from storchc.analysis.rewrite.sequences import Listing
from storchc.debug.dependence import show_dependence
from storchc.debug.facts import show_liveness
from storchc.debug.graph import show_nodes
from storchc.debug.types import line_of
from storchc.ir.graph import Graph


def show_elimination(graph: Graph, found: Elimination) -> Iterator[str]:
    """The samples that are summed out step by step, and what stands in the way of others."""
    for name, chain in found.chains.items():
        steps = "steps not known now" if chain.steps is None else f"{chain.steps} steps"
        yield f"sample {name} is summed out in {chain.loop}: {chain.states} states, {steps}"
        if chain.before:
            carried = ", ".join(sorted(chain.carried))
            yield f"    the step before stands along `{chain.before}`, in {carried}"
        yield f"    depends on it: {', '.join(sorted(found.expected[name].dependent))}"
        if totals := sorted(found.expected[name].totals):
            yield f"    known by its expectation alone: {', '.join(totals)}"
        if paired := sorted(found.paired[name]):
            yield f"    of two steps: {', '.join(paired)}"
        if places := found.likelihoods[name].places:
            lines = ", ".join(str(line_of(graph, place)) for place in sorted(places, key=str))
            yield f"    joined in the log domain in line {lines}"
    yield from _obstacles(graph, found.obstacles)


def _obstacles(graph: Graph, found: Mapping[str, Obstacle]) -> Iterator[str]:
    for name, obstacle in found.items():
        line = line_of(graph, obstacle.span)
        yield f"sample {name} is not: {obstacle.words} (line {line})"
        if obstacle.way:
            yield f"    a way around it: {obstacle.way}"


def show_listing(graph: Graph, found: Listing) -> Iterator[str]:
    """The samples whose whole sequences are listed, and what stands in the way of others."""
    for name, whole in found.of.items():
        text = f"{whole.count} sequences of {whole.states} states in {whole.draws} steps"
        yield f"sample {name} is listed: {text}"
    for name, unknown in found.unknown.items():
        yield f"sample {name} is not: the number of steps, {unknown.bound}, is not known now"
    yield from _obstacles(graph, found.hindered)


def show_separation(found: Separation) -> Iterator[str]:
    """The samples whose factors are evaluated apart, and the story with their expectations."""
    for name, separated in found.samples.items():
        yield f"sample {name} is evaluated apart: {separated.configurations} configurations"
        if separated.copies:
            yield f"    further plates: {', '.join(separated.copies)}"
        yield f"    expectations: {', '.join(sorted(separated.means)) or 'none'}"
    for name, joined in found.joins.items():
        line = line_of(found.graph, joined.span)
        yield f"sample {name} is evaluated together: {joined.words} (line {line})"
    if found.samples:
        yield ""
        yield from show_nodes(found.graph, found.graph.nodes)


def show_written(known: Estimation) -> Iterator[str]:
    """The story that code is generated for, and what is true of it."""
    written = known.written
    if written.graph is known.graph:
        yield "the story as it stands"
        return
    yield from show_nodes(written.graph, written.graph.nodes)
    yield "dependence"
    yield from show_dependence(written.dependence)
    yield "live"
    yield from show_liveness(written.live)
