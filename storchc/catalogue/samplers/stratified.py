"""Catalogue entry of Latin hypercube sampling."""

from storchc.catalogue.method import DISTINCT, Option, SamplerEntry
from storchc.catalogue.sampling import LINEAR_EXACT

ENTRY = SamplerEntry(
    name="Stratified",
    summary="one draw from each of n equally likely strata, at every place (Latin hypercube)",
    options=(Option("n", "count", 2, "samples, one in a stratum", least=1), DISTINCT),
    sampling=LINEAR_EXACT,
    weighted=False,
    in_loops="yes",
    in_plates="no",
    proposal=False,
    reference="McKay, Beckman and Conover 1979, Technometrics 21",
    prefer="the cost is nearly a sum of functions of one coordinate each",
    needs=frozenset({"inverse"}),
    coupled=True,
)
