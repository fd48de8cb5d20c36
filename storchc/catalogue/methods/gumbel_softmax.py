"""Catalogue entry of the Gumbel-softmax relaxation."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="GumbelSoftmax",
    summary="the concrete relaxation: a smooth sample with a temperature",
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
    families=("Bernoulli", "OneHotCategorical"),
    order=None,
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k ∇_θ f(softmax((φ + G_k) / τ))",
    evaluations="n",
    prefer="a biased gradient of low variance is good enough and the cost is smooth",
    reference="Jang et al. 2017, arXiv:1611.01144; Maddison et al. 2017, arXiv:1611.00712",
    relaxed=True,
    first_order_if=frozenset({"straight_through"}),
)
