"""Joint samples without replacement: each further variable chooses anew among the sequences.

After it every value along the plate is re-indexed, so that it belongs to the sequence that its
element now holds: exactly those that are used later.
"""

from __future__ import annotations

from collections.abc import Iterable

from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.expressions import Writer
from storchc.backend.python import (
    NONE,
    Py,
    call,
    infix,
    list_of,
    literal,
    member,
    method,
    name,
    tuple_of,
)
from storchc.ir.expression import Named, Reference
from storchc.ir.graph import Compute, Cost, Node, Report, Sample
from storchc.ir.types import DistributionType, Plates
from storchc.ir.walk import expressions, walk


def extends(writer: Writer, node: Sample) -> bool:
    """Whether ``node`` extends a joint sample: of an open plate, or of the steps of a loop."""
    anew = node.joins or bool(node.loops)
    return anew and writer.estimation.estimators[node.name].joint


def extended(writer: Writer, node: Sample) -> bool:
    """Whether further variables will extend the joint sample that ``node`` opens."""
    others = (s for s in writer.graph.samples if s.joins and s.plate == node.plate)
    return any(writer.estimation.estimators[s.name].joint for s in others)


def before(writer: Writer, node: Sample) -> Py:
    """The joint sample that ``node`` extends: in a loop that of the steps before."""
    if node.loops:
        return name(writer.stepping.joints[node.name])
    return writer.draw(node.plate)


def begin_steps(writer: Writer, block: Block, node: Sample) -> None:
    """A joint sample of nothing yet, which the steps of a loop will extend."""
    stepping, plates = writer.stepping, writer.storage.full(node.type.plates)
    sizes = tuple_of(*writer.plate_sizes(plates))
    dim = literal(writer.storage.dim(node.plate, plates))
    like, replayed = writer.inner("like"), _replayed(writer, node)
    stepping.joints[node.name] = joint = writer.identifiers.local(f"{node.name}_joint")
    block.assign(joint, call(writer.runtime("begun"), sizes, dim, like, replayed))
    begin_lines(writer, block, node)


def _replayed(writer: Writer, node: Sample) -> Py:
    """Whether the values of all steps are given."""
    if writer.elsewhere:
        return literal(False)
    given = method(writer.inner("replayed"), "get", literal(node.name))
    return infix("is not", given, NONE)


def begin_lines(writer: Writer, block: Block, node: Sample) -> None:
    """No step has continued anything yet."""
    parents = writer.identifiers.local(f"{node.name}_parents")
    writer.stepping.parents[node.name] = parents
    block.assign(parents, list_of())


def keep_step(writer: Writer, block: Block, node: Sample) -> None:
    """What the next step continues, and what this one has continued."""
    stepping = writer.stepping
    joint, parents = stepping.joints[node.name], stepping.parents[node.name]
    block.assign(joint, member(writer.draw(node.name), "joint"))
    block.expression(method(name(parents), "append", member(name(joint), "parents")))


def end_steps(writer: Writer, block: Block, node: Sample) -> None:
    """The lineage of the sequences that the loop has left."""
    stepping, plates = writer.stepping, writer.storage.full(node.type.plates)
    dim = literal(writer.storage.dim(node.plate, plates))
    stepping.lines[node.name] = lines = writer.identifiers.local(f"{node.name}_lineage")
    parents = name(stepping.parents[node.name])
    block.assign(lines, call(writer.runtime("lineage"), parents, dim))


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
    _follow_baselines(writer, block, node)


def _follow_baselines(writer: Writer, block: Block, node: Sample) -> None:
    """Learned baselines of this step, which were read before its sequences were chosen."""
    baselines = writer.stepping.baselines
    body = writer.stepping.around[-1].body if node.loops else (node,)
    for sample in body[: body.index(node) + 1]:
        if not isinstance(sample, Sample) or sample.name not in baselines:
            continue
        code = baselines[sample.name]
        if node.plate not in code.stored:
            continue
        current = block.text(code.py)
        if current in writer.locals.values():
            current = writer.identifiers.local(f"{sample.name}_baseline")
        block.assign(current, _followed(writer, node, code.py, code.stored))
        baselines[sample.name] = Code(name(current), code.stored | writer.stored[node.name])


def _used_later(writer: Writer, node: Sample) -> set[str]:
    """The names that statements below, costs and reports use; in a loop later steps too."""
    if node.loops:
        return _used_in_steps(writer, node)
    nodes = writer.graph.nodes
    below = nodes[nodes.index(node) + 1 :]
    kept = [n for n in writer.graph.all_nodes if isinstance(n, Cost | Report)]
    return _references([*below, *kept]) | {n.name for n in kept}


def _used_in_steps(writer: Writer, node: Sample) -> set[str]:
    loop = writer.stepping.around[-1]
    place = loop.body.index(node)
    above, below = loop.body[:place], loop.body[place + 1 :]
    made = {n for statement in above for n in _made(statement)}
    left = {kept.name for kept in writer.stepping.lists}
    carried = {c.name for c in loop.carried}
    return (made & (_references(below) | left)) | carried | (_references(loop.body) - made)


def _made(node: Node) -> set[str]:
    return set(node.names) if isinstance(node, Compute) else {node.name}


def _references(nodes: Iterable[Node]) -> set[str]:
    parts = (e for n in nodes for root in expressions(n) for e in walk(root))
    return {e.name for e in parts if isinstance(e, Reference | Named)}


def _target(writer: Writer, current: str) -> str:
    """A local for a value that is re-indexed: the same, but for what a function has from outside.

    All that a loop takes along is made in the loop.
    """
    outside = writer.elsewhere and not writer.stepping.around
    return writer.identifiers.local(current) if outside else current


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
    if isinstance(writer.graph.types.get(value), DistributionType):
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
