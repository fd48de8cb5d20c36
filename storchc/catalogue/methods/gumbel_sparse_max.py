"""Catalogue entry of the sparsemax relaxation."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="GumbelSparseMax",
    summary="the entmax relaxation at alpha 2: a projection onto the simplex",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
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
    formula="1/n Σ_k ∇_θ f(sparsemax((φ + G_k) / τ))",
    evaluations="n",
    prefer="relaxed values should be as sparse as they can be with a gradient",
    reference="Martins and Astudillo 2016, arXiv:1602.02068; Peters, Niculae and Martins 2019, "
    "arXiv:1905.05702",
    relaxed=True,
    notes="where one class has won by more than τ the value is discrete and has no gradient",
)
