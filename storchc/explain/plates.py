"""Plates in words: how many elements they have and how they are reduced."""

from __future__ import annotations

from math import prod

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.diagnostics.suggest import listed
from storchc.explain.text import counted, spoken, times
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample
from storchc.ir.types import Plates
from storchc.records import dataclass


def _drawn(estimator: Estimator, plate: str, size: int) -> str:
    """Draws in words, by the way they depend on one another and by what they weigh."""
    match estimator.sampling.exact:
        case "each" if estimator.weighted:
            return f"{counted(size, 'draw')} of `{plate}` with importance weights"
        case "each":
            how = "independent" if estimator.sampling.independent else "coupled"
            return f"{counted(size, f'{how} draw')} of `{plate}`, equally weighted"
        case "sums" if estimator.weighted:
            weights = "weighted so that sums over all are right"
            return f"up to {counted(size, 'value')} of `{plate}`, {weights}"
        case "sums":
            return f"{counted(size, 'draw')} of `{plate}`, right together, equally weighted"
        case "no":
            return (
                f"up to {counted(size, 'value')} of `{plate}` with their probabilities, no others"
            )


@dataclass(frozen=True, slots=True)
class Counts:
    """How many elements the sample plates have."""

    graph: Graph
    estimation: Estimation

    def opener(self, plate: str) -> Sample:
        """The sample that opens ``plate``."""
        return self.graph.sample_by_name[plate]

    def size(self, plate: str) -> int | None:
        """The number of elements, or None when it is known at run time only."""
        sample = self.opener(plate)
        estimator = self.estimation.estimators[sample.name]
        if not estimator.enumerated:
            return estimator.count
        if (
            plate in self.estimation.elimination.chains
        ):  # the last step's, or an expectation over it
            return self.estimation.elimination.chains[plate].states
        if plate in self.estimation.sequences:
            return self.estimation.sequences[plate].count
        return self.estimation.configurations(sample)

    def describe(self, plate: str) -> str:
        """What the elements of ``plate`` are and what they weigh."""
        estimator = self.estimation.estimators[plate]
        joined = [s.name for s in self.graph.along(plate) if s.joins]
        size = self.size(plate)
        if plate in self.estimation.separation.samples:
            text = (
                f"the outcomes of each factor of `{plate}` with their probabilities, {size} in all"
            )
        elif plate in self.estimation.elimination.chains:
            text = f"all {size} outcomes of `{plate}` in a step, each with its probability"
        elif plate in self.estimation.sequences:
            text = f"all {size} sequences of outcomes of `{plate}`, each with its probability"
        elif estimator.enumerated:
            number = "all" if size is None else f"all {size}"
            text = f"{number} outcomes of `{plate}`, each with its probability"
        else:
            text = _drawn(estimator, plate, size or 1)
        return text + (f"; {listed(joined)} drawn along with each" if joined else "")

    def evaluations(self, plates: Plates, pairs: frozenset[str] = frozenset()) -> str:
        """How often something with ``plates`` is computed for each element of its data plates.

        It depends on the outcomes of those in ``pairs`` in the step before too.
        """
        chains = self.estimation.elimination.chains
        opened = [p for p in self.graph.sample_plates if p in plates]
        sizes = [chains[p].pairs if p in pairs else self.size(p) for p in opened]
        total = prod(size for size in sizes if size is not None)
        text = times(total) if None not in sizes else "once for each outcome"
        if len(sizes) > 1 and not self.estimation.separation.samples.keys().isdisjoint(plates):
            text = f"at most {text}"
        data = [p for p in self.graph.data_plates if p in plates]
        return text + (f" for each element of {listed(data)}" if data else "")

    def reduction(self, plates: Plates) -> str:
        """How a cost with ``plates`` enters the total."""
        groups: dict[str, list[str]] = {}
        for plate in self.graph.order(plates):
            groups.setdefault(self._reduced(plate), []).append(plate)
        return (
            spoken([f"{how} over {listed(names)}" for how, names in groups.items()]) or "as it is"
        )

    def _reduced(self, plate: str) -> str:
        if plate in self.graph.data_plates:
            return self.graph.data_plates[plate].reduction
        estimator = self.estimation.estimators[plate]
        if estimator.enumerated:
            return "expectation"
        return "weighted mean" if estimator.weighted else "mean"
