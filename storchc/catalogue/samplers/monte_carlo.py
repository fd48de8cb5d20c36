"""Catalogue entry of plain Monte Carlo."""

from storchc.catalogue.method import DISTINCT, Option, SamplerEntry
from storchc.catalogue.sampling import IID

ENTRY = SamplerEntry(
    name="MonteCarlo",
    summary="independent draws from the distribution itself",
    options=(Option("n", "count", 1, "independent samples", least=1), DISTINCT),
    sampling=IID,
    weighted=False,
    in_loops="yes",
    in_plates="any",
    proposal=False,
    reference="Metropolis and Ulam 1949",
    prefer="nothing speaks for another one; it is what every method does by default",
)
