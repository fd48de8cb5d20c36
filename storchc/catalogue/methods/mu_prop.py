"""Catalogue entry of MuProp."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="MuProp",
    summary="score function with the cost linearised at the mean as its control variate",
    options=(Option("n", "count", 1, "independent samples", least=1),),
    unbiased=True,
    carrier="score",
    sampling=IID,
    needs=frozenset({"smooth"}),
    families=("Bernoulli", "OneHotCategorical"),
    order=1,
    in_loops="no",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=False,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k [f(b_k) − f(μ) − f'(μ)ᵀ(b_k − μ)] ∇_θ log p_θ(b_k) + f'(μ)ᵀ ∇_θ μ",
    evaluations="n + 1, one of them with its gradient",
    prefer="values are discrete and the cost is nearly linear in them",
    reference="Gu et al. 2016, arXiv:1511.05176",
    looks="gradients",
    control="always",
    notes="where f(μ) is far from the mean of f the variance is that of the score function",
)
