"""Catalogue entry of local expectation gradients."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="LocalExpectation",
    summary="sum over each coordinate exactly, the others as they were drawn",
    options=(Option("n", "count", 1, "independent samples", least=1),),
    unbiased=True,
    carrier="control",
    sampling=IID,
    needs=frozenset(),
    families=("Bernoulli", "Categorical", "OneHotCategorical"),
    order=1,
    in_loops="no",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=False,
    mixes_others=False,
    samplers="none",
    formula="1/n Σ_k Σ_d Σ_c ∇_θ p_d(c) f(x_k with x_d = c)",
    evaluations="n (1 + D (C − 1))",
    prefer="few coordinates, or evaluations that are cheap in a batch: little variance is left",
    reference="Titsias and Lázaro-Gredilla 2015, arXiv:1503.01494; De Smet et al. 2023, "
    "arXiv:2311.12569",
    notes="no variance where the cost is a sum of terms of one coordinate each",
    looks="values",
    control="always",
)
