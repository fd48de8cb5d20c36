"""Catalogue entry of ZGR."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="ZGR",
    summary="half straight-through, half score function of the value itself",
    options=(Option("n", "count", 1, "independent samples", least=1),),
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
    formula="1/n Σ_k [J(p) + (x_k − p)(x_k − p)ᵀ] f'(x_k) / 2, J(p) = diag p − p pᵀ",
    evaluations="n",
    prefer="values must be discrete, the cost is smooth, without a temperature to tune",
    reference="Shekhovtsov 2023, Cold Analysis of Rao-Blackwellized Straight-Through "
    "Gumbel-Softmax Gradient Estimator, ICML",
    notes="exact for costs that are at most quadratic in each draw; ReinMax at temperature 1",
)
