"""Jumps, and whether what learns moves them (LOSS.md §8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.agreement import EQUALITIES, one_bent, touching
from storchc.analysis.facts.densities import corners
from storchc.analysis.facts.edges import edges
from storchc.analysis.facts.motion import STILL, Motion, joined, own
from storchc.analysis.facts.places import Places
from storchc.analysis.facts.reach import Reach, Reaching, cut_condition
from storchc.analysis.facts.smoothness import BROKEN, Operand, Uneven, touches
from storchc.catalogue import functions
from storchc.ir.expression import Apply, Construct, Distribution, Named, Value, called
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


@dataclass(frozen=True, slots=True)
class Jumps:
    """The jumps of a story that something moves, in its order.

    ``moved`` are those that count; ``guarded`` move where a float input requires a gradient;
    ``said`` are no jumps, as a choice says whose condition is cut or agreed, or `continuous`.
    ``kinks`` are where values bend, those that are said to be no jumps among them; ``inside`` are
    the modules that may bend too: they are looked into when a model is made. ``unsure`` are
    operands that move and may go through 0, or their two elements through each other, by the
    identity of the expression that they stand in: they are looked at in the first call.
    """

    moved: tuple[Jump, ...]
    guarded: tuple[Jump, ...]
    said: tuple[Jump, ...]
    kinks: tuple[Kink, ...]
    inside: tuple[str, ...]
    unsure: Mapping[int, Operand]

    @property
    def order(self) -> int | None:
        """The highest derivative that is right where values bend; None: any."""
        return min((kink.order for kink in self.kinks), default=None)


EVEN = Jumps((), (), (), (), (), {})
"""Those of a story in which nothing jumps, bends, or is the user's."""


def jumps(
    graph: Graph,
    uneven: Uneven,
    estimators: Mapping[str, Estimator],
    moving_of: Callable[[], Places[Motion]],
    reaching_of: Callable[[], Reaching],
) -> Jumps:
    """The jumps and the bends of a story.

    What moves and what is alive is asked for only where something may jump or bend.
    """
    even = not (uneven.kinds or uneven.unsure or uneven.collapsing or graph.callees)
    if even and not any(corners(graph, node.distribution) for node in graph.samples):
        return EVEN
    motion, reaching = moving_of(), reaching_of()
    looking = _Looking(graph, uneven, motion)
    every: list[Jump] = []
    kinks: list[Kink] = []
    inside: list[str] = []
    unsure: dict[int, Operand] = {}
    for value, reach in reaching:
        drawn = isinstance(value, Construct | Named)
        operand = looking.unsure(value) if reach.jumps and not drawn else None
        if operand is not None:
            unsure[id(operand.of)] = operand
        every += looking.jumps(value, reach)
        kinks += looking.kinks(value, reach)
        inside += looking.inside(value, reach)
    for node in graph.samples:
        operand = looking.unsure(node.distribution)
        scored = estimators[node.name].carrier != "pathwise"
        if operand is not None and scored and reaching[node.distribution] is not None:
            unsure[id(operand.of)] = operand
    every += _collapsing(graph, uneven, estimators, motion, reaching)
    kinks += _scores(graph, estimators, motion)
    every.sort(key=lambda jump: jump.value.span)
    moving = [jump for jump in every if jump.motion.moved]
    said = [jump for jump in moving if not jump.reach.jumps]
    choices = _choices(graph) if said else {}
    bends = [Kink(jump.value, _order(graph, choices.get(id(jump.value)))) for jump in said]
    return Jumps(
        tuple(jump for jump in moving if jump.reach.jumps),
        tuple(j for j in every if j.motion.guarded and j.reach.jumps and not j.motion.moved),
        tuple(said),
        tuple(sorted((*kinks, *bends), key=lambda k: k.value.span)),
        tuple(name for name in graph.callees if name in inside),
        unsure,
    )


def _collapsing(
    graph: Graph,
    uneven: Uneven,
    estimators: Mapping[str, Estimator],
    motion: Places[Motion],
    reaching: Reaching,
) -> Iterator[Jump]:
    """The samples whose scores have a pole where a scale is 0: they have no mean around it."""
    for node in graph.samples:
        movers = uneven.collapsing.get(id(node.distribution), ())
        reach = reaching[node.distribution]
        if movers and reach is not None and estimators[node.name].carrier != "pathwise":
            moving = joined(motion[mover] for mover in movers)
            yield Jump(node.distribution, movers, moving, reach)


def _choices(graph: Graph) -> Mapping[int, Apply]:
    """The choices of a story by the identity of what is chosen by."""
    return {
        id(_turned(cut_condition(part) or part.operands[0])): part
        for part in graph.parts
        if isinstance(part, Apply) and functions.row(part.function).condition == 0
    }


def _turned(condition: Value) -> Value:
    """A condition without `not`."""
    while isinstance(condition, Apply) and condition.function == "logical_not":
        (condition,) = condition.operands
    return condition


def _order(graph: Graph, choice: Apply | None) -> int:
    """The highest right derivative where a choice is said not to jump."""
    return 2 if choice is not None and touching(graph, choice) else 1


def _scores(
    graph: Graph, estimators: Mapping[str, Estimator], motion: Places[Motion]
) -> Iterator[Kink]:
    """The samples whose score bends in a parameter that learns."""
    for node in graph.samples:
        if estimators[node.name].carrier == "pathwise":
            continue
        moving = (motion[value] for value in corners(graph, node.distribution))
        if any(each.learns is not None or each.inputs for each in moving):
            yield Kink(node.distribution, 1)


@dataclass(frozen=True, slots=True)
class _Looking:
    """Looks at one expression at a time."""

    graph: Graph
    uneven: Uneven
    motion: Places[Motion]

    def jumps(self, value: Value | Distribution, reach: Reach) -> Iterator[Jump]:
        """The jump that an expression is, if it is one."""
        operands = self._along(value, BROKEN)
        if not operands:
            return
        operands = self.uneven.placed.get(id(value), operands)
        moving = self._moving(value, operands)
        if not isinstance(value, Apply) or not touches(value) or self._often(value, moving):
            yield Jump(value, operands, moving, reach)

    def _often(self, value: Apply, moving: Motion) -> bool:
        """Whether what jumps at one number only takes it with positive probability."""
        return moving.atoms or (value.function in EQUALITIES and one_bent(self.graph, value))

    def kinks(self, value: Value | Distribution, reach: Reach) -> Iterator[Kink]:
        """Where an expression bends and is moved, by what learns or by what may."""
        if not reach.alive:
            return
        for kind, order in (("corner", 1), ("bend", 2)):
            operands = self._along(value, frozenset({kind}))
            moving = self._moving(value, operands) if operands else STILL
            if moving.moved or moving.guarded:
                yield Kink(value, order)
                return

    def inside(self, value: Value | Distribution, reach: Reach) -> Iterator[str]:
        """What of the user's is called with what moves, whose layers may bend."""
        name = called(value)
        if name is not None and self.graph.callees[name].kind != "function":
            moving = self._moving(value, children(value))
            if reach.alive and (moving.moved or moving.guarded):
                yield name

    def unsure(self, value: Value | Distribution) -> Operand | None:
        """The operand that moves and may go through 0, so that a value may have a pole."""
        operand = self.uneven.unsure.get(id(value))
        if operand is None:
            return None
        moving = self.motion[operand.value]
        return operand if moving.moved or moving.guarded else None

    def _along(
        self, value: Value | Distribution, kinds: frozenset[str]
    ) -> tuple[Value | Distribution, ...]:
        """The operands along which a value is of one of some kinds."""
        found = self.uneven.kinds.get(id(value))
        if found is None or kinds.isdisjoint(found):
            return ()
        pairs = zip(edges(value, self.graph.callees), found, strict=True)
        return tuple(edge.operand for edge, kind in pairs if kind in kinds)

    def _moving(
        self, value: Value | Distribution, operands: tuple[Value | Distribution, ...]
    ) -> Motion:
        """The motion of some operands together, inside of a module that of its parameters too."""
        moving = joined(self.motion[operand] for operand in operands)
        name = called(value)
        return moving if name is None else joined([moving, own(self.graph.callees[name])])


def is_pole(jump: Jump, uneven: Uneven) -> bool:
    """Whether a value is infinite where it jumps."""
    kinds = uneven.kinds.get(id(jump.value), ())
    return "pole" in kinds or isinstance(jump.value, Construct | Named)
