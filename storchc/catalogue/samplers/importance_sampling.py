"""Catalogue entry of importance sampling."""

from storchc.catalogue.method import DISTINCT, Option, SamplerEntry
from storchc.catalogue.sampling import IID

ENTRY = SamplerEntry(
    name="ImportanceSampling",
    summary="independent draws from a proposal, weighted by p / q; never self-normalised",
    options=(
        Option("n", "count", 1, "independent samples", least=1),
        DISTINCT,
        Option("proposal", "distribution", None, "the distribution to draw from"),
        Option(
            "covers",
            "word",
            "target",
            "what the proposal reaches: all that the target does, or where the cost is not 0",
            words=("target", "cost"),
        ),
    ),
    sampling=IID,
    weighted=True,
    in_loops="yes",
    in_plates="any",
    proposal=True,
    reference="Kahn and Marshall 1953; van Krieken et al. 2021, arXiv:2104.00428",
    prefer="the distribution rarely visits what the cost depends on",
)
