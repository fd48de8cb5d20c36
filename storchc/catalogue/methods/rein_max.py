"""Catalogue entry of ReinMax."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="ReinMax",
    summary="straight-through by Heun's rule: right to the second order",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        Option("temperature", "number", 1.0, "of the Jacobian; 1 or more", value=True, least=1e-4),
    ),
    unbiased=False,
    carrier="pathwise",
    sampling=IID,
    needs=frozenset({"smooth"}),
    families=("Bernoulli", "OneHotCategorical"),
    order=1,
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k [2 J((softmax(φ/τ) + x_k)/2) − J(p)/2] f'(x_k), J(p) = diag p − p pᵀ",
    evaluations="n",
    prefer="values must be discrete, the cost is smooth, and a small bias is good enough",
    reference="Liu et al. 2023, arXiv:2304.08612",
    notes="exact at temperature 1 for costs that are at most quadratic in each draw",
)
