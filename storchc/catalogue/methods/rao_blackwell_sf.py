"""Catalogue entry of the Rao-Blackwellised score function."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = MethodEntry(
    name="RaoBlackwellSF",
    summary="sum over the k − 1 most probable values, sample one of the others",
    options=(Option("k", "count", None, "values, all different", least=1),),
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
    formula="Σ_{x ∈ C} p_θ(x) f(x) ∇_θ log p_θ(x) + (1 − p(C)) f(x') ∇_θ log p_θ(x'), "
    "C the k − 1 most probable values, x' one of the others",
    evaluations="k, at most the size of the support",
    prefer="few values carry most of the probability; no variance where k covers the support",
    reference="Liu et al. 2019, arXiv:1810.04777; "
    "stochastic beam search: Kool et al. 2019, arXiv:1903.06059",
    notes="of whole sequences, in a loop or `in` a plate that it opened, C are the k − 1 largest "
    "of log p + Gumbel, and x' is the next one",
    elements=("k",),
    weighted=True,
    joint=True,
)
