"""Catalogue entry of sampling without replacement."""

from storchc.catalogue.method import Option, SamplerEntry
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = SamplerEntry(
    name="WithoutReplacement",
    summary="k different values by stochastic beam search, weighted by p / q",
    options=(Option("k", "count", None, "values, all different", least=1),),
    sampling=LINEAR_EXACT,
    weighted=True,
    in_loops="sequences",
    in_plates="no",
    proposal=False,
    reference="Kool et al. 2019, arXiv:1903.06059",
    prefer="drawing a value twice is a waste, and the score function has a baseline",
    needs=frozenset({"finite"}),
    elements=("k",),
    joint=True,
    coupled=True,
)
