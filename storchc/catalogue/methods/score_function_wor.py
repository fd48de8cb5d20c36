"""Catalogue entry of the score function without replacement."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = MethodEntry(
    name="ScoreFunctionWOR",
    summary="the score function at k different values, with a baseline of its own",
    options=(
        Option("k", "count", None, "values, all different", least=1),
        Option("biased", "flag", False, "weights that are normalised: less variance, some bias"),
        Option("use_baseline", "flag", True, "compare each value with the others (k of 2 or more)"),
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
    formula="Σ_{s ∈ S} w_s (f_s − p_s f_s − Σ_{s' ≠ s} w_s' f_s') ∇_θ log p_s, S the k largest of "
    "log p_s + Gumbel, κ the next one, w_s = p_s / (1 − exp(−exp(log p_s − κ)))",
    evaluations="k, at most the size of the support",
    prefer="the joint support is large, as with sequences, and drawing a value twice is a waste",
    reference="Kool et al. 2019, openreview r1lgTGL5DE; "
    "stochastic beam search: Kool et al. 2019, arXiv:1903.06059",
    notes="without variance where k covers the support; its weights have heavy tails, so that the "
    "variance is infinite for k < 4 (for k < 2 without the baseline); with `biased=true` they are "
    "normalised: biased, and bounded",
    biased_if=frozenset({"biased"}),
    elements=("k",),
    weighted=True,
    joint=True,
    control="use_baseline",
)
