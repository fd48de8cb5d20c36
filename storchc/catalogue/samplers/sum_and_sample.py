"""Catalogue entry of taking the most probable values and sampling from the rest."""

from storchc.catalogue.method import Option, SamplerEntry
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = SamplerEntry(
    name="SumAndSample",
    summary="the most probable values, and samples from the rest, each with what it stands for",
    options=(
        Option("sum_size", "count", None, "most probable values, summed", least=0),
        Option("sample_size", "count", 1, "samples from the rest", least=1),
    ),
    sampling=LINEAR_EXACT,
    weighted=True,
    in_loops="sequences",
    in_plates="no",
    proposal=False,
    reference="Liu et al. 2019, arXiv:1810.04777",
    prefer="few values carry most of the probability, and the score function has a baseline",
    needs=frozenset({"finite"}),
    elements=("sum_size", "sample_size"),
    joint=True,
    coupled=True,
)
