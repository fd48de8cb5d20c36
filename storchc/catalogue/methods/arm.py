"""Catalogue entry of ARM."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="ARM",
    summary="the costs of two antithetic binary vectors, times their noise",
    options=(Option("n", "count", 1, "independent pairs", least=1),),
    unbiased=True,
    carrier="control",
    sampling=IID,
    needs=frozenset(),
    families=("Bernoulli",),
    order=1,
    in_loops="no",
    above_sequences="of one sample",
    in_plates="any",
    mixes_own=False,
    mixes_others=True,
    samplers="none",
    formula="1/n Σ_k (f(b_k) − f(b̃_k)) (½ − u_k), b = 1[u < p], b̃ = 1[1 − u < p]",
    evaluations="2 n",
    prefer="never: `DisARM` has less variance at the same cost",
    reference="Yin and Zhou 2019, arXiv:1807.11143",
    notes="the partners lie in no plate: the plate has n elements",
    looks="values",
    control="always",
)
