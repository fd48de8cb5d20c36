"""Catalogue entry of DisARM."""

from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID

ENTRY = MethodEntry(
    name="DisARM",
    summary="ARM with its noise integrated out: two antithetic binary vectors",
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
    formula="1/n Σ_k ½ (f(b_k) − f(b̃_k)) (b_k − b̃_k) σ(|φ|), b = 1[u < p], b̃ = 1[1 − u < p]",
    evaluations="2 n",
    prefer="binary vectors, and a cost that is not differentiable or must not be biased",
    reference="Dong, Mnih and Tucker 2020, arXiv:2006.10680; "
    "U2G: Yin et al. 2020, arXiv:2006.06448",
    notes="the partners lie in no plate: the plate has n elements",
    looks="values",
    control="always",
)
