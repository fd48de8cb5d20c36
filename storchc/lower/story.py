"""What is known of a story while it is lowered."""

from __future__ import annotations

from collections.abc import Mapping

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.analysis.rewrite.chains import Chain
from storchc.ir.expression import OverPlates, SequenceOf
from storchc.ir.graph import Graph
from storchc.ir.nodes import Loop, Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.reads import Drawn
from storchc.program.slots import Slot
from storchc.program.storage import Storage, storage_of
from storchc.records import dataclass

Scope = Mapping[Slot, Plates]
"""The slots that are filled at a place of the program, each with the plates it is stored with."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """The samples along a plate that have weights; those in ``joint`` are chosen together.

    Those in ``chosen`` are chosen anew later: they weigh whatever is looked at.
    """

    samples: tuple[str, ...]
    joint: frozenset[str]
    chosen: frozenset[str]


@dataclass(frozen=True, slots=True)
class Story:
    """The graph that code is generated for, the facts of it, and how values are stored.

    ``weighed`` are the plates along which samples have weights.
    ``owned`` are the params, modules and values that methods have for themselves, ``sequenced`` the
    names that ``sequence`` is taken of; ``drawn`` what expressions look at without naming it.
    """

    graph: Graph
    estimation: Estimation
    storage: Storage
    samples: Mapping[str, Sample]
    weighing: Mapping[str, Weighing]
    weighed: Plates
    owned: frozenset[str]
    sequenced: frozenset[str]
    drawn: Drawn

    def estimator(self, sample: str) -> Estimator:
        """The estimator of a sample."""
        return self.estimation.estimators[sample]

    def chain(self, sample: str) -> Chain | None:
        """How a sample is summed out step by step; None where it is not."""
        return self.estimation.elimination.chains.get(sample)

    def chains(self, loop: Loop) -> list[Chain]:
        """The samples that are summed out in a loop, as it is written."""
        drawn = {node.name for node in loop.body if isinstance(node, Sample)}
        chains = self.estimation.elimination.chains.values()
        return [chain for chain in chains if chain.sample in drawn]

    @property
    def listed(self) -> frozenset[str]:
        """The samples of loops whose values are all evaluated, wherever the loop is run."""
        return frozenset(self.estimation.sequences.keys() | self.estimation.elimination.chains)

    def learns(self, sample: Sample) -> bool:
        """Whether a sample has a learned baseline that something depends on."""
        credited = sample.name in self.estimation.credit.before
        return credited and "baseline" in self.estimator(sample.name).values

    def extends(self, sample: Sample) -> bool:
        """Whether ``sample`` extends a joint sample: of an open plate, or of a loop's steps."""
        return (sample.joins or bool(sample.loops)) and self.estimator(sample.name).joint

    def askers(self, value: OverPlates) -> list[str]:
        """The samples whose methods ask what a reduction joins; of fixed draws none does."""
        joins = self.estimation.joins.items()
        asking = [name for name, join in joins if join.reduction.span == value.span]
        credited = self.estimation.reduced_origin(value).credited if asking else {}
        return [name for name in asking if name in credited]

    def score_plates(self, sample: Sample) -> Plates:
        """The dimensions of a sample's score: the steps of the loops around it, and its plates."""
        return self.storage.full(sample.type.plates) | frozenset(sample.loops)

    def weight_plates(self, scope: Scope, sample: str, steps: Plates = NO_PLATES) -> Plates:
        """The plates that a sample's weights are stored with, those of ``steps`` among them."""
        node, estimator = self.samples[sample], self.estimator(sample)
        if estimator.enumerated:
            return frozenset({sample}) | scope[Slot("law", sample)]
        own = NO_PLATES if estimator.joint else steps & frozenset(node.loops)
        return self.storage.full(node.type.plates) | own


def story_of(graph: Graph, estimation: Estimation) -> Story:
    """What is known of a story; ``graph`` is what code is generated for."""
    plates = dict.fromkeys(sample.plate for sample in graph.samples)
    weighing = {plate: _weighing(graph, estimation, plate) for plate in plates}
    weights = {plate: each.samples for plate, each in weighing.items()}
    return Story(
        graph=graph,
        estimation=estimation,
        storage=storage_of(graph, estimation),
        samples={sample.name: sample for sample in graph.samples},
        weighing=weighing,
        weighed=frozenset(plate for plate, each in weighing.items() if each.samples),
        owned=estimation.ownership.owned,
        sequenced=frozenset(e.value.name for e in graph.parts if isinstance(e, SequenceOf)),
        drawn=Drawn(
            weights,
            frozenset(estimation.separation.samples),
            frozenset(s.name for s in graph.samples if _asked(s)),
            _sized(graph, estimation),
        ),
    )


def _asked(sample: Sample) -> bool:
    """Whether the distribution of a sample is the user's, which is asked once for a draw."""
    return sample.distribution.type.declared is not None and not sample.loops


def _sized(graph: Graph, estimation: Estimation) -> dict[str, tuple[Slot, ...]]:
    """Where the numbers of elements of plates are found.

    A plate that a loop opens has its own for all steps, one that steps extend gets it there; others
    have as many as were drawn.
    """
    chains = (c for c in estimation.elimination.chains.values() if c.before)
    extended = {s.plate for s in graph.samples if s.joins and s.loops}
    found = dict[str, tuple[Slot, ...]]()
    for sample in (s for s in graph.samples if not s.joins):
        size, value = Slot("size", sample.name), Slot("value", sample.name)
        again = (size,) if sample.name in extended else ()
        found[sample.name] = (size,) if sample.loops else (value, *again)
    return found | {chain.before: (Slot("size", chain.before),) for chain in chains}


def _weighing(graph: Graph, estimation: Estimation, plate: str) -> Weighing:
    estimators, within = estimation.estimators, graph.along(plate)
    joint = frozenset(s.name for s in within if estimators[s.name].joint)
    again = len(joint) > 1 or any(s.loops for s in within if s.name in joint)
    weigh = (s.name for s in within if estimators[s.name].enumerated or estimators[s.name].weighted)
    apart = estimation.separation.samples
    samples = tuple(s for s in weigh if s not in apart)
    return Weighing(samples, joint, joint if again else frozenset())


UNWEIGHED = Weighing((), frozenset(), frozenset())
"""A plate of data, or the steps of a loop."""
