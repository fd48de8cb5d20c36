"""How values are stored: with which plates, in which order, and how operands are aligned.

Plates of the story and storage are two things. An enumerated value is constant along the plates
of its distribution and is stored without them; in a very long chain a plate of size 1 has no
dimension at all.
"""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.types import Plates
from storchc.python.expressions import ALL, NONE, Py, index
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

    def align(
        self, code: Py, stored: Plates, rank: int, plates: Plates, target_rank: int | None = None
    ) -> Py:
        """``code`` with a singleton dimension for each of ``plates`` it lacks, as far as needed.

        Dimensions on the left of the first plate that it has are left to broadcasting.
        """
        padding = 0 if target_rank is None else target_rank - rank
        if not stored:
            return code
        order = self.order(plates | stored)
        first = min(order.index(p) for p in stored)
        items = [ALL if plate in stored else NONE for plate in order[first:]]
        return _indexed(code, [*items, *[NONE] * padding])

    def align_whole(self, code: Py, stored: Plates, plates: Plates, event: int = 0) -> Py:
        """As ``align``, with a dimension for every one of ``plates``, also on the left.

        One that has no event gets ``event`` singleton dimensions in its place.
        """
        plain = [ALL if p in stored else NONE for p in self.order(plates | stored)]
        return _indexed(code, [*plain, *[NONE] * event])


def _indexed(code: Py, items: list[Py]) -> Py:
    while items and items[-1] is ALL:
        items.pop()
    return index(code, *items) if items else code


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
