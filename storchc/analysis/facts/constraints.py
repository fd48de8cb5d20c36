"""What the parameters of the distributions of a story must be."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.catalogue import distributions
from storchc.catalogue.family import Bounds
from storchc.ir.expression import Construct, Named, Value
from storchc.ir.graph import Graph
from storchc.ir.ranges import Range
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Constraint:
    """A parameter of a distribution as it is made somewhere, and what it must be, in words too.

    ``silent``: nothing else shows that it is something else.
    """

    family: str
    name: str
    value: Value
    allowed: Range
    words: str
    silent: bool

    @property
    def strict(self) -> bool:
        """Whether it must be positive."""
        return self.allowed.positive


TEMPERATURE = "temperature"
"""The option of relaxations that must be positive."""


def allowed(bounds: Bounds) -> Range:
    """The range within bounds."""
    return Range(bounds.least, bounds.most, low_open=bounds.open, nonzero=bounds.nonzero)


def constraints(graph: Graph) -> Iterator[Constraint]:
    """Every parameter that must lie somewhere, in the order of the story."""
    for made in constructions(graph):
        yield from of(made)


def constructions(graph: Graph) -> Iterator[Construct]:
    """Every distribution as it is made somewhere."""
    return (part for part in graph.parts if isinstance(part, Construct))


def temperatures(graph: Graph) -> Iterator[Constraint]:
    """The temperatures of relaxations that are values of the story."""
    for sample in graph.samples:
        if sample.method is not None and TEMPERATURE in sample.method.values:
            value = sample.method.values[TEMPERATURE]
            assert not isinstance(value, Construct | Named)
            held = Range(0.0, low_open=True)
            yield Constraint(sample.method.name, TEMPERATURE, value, held, "positive", False)


def of(made: Construct) -> Iterator[Constraint]:
    """Those of one distribution."""
    family = distributions.row(made.type)
    for name, value in made.parameters:
        row = family.parameter(name)
        if row.bounds is not None:
            held = allowed(row.bounds)
            yield Constraint(family.name, name, value, held, row.bounds.words, row.silent)
