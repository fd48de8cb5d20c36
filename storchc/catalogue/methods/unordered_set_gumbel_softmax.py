"""Catalogue entry of the relaxation at a set of distinct values."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = MethodEntry(
    name="UnorderedSetGumbelSoftmax",
    summary="the concrete relaxation at k different values, weighted by how probable the set is",
    options=(
        Option("k", "count", None, "values, all different before they are relaxed", least=1),
        Option("temperature", "number", 1.0, "of the relaxation", least=1e-4),
    ),
    unbiased=False,
    carrier="pathwise",
    sampling=LINEAR_EXACT,
    needs=frozenset({"finite", "smooth"}),
    families=("Bernoulli", "OneHotCategorical"),
    order=None,
    in_loops="no",
    above_sequences="any",
    in_plates="own kind",
    mixes_own=False,
    mixes_others=False,
    samplers="none",
    formula="Σ_{s ∈ S} p_s R(S, s) ∇_θ f(softmax((φ + G_s) / τ)), G_s noise that rounds to s, "
    "R(S, s) = P^{D∖s}(S∖s) / P(S)",
    evaluations="k, at most the size of the support",
    prefer="`GumbelSoftmax` would be used with several draws: the same mean, less variance",
    reference="Kool et al. 2020, arXiv:2002.06043; Jang et al. 2017, arXiv:1611.01144",
    relaxed=True,
    elements=("k",),
    weighted=True,
    joint=True,
)
