"""Catalogue entry of LAX."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="LAX",
    summary="score function with a learned critic, whose gradient comes back along the value",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        Option(
            "c_phi",
            "module",
            None,
            "the critic, of a value and what is known before to a number",
        ),
    ),
    unbiased=True,
    carrier="score",
    sampling=IID,
    needs=frozenset({"pathwise"}),
    families=(),
    order=1,
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k (f(z_k) − c_φ(z_k)) ∇_θ log p_θ(z_k) + ∇_θ c_φ(z(ε_k, θ))",
    evaluations="n, and n of the critic with its gradient",
    prefer="the family is reparameterizable and the cost is not differentiable",
    reference="Grathwohl et al. 2018, arXiv:1711.00123",
    control="always",
    learns="always",
    notes="the critic learns to lower the variance, by the gradient of `method_loss`, in a loop of "
    "the sum over its steps; in `c_phi=critic(z, h)` z is the value, and h is detached",
)
