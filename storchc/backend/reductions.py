"""Reducing plates: weighted over sample plates, mean or sum over data plates (LOSS.md §1).

A plate goes before every plate that its weights carry, which is nearly always: newest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from storchc.analysis.estimation import Origin
from storchc.backend import proposals
from storchc.backend.code import Code
from storchc.backend.joins import askers_of, joined, weighed
from storchc.backend.weighing import Weighing
from storchc.backend.writer import Writer
from storchc.catalogue import functions
from storchc.ir.expression import OverPlates
from storchc.ir.types import NO_PLATES, Plates
from storchc.python.expressions import (
    ALL,
    Py,
    call,
    index,
    infix,
    literal,
    member,
    method,
    tuple_of,
)
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Weights:
    """The samples whose weights multiply to those of some plates.

    ``averaged`` are the plates whose 1/n is not among the weights. Those in ``cut`` reach the value
    through a `stop_gradient` only: no gradient goes that way. Independent weights are multiplied
    over the plates in ``mixed`` that were reduced before them (LOSS.md §3). ``steps`` are the loops
    whose steps the value tells apart: it weighs what was drawn up to its own step (LOSS.md §6).
    """

    samples: tuple[str, ...]
    averaged: tuple[str, ...]
    cut: frozenset[str]
    mixed: tuple[tuple[str, Plates], ...] = ()
    steps: Plates = NO_PLATES

    def over(self, sample: str) -> Plates:
        """The plates over which the weights of ``sample`` are multiplied."""
        return dict(self.mixed).get(sample, NO_PLATES)


def weights_of(writer: Writer, plate: str, origin: Origin, stored: Plates = NO_PLATES) -> Weights:
    """The weights of ``plate`` for a value of this origin, ``stored`` with these plates."""
    estimators = writer.estimation.estimators
    if plate not in writer.weighing:
        writer.weighing[plate] = _weighing(writer, plate)
    along = writer.weighing[plate]
    weighing = {
        s
        for s in along.samples
        if estimators[s].enumerated or s in origin.touched or s in along.chosen
    }
    if not weighing.isdisjoint(along.joint):  # its first part knows the weights of the whole
        weighing = weighing.difference(along.joint) | {plate}
    samples = tuple(s for s in dict.fromkeys((plate, *along.samples)) if s in weighing)
    cut = frozenset(s for s in samples if s not in origin.credited)
    averaged = plate not in weighing
    independent = [s for s in samples if not estimators[s].enumerated]
    mixed = tuple((s, m) for s in independent if (m := origin.carried.get(s, NO_PLATES)))
    steps = stored.intersection(writer.graph.loop_names)
    return Weights(samples, (plate,) if averaged else (), cut, mixed, steps)


def _weighing(writer: Writer, plate: str) -> Weighing:
    estimators, within = writer.estimation.estimators, writer.graph.along(plate)
    joint = frozenset(s.name for s in within if estimators[s.name].joint)
    again = len(joint) > 1 or any(s.loops for s in within if s.name in joint)
    weigh = (s.name for s in within if estimators[s.name].enumerated or estimators[s.name].weighted)
    apart = writer.estimation.separation.samples
    samples = tuple(s for s in weigh if s not in apart)
    return Weighing(samples, joint, joint if again else frozenset())


def elimination(
    writer: Writer, plates: Plates, origin: Origin, stored: Plates = NO_PLATES
) -> Iterator[tuple[tuple[str, ...], Weights]]:
    """The plates in the order in which they are reduced, with their weights.

    Plates whose weights carry one another go together.
    """
    left = {p: weights_of(writer, p, origin, stored) for p in writer.storage.order(plates)}
    carried = {p: _carried(writer, w) - {p} for p, w in left.items()}
    while left:
        free = next((p for p in left if not any(p in carried[q] for q in left)), None)
        group = tuple(p for p in left if carried[p] & left.keys()) if free is None else (free,)
        yield group, _together([left.pop(p) for p in group])


def _carried(writer: Writer, weights: Weights) -> Plates:
    found = (weight_plates(writer, s, weights.steps) - weights.over(s) for s in weights.samples)
    return frozenset[str]().union(*found)


def _together(parts: list[Weights]) -> Weights:
    if len(parts) == 1:
        return parts[0]
    samples = tuple(s for w in parts for s in w.samples)
    averaged = tuple(p for w in parts for p in w.averaged)
    cut = frozenset[str]().union(*(w.cut for w in parts))
    mixed = tuple(m for w in parts for m in w.mixed)
    return Weights(samples, averaged, cut, mixed, parts[0].steps)


def weight_plates(writer: Writer, sample: str, steps: Plates = NO_PLATES) -> Plates:
    """The plates that the weights of ``sample`` are stored with; those of ``steps`` have theirs."""
    node = writer.graph.sample_by_name[sample]
    estimator = writer.estimation.estimators[sample]
    if estimator.enumerated:
        return frozenset({sample}) | writer.distribution_plates[sample]
    own = NO_PLATES if estimator.joint else steps & frozenset(node.loops)
    return writer.storage.full(node.type.plates) | own


def weight_code(writer: Writer, sample: str, steps: Plates) -> Py:
    """The weights of ``sample``; those of every step where ``steps`` tell its steps apart."""
    reached = proposals.weight(writer, sample)
    if reached is not None:
        return reached
    told = weight_plates(writer, sample, steps) & steps
    if not told:
        return member(writer.draw(sample), "weight")
    inner = len(writer.samples[sample].loops) - len(told)  # of these the last step
    by_step = member(writer.draw(sample), "weight_by_step")
    return index(by_step, *[ALL] * len(told), *[literal(-1)] * inner) if inner else by_step


def reduce_all(
    writer: Writer,
    code: Code,
    plates: Plates,
    origin: Origin,
    *,
    attached: bool = True,
) -> Code:
    """``code`` (event []) reduced over ``plates`` as the total cost reduces them."""
    waiting: list[str] = []
    kind = ""
    for group, weights in elimination(writer, plates, origin, code.stored):
        wanted = _kind(writer, group[0], weights)
        if waiting and wanted != kind:
            code = _uniform(writer, code, waiting, kind)
            waiting = []
        if wanted == "weighted":
            weight = partial(weight_of, writer, weights, attached)
            code = _weighted(writer, code, group, weights, weight)
        elif group[0] in code.stored:
            waiting.append(group[0])
            kind = wanted
        elif wanted == "sum":
            code = _times(writer, code, group[0])
    return _uniform(writer, code, waiting, kind) if waiting else code


def _kind(writer: Writer, plate: str, weights: Weights) -> str:
    if weights.samples:
        return "weighted"
    if plate in writer.graph.loop_names:
        return "sum"
    data = writer.graph.data_plates.get(plate)
    return "sum" if data is not None and data.reduction == "sum" else "mean"


def weight_of(writer: Writer, weights: Weights, attached: bool, sample: str) -> Py:
    """The weight of ``sample``; ``attached`` with the gradient that one may carry."""
    weight = _multiplied_weight(writer, sample, weights)
    carries = attached and sample not in weights.cut
    enumerated = writer.estimation.estimators[sample].enumerated
    return method(weight, "detach") if enumerated and not carries else weight


def _multiplied_weight(writer: Writer, sample: str, weights: Weights) -> Py:
    """A weight; multiplied over plates that were reduced before."""
    weight, over = weight_code(writer, sample, weights.steps), weights.over(sample)
    if not over:
        return weight
    stored = weight_plates(writer, sample)
    dims = tuple_of(*(literal(writer.storage.dim(p, stored)) for p in writer.storage.order(over)))
    count = writer.plate_size(sample) if sample in stored else literal(1)
    return call(writer.runtime("weight_product"), weight, dims, count)


def _uniform(writer: Writer, code: Code, plates: list[str], kind: str) -> Code:
    left = code.stored - frozenset(plates)
    if not left:
        return Code(method(code.py, kind), left)
    dims = tuple(writer.storage.dim(p, code.stored) for p in plates)
    return Code(method(code.py, kind, _dims(dims)), left)


def _dims(dims: tuple[int, ...]) -> Py:
    return literal(dims[0]) if len(dims) == 1 else tuple_of(*map(literal, dims))


def _times(writer: Writer, code: Code, plate: str) -> Code:
    return Code(infix("*", writer.plate_size(plate), code.py), code.stored)


def _weighted(
    writer: Writer,
    code: Code,
    plates: tuple[str, ...],
    weights: Weights,
    weight: Callable[[str], Py],
    rank: int = 0,
) -> Code:
    """``Σ w · value`` over plates; one whose 1/n is not in its weights is averaged."""
    factor, factor_plates = product_of(writer, weights, weight)
    stored = code.stored | factor_plates
    arguments = (
        writer.storage.align_whole(factor, factor_plates, stored)
        if rank == 0
        else writer.storage.align(factor, factor_plates, 0, stored, rank),
        writer.storage.align_whole(code.py, code.stored, stored),
        _places(writer, plates, stored),
    )
    reduced = _averaged(writer, call(writer.runtime("weighted_sum"), *arguments), weights)
    return Code(reduced, stored - frozenset(plates))


def _places(writer: Writer, plates: tuple[str, ...], stored: Plates) -> Py:
    return tuple_of(*(literal(writer.storage.dim(p, stored)) for p in plates))


def _averaged(writer: Writer, code: Py, weights: Weights) -> Py:
    for plate in weights.averaged:
        code = infix("/", code, writer.plate_size(plate))
    return code


def product_of(writer: Writer, weights: Weights, weight: Callable[[str], Py]) -> tuple[Py, Plates]:
    """The product of the weights of several samples in one plate, and its plates."""
    first, *others = weights.samples
    stored = weight_plates(writer, first, weights.steps) - weights.over(first)
    code = weight(first)
    for other in others:
        more = weight_plates(writer, other, weights.steps) - weights.over(other)
        both = stored | more
        code = infix(
            "*",
            writer.storage.align(code, stored, 0, both),
            writer.storage.align(weight(other), more, 0, both),
        )
        stored = both
    return code, stored


def over_plates(writer: Writer, value: OverPlates) -> Code:
    """``mean(value, over=p)`` and its kin."""
    code = writer.as_float(value.value)
    askers = [] if writer.detached else askers_of(writer, value)
    if askers:
        code = joined(writer, value, code, askers)
    origin = writer.estimation.reduced_origin(value)
    for group, weights in elimination(writer, frozenset(value.plates), origin):
        code = _over(writer, value, code, group, weights)
    return weighed(writer, code, askers) if askers else code


def _over(
    writer: Writer, value: OverPlates, code: Code, plates: tuple[str, ...], weights: Weights
) -> Code:
    rank = value.type.rank
    over = functions.over(value)
    if over.logs:
        return _log_mean_exp(writer, code, plates, weights, rank)
    if weights.samples:
        return _weighted(writer, code, plates, weights, partial(_inner, writer, weights), rank)
    (plate,) = plates
    if plate not in code.stored:
        return _times(writer, code, plate) if over.counts else code
    dim = writer.storage.dim(plate, code.stored)
    return Code(method(code.py, over.method, literal(dim)), code.stored - {plate})


def _inner(writer: Writer, weights: Weights, sample: str) -> Py:
    """A weight inside ``over=``: an importance weight carries the score of its own sample."""
    weight = weight_of(writer, weights, not writer.detached, sample)
    cut = writer.detached or sample in weights.cut
    if cut or not writer.estimation.estimators[sample].weighted:
        return weight
    over = weights.over(sample)
    if not over:
        return infix("*", weight, proposals.box(writer, sample))
    stored = weight_plates(writer, sample)
    dims = tuple_of(*(literal(writer.storage.dim(p, stored)) for p in writer.storage.order(over)))
    score = method(member(writer.draw(sample), "score"), "sum", dims)
    return infix("*", weight, call(writer.runtime("magic_box"), score))


def _log_mean_exp(
    writer: Writer, code: Code, plates: tuple[str, ...], weights: Weights, rank: int
) -> Code:
    function = writer.runtime("log_weighted_mean_exp")
    if not weights.samples:
        if not code.stored.issuperset(plates):
            return code
        reduced = call(function, code.py, literal(None), _places(writer, plates, code.stored))
        return Code(reduced, code.stored - frozenset(plates))
    factor, factor_plates = product_of(writer, weights, partial(_inner, writer, weights))
    stored = code.stored | factor_plates
    factor = _averaged(writer, factor, weights)
    reduced = call(
        function,
        writer.storage.align_whole(code.py, code.stored, stored),
        writer.storage.align(factor, factor_plates, 0, stored, rank)
        if rank
        else writer.storage.align_whole(factor, factor_plates, stored),
        _places(writer, plates, stored),
    )
    return Code(reduced, stored - frozenset(plates))
