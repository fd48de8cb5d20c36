"""What is known of a story when it is compiled: the constants that its estimates are read with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Layout", "Sampled", "Valued"]


@dataclass(frozen=True, slots=True)
class Valued:
    """A cost or a report.

    ``plates`` are the story's, newest sample plate first; ``stored`` those that the tensor has
    (None: all). ``where`` is the story line. ``weights`` names, for each sample plate whose
    elements do not weigh the same, the samples whose weights multiply to the plate's; ``products``
    names for such a sample the plates over which its weights are multiplied first. ``steps`` are
    the loops whose steps the tensor keeps apart, in front: each has the weights up to it.
    """

    plates: tuple[str, ...]
    where: str = ""
    stored: tuple[str, ...] | None = None
    weights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    products: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampled:
    """A sample.

    ``value`` and ``weight`` are the plates that its value, and its weights and log-probabilities,
    are stored with (None: all). ``plate`` is the open plate that it stands ``in`` (None: its own).
    ``joint`` says that it weighs what its whole plate does, as a part of a joint sample.
    ``flat`` says that its own plate, of size 1, has no dimension in memory. ``weights`` and
    ``products`` are as in `Valued`. ``loops`` are those around it, where its weights differ from
    step to step. ``absent`` says why there is nothing to look at.
    """

    plates: tuple[str, ...]
    value: tuple[str, ...] | None = None
    weight: tuple[str, ...] | None = None
    plate: str | None = None
    joint: bool = False
    weights: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    products: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    flat: bool = False
    absent: str = ""
    loops: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The plates of everything in an estimate; ``sums`` are the summed data plates."""

    costs: Mapping[str, Valued] = field(default_factory=dict)
    samples: Mapping[str, Sampled] = field(default_factory=dict)
    reports: Mapping[str, Valued] = field(default_factory=dict)
    sums: frozenset[str] = frozenset()

    @property
    def plates(self) -> dict[str, tuple[str, ...]]:
        """The plates of every sample, cost and report."""
        valued = {**self.costs, **self.reports}
        plates = {name: entry.plates for name, entry in self.samples.items()}
        return plates | {name: entry.plates for name, entry in valued.items()}
