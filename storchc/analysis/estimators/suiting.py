"""Whether a method is for a family at all."""

from __future__ import annotations

from storchc.catalogue.family import Family
from storchc.catalogue.method import MethodEntry


def suits_family(entry: MethodEntry, family: Family) -> bool:
    """Whether a method is defined for a family."""
    return not entry.families or family.name in entry.families


def has_path(entry: MethodEntry, family: Family) -> bool:
    """Whether the values of a family carry the gradient that a method needs.

    Those of discrete ones carry a biased gradient, which a method has to ask for by its name.
    """
    if "pathwise" not in entry.needs:
        return True
    return family.pathwise and (family.finite is None or entry.discrete_paths)


def is_traced(entry: MethodEntry, family: Family) -> bool:
    """Whether a path can be laid to a value that is there, where a method scores it and does so."""
    scores = entry.carrier == "score" and "pathwise" in entry.needs
    return not scores or family.replay != "none"
