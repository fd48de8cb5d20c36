"""Catalogue entry of the reparameterization estimator."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="Reparameterization",
    summary="pathwise derivative through the value drawn",
    options=(Option("n", "count", 1, "independent samples", least=1),),
    unbiased=True,
    carrier="pathwise",
    sampling=IID,
    needs=frozenset({"pathwise", "smooth"}),
    families=(),
    order=None,
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="own law",
    formula="1/n Σ_k ∇_θ f(x(ε_k, θ)),  ε_k ~ p(ε)",
    evaluations="n",
    prefer="the family can be reparameterized and every path to every cost is differentiable",
    reference="Kingma and Welling 2014, arXiv:1312.6114; "
    "implicit: Figurnov et al. 2018, arXiv:1805.08498",
    notes="First order only for families whose derivative is implicit (Gamma, Beta, Dirichlet …). "
    "Biased where the family's own pathwise gradient is (OneHotCategoricalStraightThrough, "
    "RelaxedOneHotCategoricalStraightThrough).",
    discrete_paths=True,
)
