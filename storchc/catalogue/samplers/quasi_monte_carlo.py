"""Catalogue entry of randomised quasi-Monte Carlo."""

from storchc.catalogue.method import DISTINCT, Option, SamplerEntry
from storchc.catalogue.sampling import SLOT_EXACT

ENTRY = SamplerEntry(
    name="QuasiMonteCarlo",
    summary="the points of a Sobol sequence, shifted at random",
    options=(Option("n", "count", 2, "samples, best a power of two", least=1), DISTINCT),
    sampling=SLOT_EXACT,
    weighted=False,
    in_loops="yes",
    in_plates="no",
    proposal=False,
    reference="Sobol 1967; Cranley and Patterson 1976, SIAM Journal on Numerical Analysis 13; "
    "Buchholz, Wenzel and Mandt 2018, arXiv:1807.01604",
    prefer="many samples of few coordinates, and a smooth cost",
    needs=frozenset({"inverse"}),
    coupled=True,
)
