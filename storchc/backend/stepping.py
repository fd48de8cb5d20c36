"""What is known of loops while a module is written, and values with a dimension for their steps.

After a loop the score of a sample in it, and every cost, has a dimension for the steps, in front of
its plates. The loss treats it as it treats a plate that is summed (LOSS.md §6).
"""

from __future__ import annotations

from dataclasses import field, fields
from typing import TYPE_CHECKING, Any

from storchc.backend.code import Code
from storchc.backend.reductions import reduce_all
from storchc.backend.shares import Shares
from storchc.ir.graph import Cost, Loop, Sample
from storchc.ir.steps import Seen, common
from storchc.ir.types import Plates, ValueType
from storchc.python.expressions import Py, call, literal, method, tuple_of
from storchc.records import dataclass

if TYPE_CHECKING:
    from storchc.backend.expressions import Writer


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


def stored_of(writer: Writer, sample: Sample) -> Plates:
    """The dimensions of a sample's score: the steps of the loops around it, and its plates."""
    return writer.storage.full(sample.type.plates) | frozenset(sample.loops)


def in_steps(writer: Writer, seen: Seen, score: Code) -> Code:
    """A score as it is seen: in the same step, summed over earlier ones, or over both."""
    if seen.level is None:
        return score
    loop = writer.samples[seen.name].loops[seen.level]
    dim = literal(writer.storage.dim(loop, score.stored))
    if seen.same:
        return Code(method(score.py, "cumsum", dim), score.stored)
    return Code(call(writer.runtime("earlier"), score.py, dim), score.stored)


def following(writer: Writer, sample: Sample, seen: Seen, shares: Shares) -> Code:
    """A cost as ``sample`` sees it, detached, for each element of its unmixed plates.

    It is seen in the same step, summed over later ones, or over both.
    """
    cost = writer.graph.cost_by_name[seen.name]
    depth = common(sample.loops, cost.loops) if seen.level is None else seen.level + 1
    kept = shares.kept | frozenset(cost.loops[:depth])
    code = writer.costs[cost.name]
    detached = Code(method(code.py, "detach"), code.stored)
    origin = writer.estimation.cost_origin(cost.name)
    plates = over_all(cost) - kept
    counted = shares.times(writer, origin, detached)
    reduced = reduce_all(writer, counted, plates, origin, attached=False)
    if seen.level is None:
        return reduced
    dim = literal(writer.storage.dim(cost.loops[seen.level], reduced.stored))
    function = writer.runtime("from_here" if seen.same else "later")
    return Code(call(function, reduced.py, dim), reduced.stored)


def over_all(cost: Cost) -> Plates:
    """The plates of a cost, and the steps of the loops around it: all that its total reduces."""
    return cost.value.type.plates | frozenset(cost.loops)


def summed_over_time(writer: Writer, cost: Cost) -> Code:
    """A cost as the estimate shows it: summed over the steps."""
    code = writer.costs[cost.name]
    steps = frozenset(cost.loops)
    if not steps:
        return code
    dims = [literal(writer.storage.dim(loop, code.stored)) for loop in cost.loops]
    place = dims[0] if len(dims) == 1 else tuple_of(*dims)
    return Code(method(code.py, "sum", place), code.stored - steps)


def alive_weights(writer: Writer, sample: Sample) -> Code | None:
    """1 where an element of a sample counts, 0 where it has stopped; None where none can stop."""
    masks = [writer.stepping.masks[loop] for loop in sample.loops if loop in writer.stepping.masks]
    return masks[-1] if masks else None
