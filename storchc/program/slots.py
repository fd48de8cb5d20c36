"""What the operations of a program fill and look at, and what generated code calls it."""

from __future__ import annotations

from typing import Literal

from storchc.ir.names import spelled
from storchc.records import dataclass

Kind = Literal[
    # of a statement of the story
    "value", "cost", "report", "call", "common", "law", "draw", "baseline", "joined",
    # of a loop: how often, who counts, what its steps leave, and that as one value
    "counter", "count", "size", "alive", "sequence",
    "draws", "costs", "values", "baselines", "alives", "reports",
    # of draws without replacement: what is known of the sequences, and what each has continued
    "joint", "parents", "lineage",
    # of draws from a proposal, and of chains that are summed out, up to this step
    "reached weight", "reached score", "mass", "joint mass", "mass before", "latest",
    # of the loss
    "term", "downstream", "control", "own loss", "elsewhere", "shared",
]  # fmt: skip

_CALLED: dict[Kind, str] = {
    "value": "{}",
    "cost": "{}_cost",
    "report": "{}",
    "call": "{}_out",
    "common": "{}_common",
    "law": "{}_law",
    "draw": "{}_draw",
    "baseline": "{}_baseline",
    "joined": "joined",
    "counter": "{}",
    "count": "{}_count",
    "size": "{}_size",
    "alive": "alive",
    "draws": "{}_draws",
    "costs": "{}_steps",
    "values": "{}_values",
    "baselines": "{}_baselines",
    "alives": "alive_steps",
    "reports": "{}_reports",
    "sequence": "{}_sequence",
    "joint": "{}_joint",
    "parents": "{}_parents",
    "lineage": "{}_lineage",
    "reached weight": "{}_weight",
    "reached score": "{}_score",
    "mass": "{}_next",
    "joint mass": "{}_joint",
    "mass before": "{}_mass",
    "latest": "{}_draws",
    "term": "{}",
    "downstream": "{}_downstream",
    "control": "{}_control",
    "own loss": "{}_own_loss",
    "elsewhere": "{}_elsewhere",
    "shared": "below_{}",
}

_NUMBERED = frozenset({"downstream", "control", "own loss", "elsewhere"})


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value: of the ``kind``, by the ``name`` of what it belongs to in the story.

    ``number`` tells those apart of which there are several.
    """

    kind: Kind
    name: str
    number: int = 0

    @property
    def called(self) -> str:
        """What generated code calls the slot, if that name is free."""
        plain = _CALLED[self.kind].format(spelled(self.name))
        return f"{plain}_{self.number}" if self.number and self.kind in _NUMBERED else plain

    def __str__(self) -> str:
        """The slot as it is printed: ``draw z``."""
        shown = f"{self.kind} {self.name}"
        return f"{shown} {self.number}" if self.number else shown


Slots = frozenset[Slot]
LOSS = Slot("term", "loss")
