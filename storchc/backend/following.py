"""What follows where a joint sample chooses anew: exactly what is used further down.

In a loop that are values; draws, costs and sequences are kept as its steps have left them. Behind
all loops everything that there is follows at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.writer import Writer
from storchc.ir.expression import Distribution, Named, Reference, SequenceOf, Value
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.types import DistributionType, Plates
from storchc.ir.walk import children, expressions
from storchc.python.expressions import Atom, Py, call, literal, member, method, name, tuple_of
from storchc.python.printer import write
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Chosen:
    """A joint sample that has chosen among sequences of ``plate``; ``stored`` are its plates."""

    plate: str
    joint: Py
    stored: Plates


def follow_all(writer: Writer, block: Block, chosen: Chosen, node: Node) -> None:
    """Let everything along the plate follow its sequence, where ``node`` has chosen."""
    names = _used_behind(writer, node)
    apart = set[str]() if writer.stepping.around else _draws(writer, chosen, node)
    values = {s for s in apart if not writer.samples[s].loops}
    for value, stored in list(writer.stored.items()):
        if chosen.plate in stored and value in names and value not in values:
            _follow_value(writer, block, chosen, value)
    sequences = writer.stepping.sequences
    _follow_left(writer, block, chosen, sequences, {s for s in sequences if _sequence(s) in names})
    if writer.stepping.around:
        return
    new = within(node)
    for cost, code in list(writer.costs.items()):
        if chosen.plate in code.stored and cost not in new:
            writer.costs[cost] = _follow_cost(writer, block, chosen, cost, code)
    for sample in writer.graph.samples:
        if sample.name in apart:
            _follow_draw(writer, block, chosen, sample)
    stepping = writer.stepping
    for left in (stepping.masks, stepping.baselines, stepping.reports):
        _follow_left(writer, block, chosen, left, left.keys() - new)


def follow_into(writer: Writer, block: Block, chosen: Chosen, loop: Loop) -> None:
    """Let what the steps of a loop use follow before it is entered."""
    names = _references([loop])
    for value, stored in list(writer.stored.items()):
        if chosen.plate in stored and value in names:
            _follow_value(writer, block, chosen, value)


def within(node: Node) -> set[str]:
    """The names of a statement and of all that stands in it."""
    if isinstance(node, Loop):
        return {node.name}.union(*map(within, node.body))
    return set(node.names) if isinstance(node, Compute) else {node.name}


def _draws(writer: Writer, chosen: Chosen, node: Node) -> set[str]:
    """The samples whose draws follow, and with them their values but for a loop's last one."""
    drawn = (s.name for s in writer.graph.along(chosen.plate))
    return {s for s in drawn if s in writer.draws} - within(node)


# --- what is used --------------------------------------------------------------------------------


def _used_behind(writer: Writer, node: Node) -> set[str]:
    """The names that are looked at once more when ``node`` has chosen.

    What a loop has of the outside and uses in its steps has followed there.
    """
    around = writer.stepping.around
    names = _used_in_steps(around[-1], node) if around else _used_below(writer, node)
    if isinstance(node, Loop):
        carried = {c.name for c in node.carried}
        names -= carried | (_references(node.body) - _made(node.body))
    return names - within(node)


def _used_below(writer: Writer, node: Node) -> set[str]:
    """The names that statements below, costs and reports use."""
    nodes = writer.graph.nodes
    kept = {n.name for n in nodes if isinstance(n, Cost | Report)}
    return _references(nodes[nodes.index(node) + 1 :]) | kept


def _used_in_steps(loop: Loop, node: Node) -> set[str]:
    """The names that this step still uses, later ones, and what stands behind the loop."""
    place = loop.body.index(node)
    above, below = loop.body[: place + 1], loop.body[place + 1 :]
    made = _made(above)
    carried = {c.name for c in loop.carried}
    outside = _references(loop.body) - _made(loop.body) - carried
    return (made & (_references(below) | carried)) | _before_update(carried - made, below) | outside


def _before_update(carried: set[str], below: tuple[Node, ...]) -> set[str]:
    """The carried variables whose last value is looked at before it is replaced."""
    found, left = set[str](), set(carried)
    for node in below:
        found |= _references([node]) & left
        left -= _made([node])
    return found


def _made(nodes: Iterable[Node]) -> set[str]:
    return set[str]().union(*map(within, nodes))


def _references(nodes: Iterable[Node]) -> set[str]:
    """The names that statements look at; a sample that may have stopped at its last value.

    What a loop has left of a variable has the name of its sequence.
    """
    found = set[str]()
    for node in _flat(nodes):
        for root in expressions(node):
            found |= _looked_at(root)
        if isinstance(node, Sample) and node.mask is not None:
            found.add(node.name)
    return found


def _looked_at(value: Value | Distribution) -> set[str]:
    if isinstance(value, SequenceOf):
        return {_sequence(value.value.name)}
    own = {value.name} if isinstance(value, Reference | Named) else set[str]()
    return own.union(*map(_looked_at, children(value)))


def _sequence(variable: str) -> str:
    return f"sequence({variable})"


def _flat(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if isinstance(node, Loop):
            yield from _flat(node.body)


# --- how it follows ------------------------------------------------------------------------------


def _target(writer: Writer, current: str) -> str:
    """A local for a value that is re-indexed: the same, but for what a function has from outside.

    All that a loop takes along is made in the loop.
    """
    outside = writer.elsewhere and not writer.stepping.around
    return writer.identifiers.local(current) if outside else current


def _follow_draw(writer: Writer, block: Block, chosen: Chosen, sample: Sample) -> None:
    """A draw with its value; of a sample in a loop the draws of all steps."""
    before = writer.draws[sample.name]
    writer.draws[sample.name] = draw = _target(writer, before)
    block.assign(draw, method(name(before), "follow", chosen.joint))
    if not sample.loops:
        writer.locals[sample.name] = value = _target(writer, writer.locals[sample.name])
        block.assign(value, member(name(draw), "value"))


def _follow_value(writer: Writer, block: Block, chosen: Chosen, value: str) -> None:
    before, stored = name(writer.locals[value]), writer.stored[value]
    plates = stored | chosen.stored
    writer.locals[value] = target = _target(writer, writer.locals[value])
    writer.stored[value] = plates
    if isinstance(writer.graph.types.get(value), DistributionType):
        whole = method(before, "expand", tuple_of(*writer.plate_sizes(plates)))
        block.assign(target, method(whole, "follow", chosen.joint))
    else:
        block.assign(target, _followed(writer, chosen, before, stored))


def _follow_cost(writer: Writer, block: Block, chosen: Chosen, cost: str, code: Code) -> Code:
    """A cost that is a value of the story has followed already."""
    if cost in writer.locals and code.py == name(writer.locals[cost]):
        return Code(code.py, writer.stored[cost])
    if isinstance(code.py, Atom):
        target = _target(writer, code.py.text)
    else:
        target = writer.identifiers.local(f"{cost}_cost")
    block.assign(target, _followed(writer, chosen, code.py, code.stored))
    return Code(name(target), code.stored | chosen.stored)


def _follow_left(
    writer: Writer, block: Block, chosen: Chosen, left: dict[str, Code], wanted: set[str]
) -> None:
    """What the steps of loops have left, by name."""
    for key in [k for k in left if k in wanted and chosen.plate in left[k].stored]:
        code = left[key]
        block.assign(write(code.py), _followed(writer, chosen, code.py, code.stored))
        left[key] = Code(code.py, code.stored | chosen.stored)


def _followed(writer: Writer, chosen: Chosen, value: Py, stored: Plates) -> Py:
    plates = stored | chosen.stored
    return call(
        writer.runtime("follow"),
        writer.storage.align_whole(value, stored, plates),
        writer.storage.align_whole(member(chosen.joint, "parents"), chosen.stored, plates),
        literal(writer.storage.dim(chosen.plate, plates)),
    )
