"""Catalogue entry of the unordered set estimator."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = MethodEntry(
    name="UnorderedSetEstimator",
    summary="the score function at k different values, averaged over the order of drawing them",
    options=(
        Option("k", "count", None, "values, all different", least=1),
        Option("use_baseline", "flag", True, "compare each value with the others (k of 2 or more)"),
        Option(
            "integration",
            "word",
            "auto",
            "how the probability of a set is found: a sum over its subsets, or an integral",
            words=("auto", "exact", "numerical"),
        ),
    ),
    unbiased=True,
    carrier="score",
    sampling=LINEAR_EXACT,
    needs=frozenset({"finite"}),
    families=(),
    order=None,
    in_loops="sequences",
    above_sequences="any",
    in_plates="own kind",
    mixes_own=False,
    mixes_others=False,
    samplers="none",
    formula="Σ_{s ∈ S} p_s R(S, s) (f_s − p_s f_s − Σ_{s' ≠ s} p_s' R^{D∖s}(S, s') f_s') "
    "∇_θ log p_s, R(S, s) = P^{D∖s}(S∖s) / P(S)",
    evaluations="k, at most the size of the support",
    prefer="as `ScoreFunctionWOR`, with less variance; its draws can be replayed",
    reference="Kool et al. 2020, arXiv:2002.06043",
    notes="without variance where k covers the support",
    elements=("k",),
    weighted=True,
    joint=True,
    control="use_baseline",
)
