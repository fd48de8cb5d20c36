"""How values are stored: with which plates, and in which order.

Plates of the story and storage are two things. An enumerated value is constant along the plates
of its distribution and is stored without them; in a very long chain a plate of size 1 has no
dimension at all.
"""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.types import Plates
from storchc.records import dataclass

DEEPEST = 12
"""Sample plates that a value may have before plates of size 1 lose their dimension.

Twelve plates of two elements each are 4096 elements already; torch refuses more than 64 dimensions,
and every dimension costs time in every operation.
"""


@dataclass(frozen=True, slots=True)
class Storage:
    """``flat`` are the sample plates without a dimension; ``order`` is the order in memory."""

    graph: Graph
    flat: Plates

    def order(self, plates: Plates) -> tuple[str, ...]:
        """Plates as dimensions, outermost first."""
        return self.graph.order(plates - self.flat)

    def full(self, plates: Plates) -> Plates:
        """The plates that a value has when it is stored for every element."""
        return plates - self.flat

    def dim(self, plate: str, stored: Plates) -> int:
        """The dimension of ``plate`` in a value stored with ``stored``."""
        return self.order(stored).index(plate)


def storage_of(graph: Graph, estimation: Estimation) -> Storage:
    """Decide which plates have a dimension."""
    deepest = max((_depth(graph, t.plates) for t in graph.types.values()), default=0)
    if deepest <= DEEPEST:
        return Storage(graph, frozenset())
    joined = {s.plate for s in graph.samples if s.joins}
    single = {s.name for s in graph.samples if s.name not in joined and _single(s, estimation)}
    return Storage(graph, frozenset(single))


def _depth(graph: Graph, plates: Plates) -> int:
    return len(plates - graph.data_plates.keys())


def _single(sample: Sample, estimation: Estimation) -> bool:
    estimator = estimation.estimators[sample.name]
    if sample.name in estimation.joins:  # its method looks along the plate
        return False
    several = sample.joins or sample.loops or estimator.enumerated or estimator.weighted
    return not several and estimator.count == 1
