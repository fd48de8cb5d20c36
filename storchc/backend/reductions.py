"""Reducing plates: weighted over sample plates, mean or sum over data plates (LOSS.md §1).

Plates are eliminated newest first, so that each goes before every plate that its weights carry.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from storchc.backend.code import Code
from storchc.backend.python import Py, call, infix, literal, member, method, tuple_of
from storchc.ir.expression import OverPlates
from storchc.ir.types import Plates
from storchc.records import dataclass

if TYPE_CHECKING:
    from storchc.analysis.estimation import Origin
    from storchc.backend.expressions import Writer


@dataclass(frozen=True, slots=True)
class Weights:
    """The samples whose weights multiply to those of a plate, and whether 1/n is among them.

    Those in ``cut`` reach the value through a `stop_gradient` only: no gradient goes that way.
    """

    samples: tuple[str, ...]
    complete: bool
    cut: frozenset[str]


def weights_of(writer: Writer, plate: str, origin: Origin) -> Weights:
    """The weights of ``plate`` for a value of this origin."""
    estimators = writer.estimation.estimators
    samples = tuple(
        s.name
        for s in writer.graph.samples
        if s.plate == plate
        and (
            estimators[s.name].enumerated
            or (estimators[s.name].weighted and s.name in origin.touched)
        )
    )
    cut = frozenset(s for s in samples if s not in origin.credited)
    return Weights(samples, plate in samples, cut)


def weight_plates(writer: Writer, sample: str) -> Plates:
    """The plates that the weights of ``sample`` are stored with."""
    node = next(s for s in writer.graph.samples if s.name == sample)
    if writer.estimation.estimators[sample].enumerated:
        return frozenset({sample}) | writer.distribution_plates[sample]
    return writer.storage.full(node.type.plates)


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
    for plate in writer.storage.order(plates):
        weights = weights_of(writer, plate, origin)
        wanted = _kind(writer, plate, weights)
        if waiting and wanted != kind:
            code = _uniform(writer, code, waiting, kind)
            waiting = []
        if wanted == "weighted":
            weight = partial(_weight, writer, weights, attached)
            code = _weighted(writer, code, plate, weights, weight)
        elif plate in code.stored:
            waiting.append(plate)
            kind = wanted
        elif wanted == "sum":
            code = _times(writer, code, plate)
    return _uniform(writer, code, waiting, kind) if waiting else code


def _kind(writer: Writer, plate: str, weights: Weights) -> str:
    if weights.samples:
        return "weighted"
    data = writer.graph.data_plates.get(plate)
    return "sum" if data is not None and data.reduction == "sum" else "mean"


def _weight(writer: Writer, weights: Weights, attached: bool, sample: str) -> Py:
    weight = member(writer.draw(sample), "weight")
    carries = attached and sample not in weights.cut
    enumerated = writer.estimation.estimators[sample].enumerated
    return method(weight, "detach") if enumerated and not carries else weight


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
    plate: str,
    weights: Weights,
    weight: Callable[[str], Py],
    rank: int = 0,
) -> Code:
    """``Σ w · value`` over one plate; a plate whose 1/n is not in its weights is averaged."""
    factor, factor_plates = product_of(writer, weights, weight)
    stored = code.stored | factor_plates
    dim = writer.storage.dim(plate, stored)
    arguments = (
        writer.storage.align_whole(factor, factor_plates, stored)
        if rank == 0
        else writer.storage.align(factor, factor_plates, 0, stored, rank),
        writer.storage.align_whole(code.py, code.stored, stored),
        tuple_of(literal(dim)),
    )
    reduced = call(writer.runtime("weighted_sum"), *arguments)
    if not weights.complete:
        reduced = infix("/", reduced, writer.plate_size(plate))
    return Code(reduced, stored - {plate})


def product_of(writer: Writer, weights: Weights, weight: Callable[[str], Py]) -> tuple[Py, Plates]:
    """The product of the weights of several samples in one plate, and its plates."""
    first, *others = weights.samples
    code, stored = weight(first), weight_plates(writer, first)
    for other in others:
        more = weight_plates(writer, other)
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
    origin = writer.estimation.origin(lambda d: d.expression(value.value))
    for plate in writer.storage.order(frozenset(value.plates)):
        code = _over(writer, value, code, plate, weights_of(writer, plate, origin))
    return code


def _over(writer: Writer, value: OverPlates, code: Code, plate: str, weights: Weights) -> Code:
    rank = value.type.rank
    if value.function == "logmeanexp":
        return _log_mean_exp(writer, code, plate, weights, rank)
    if weights.samples:
        return _weighted(writer, code, plate, weights, partial(_inner, writer, weights), rank)
    if plate not in code.stored:
        return _times(writer, code, plate) if value.function == "sum" else code
    dim = writer.storage.dim(plate, code.stored)
    function = {"max": "amax", "min": "amin"}.get(value.function, value.function)
    return Code(method(code.py, function, literal(dim)), code.stored - {plate})


def _inner(writer: Writer, weights: Weights, sample: str) -> Py:
    """A weight inside ``over=``: an importance weight carries the score of its own sample."""
    weight = _weight(writer, weights, True, sample)
    if sample in weights.cut or not writer.estimation.estimators[sample].weighted:
        return weight
    return infix("*", weight, member(writer.draw(sample), "box"))


def _log_mean_exp(writer: Writer, code: Code, plate: str, weights: Weights, rank: int) -> Code:
    function = writer.runtime("log_weighted_mean_exp")
    if not weights.samples:
        if plate not in code.stored:
            return code
        dim = writer.storage.dim(plate, code.stored)
        reduced = call(function, code.py, literal(None), tuple_of(literal(dim)))
        return Code(reduced, code.stored - {plate})
    factor, factor_plates = product_of(writer, weights, partial(_inner, writer, weights))
    stored = code.stored | factor_plates
    if not weights.complete:
        factor = infix("/", factor, writer.plate_size(plate))
    reduced = call(
        function,
        writer.storage.align_whole(code.py, code.stored, stored),
        writer.storage.align(factor, factor_plates, 0, stored, rank)
        if rank
        else writer.storage.align_whole(factor, factor_plates, stored),
        tuple_of(literal(writer.storage.dim(plate, stored))),
    )
    return Code(reduced, stored - {plate})
