"""Catalogue entry of Gumbel-Rao."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="GumbelRao",
    summary="straight-through Gumbel-softmax, its noise averaged out given the value",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        Option("samples", "count", 10, "of the noise, for each value drawn", least=1),
        Option("temperature", "number", 1.0, "of the Jacobian", value=True, least=1e-4),
    ),
    unbiased=False,
    carrier="pathwise",
    sampling=IID,
    needs=frozenset({"smooth"}),
    families=("OneHotCategorical",),
    order=1,
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k [1/K Σ_j J(softmax((φ + G_kj)/τ))/τ] f'(x_k), argmax(φ + G_kj) = x_k",
    evaluations="n",
    prefer="the straight-through Gumbel-softmax has too much variance at a low temperature",
    reference="Paulus et al. 2021, arXiv:2010.04838",
    notes="its mean is that of the straight-through Gumbel-softmax; K samples of the noise cost K "
    "Jacobians of a softmax, and no evaluation of the cost",
)
