"""Values with a dimension for the steps of a loop.

After a loop the score of a sample in it, and every cost, has such a dimension in front of its
plates. The loss treats it as it treats a plate that is summed (LOSS.md §6).
"""

from __future__ import annotations

from storchc.backend.code import Code
from storchc.backend.reductions import reduce_all, weights_of
from storchc.backend.shares import Shares
from storchc.backend.writer import Writer
from storchc.ir.nodes import Cost, Sample
from storchc.ir.steps import Seen, common
from storchc.ir.types import NO_PLATES, Plates
from storchc.python.expressions import call, literal, method, tuple_of


def stored_of(writer: Writer, sample: Sample) -> Plates:
    """The dimensions of a sample's score: the steps of the loops around it, and its plates."""
    return writer.storage.full(sample.type.plates) | frozenset(sample.loops)


def in_steps(writer: Writer, seen: Seen, score: Code) -> Code:
    """A score as it is seen: in the same step, summed over earlier ones, or over both."""
    if seen.level is None:
        return score
    loop = writer.samples[seen.name].loops[seen.level]
    dim = literal(writer.storage.dim(loop, score.stored))
    if seen.same:
        return Code(method(score.py, "cumsum", dim), score.stored)
    return Code(call(writer.runtime("earlier"), score.py, dim), score.stored)


def following(writer: Writer, sample: Sample, seen: Seen, shares: Shares) -> Code:
    """A cost as ``sample`` sees it, detached, for each element of its unmixed plates.

    It is seen in the same step, summed over later ones, or over both.
    """
    cost = writer.graph.cost_by_name[seen.name]
    depth = common(sample.loops, cost.loops) if seen.level is None else seen.level + 1
    kept = shares.kept | frozenset(cost.loops[:depth])
    code = writer.costs[cost.name]
    detached = Code(method(code.py, "detach"), code.stored)
    origin = writer.estimation.cost_origin(cost.name)
    plates = over_all(cost) - kept
    counted = shares.times(writer, origin, detached)
    reduced = reduce_all(writer, counted, plates, origin, attached=False)
    if seen.level is None:
        return reduced
    dim = literal(writer.storage.dim(cost.loops[seen.level], reduced.stored))
    function = writer.runtime("from_here" if seen.same else "later")
    return Code(call(function, reduced.py, dim), reduced.stored)


def over_all(cost: Cost) -> Plates:
    """The plates of a cost, and the steps of the loops around it: all that its total reduces."""
    return cost.value.type.plates | frozenset(cost.loops)


def shown(writer: Writer, cost: Cost) -> Code:
    """A cost as the estimate keeps it: summed over the steps, where they all weigh the same."""
    code = writer.costs[cost.name]
    if not cost.loops or steps_kept(writer, cost):
        return code
    dims = [literal(writer.storage.dim(loop, code.stored)) for loop in cost.loops]
    place = dims[0] if len(dims) == 1 else tuple_of(*dims)
    return Code(method(code.py, "sum", place), code.stored - frozenset(cost.loops))


def steps_kept(writer: Writer, cost: Cost) -> tuple[str, ...]:
    """The loops around a cost, where what it weighs differs from step to step; else none."""
    origin, around = writer.estimation.cost_origin(cost.name), frozenset(cost.loops)
    plates = cost.value.type.plates if around else NO_PLATES
    weighing = {s for p in plates for s in weights_of(writer, p, origin).samples}
    told = any(around.intersection(steps_told(writer, writer.samples[s])) for s in weighing)
    return cost.loops if told else ()


def steps_told(writer: Writer, sample: Sample) -> tuple[str, ...]:
    """The loops around a sample whose steps its weights tell apart."""
    estimator = writer.estimation.estimators[sample.name]
    independent = estimator.weighted and not (estimator.joint or estimator.enumerated)
    return sample.loops if independent else ()


def alive_weights(writer: Writer, sample: Sample) -> Code | None:
    """1 where an element of a sample counts, 0 where it has stopped; None where none can stop."""
    masks = [writer.stepping.masks[loop] for loop in sample.loops if loop in writer.stepping.masks]
    return masks[-1] if masks else None
