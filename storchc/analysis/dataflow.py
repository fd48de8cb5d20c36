"""Facts that run along the variables of a story, forwards or backwards, to a fixpoint.

An analysis says what one statement makes of what it is given; how facts come to a statement is
known here and nowhere else: through names, from step to step of loops in what they carry, and out
of loops that have ended. In a loop that stops the story has been rewritten already
(`storchc.analysis.rewrite.stopping`): what holds elements is carried like everything else.

Besides its names a story has variables that statements change without naming them: what a stateful
function has in mind, and the weights of a plate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Protocol, TypeVar

from storchc.fixpoint import ranked, settle
from storchc.ir.expression import CallUser, Distribution, Named, OverPlates, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Carried, Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass

Fact = TypeVar("Fact")
Statement = Compute | Sample | Cost | Report


@dataclass(frozen=True, slots=True)
class Memory:
    """What a stateful function has in mind: a call changes it, and so may a choice of elements."""

    function: str


@dataclass(frozen=True, slots=True)
class Weights:
    """The weights of a sample plate: every sample in it may change them."""

    plate: str


Variable = str | Memory | Weights


@dataclass(frozen=True, slots=True)
class At:
    """A variable behind a place, by the number of that place."""

    variable: Variable
    place: int


Point = str | Memory | Weights | At
"""A variable where one fact is known of it: a name by itself, as a story defines it once."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a variable is at the start of each step; ``carried`` says what before the first one.

    Without it that is what stands before the loop.
    """

    loop: str
    variable: Variable
    carried: Carried | None


@dataclass(frozen=True, slots=True)
class Place:
    """A statement, or the start of steps, where it stands in the loops around it.

    ``reads`` and ``makes`` are the points of its variables, ``ended`` the loops that have ended
    since what it reads was made. Where no loop makes a variable more than one, they are left out.
    """

    node: Statement | Start
    loops: tuple[str, ...]
    reads: Mapping[Variable, Point]
    makes: Mapping[Variable, Point]
    ended: Mapping[Variable, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class End:
    """What a step leaves to the next one; ``ended`` are the inner loops in which it was made."""

    point: Point
    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """The places of a story in order. ``ends`` has, by place of a `Start`, what a step leaves."""

    places: tuple[Place, ...]
    ends: Mapping[int, End]
    readers: Mapping[Point, tuple[int, ...]]
    makers: Mapping[Point, int]
    forwards_rank: tuple[int, ...]
    backwards_rank: tuple[int, ...]


# --- how facts are asked for ---------------------------------------------------------------------

Known = Callable[[Variable], Fact]
"""What is known of a variable where a statement reads it."""


class Forward(Protocol[Fact]):
    """An analysis from the start of a story to its end; facts only grow on the way.

    ``nothing`` is what is known of a variable of which nothing has been said.
    """

    nothing: Fact

    def statement(self, node: Statement, known: Known[Fact]) -> Mapping[Variable, Fact]:
        """What a statement makes of its variables."""

    def initial(self, carried: Carried, known: Known[Fact]) -> Mapping[Variable, Fact]:
        """What a variable is before the first step of its loop, and what making it changes."""

    def join(self, a: Fact, b: Fact) -> Fact:
        """What holds where either does."""

    def again(self, fact: Fact, loop: str) -> Fact:
        """What the next step of a loop knows of this one."""
        return fact

    def ended(self, fact: Fact, loop: str) -> Fact:
        """What is known of the steps of a loop that has ended."""
        return fact


class Spreading(Forward[bool], Protocol):
    """A property that spreads to all that is made of what has it."""

    nothing: bool = False

    def join(self, a: bool, b: bool) -> bool:
        """See `Forward.join`."""
        return a or b


Push = Callable[[Variable, Fact], None]
"""Asks something of a variable where a statement reads it."""


class Backward(Protocol[Fact]):
    """An analysis from the end of a story to its start. What nobody asks of, is asked None of."""

    def statement(
        self, node: Statement, asked: Callable[[Variable], Fact | None], push: Push[Fact]
    ) -> None:
        """Ask of what a statement reads what is asked of what it makes."""

    def initial(self, carried: Carried, asked: Fact, push: Push[Fact]) -> None:
        """Ask of the value before the first step what is asked of every step."""

    def join(self, a: Fact, b: Fact) -> Fact:
        """What is asked by both."""


class Wanting(Backward[bool], Protocol):
    """A property of what is wanted for something; what is not wanted is not asked at all."""

    def join(self, a: bool, b: bool) -> bool:
        """See `Backward.join`."""
        return a or b


# --- solving -------------------------------------------------------------------------------------


def forwards(
    flow: Flow, analysis: Forward[Fact], given: Mapping[Variable, Fact]
) -> dict[Point, Fact]:
    """The facts of all points; ``given`` are those of names that no statement defines."""
    facts: dict[Point, Fact] = {}
    facts.update(given.items())

    def visit(number: int) -> Iterator[int]:
        place = flow.places[number]
        node = place.node
        known = _known(place, facts, analysis)
        made: Mapping[Variable, Fact]
        if isinstance(node, Start):
            made = _started(node, flow.ends.get(number), facts, known, analysis)
        else:
            made = analysis.statement(node, known)
        for variable, fact in made.items():
            point = _point_made(flow, place, variable)
            if point is not None and (point not in facts or facts[point] != fact):
                facts[point] = fact
                yield from flow.readers.get(point, ())

    settle(range(len(flow.places)), flow.forwards_rank, visit)
    return facts


def _point_made(flow: Flow, place: Place, variable: Variable) -> Point | None:
    """The point that a place makes of a variable; none of one that it only names."""
    return place.makes.get(variable) if flow.makers else variable


def _known(
    place: Place, facts: Mapping[Point, Fact], analysis: Forward[Fact]
) -> Callable[[Variable], Fact]:
    nothing = analysis.nothing
    if not place.reads:
        return lambda variable: facts.get(variable, nothing)

    def known(variable: Variable) -> Fact:
        fact = facts.get(place.reads.get(variable, variable), nothing)
        for loop in place.ended.get(variable, ()):
            fact = analysis.ended(fact, loop)
        return fact

    return known


def _started(
    start: Start,
    end: End | None,
    facts: Mapping[Point, Fact],
    known: Known[Fact],
    analysis: Forward[Fact],
) -> Mapping[Variable, Fact]:
    """What holds at the start of any step: of the first, or of one behind another."""
    if start.carried is None:
        made: Mapping[Variable, Fact] = {start.variable: known(start.variable)}
    else:
        made = analysis.initial(start.carried, known)
    if end is None or end.point not in facts:
        return made
    left = facts[end.point]
    for loop in end.ended:
        left = analysis.ended(left, loop)
    begun = analysis.join(made[start.variable], analysis.again(left, start.loop))
    return {**made, start.variable: begun}


def backwards(flow: Flow, analysis: Backward[Fact]) -> dict[Point, Fact]:
    """What is asked of all points of which something is asked."""
    facts: dict[Point, Fact] = {}

    def visit(number: int) -> Iterator[int]:
        place = flow.places[number]
        changed: list[int] = []

        def ask(point: Point, fact: Fact) -> None:
            total = analysis.join(facts[point], fact) if point in facts else fact
            if point not in facts or facts[point] != total:
                facts[point] = total
                if point in flow.makers:
                    changed.append(flow.makers[point])

        def push(variable: Variable, fact: Fact) -> None:
            ask(place.reads.get(variable, variable), fact)

        def asked(variable: Variable) -> Fact | None:
            point = _point_made(flow, place, variable)
            return None if point is None else facts.get(point)

        node = place.node
        if not isinstance(node, Start):
            analysis.statement(node, asked, push)
            return iter(changed)
        for variable in place.makes:
            wanted = asked(variable)
            if wanted is not None and node.carried is not None:
                analysis.initial(node.carried, wanted, push)
            if wanted is not None and variable == node.variable and number in flow.ends:
                ask(flow.ends[number].point, wanted)
            if wanted is not None and (variable != node.variable or node.carried is None):
                push(variable, wanted)
        return iter(changed)

    settle(range(len(flow.places) - 1, -1, -1), flow.backwards_rank, visit)
    return facts


# --- the places of a story -----------------------------------------------------------------------


def flow_of(graph: Graph) -> Flow:
    """The places of a story, and which of them read what others make."""
    if not graph.loop_names:
        plain = (node for node in graph.nodes if not isinstance(node, Loop))
        return Flow(tuple(Place(node, (), {}, {}, {}) for node in plain), {}, {}, {}, (), ())
    found = _Places(_stateful(graph))
    found.take(graph.nodes, ())
    return found.flow()


def _stateful(graph: Graph) -> tuple[Memory, ...]:
    return tuple(Memory(n) for n, callee in graph.callees.items() if "stateful" in callee.flags)


@dataclass(slots=True)
class _Places:
    """Numbers the places of a story with loops, and finds the points of their variables.

    ``current`` are the points of variables that are made more than once, ``home`` the loops in
    which each point is made.
    """

    memories: tuple[Memory, ...]
    places: list[Place] = field(default_factory=list)
    ends: dict[int, End] = field(default_factory=dict)
    current: dict[Variable, Point] = field(default_factory=dict)
    home: dict[Point, tuple[str, ...]] = field(default_factory=dict)

    def take(self, nodes: tuple[Node, ...], loops: tuple[str, ...]) -> None:
        """The next statements, in the ``loops`` around them."""
        for node in nodes:
            if isinstance(node, Loop):
                self._loop(node, loops)
            else:
                read, made = self._read(node), self._made(node)
                self._add(node, loops, read, {v: self._behind(v) for v in made})

    def _loop(self, loop: Loop, loops: tuple[str, ...]) -> None:
        carried = {c.name: c for c in loop.carried}
        kept = dict.fromkeys([*carried, *self._changed(loop.body)])
        first, inside = len(self.places), (*loops, loop.name)
        before = dict(self.current)
        for variable in kept:
            own = carried.get(variable) if isinstance(variable, str) else None
            changed = () if own is None else self._called(own.initial)
            read = {variable} if own is None else names_in([own.initial]) | set(changed)
            start, number = Start(loop.name, variable, own), len(self.places)
            made = {v: At(v, number) for v in (variable, *changed)}
            self._add(start, loops, read, made, before)
            self.home[made[variable]] = inside
            before.update((memory, made[memory]) for memory in changed)
        self.take(loop.body, inside)
        for number, variable in enumerate(kept, first):
            left = self.current[variable]
            self.ends[number] = End(left, self._ended(left, inside))

    def _add(
        self,
        node: Statement | Start,
        loops: tuple[str, ...],
        read: set[Variable],
        made: Mapping[Variable, Point],
        current: Mapping[Variable, Point] | None = None,
    ) -> None:
        known = self.current if current is None else current
        reads = {v: known.get(v, v) for v in read}
        ended = {v: left for v, p in reads.items() if (left := self._ended(p, loops))}
        self.places.append(Place(node, loops, reads, made, ended))
        self.current.update(made)
        self.home.update((point, loops) for point in made.values())

    def _behind(self, variable: Variable) -> Point:
        """The point that the next place makes of a variable."""
        return variable if isinstance(variable, str) else At(variable, len(self.places))

    def _ended(self, point: Point, loops: tuple[str, ...]) -> tuple[str, ...]:
        """The loops in which a point was made that do not stand around ``loops``; inner first."""
        home = self.home.get(point, ())
        return tuple(loop for loop in reversed(home) if loop not in loops)

    def _read(self, node: Statement) -> set[Variable]:
        read = names_in(expressions(node))
        read.update(self._memories(node))
        if isinstance(node, Sample):
            read.add(Weights(node.plate))
            if node.joins:
                read.add(node.plate)
            if node.mask is not None:  # an element that has stopped keeps the value that it had
                read.add(node.name)
        return read

    def _made(self, node: Statement) -> tuple[Variable, ...]:
        memories = self._memories(node)
        match node:
            case Compute(names):
                return (*names, *memories)
            case Sample(name):
                return (name, Weights(node.plate), *memories)
            case Cost(name, value, False) if value != Reference(name, value.type, value.span):
                return (name, *memories)
            case Cost() | Report():
                return memories

    def _memories(self, node: Statement) -> tuple[Memory, ...]:
        """What a statement may change: by its calls, as a sample by choosing among elements."""
        if not self.memories or isinstance(node, Sample):
            return self.memories
        return self._called(*expressions(node))

    def _called(self, *roots: Value | Distribution) -> tuple[Memory, ...]:
        """The functions with a memory that expressions call."""
        called = {p.callee for e in roots for p in walk(e) if isinstance(p, CallUser)}
        return tuple(memory for memory in self.memories if memory.function in called)

    def _changed(self, nodes: tuple[Node, ...]) -> Iterator[Variable]:
        """The variables besides names that statements of a loop may change."""
        for node in nodes:
            if isinstance(node, Loop):
                yield from self._changed(node.body)
            else:
                yield from (v for v in self._made(node) if not isinstance(v, str))

    def flow(self) -> Flow:
        """All that has been found."""
        readers: dict[Point, list[int]] = {}
        makers: dict[Point, int] = {}
        for number, place in enumerate(self.places):
            for point in place.reads.values():
                readers.setdefault(point, []).append(number)
            makers |= {point: number for point in place.makes.values()}
        for number, end in self.ends.items():
            readers.setdefault(end.point, []).append(number)
        after: list[list[int]] = [
            [n for p in place.makes.values() for n in readers.get(p, ())] for place in self.places
        ]
        before: list[list[int]] = [[] for _ in after]
        for number, following in enumerate(after):
            for n in following:
                before[n].append(number)
        return Flow(
            tuple(self.places),
            self.ends,
            {point: tuple(numbers) for point, numbers in readers.items()},
            makers,
            ranked(after, range(len(after))),
            ranked(before, range(len(after) - 1, -1, -1)),
        )


def names_in(roots: tuple[Value | Distribution, ...] | list[Value]) -> set[Variable]:
    """The variables that expressions read: names, and the weights of plates that they reduce."""
    found: set[Variable] = set()
    for root in roots:
        for part in walk(root):
            if isinstance(part, Reference | Named):
                found.add(part.name)
            elif isinstance(part, OverPlates):
                found.update(map(Weights, part.plates))
    return found
