"""How the downstream cost of a sample moves with what it joins, for its control variate."""

from __future__ import annotations

from functools import reduce

from storchc.analysis.facts.affine import Product
from storchc.ir.nodes import Sample
from storchc.ir.types import Plates
from storchc.lower.block import Block
from storchc.lower.reductions import reduce_all
from storchc.lower.story import Scope, Story
from storchc.program.slots import Slot
from storchc.program.terms import Negative, Number, Read, Term, detach, infix


def joined(scope: Scope, sample: Sample, mixed: Plates) -> Term | None:
    """What the costs of a sample join, detached, where they join its own plate."""
    slot = Slot("joined", sample.name)
    if sample.plate not in mixed or slot not in scope:
        return None
    return detach(Read(slot, scope[slot]))


def slope(
    story: Story, scope: Scope, block: Block, sample: Sample, mixed: Plates, costs: tuple[str, ...]
) -> Term:
    """How the sum of these costs moves with what is joined."""
    return block.added([_slope(story, scope, block, sample, cost, mixed) for cost in costs])


def _slope(
    story: Story, scope: Scope, block: Block, sample: Sample, name: str, mixed: Plates
) -> Term:
    """The slope of one cost, reduced as the cost itself is."""
    products = story.estimation.joins[sample.name].slopes[name]
    cost = story.graph.cost_by_name[name]
    plates = cost.value.type.plates - (sample.type.plates - mixed)
    total = block.added([_product(scope, block, product) for product in products])
    if not plates:
        return total
    origin = story.estimation.origin(lambda known: known.costs[name])
    return reduce_all(story, scope, total, plates, origin, attached=False)


def _product(scope: Scope, block: Block, product: Product) -> Term:
    """A product of values, detached."""
    values = [block.stated(scope, value) for value in product.factors] or [Number(1.0)]
    term = reduce(lambda a, b: infix("*", a, b), values)
    for value in product.divisors:
        term = infix("/", term, block.stated(scope, value))
    return term if product.sign == 1 else Negative(term, term.stored)
