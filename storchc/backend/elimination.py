"""Samples of a loop that are summed out, step by step, as code (`storchc.analysis.rewrite.chains`).

``z_mass`` has the probabilities of the outcomes of the step before, along a plate of their own. In
a step ``z_joint`` are those of each pair of outcomes and ``z_next`` those of its own, which are the
mass of the next step: the forward algorithm. Before the first step there is one outcome.
"""

from __future__ import annotations

from storchc.analysis.rewrite.chains import Chain
from storchc.backend.block import Block
from storchc.backend.code import Code
from storchc.backend.distributions import distribution
from storchc.backend.stepping import Mass
from storchc.backend.writer import Writer
from storchc.ir.expression import SummedOut
from storchc.ir.nodes import Carried, Loop, Sample
from storchc.ir.types import Plates
from storchc.python.expressions import (
    NONE,
    call,
    index,
    list_of,
    literal,
    member,
    method,
    name,
    tuple_of,
)


def chains_in(writer: Writer, loop: Loop) -> list[Chain]:
    """The samples that are summed out in a loop."""
    return [c for c in writer.estimation.elimination.chains.values() if c.loop == loop.name]


def chain_of(writer: Writer, sample: str) -> Chain | None:
    """How a sample is summed out, if it is."""
    return writer.estimation.elimination.chains.get(sample)


# --- the start -----------------------------------------------------------------------------------


def begin(writer: Writer, block: Block, loop: Loop) -> None:
    """One outcome, which is certain, before the first step."""
    for chain in chains_in(writer, loop):
        draws = writer.identifiers.local(f"{chain.sample}_draws")
        mass = writer.stepping.masses[chain.sample] = Mass(draws)
        block.empty_list(draws, writer.runtime("Draw"))
        if not chain.before:
            continue
        plates = _around(writer, chain) | {chain.before}
        target = writer.identifiers.local(f"{chain.sample}_mass")
        mass.before = Code(name(target), plates)
        dim = writer.storage.dim(chain.before, plates)
        sizes = [
            literal(1) if p == chain.before else writer.plate_size(p)
            for p in writer.storage.order(plates)
        ]
        made = call("torch.ones", tuple_of(*sizes), **writer.creation("float"))
        shown = ", ".join(writer.storage.order(plates))
        block.assign(target, made, f"[{shown}]")
        shape = member(name(target), "shape")
        writer.stepping.sizes[chain.before] = index(shape, literal(dim))


def _around(writer: Writer, chain: Chain) -> Plates:
    """The plates of a chain's probabilities beside its own."""
    return writer.storage.full(writer.samples[chain.sample].type.plates - {chain.sample})


def earlier_plates(writer: Writer, carried: Carried, loop: Loop) -> Plates | None:
    """The plates of a carried variable at the start of a step, where it depends on a chain."""
    chains = {c.sample: c.before for c in chains_in(writer, loop) if carried.name in c.carried}
    if not chains:
        return None
    full = writer.storage.full(carried.type.plates)
    if carried.name in chains:  # the outcomes themselves are the same for all other plates
        full = frozenset({carried.name}) | writer.storage.full(carried.initial.type.plates)
        writer.stepping.narrow[carried.name] = full
    return frozenset(chains.get(p, p) for p in full)


# --- a step --------------------------------------------------------------------------------------


def write_outcomes(writer: Writer, block: Block, node: Sample, chain: Chain) -> Code:
    """The outcomes of a step; afterwards the probabilities of its pairs are known."""
    made = distribution(writer, node.distribution, frozenset(), tensor=True)
    draw = writer.identifiers.local(f"{node.name}_draw")
    replayed = method(writer.inner("replayed"), "get", literal(node.name))
    given = NONE if writer.elsewhere else replayed
    mass = writer.stepping.masses[node.name]
    states = [writer.stepping.sizes[chain.before]] if mass.before else []
    block.assign(draw, method(writer.expect(node.name), "draw_outcomes", made.py, given, *states))
    writer.draws[node.name] = draw
    writer.stepping.sizes[node.name] = index(
        member(member(name(draw), "value"), "shape"), literal(0)
    )
    _weigh(writer, node, chain, _weight(writer, node.name, made.stored))
    return Code(member(name(draw), "value"), frozenset({node.name}))


def _weight(writer: Writer, sample: str, stored: Plates) -> Code:
    """The conditional probabilities of the outcomes, which the draw has in front of all plates."""
    plates = stored | {sample}
    weight, place = member(writer.draw(sample), "weight"), writer.storage.dim(sample, plates)
    return Code(method(weight, "movedim", literal(0), literal(place)) if place else weight, plates)


def _weigh(writer: Writer, node: Sample, chain: Chain, weight: Code) -> None:
    mass = writer.stepping.masses[node.name]
    if mass.before is None:
        mass.now = mass.joint = weight
        return
    stored = weight.stored | mass.before.stored
    left = writer.storage.align_whole(mass.before.py, mass.before.stored, stored)
    right = writer.storage.align_whole(weight.py, weight.stored, stored)
    joint = Code(call(writer.runtime("pairs"), left, right), stored)
    shown = ", ".join(writer.storage.order(stored))
    mass.joint = writer.named(f"{node.name}_joint", joint, f"[{shown}]")
    summed = method(mass.joint.py, "sum", literal(writer.storage.dim(chain.before, stored)))
    mass.now = writer.named(f"{node.name}_next", Code(summed, stored - {chain.before}))


def summed_out(writer: Writer, value: SummedOut) -> Code:
    """``value`` weighed by the probabilities of the outcomes that it is a function of."""
    code = writer.as_float(value.value)
    chain, mass = chain_of(writer, value.sample), writer.stepping.masses[value.sample]
    assert chain is not None
    own = code.stored & {chain.before, chain.sample}
    if not own:
        return code
    weight = mass.joint if len(own) == 2 else mass.now if chain.sample in own else mass.before
    assert weight is not None
    stored = code.stored | weight.stored
    dims = [writer.storage.dim(p, stored) for p in writer.storage.order(own)]
    factor = method(weight.py, "detach") if value.cut else weight.py
    summed = call(
        writer.runtime("weighted_sum"),
        writer.storage.align_whole(factor, weight.stored, stored, value.type.rank),
        writer.storage.align_whole(code.py, code.stored, stored),
        tuple_of(*map(literal, dims)),
    )
    return Code(summed, stored - own)


def end_step(writer: Writer, block: Block, loop: Loop) -> None:
    """The probabilities of this step's outcomes are those of the step before from now on."""
    for chain in chains_in(writer, loop):
        mass = writer.stepping.masses[chain.sample]
        if mass.before is not None and mass.now is not None:
            block.assign(block.text(mass.before.py), mass.now.py)
        latest = list_of(writer.draw(chain.sample))
        block.assign(mass.draws, latest, "the mass is all that earlier ones leave")


# --- the end -------------------------------------------------------------------------------------


def end(writer: Writer, block: Block, loop: Loop) -> None:
    """The last outcomes, each with its probability, are what the rest of the story sees."""
    for chain in chains_in(writer, loop):
        mass = writer.stepping.masses.pop(chain.sample)
        assert mass.now is not None
        draw, now = writer.draw(chain.sample), mass.before or mass.now
        block.assign(block.text(draw), index(name(mass.draws), literal(0)))
        block.assign(block.text(draw), call(writer.runtime("Last"), draw, now.py))
        writer.distribution_plates[chain.sample] = mass.now.stored - {chain.sample}
