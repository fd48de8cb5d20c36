"""Catalogue entry of sampling without replacement."""

from storchc.catalogue.method import Option, SamplerEntry

ENTRY = SamplerEntry(
    name="WithoutReplacement",
    summary="k different values by stochastic beam search, weighted by p / q",
    options=(Option("k", "count", None, "values, all different", least=1),),
    sampling="linear-exact",
    weighted=True,
    reference="Kool et al. 2019, arXiv:1903.06059",
    prefer="drawing a value twice is a waste, and the score function has a baseline",
    needs=frozenset({"finite"}),
    elements=("k",),
    joint=True,
    coupled=True,
)
