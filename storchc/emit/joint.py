"""Joint samples without replacement as statements, and the re-indexing behind their choices."""

from __future__ import annotations

from storchc.emit.alignment import align_whole
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.samples import given_value
from storchc.emit.terms import emitted
from storchc.emit.written import Written, assigned, nothing
from storchc.ir.types import NO_PLATES, DistributionType, Plates
from storchc.program.joint import Begin, Reindex, Since, Trace, Widen
from storchc.program.loops import Traced
from storchc.program.slots import Slot
from storchc.python.expressions import (
    ALL,
    NONE,
    Local,
    Py,
    SliceOf,
    call,
    index,
    infix,
    literal,
    member,
    method,
    tuple_of,
)


def begin(context: Context, operation: Begin) -> Written:
    """Joint samples of nothing yet."""
    node, storage = operation.sample, context.storage
    plates = storage.full(node.type.plates)
    sizes, dim = tuple_of(*context.plate_sizes(plates)), literal(storage.dim(node.plate, plates))
    given = literal(False)
    if operation.replayed:
        given = infix("is not", given_value(context, node.name, True), NONE)
    made = call(context.runtime("begun"), sizes, context.module.like, given, dim=dim)
    return assigned(context, operation.target, Code(made, plates))


def widen(context: Context, operation: Widen) -> Written:
    """An element for every sequence that the steps may find."""
    node = operation.sample
    drawn = member(context.draw(node.name), "joint")
    made = call(context.runtime("widened"), drawn)
    plates = context.storage.full(node.type.plates)
    written = assigned(context, operation.target, Code(made, plates))
    size = Code(member(written.filled[operation.target].py, "size"), NO_PLATES)
    return Written(written.statements, {**written.filled, Slot("size", node.name): size})


def trace(context: Context, operation: Trace) -> Written:
    """The lineage of the sequences that a loop has left."""
    dim = literal(context.storage.dim(operation.plate, operation.stored))
    parents = context.held[operation.parents].py
    made = call(context.runtime("lineage"), parents, dim=dim)
    return assigned(context, operation.target, Code(made, operation.stored))


def since(context: Context, operation: Since) -> Written:
    """What the sequences have continued since the loop was entered."""
    joint, lines = context.held[operation.target], context.held[operation.lineage].py
    made = method(joint.py, "since", index(lines, literal(0)))
    return assigned(context, operation.target, Code(made, joint.stored))


def lines_at(context: Context, traced: Traced, stored: Plates) -> Py:
    """Which elements the sequences were where something was left in every step.

    The lineage has them before the first choice and after each. What it is for is ``stored`` with
    more dimensions, where steps of inner loops have left it.
    """
    start = literal(traced.made) if traced.made else None
    stop = None if traced.made else literal(-1)
    step = literal(traced.choices) if traced.choices > 1 else None
    own = context.storage.full(context.story.samples[traced.plate].type.plates)
    dims = [ALL if p in own else NONE for p in context.storage.order(own | stored)]
    while dims and dims[-1] is ALL:
        dims.pop()
    lines = context.held[Slot("lineage", traced.plate)].py
    return index(lines, SliceOf(start, stop, step), *dims)


def reindex(context: Context, operation: Reindex) -> Written:
    """What has the plate, re-indexed by the sequences that its elements now hold."""
    slot, joint = operation.target, emitted(context, operation.joint)
    if slot.kind == "draw":
        found = method(context.held[slot].py, "reindexed", joint)
        return assigned(context, slot, Code(found, NO_PLATES), called=_called(context, slot))
    code = context.held[slot]
    if operation.plate not in code.stored:
        return nothing(slot, code)
    stored = code.stored | operation.stored
    if isinstance(context.graph.types.get(slot.name), DistributionType) and slot.kind == "value":
        whole = method(code.py, "expand", tuple_of(*context.plate_sizes(stored)))
        found = method(whole, "reindexed", joint)
    else:
        found = call(
            context.runtime("reindexed"),
            align_whole(context.storage, code.py, code.stored, stored),
            align_whole(context.storage, member(joint, "parents"), operation.stored, stored),
            dim=literal(context.storage.dim(operation.plate, stored)),
        )
    return assigned(context, slot, Code(found, stored), called=_called(context, slot))


def _called(context: Context, slot: Slot) -> str:
    """What it is called already, also where it is that of the function around."""
    code = context.held[slot].py
    return code.wanted if isinstance(code, Local) else ""
