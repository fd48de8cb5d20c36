"""Jumps, and whether what learns moves them (LOSS.md §8)."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.facts.motion import Motion, Mover, joined, learns
from storchc.analysis.facts.places import Places
from storchc.analysis.facts.reach import Reach, Reaching
from storchc.analysis.facts.smoothness import smoothness, touches
from storchc.catalogue import distributions
from storchc.ir.defaults import layers
from storchc.ir.expression import Apply, CallUser, Distribution, Property, Value
from storchc.ir.graph import Graph
from storchc.ir.walk import children
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Jump:
    """A value that jumps as some of its operands move; ``motion`` is theirs together."""

    value: Value | Distribution
    operands: tuple[Value | Distribution, ...]
    motion: Motion
    reach: Reach


@dataclass(frozen=True, slots=True)
class Kink:
    """A value that bends as something moves it; ``order`` is the highest right derivative."""

    value: Value | Distribution
    order: int
    why: str


@dataclass(frozen=True, slots=True)
class Jumps:
    """The jumps of a story that something moves, in its order.

    ``moved`` are those that count; ``guarded`` move where a float input requires a gradient;
    ``said`` are no jumps, as a choice says whose condition is cut or agreed, or `continuous`.
    ``kinks`` are where values bend, those that are said to be no jumps among them; ``inside`` are
    the modules that may bend too: they are looked into when a model is made.
    """

    moved: tuple[Jump, ...]
    guarded: tuple[Jump, ...]
    said: tuple[Jump, ...]
    kinks: tuple[Kink, ...]
    inside: tuple[str, ...]

    @property
    def order(self) -> int | None:
        """The highest derivative that is right where values bend; None: any."""
        return min((kink.order for kink in self.kinks), default=None)


def jumps(graph: Graph, motion: Places[Motion], reaching: Reaching) -> Jumps:
    """The jumps of a story."""
    every = sorted(_every(graph, motion, reaching), key=lambda j: (j.value.span, j.motion.moved))
    moving = [jump for jump in every if jump.motion.moved]
    guarded = [jump for jump in every if jump.motion.guarded and jump.reach.jumps]
    return Jumps(
        tuple(jump for jump in moving if jump.reach.jumps),
        tuple(guarded),
        tuple(jump for jump in moving if not jump.reach.jumps),
    )


def _every(graph: Graph, motion: Places[Motion], reaching: Reaching) -> Iterator[Jump]:
    for value, reach in reaching:
        operands = _jumping(graph, value)
        if not operands:
            continue
        moving = joined(motion[operand] for operand in operands)
        if isinstance(value, CallUser):
            moving = _inside(graph, value, moving)
        if isinstance(value, Apply) and touches(value) and not moving.atoms:
            continue
        yield Jump(value, operands, moving, reach)


def _jumping(graph: Graph, value: Value | Distribution) -> tuple[Value | Distribution, ...]:
    """The operands along which a value jumps."""
    match value:
        case Apply(operands=operands):
            kinds = zip(operands, smoothness(value), strict=True)
            return tuple(operand for operand, kind in kinds if kind in ("jump", "pole"))
        case Property(distribution, "mode"):
            family = distributions.lookup(distribution.type.family)
            return (distribution,) if family is not None and family.discrete else ()
        case CallUser(callee):
            default = graph.callees[callee].default
            if default is not None and any(la.name in _LAYERS for la in layers(default)):
                return children(value)
    return ()


_LAYERS = frozenset({"Hardshrink", "Threshold"})


def _inside(graph: Graph, call: CallUser, given: Motion) -> Motion:
    """The motion of what a module computes before it jumps."""
    callee = graph.callees[call.callee]
    if not learns(callee):
        return given
    return joined([given, Motion(Mover("", callee.span.start, "module", callee.name))])


def is_pole(jump: Jump) -> bool:
    """Whether a value is infinite where it jumps."""
    return isinstance(jump.value, Apply) and "pole" in smoothness(jump.value)
