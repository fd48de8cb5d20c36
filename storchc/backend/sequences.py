"""Samples of loops whose whole sequences are listed, as code."""

from __future__ import annotations

from storchc.backend.block import Block
from storchc.backend.writer import Writer
from storchc.ir.nodes import Sample
from storchc.python.expressions import Py, literal, method, name, tuple_of


def open_plate(writer: Writer, block: Block, sample: Sample) -> bool:
    """Open the plate of all sequences of a sample, where they are listed."""
    whole = writer.estimation.sequences.get(sample.name)
    if whole is None:
        return False
    target = writer.identifiers.local(f"{sample.name}_size")
    counts = literal(whole.states), literal(whole.draws)
    block.assign(target, method(writer.expect(sample.name), "sequences", *counts))
    writer.stepping.sizes[sample.name] = name(target)
    return True


def steps(writer: Writer) -> tuple[Py, Py]:
    """The step of every loop around, and their numbers of steps."""
    around = writer.stepping.around
    return (
        tuple_of(*(name(writer.locals[loop.counter]) for loop in around)),
        tuple_of(*(writer.stepping.counts[loop.name] for loop in around)),
    )


def places(writer: Writer, node: Sample) -> tuple[Py, Py]:
    """Where the sequences stand among the plates, and whether the distribution has them."""
    stored = writer.distribution_plates[node.name]
    full = writer.storage.full(node.type.plates)
    found = (writer.storage.dim(node.name, p) for p in (stored | {node.name}, full))
    return tuple_of(*map(literal, found)), literal(node.name in stored)
