"""What lies between a sample and costs: the statements that other values of it lead through.

Of a loop it is the statements of a step that lead to what is wanted. Some of them may not depend on
the sample, but are other values in every step: they are evaluated again, and samples among them
keep what was drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from storchc.backend.elimination import chain_of
from storchc.backend.writer import Writer
from storchc.ir.expression import Named, Reference
from storchc.ir.nodes import Compute, Loop, Node, Sample
from storchc.ir.walk import expressions, walk


def below(writer: Writer, sample: Sample, costs: Iterable[str]) -> list[Node]:
    """The statements between ``sample`` and ``costs``, in story order."""
    touched = writer.estimation.touched
    wanted, found = set(costs), list[Node]()
    for node in reversed(writer.graph.nodes):
        if node is sample:
            break
        part = _leading_to(node, wanted)
        if part is None or not touched.moves(part, sample.name):
            continue
        found.append(part)
        wanted |= references(flat([part]))
    return found[::-1]


def flat(nodes: Iterable[Node]) -> Iterator[Node]:
    """The statements, those in loops behind the loop itself."""
    for node in nodes:
        yield node
        if isinstance(node, Loop):
            yield from flat(node.body)


def names_of(node: Node) -> set[str]:
    """What a statement defines; of a loop by itself, what it carries."""
    if isinstance(node, Loop):
        return {carried.name for carried in node.carried}
    return set(node.names) if isinstance(node, Compute) else {node.name}


def references(nodes: Iterable[Node]) -> set[str]:
    """The names that statements use; of a loop by itself, those in its header."""
    parts = (e for node in nodes for root in expressions(node) for e in walk(root))
    return {e.name for e in parts if isinstance(e, Reference | Named)}


def kept_draws(writer: Writer, sample: Sample, nodes: Iterable[Node]) -> frozenset[str]:
    """The samples of loops among ``nodes`` that do not depend on ``sample``: they stay as drawn.

    Enumerated ones have all their values anew.
    """
    estimation = writer.estimation
    return frozenset(
        node.name
        for node in flat(nodes)
        if isinstance(node, Sample)
        and sample.name not in estimation.touched.values[node.name]
        and node.name not in estimation.sequences
        and chain_of(writer, node.name) is None
    )


def _leading_to(node: Node, wanted: set[str]) -> Node | None:
    """The statement, of a loop its part, that defines something wanted; None where none does."""
    if isinstance(node, Loop):
        return _part(node, wanted)
    return None if names_of(node).isdisjoint(wanted) else node


def _part(loop: Loop, wanted: set[str]) -> Loop | None:
    """The loop with the statements alone that lead to what is wanted, be it in later steps."""
    known: set[str] = set()
    needed = set(wanted)
    while needed != known:
        known, body = set(needed), list[Node]()
        for node in reversed(loop.body):
            if (part := _leading_to(node, needed)) is not None:
                body.append(part)
                needed |= references(flat([part]))
        if body and loop.alive is not None:
            needed.add(loop.alive)
    if not body:
        return None
    carried = tuple(c for c in loop.carried if c.name in needed)
    return replace(loop, carried=carried, body=tuple(body[::-1]))
