"""Catalogue entry of gapped straight-through."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="GappedStraightThrough",
    summary="a discrete value forward, the softmax of moved logits backward",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        Option("temperature", "number", 1.0, "of the Jacobian", value=True, least=1e-4),
        Option("gap", "number", 1.0, "of the class drawn to the others, at least", least=0),
        Option("adaptive", "flag", False, "the mean gap of Gumbel noise in its place"),
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
    formula="1/n Σ_k J(softmax((φ + m(x_k)) / τ)) f'(x_k) / τ",
    evaluations="n",
    prefer="the straight-through Gumbel-softmax works, and has too much variance",
    reference="Fan et al. 2022, arXiv:2206.07235",
    notes="m raises the class drawn to the largest logit and lowers the others until they are "
    "`gap` below; `adaptive`: the gap is −log(1 − p)/p, p the probability of the class drawn",
)
