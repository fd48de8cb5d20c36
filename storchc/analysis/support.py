"""How many joint outcomes the event of a distribution has."""

from __future__ import annotations

from storchc.catalogue.family import Family
from storchc.ir.expression import Construct, Distribution
from storchc.ir.size import product


def support_size(distribution: Distribution, family: Family) -> int | None:
    """The joint outcomes of all event dimensions, or None where a size is known at run time only."""
    raise AssertionError((distribution, family, Construct, product))
