"""Catalogue entry of sticking the landing."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="STL",
    summary="reparameterization without the score in log_prob(q, z): sticking the landing",
    options=(Option("n", "count", 1, "independent samples", least=1),),
    unbiased=False,
    carrier="pathwise",
    sampling=IID,
    needs=frozenset({"pathwise", "smooth"}),
    families=(),
    order=1,
    in_loops="no",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="own law",
    formula="1/n Σ_k ∇_θ f(z_k, θ),  z_k = z(ε_k, θ), θ stopped in log q_θ(z_k)",
    evaluations="n",
    prefer="the cost has log_prob(q, z), and `q` comes near its target: the variance goes to 0",
    reference="Roeder et al. 2017, arXiv:1703.09194",
    notes="unbiased wherever log_prob(q, z) enters every cost by a factor that does not move with "
    "z, as in an ELBO; biased elsewhere, as inside a `logmeanexp` of more than one draw. It does "
    "nothing where no cost has log_prob(q, z) with the name of the distribution.",
    stops_own_score=True,
)
