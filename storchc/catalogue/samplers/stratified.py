"""Catalogue entry of Latin hypercube sampling."""

from storchc.catalogue.method import DISTINCT, Option, SamplerEntry

ENTRY = SamplerEntry(
    name="Stratified",
    summary="one draw from each of n equally likely strata, at every place (Latin hypercube)",
    options=(Option("n", "count", 2, "samples, one in a stratum", least=1), DISTINCT),
    sampling="linear-exact",
    weighted=False,
    reference="McKay, Beckman and Conover 1979, Technometrics 21",
    prefer="the cost is nearly a sum of functions of one coordinate each",
    needs=frozenset({"inverse"}),
    coupled=True,
)
