"""Catalogue entry of the method that lets the compiler choose."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="Infer",
    summary="reparameterization where it is right, else the score function with a baseline",
    options=(Option("n", "count", 1, "independent samples", least=1),),
    unbiased=True,
    carrier="score",
    sampling=IID,
    needs=frozenset(),
    families=(),
    order=None,
    in_loops="yes",
    above_sequences="any",
    in_plates="any",
    mixes_own=True,
    mixes_others=True,
    samplers="any",
    formula="Reparameterization(n), or ScoreFunction(n, baseline=moving_average), or for n > 1 "
    "ScoreFunction(n, baseline=batch_average)",
    evaluations="n",
    prefer="you do not want to choose; it never picks a biased method",
    reference="Schulman et al. 2015, arXiv:1506.05254",
    infers=("Reparameterization", "ScoreFunction"),
)
