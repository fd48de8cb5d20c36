"""Families without chance."""

from __future__ import annotations

from storchc.catalogue.distributions.parts import properties, scalar
from storchc.catalogue.family import Family, Parameter

DELTA = Family(
    "Delta",
    "A single value, where a distribution is asked for.",
    (Parameter("v"),),
    "real",
    properties("v", moments=("mean", "mode")),
    scalar,
    pathwise=True,
    replay="noise",
    ends=lambda ranges: ranges["v"],
    entropy=False,
    point=True,
    caution="it is reparameterized and never scored: it has no density",
)

FAMILIES = (DELTA,)
