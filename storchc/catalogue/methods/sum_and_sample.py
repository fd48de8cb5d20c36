"""Catalogue entry of the score function summed over some values and sampled on the rest."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = MethodEntry(
    name="SumAndSample",
    summary="sum over the most probable values, sample from the rest",
    options=(
        Option("sum_size", "count", None, "most probable values, summed", least=0),
        Option("sample_size", "count", 1, "samples from the rest", least=1),
    ),
    unbiased=True,
    carrier="score",
    sampling=LINEAR_EXACT,
    needs=frozenset({"finite"}),
    families=(),
    order=None,
    in_loops="sequences",
    above_sequences="any",
    in_plates="no",
    mixes_own=False,
    mixes_others=False,
    samplers="none",
    formula="Σ_{x ∈ C} p_θ(x) f(x) ∇_θ log p_θ(x) + (1 − p(C))/m Σ_j f(x_j) ∇_θ log p_θ(x_j), "
    "C the sum_size most probable values, m = sample_size draws from the others",
    evaluations="sum_size + sample_size, at most the size of the support",
    prefer="few values carry most of the probability; no variance where it covers the support",
    reference="Liu et al. 2019, arXiv:1810.04777",
    notes="of whole sequences, in a loop, C are those that a beam of the sum_size most probable "
    "prefixes is left with",
    elements=("sum_size", "sample_size"),
    weighted=True,
    joint=True,
    coupled=True,
)
