"""What a method is given to train is trained, by the method or by the model."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.ownership import PAID, critics, learned
from storchc.diagnostics import credit as words
from storchc.diagnostics import critics as critic_words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.nodes import ModuleOption, Sample
from storchc.source import Span


def run(known: Estimation, problems: Problems) -> None:
    """Warn of baselines and critics that never learn, and of what nobody trains."""
    taught = known.ownership.taught
    for sample in known.graph.samples:
        moved = known.ownership.moved.get(sample.name, frozenset())
        for name in sorted(moved - taught.keys()):
            problems.add(words.trained_by_nobody(name, sample, _option(sample)))
        for name in sorted(critics(known.estimators[sample.name]) & taught.keys()):
            paid = PAID in taught[name]
            problems.add(words.critic_of_the_model(name, sample, _option(sample), paid=paid))
        for name in sorted(known.ownership.told.get(sample.name, ())):
            problems.add(critic_words.context_for_nobody(name, sample, _option(sample)))
        if _copies_the_policy(known, sample):
            problems.add(words.idle_baseline(sample, _option(sample)))


def _copies_the_policy(known: Estimation, sample: Sample) -> bool:
    """Whether a baseline would learn, but is made of what only draws train.

    One that is fixed, or that a cost of its own trains, is as it was meant.
    """
    owners = known.ownership
    moved = owners.moved.get(sample.name, frozenset())
    if not learned(sample) or owners.trained[sample.name] or not moved <= owners.taught.keys():
        return False
    return bool(moved) and not any(PAID in owners.taught[name] for name in moved)


def _option(sample: Sample) -> Span:
    """Where the baseline or the critic stands."""
    assert sample.method is not None
    for value in learned(sample):
        return value.span
    given = sample.method.constants.items()
    option = next(option for option, value in given if isinstance(value, ModuleOption))
    return sample.method.written[option].value
