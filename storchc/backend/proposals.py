"""Draws of a loop that come from a proposal, where a step already reduces their plate.

Beside the draws themselves their weights are carried, multiplied step by step, and their scores,
added up: a reduction in a step counts every element as what was drawn up to there does.
"""

from __future__ import annotations

from storchc.analysis.facts.mixing import reduced_inside
from storchc.backend.block import Block
from storchc.backend.writer import Writer
from storchc.ir.nodes import Loop, Sample
from storchc.python.expressions import Py, call, infix, literal, member, method, name, tuple_of


def begin(writer: Writer, block: Block, loop: Loop) -> None:
    """Nothing is drawn yet: all elements count alike."""
    for sample in writer.graph.samples:
        estimator = writer.estimation.estimators[sample.name]
        proposed = estimator.weighted and not (estimator.joint or estimator.enumerated)
        wanted = loop.name in sample.loops and reduced_inside(writer.graph, sample)
        if not (proposed and wanted):
            continue
        weight = writer.identifiers.local(f"{sample.name}_weight")
        score = writer.identifiers.local(f"{sample.name}_score")
        plates = writer.storage.full(sample.type.plates)
        sizes, one = tuple_of(*writer.plate_sizes(plates)), literal(1.0)
        share = one if sample.joins else infix("/", one, writer.plate_size(sample.plate))
        block.assign(weight, call("torch.full", sizes, share, **writer.creation("float")))
        block.assign(score, call("torch.zeros_like", name(weight)))
        writer.stepping.reached[sample.name] = weight, score


def step(writer: Writer, block: Block, node: Sample) -> None:
    """What is drawn in this step counts from now on."""
    if node.name not in writer.stepping.reached:
        return
    draw = writer.draw(node.name)
    for target, op, part in zip(
        writer.stepping.reached[node.name], "*+", ("weight", "score"), strict=True
    ):
        block.assign(target, infix(op, name(target), member(draw, part)))


def end(writer: Writer, loop: Loop) -> None:
    """Behind the outermost loop the draws of all steps know what they weigh."""
    for sample in writer.graph.samples:
        if sample.loops and sample.loops[0] == loop.name:
            writer.stepping.reached.pop(sample.name, None)


def weight(writer: Writer, sample: str) -> Py | None:
    """What the elements of ``sample`` weigh in this step; None behind its loop."""
    reached = writer.stepping.reached.get(sample)
    return None if reached is None else name(reached[0])


def box(writer: Writer, sample: str) -> Py:
    """The magic box of all that was drawn of ``sample``, in a step up to there."""
    reached = writer.stepping.reached.get(sample)
    if reached is not None:
        return call(writer.runtime("magic_box"), name(reached[1]))
    draw = writer.draw(sample)
    depth = len(writer.samples[sample].loops)
    if not depth:
        return member(draw, "box")
    steps = literal(0) if depth == 1 else tuple_of(*map(literal, range(depth)))
    total = method(member(draw, "score"), "sum", steps)
    return call(writer.runtime("magic_box"), total)
