"""Catalogue entry of the entmax relaxation."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="GumbelEntmax",
    summary="a relaxation whose values have exact zeros",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        Option("alpha", "number", 1.5, "1 is a softmax, 2 a sparsemax", least=1.01),
        Option("adaptive", "flag", False, "learn alpha, from the value given"),
        Option("temperature", "number", 1.0, "of the relaxation", value=True, least=1e-4),
        Option("straight_through", "flag", False, "discrete forward, relaxed backward"),
        Option("min_temperature", "number", 1e-4, "where annealing ends", least=0),
        Option("annealing_rate", "number", 0.0, "taken off per training forward", least=0, below=1),
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
    formula="1/n Σ_k ∇_θ f(entmax_α((φ + G_k) / τ))",
    evaluations="n",
    prefer="relaxed values should be sparse: most classes then take no part",
    reference="Peters, Niculae and Martins 2019, arXiv:1905.05702",
    relaxed=True,
    notes="`adaptive`: α = 1 + softplus(a), at least 1.01; a is a parameter of the method that is "
    "part of the relaxed objective, so it is the gradient of the model's loss that trains it",
)
