"""Catalogue entry of the method that takes the best one for a number of evaluations."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.ranking import DEFAULT_BUDGET
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="Best",
    summary="the unbiased method of the least variance that is right here within a budget",
    options=(
        Option("budget", "count", DEFAULT_BUDGET, "evaluations of what is downstream", least=1),
    ),
    unbiased=True,
    carrier="score",
    sampling=IID,
    needs=frozenset(),
    families=(),
    order=None,
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="any",
    formula="that of the method that it takes, which `explain` of the story names",
    evaluations="at most budget",
    prefer="you do not want to choose, and know what a step may cost",
    reference="the order and its sources: `storchc/catalogue/ranking.py`",
    infers=("Reparameterization", "ScoreFunction"),
)
