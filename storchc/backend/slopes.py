"""How the downstream cost of a sample moves with what it joins, for its control variate."""

from __future__ import annotations

from functools import partial, reduce

from storchc.analysis.facts.affine import Product
from storchc.backend.code import Code
from storchc.backend.reductions import reduce_all
from storchc.backend.sums import added
from storchc.backend.writer import Writer
from storchc.ir.nodes import Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.python.expressions import Py, infix, literal, method, prefix


def join_options(
    writer: Writer, sample: Sample, mixed: Plates, costs: tuple[str, ...]
) -> dict[str, Py]:
    """What is joined and the slope, where these costs join the sample's own plate."""
    if sample.plate not in mixed or sample.name not in writer.joined:
        return {}
    stored = writer.storage.full(sample.type.plates)
    terms = writer.joined[sample.name]
    slope = _sum(writer, [_slope(writer, sample, cost, mixed) for cost in costs])
    whole = writer.storage.align_whole(slope.py, slope.stored, stored)
    return {
        "joined": method(writer.storage.align_whole(terms.py, terms.stored, stored), "detach"),
        "slope": slope.py if slope.plain else whole,
    }


def _slope(writer: Writer, sample: Sample, name: str, mixed: Plates) -> Code:
    """The slope of one cost, reduced as the cost itself is."""
    slope = writer.estimation.joins[sample.name].slopes[name]
    cost = writer.graph.cost_by_name[name]
    plates = cost.value.type.plates - (sample.type.plates - mixed)
    code = _sum(writer, [_product(writer, product) for product in slope])
    if not plates:
        return code
    origin = writer.estimation.origin(lambda known: known.costs[name])
    return reduce_all(writer, writer.tensor(code), plates, origin, attached=False)


def _sum(writer: Writer, parts: list[Code]) -> Code:
    code = added(writer, parts)
    return Code(code.py, code.stored, all(part.plain for part in parts))


def _product(writer: Writer, product: Product) -> Code:
    """A product of values, detached."""
    values = [writer.cut().value(value) for value in product.factors]
    code = reduce(partial(_combined, writer, "*"), values) if values else _number(1.0)
    for value in product.divisors:
        code = _combined(writer, "/", code, writer.cut().value(value))
    return code if product.sign == 1 else Code(prefix("-", code.py), code.stored, code.plain)


def _number(number: float) -> Code:
    return Code(literal(number), NO_PLATES, plain=True)


def _combined(writer: Writer, op: str, left: Code, right: Code) -> Code:
    stored = left.stored | right.stored
    sides = [writer.storage.align(c.py, c.stored, 0, stored) for c in (left, right)]
    return Code(infix(op, *sides), stored, left.plain and right.plain)
