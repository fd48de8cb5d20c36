"""What may weigh the elements of a plate, whatever value is looked at."""

from __future__ import annotations

from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Weighing:
    """The samples along a plate that have weights; those in ``joint`` are chosen together.

    Those in ``chosen`` are chosen anew later: they weigh whatever is looked at.
    """

    samples: tuple[str, ...]
    joint: frozenset[str]
    chosen: frozenset[str]
