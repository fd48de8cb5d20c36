"""What is known of loops while a module is written."""

from __future__ import annotations

from dataclasses import field, fields
from typing import Any

from storchc.backend.code import Code
from storchc.ir.nodes import Loop
from storchc.ir.types import Plates, ValueType
from storchc.python.expressions import Py
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that every step leaves: the draw, cost, value, … of this name."""

    kind: str
    name: str


@dataclass(slots=True)
class Mass:
    """Where the probabilities of a chain stand while its loop is written.

    ``before`` are those of the outcomes of the step before, ``joint`` those of pairs and ``now``
    those of this step's, once its outcomes are known. ``draws`` holds the draw of the latest step.
    """

    draws: str
    before: Code | None = None
    joint: Code | None = None
    now: Code | None = None


@dataclass(slots=True)
class Stepping:
    """The loops of a story, as far as it has been written.

    ``around`` are those around the statement that is being written, ``lists`` the locals in which
    their steps are kept, ``counts`` the numbers of steps. ``carried`` are the types of
    what they carry, ``sizes`` the sizes of plates that were opened when one was entered. Of
    samples without replacement, by plate, ``joints`` are the locals that hold what is known of
    their sequences, ``parents`` the lists of what each choice continued, ``lines`` the lineages.
    The rest is what the steps have left: ``sequences`` by name, ``baselines`` by sample, ``masks``
    by loop (the elements that had not stopped), ``reports`` by name. ``masses`` are those of the
    chains that are being summed out, ``narrow`` the plates of what is carried with fewer than it
    has, ``reached`` the locals with the weights and the scores of draws from a proposal up to this
    step. Where the story is written once more, ``drawn`` are the locals with all the steps of
    samples that stay as they were drawn, ``passing`` the samples of which nothing but values is
    asked.
    """

    around: tuple[Loop, ...] = ()
    lists: dict[Kept, str] = field(default_factory=dict)
    counts: dict[str, Py] = field(default_factory=dict)
    carried: dict[str, ValueType] = field(default_factory=dict)
    sizes: dict[str, Py] = field(default_factory=dict)
    joints: dict[str, str] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    lines: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, Code] = field(default_factory=dict)
    baselines: dict[str, Code] = field(default_factory=dict)
    masks: dict[str, Code] = field(default_factory=dict)
    reports: dict[str, Code] = field(default_factory=dict)
    masses: dict[str, Mass] = field(default_factory=dict)
    narrow: dict[str, Plates] = field(default_factory=dict)
    reached: dict[str, tuple[str, str]] = field(default_factory=dict)
    drawn: dict[str, str] = field(default_factory=dict)
    passing: frozenset[str] = frozenset()

    def once_more(self, drawn: dict[str, str], passing: frozenset[str]) -> Stepping:
        """What is known when all loops have ended, to write some of them once more."""
        known: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        copies = {name: dict(t) for name, t in known.items() if isinstance(t, dict)}
        return Stepping(**{**known, **copies, "drawn": drawn, "passing": passing})
