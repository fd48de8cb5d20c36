"""Catalogue entry of RELAX."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="RELAX",
    summary="score function with a learned critic of a relaxed value",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        Option(
            "c_phi",
            "module",
            None,
            "the critic, of a relaxed value and what is known before to a number",
        ),
        Option("temperature", "number", 0.5, "of the relaxation, where it starts", least=0.001),
        Option("eta", "number", 1.0, "what the critic counts, where it starts", least=-1e6),
        Option("learn", "flag", True, "train the critic, the temperature and eta"),
    ),
    unbiased=True,
    carrier="score",
    sampling=IID,
    needs=frozenset(),
    families=("Bernoulli", "OneHotCategorical", "Categorical"),
    order=1,
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k (f(b_k) − η c(z̃_k)) ∇_θ log p_θ(b_k) + η ∇_θ c(z_k) − η ∇_θ c(z̃_k), "
    "c(z) = c_φ(σ(z/τ)), z̃ drawn again given b",
    evaluations="n, and 2n of the critic with its gradient",
    prefer="values are discrete, the cost is not differentiable or costly, and a critic can learn",
    reference="Grathwohl et al. 2018, arXiv:1711.00123",
    control="always",
    learns="learn",
    notes="the critic, η and τ learn to lower the variance, by the gradient of `method_loss`, in a "
    "loop of the sum over its steps; that of a `Categorical` takes its one-hot relaxation; in "
    "`c_phi=critic(z, h)` z is the relaxed value, and h is detached",
)
