"""The gradient of the expected total cost, by its definition.

The story is run with the plain score function in place of every method. Of such a run only the
values drawn, their log-probabilities and the costs count, as the story states them. The expectation
is ``Σ_z p(z) cost(z)`` over all values, or the mean over many, and is differentiated as it stands:
nothing of what makes an estimate, no weight, no sum of scores and no control variate, takes part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from math import prod

import torch
from torch import Tensor

from storch_runtime import Estimate, reduce_plates
from storchc.certify.measuring import Probe
from storchc.certify.variants import Checked, Chosen, checked, plain, samples_of, with_methods
from storchc.records import dataclass
from storchc.syntax import tree
from storchc.syntax.walk import names, parts


@dataclass(frozen=True, slots=True)
class Reference:
    """The story with plain methods. ``kept`` are the samples that keep their own, and why."""

    story: Checked
    kept: Mapping[str, str]

    @property
    def defined(self) -> bool:
        """Whether the gradient is that of the definition; else it is the plain estimate's."""
        estimation, graph = self.story.estimation, self.story.graph
        own = (estimation.estimators[name] for name in self.kept)
        pathwise = all(e.carrier == "pathwise" and e.even and e.unbiased for e in own)
        return pathwise and not (estimation.dependence.cuts and graph.loop_names)


def reference_of(story: Checked) -> Reference | None:
    """The story with plain methods wherever that is legal; None where it is nowhere."""
    samples, joined = samples_of(story.story), _joined(story.story)
    estimators = story.estimation.estimators
    kept = {
        s.name.id: "`over=` joins its draws, whose weights are its own"
        for s in samples
        if s.plate is None and s.name.id in joined and not estimators[s.name.id].even
    }
    kept |= {
        s.name.id: "it stands in the plate of such a sample"
        for s in samples
        if s.plate is not None and s.plate.id in kept
    }
    counts = {n: estimators[n].count if n in joined else 1 for s in samples if (n := s.name.id)}
    others = [s for s in samples if s.name.id not in kept]
    found = _plain(story, others, counts)
    if found is not None:
        return Reference(found, kept)
    why = "the score function is not legal there"
    for some in ([s for s in others if s.name.id != one.name.id] for one in others):
        found = _plain(story, some, counts)
        if found is not None:
            return Reference(found, {**kept, **dict.fromkeys(_without(others, some), why)})
    pathwise = [s for s in others if estimators[s.name.id].carrier != "pathwise"]
    found = _plain(story, pathwise, counts) if pathwise else None
    if found is None:
        return None
    return Reference(found, {**kept, **dict.fromkeys(_without(others, pathwise), why)})


def _without(samples: Iterable[tree.Sample], others: Iterable[tree.Sample]) -> list[str]:
    known = {sample.name.id for sample in others}
    return [sample.name.id for sample in samples if sample.name.id not in known]


def _plain(
    story: Checked, samples: Iterable[tree.Sample], counts: Mapping[str, int]
) -> Checked | None:
    methods: dict[str, Chosen] = {s.name.id: plain(s, counts[s.name.id]) for s in samples}
    return checked(with_methods(story.story, methods), story.source)


def _joined(story: tree.Story) -> frozenset[str]:
    """The plates that ``over=`` names anywhere."""
    found: set[str] = set()
    for part in parts(story.steps):
        if isinstance(part, tree.Keyword) and part.name.id == "over":
            found |= {name.id for name in names(part.value)}
    return frozenset(found)


def of_loss(estimate: Estimate, probability: float | None) -> tuple[Tensor, Tensor]:
    """What a module estimates: its loss. A `Probe`."""
    share = 1.0 if probability is None else probability
    costs = [reduce_plates(estimate, name) * share for name in estimate.layout.costs]
    return estimate.loss * share, torch.stack(costs)


def score_of(sample: str) -> Probe:
    """The log-probability of what was drawn of a sample: its derivative has the mean 0."""

    def probe(estimate: Estimate, probability: float | None) -> tuple[Tensor, Tensor]:
        return estimate.log_probs[sample].sum(), torch.zeros(0)

    return probe


@dataclass(frozen=True, slots=True)
class Definition:
    """The expected total cost of a `Reference`, a `Probe`.

    ``credited`` are, by cost, the samples that reach it on a path which no `stop_gradient` cuts,
    and whose probabilities therefore move it. ``level`` is a number near each cost, which keeps the
    spread of replicates small and moves no expectation.
    """

    credited: Mapping[str, frozenset[str]]
    level: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, estimate: Estimate, probability: float | None) -> tuple[Tensor, Tensor]:
        """``Σ_c p(z) c(z)``, differentiable any number of times."""
        logs = {name: estimate.log_probs[name].sum() for name in self._samples()}
        share, costs = 1.0 if probability is None else probability, []
        total = torch.zeros(())
        for name, samples in self.credited.items():
            cost, level = _reduced(estimate, name), self.level.get(name, 0.0)
            log = sum((logs[s] for s in sorted(samples)), torch.zeros(()))
            total = total + level + (cost - level) * torch.exp(log - log.detach())
            costs.append(cost.detach() * share)
        return total * share, torch.stack(costs)

    def _samples(self) -> list[str]:
        return sorted(frozenset[str]().union(*self.credited.values()))


def definition_of(reference: Reference, level: Mapping[str, float]) -> Definition:
    """The definition of a reference's expected cost."""
    story = reference.story
    drawn = {s.name.id for s in samples_of(story.story)} - set(reference.kept)
    credited = {
        name: frozenset(found) & drawn for name, found in story.estimation.dependence.costs.items()
    }
    return Definition({c.name: credited[c.name] for c in story.graph.costs}, level)


def _reduced(estimate: Estimate, cost: str) -> Tensor:
    """A cost over its plates: the mean over draws, and over data unless they are summed."""
    sizes = estimate.plate_sizes()
    averaged = [plate for plate in estimate.plates[cost] if plate not in estimate.layout.sums]
    return estimate.costs[cost].sum() / prod(sizes[plate] for plate in averaged)
