"""Catalogue entry of the doubly reparameterized gradient."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="DReG",
    summary="the doubly reparameterized gradient of a multi-sample bound",
    options=(Option("n", "count", 1, "independent samples", least=1),),
    unbiased=True,
    carrier="pathwise",
    sampling=IID,
    needs=frozenset({"pathwise", "smooth", "logmeanexp"}),
    families=(),
    order=1,
    in_loops="no",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=True,
    mixes_others=False,
    samplers="own law",
    formula="α Σ_k w_k² ∂f_k/∂z_k ∂z_k/∂θ,  w = softmax f,  for α log 1/n Σ_k exp f_k with "
    "f_k = … − log q_θ(z_k), θ stopped there",
    evaluations="n",
    prefer="the cost is an importance-weighted bound (IWAE): more draws then lower the variance",
    reference="Tucker et al. 2019, arXiv:1810.04152",
    notes="every cost of z must be made of the one logmeanexp, in which log_prob(q, z), with the "
    "name of the distribution, is subtracted",
    stops_own_score=True,
)
