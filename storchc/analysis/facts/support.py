"""How many outcomes the event of a distribution has."""

from __future__ import annotations

from storchc.catalogue import distributions
from storchc.catalogue.family import Argument
from storchc.ir.expression import Construct, Literal
from storchc.ir.graph import Graph
from storchc.ir.size import product

BUDGET = 10_000
"""How many configurations a method evaluates that names no budget."""


def support_size(made: Construct) -> int | None:
    """The joint outcomes of all event dimensions; None where a size is known at run time only."""
    each = outcome_count(made)
    places = product(made.type.batch).value
    if each is None or places is None:
        return None
    return int(each**places) if places < 64 else _huge(each, places)


def outcome_count(made: Construct) -> int | None:
    """The outcomes of one element of the batch event; None as above."""
    family = distributions.row(made.type)
    if family is None or family.finite is None:
        return None
    arguments = {
        name: Argument(value.type, value.value if isinstance(value, Literal) else None)
        for name, value in made.parameters
    }
    each = family.finite(arguments)
    return None if each is None else each.value


def _huge(each: int, places: int) -> int:
    """A number that is beyond every budget, without writing out its digits."""
    return 1 if each == 1 else 10**18


def free_dims(graph: Graph, made: Construct) -> tuple[str, ...]:
    """The dims that the sizes of the parameters are made of, in the story's order."""
    sizes = [size for _, value in made.parameters for size in value.type.shape]
    names = {name for size in sizes for name in size.names}
    return tuple(name for name in graph.dims if name in names)
