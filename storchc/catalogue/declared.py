"""A distribution of the user's as a family: what its story declares, and nothing else."""

from __future__ import annotations

from functools import lru_cache

from storchc.catalogue.family import Family, Parameter
from storchc.ir import ranges
from storchc.ir.types import DistributionType


@lru_cache(maxsize=256)
def declared_family(type_: DistributionType) -> Family:
    """The row of ``type_``: its parameters are its arguments, numbered.

    That ``log_prob`` is the normalised law that it draws from, and that its support stays where it
    is, is taken at the story's word (LOSS.md §10). Nothing of it can be listed.
    """
    declared = type_.declared
    assert declared is not None
    discrete = "discrete" in declared.flags
    lies = ranges.of_type(type_.dtype)
    return Family(
        type_.family,
        "A distribution of the user's.",
        tuple(Parameter(str(i), rank=a.rank) for i, a in enumerate(declared.arguments)),
        "declared discrete" if discrete else "declared",
        (),
        lambda _: type_.event,
        dtype=type_.dtype,
        pathwise="reparameterized" in declared.flags,
        ends=lambda _: lies,
    )
