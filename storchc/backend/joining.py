"""Joint samples without replacement: each further variable chooses anew among the sequences.

After it every value along the plate is re-indexed, so that it belongs to the sequence that its
element now holds: exactly those that are used later.
"""

from __future__ import annotations

from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.expressions import Writer
from storchc.backend.python import Py, call, literal, member, method, name, tuple_of
from storchc.ir.expression import Named, Reference
from storchc.ir.graph import Cost, Report, Sample
from storchc.ir.types import DistributionType, Plates
from storchc.ir.walk import expressions, walk


def extends(writer: Writer, node: Sample) -> bool:
    """Whether ``node`` extends the joint sample of the plate that it stands in."""
    return node.joins and writer.estimation.estimators[node.name].joint


def follow_all(writer: Writer, block: Block, node: Sample) -> None:
    """Let everything along the plate of ``node`` follow its sequence."""
    later = _used_later(writer, node)
    drawn = [s.name for s in writer.graph.samples if s.plate == node.plate and s is not node]
    for value, stored in list(writer.stored.items()):
        if node.plate in stored and value in later and value not in (node.name, *drawn):
            _follow_value(writer, block, node, value)
    for cost, code in list(writer.costs.items()):
        if node.plate in code.stored:
            writer.costs[cost] = _follow_cost(writer, block, node, cost, code)
    for sample in drawn:
        if sample in writer.draws:
            _follow_draw(writer, block, node, sample)


def _used_later(writer: Writer, node: Sample) -> set[str]:
    """The names that statements below, costs and reports use."""
    nodes = writer.graph.all_nodes
    below = nodes[nodes.index(node) + 1 :]
    kept = [n for n in nodes if isinstance(n, Cost | Report)]
    parts = [e for n in (*below, *kept) for root in expressions(n) for e in walk(root)]
    used = {e.name for e in parts if isinstance(e, Reference | Named)}
    return used | {n.name for n in kept}


def _target(writer: Writer, current: str) -> str:
    """A local for a value that is re-indexed: the same, but in a function within the function."""
    return writer.identifiers.local(current) if writer.elsewhere else current


def _follow_draw(writer: Writer, block: Block, node: Sample, sample: str) -> None:
    before = writer.draws[sample]
    writer.draws[sample] = draw = _target(writer, before)
    block.assign(draw, method(name(before), "follow", writer.draw(node.name)))
    writer.locals[sample] = value = _target(writer, writer.locals[sample])
    block.assign(value, member(name(draw), "value"))


def _follow_value(writer: Writer, block: Block, node: Sample, value: str) -> None:
    before, stored = name(writer.locals[value]), writer.stored[value]
    plates = stored | writer.stored[node.name]
    writer.locals[value] = target = _target(writer, writer.locals[value])
    writer.stored[value] = plates
    if isinstance(writer.graph.types[value], DistributionType):
        whole = method(before, "expand", tuple_of(*writer.plate_sizes(plates)))
        block.assign(target, method(whole, "follow", writer.draw(node.name)))
    else:
        block.assign(target, _followed(writer, node, before, stored))


def _follow_cost(writer: Writer, block: Block, node: Sample, cost: str, code: Code) -> Code:
    """A cost that is a value of the story has followed already."""
    if cost in writer.locals and code.py == name(writer.locals[cost]):
        return Code(code.py, writer.stored[cost])
    target = writer.identifiers.local(f"{cost}_cost")
    block.assign(target, _followed(writer, node, code.py, code.stored))
    return Code(name(target), code.stored | writer.stored[node.name])


def _followed(writer: Writer, node: Sample, value: Py, stored: Plates) -> Py:
    own = writer.stored[node.name]
    plates = stored | own
    parents = member(member(writer.draw(node.name), "joint"), "parents")
    return call(
        writer.runtime("follow"),
        writer.storage.align_whole(value, stored, plates),
        writer.storage.align_whole(parents, own, plates),
        literal(writer.storage.dim(node.plate, plates)),
    )
