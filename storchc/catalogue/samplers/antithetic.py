"""Catalogue entry of antithetic pairs."""

from storchc.catalogue.method import DISTINCT, Option, SamplerEntry
from storchc.catalogue.sampling import SLOT_EXACT

ENTRY = SamplerEntry(
    name="Antithetic",
    summary="pairs of draws with opposite noise",
    options=(Option("n", "count", 2, "samples, two in a pair", least=2, multiple=2), DISTINCT),
    sampling=SLOT_EXACT,
    weighted=False,
    in_loops="yes",
    in_plates="no",
    proposal=False,
    reference="Hammersley and Morton 1956, A new Monte Carlo technique: antithetic variates",
    prefer="the cost is nearly monotone in each draw: the errors of a pair cancel",
    needs=frozenset({"inverse"}),
    coupled=True,
)
