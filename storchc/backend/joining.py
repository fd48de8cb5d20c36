"""Joint samples without replacement: each further variable chooses anew among the sequences.

After it every value along the plate is re-indexed, so that it belongs to the sequence that its
element now holds (`storchc.backend.following`). A loop chooses as often as its steps do; what these
leave is re-indexed when it has ended, and for what stands around it the loop is one choice.
"""

from __future__ import annotations

from storchc.backend.block import Block
from storchc.backend.following import Chosen, follow_all, follow_into, within
from storchc.backend.writer import Writer
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.types import Plates
from storchc.python.expressions import (
    ALL,
    NONE,
    Py,
    SliceOf,
    call,
    index,
    infix,
    literal,
    member,
    method,
    name,
    tuple_of,
)


def extends(writer: Writer, node: Sample) -> bool:
    """Whether ``node`` extends a joint sample: of an open plate, or of the steps of a loop."""
    anew = node.joins or bool(node.loops)
    return anew and writer.estimation.estimators[node.name].joint


def extended(writer: Writer, node: Sample) -> bool:
    """Whether further variables will extend the joint sample that ``node`` opens."""
    others = (s for s in writer.graph.along(node.plate) if s.joins)
    return any(writer.estimation.estimators[s.name].joint for s in others)


def chosen_by(writer: Writer, node: Node) -> Plates:
    """The plates whose sequences a statement chooses anew."""
    match node:
        case Sample():
            return frozenset({node.plate}) if extends(writer, node) else frozenset()
        case Loop():
            return frozenset[str]().union(*(chosen_by(writer, n) for n in node.body))
        case Compute() | Cost() | Report():
            return frozenset()


def before(writer: Writer, node: Sample) -> Py:
    """The joint sample that ``node`` extends."""
    if writer.stepping.around:
        return name(writer.stepping.joints[node.plate])
    return writer.draw(node.plate)


def choose(writer: Writer, block: Block, node: Sample) -> None:
    """What ``node`` has chosen becomes the joint sample of its plate, and all else follows."""
    stepping = writer.stepping
    joint = member(writer.draw(node.name), "joint")
    if stepping.around:
        local = stepping.joints[node.plate]
        block.assign(local, joint)
        joint = name(local)
        _note_parents(writer, block, node.plate)
    follow_all(writer, block, Chosen(node.plate, joint, writer.stored[node.name]), node)


def _note_parents(writer: Writer, block: Block, plate: str) -> None:
    stepping = writer.stepping
    parents = member(name(stepping.joints[plate]), "parents")
    block.expression(method(name(stepping.parents[plate]), "append", parents))


# --- loops ---------------------------------------------------------------------------------------


def enter(writer: Writer, block: Block, loop: Loop) -> None:
    """The joint samples that the steps of the outermost loop will extend.

    Those that it opens are of nothing yet. Others may have fewer elements than the steps will need.
    """
    joints = writer.stepping.joints
    for plate in _ordered(writer, loop):
        opener = writer.samples[plate]
        if plate in joints and not writer.elsewhere:  # an earlier loop has seen to that
            block.assign(joints[plate], member(writer.draw(plate), "joint"))
            continue
        joints[plate] = local = writer.identifiers.local(f"{plate}_joint")
        if opener.name not in within(loop):
            _widen(writer, block, opener, loop)
        elif plate not in writer.stepping.drawn:
            block.assign(local, _begun(writer, opener))


def _widen(writer: Writer, block: Block, opener: Sample, loop: Loop) -> None:
    """An element for every sequence that the steps may find."""
    local = writer.stepping.joints[opener.name]
    drawn = member(writer.draw(opener.name), "joint")
    block.assign(local, call(writer.runtime("widened"), drawn))
    writer.stepping.sizes[opener.name] = member(name(local), "size")
    stored = writer.storage.full(opener.type.plates)
    follow_into(writer, block, Chosen(opener.name, name(local), stored), loop)


def _begun(writer: Writer, opener: Sample) -> Py:
    plates = writer.storage.full(opener.type.plates)
    sizes = tuple_of(*writer.plate_sizes(plates))
    dim = literal(writer.storage.dim(opener.plate, plates))
    like, replayed = writer.inner("like"), _replayed(writer, opener)
    return call(writer.runtime("begun"), sizes, dim, like, replayed)


def _replayed(writer: Writer, node: Sample) -> Py:
    """Whether the values of all steps are given."""
    if writer.elsewhere:
        return literal(False)
    given = method(writer.inner("replayed"), "get", literal(node.name))
    return infix("is not", given, NONE)


def begin_steps(writer: Writer, block: Block, loop: Loop) -> None:
    """Lists of what the choices of the steps will have continued."""
    for plate in _ordered(writer, loop):
        local = writer.identifiers.local(f"{plate}_parents")
        writer.stepping.parents[plate] = local
        block.empty_list(local, writer.torch("Tensor"))


def end_steps(writer: Writer, block: Block, loop: Loop, around: dict[str, str]) -> None:
    """The lineage of the sequences that the loop has left; what was there before follows them.

    ``around`` are the lists of the loop around it, for which it is one choice.
    """
    stepping = writer.stepping
    for plate in _ordered(writer, loop):
        opener = writer.samples[plate]
        stored = writer.storage.full(opener.type.plates)
        dim = literal(writer.storage.dim(plate, stored))
        stepping.lines[plate] = lines = writer.identifiers.local(f"{plate}_lineage")
        parents = name(stepping.parents[plate])
        block.assign(lines, call(writer.runtime("lineage"), parents, dim))
        if not stepping.around and opener.name in within(loop):
            continue  # nothing has the plate but what the loop leaves
        joint = stepping.joints[plate]
        block.assign(joint, method(name(joint), "since", index(name(lines), literal(0))))
        if stepping.around:
            stepping.parents[plate] = around[plate]
            _note_parents(writer, block, plate)
        follow_all(writer, block, Chosen(plate, name(joint), stored), loop)


def lines_at(writer: Writer, loop: Loop, plate: str, place: int, stored: Plates) -> Py:
    """Which elements the sequences were behind statement ``place`` of every step; -1: before all.

    The lineage has them before the first choice and after each. What it is for is ``stored`` with
    more dimensions, where steps of inner loops have left it.
    """
    choices = [plate in chosen_by(writer, node) for node in loop.body]
    count, made = sum(choices), sum(choices[: place + 1])
    start = literal(made) if made else None
    stop = None if made else literal(-1)
    step = literal(count) if count > 1 else None
    own = writer.storage.full(writer.samples[plate].type.plates)
    dims = [ALL if p in own else NONE for p in writer.storage.order(own | stored)]
    while dims and dims[-1] is ALL:
        dims.pop()
    return index(name(writer.stepping.lines[plate]), SliceOf(start, stop, step), *dims)


def _ordered(writer: Writer, loop: Loop) -> tuple[str, ...]:
    return writer.graph.order(chosen_by(writer, loop))
