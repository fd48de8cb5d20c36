"""Catalogue entry of VIMCO."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="VIMCO",
    summary="the score function of a multi-sample bound, each draw compared with the others",
    options=(
        Option("n", "count", None, "independent samples", least=2),
        Option(
            "mean",
            "word",
            "geometric",
            "of the others' weights, in the place of a draw's own",
            words=("geometric", "arithmetic"),
        ),
    ),
    unbiased=True,
    carrier="score",
    sampling=IID,
    needs=frozenset({"logmeanexp"}),
    families=(),
    order=None,
    in_loops="yes",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="any",
    formula="Σ_k (L − L_{−k}) ∇_θ log p_θ(x_k) + ∇_θ L,  L = α log 1/n Σ_k exp f_k + β; "
    "in L_{−k} the mean of the other f_j stands for f_k",
    evaluations="n",
    prefer="the cost is a bound made of all draws together (`logmeanexp`) and nothing can be "
    "reparameterized",
    reference="Mnih and Rezende 2016, arXiv:1602.06725",
    notes="costs that do not join the draws are compared with the mean of the others, as with "
    "`baseline=batch_average`; in a loop a whole sequence has one baseline, the same in all steps",
    control="always",
)
