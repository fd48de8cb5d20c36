"""Catalogue entry of REBAR."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="REBAR",
    summary="score function with the relaxed cost as its control variate",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        Option("temperature", "number", 0.5, "of the relaxation, where it starts", least=0.001),
        Option("eta", "number", 1.0, "what the relaxed cost counts, where it starts", least=-1e6),
        Option("learn", "flag", True, "train the temperature and eta"),
    ),
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
    formula="1/n Σ_k (f(b_k) − η c(z̃_k)) ∇_θ log p_θ(b_k) + η ∇_θ c(z_k) − η ∇_θ c(z̃_k), "
    "c(z) = f(σ(z/τ)), z̃ drawn again given b",
    evaluations="3n, 2n of them with their gradient",
    prefer="values are discrete, the cost is smooth, and unbiasedness is worth three evaluations",
    reference="Tucker et al. 2017, arXiv:1703.07370",
    looks="gradients",
    relies=True,
    control="always",
    learns="learn",
    notes="η and τ learn to lower the variance, by the gradient of `method_loss`; while they do, "
    "the cost is differentiated twice",
)
