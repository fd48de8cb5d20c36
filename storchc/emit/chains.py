"""Samples of a loop that are summed out, step by step, as statements.

``z_mass`` has the probabilities of the outcomes of the step before, along a plate of their own. In
a step ``z_joint`` are those of each pair of outcomes and ``z_next`` those of its own, which are the
mass of the next step: the forward algorithm. Before the first step there is one outcome.
"""

from __future__ import annotations

from storchc.emit.alignment import align_whole
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.emit.written import Written, assigned, listed
from storchc.ir.expression import SummedOut
from storchc.ir.types import NO_PLATES
from storchc.program.chains import Certain, Last, Pair, Shift
from storchc.program.slots import Kind, Slot
from storchc.python.expressions import (
    Local,
    builtin,
    call,
    index,
    list_of,
    literal,
    member,
    method,
    one_or_more,
    tuple_of,
)
from storchc.python.statements import Assign


def certain(context: Context, operation: Certain) -> Written:
    """One outcome, which is certain, before the first step; of the latest draw nothing yet."""
    latest = Local(f"{operation.sample}_draws")
    kind = index(builtin("list"), context.runtime("Draw"))
    listed = Assign(latest, list_of(), annotation=kind)
    filled = {Slot("latest", operation.sample): Code(latest, NO_PLATES)}
    if not operation.before:
        return Written((listed,), filled)
    order = context.storage.order(operation.stored)
    sizes = [
        literal(1) if plate == operation.before else context.plate_size(plate) for plate in order
    ]
    made = call("torch.ones", tuple_of(*sizes), **context.creation("float"))
    shown = f"[{', '.join(order)}]"
    mass = assigned(context, operation.target, Code(made, operation.stored), shown)
    dim = context.storage.dim(operation.before, operation.stored)
    size = index(member(mass.filled[operation.target].py, "shape"), literal(dim))
    filled |= {**mass.filled, Slot("size", operation.before): Code(size, NO_PLATES)}
    return Written((listed, *mass.statements), filled)


def pair(context: Context, operation: Pair) -> Written:
    """The probabilities of pairs of outcomes, and of those of this step."""
    storage, sample, before = context.storage, operation.sample, operation.before
    plates = context.held[Slot("law", sample)].stored | {sample}
    drawn, place = member(context.draw(sample), "weight"), storage.dim(sample, plates)
    weight = Code(method(drawn, "movedim", literal(0), literal(place)) if place else drawn, plates)
    joint, now = Slot("joint mass", sample), Slot("mass", sample)
    if not before:
        return Written((), {joint: weight, now: weight})
    mass = context.held[Slot("mass before", sample)]
    stored = weight.stored | mass.stored
    both = call(
        context.runtime("pairs"),
        align_whole(storage, mass.py, mass.stored, stored),
        align_whole(storage, weight.py, weight.stored, stored),
    )
    pairs = assigned(context, joint, Code(both, stored), listed(storage.order(stored)))
    dim = literal(storage.dim(before, stored))
    left = stored - {before}
    summed = Code(method(pairs.filled[joint].py, "sum", dim), left)
    total = assigned(context, now, summed, listed(storage.order(left)))
    return Written(pairs.statements + total.statements, {**pairs.filled, **total.filled})


def shift(context: Context, operation: Shift) -> Written:
    """The probabilities of this step's outcomes are those of the step before from now on."""
    sample, statements = operation.sample, list[Assign]()
    if operation.before:
        mass = context.held[Slot("mass before", sample)].py
        statements.append(Assign(mass, context.held[Slot("mass", sample)].py))
    comment = "the mass is all that earlier ones leave"
    latest = context.held[Slot("latest", sample)].py
    statements.append(Assign(latest, list_of(context.draw(sample)), comment))
    return Written(tuple(statements), {})


def last(context: Context, operation: Last) -> Written:
    """The last outcomes, each with its probability, are what the rest of the story sees."""
    slot, sample = operation.target, operation.target.name
    draw, mass = context.held[slot].py, context.held[Slot("mass", sample)]
    now = context.held[Slot("mass before", sample)] if operation.before else mass
    latest = index(context.held[Slot("latest", sample)].py, literal(0))
    statements = (Assign(draw, latest), Assign(draw, call(context.runtime("Last"), draw, now.py)))
    law = Code(draw, mass.stored - {sample})
    return Written(statements, {slot: Code(draw, NO_PLATES), Slot("law", sample): law})


def summed_out(context: Context, value: SummedOut) -> Code:
    """``value`` weighed by the probabilities of the outcomes that it is a function of."""
    code, sample = context.as_float(value.value), value.sample
    chain = context.story.chain(sample)
    assert chain is not None
    own = code.stored & {chain.before, chain.sample}
    if not own:
        return code
    kind: Kind = "mass" if chain.sample in own else "mass before"
    weight = context.held[Slot("joint mass" if len(own) == 2 else kind, sample)]
    stored = code.stored | weight.stored
    dims = [context.storage.dim(p, stored) for p in context.storage.order(own)]
    factor = method(weight.py, "detach") if value.cut else weight.py
    summed = call(
        context.runtime("weighted_sum"),
        align_whole(context.storage, factor, weight.stored, stored, value.type.rank),
        align_whole(context.storage, code.py, code.stored, stored),
        dim=one_or_more(map(literal, dims)),
    )
    return Code(summed, stored - own)
