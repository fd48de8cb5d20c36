"""What the shapes stage knows while it reads a story from top to bottom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from storchc.diagnostics import loops as words
from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.ir.expression import Construct
from storchc.ir.nodes import Callee, DataPlate, Dim, Use
from storchc.ir.size import Size
from storchc.ir.types import DistributionType, Plates, ValueType
from storchc.records import dataclass
from storchc.source import Span
from storchc.syntax import tree
from storchc.typing.names import Scope, Wanted


class Refused(Exception):
    """Unwinds a part of the story that is wrong, to where the next part starts."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(slots=True)
class Loops:
    """The loops of a story as far as it has been read.

    ``home`` is the loop that defines a name, ``ended`` the types of names that ended with theirs.
    ``names`` has the name of each loop by the place of its header, ``headers`` the other way round;
    ``counted`` says how many loops have a counter. ``bounds`` are their numbers of steps,
    ``parents`` the loops right around them, ``settled`` the types that carried variables have at
    the start of every step. ``sequenced`` are the names of which every step is looked at.
    """

    home: dict[str, str] = field(default_factory=dict)
    ended: dict[str, ValueType | DistributionType | None] = field(default_factory=dict)
    names: dict[Span, str] = field(default_factory=dict)
    headers: dict[str, Span] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    bounds: dict[str, Size | None] = field(default_factory=dict)
    parents: dict[str, str | None] = field(default_factory=dict)
    settled: dict[str, ValueType] = field(default_factory=dict)
    sequenced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a step stands: in the loops ``inside``, outermost first, of which it sees ``counters``.

    ``alive`` is the truth value of the elements that have not stopped, None where none can;
    ``ended`` is that of the last loop before.
    """

    inside: tuple[str, ...] = ()
    counters: frozenset[str] = frozenset()
    alive: str | None = None
    ended: str | None = None


@dataclass(slots=True)
class Context:
    """The story as far as it has been read.

    ``types`` has every value and distribution defined by now, None for one that is wrong, of which
    nothing more is said. ``opened`` has the plates of samples that opened a plate, ``joined`` the
    plate of those that did not, ``made`` how each named distribution was made. While types are
    still ``growing``, a plate that is lacking may come.
    """

    scope: Scope
    problems: Problems
    sizes: dict[str, Size | None] = field(default_factory=dict)
    dims: dict[str, Dim] = field(default_factory=dict)
    data_plates: dict[str, DataPlate] = field(default_factory=dict)
    callees: dict[str, Callee | None] = field(default_factory=dict)
    uses: dict[str, Use] = field(default_factory=dict)
    types: dict[str, ValueType | DistributionType | None] = field(default_factory=dict)
    opened: dict[str, Plates | None] = field(default_factory=dict)
    joined: dict[str, str] = field(default_factory=dict)
    made: dict[str, Construct] = field(default_factory=dict)
    costs: dict[str, tree.Name] = field(default_factory=dict)
    reports: dict[str, tree.Name] = field(default_factory=dict)
    loops: Loops = field(default_factory=Loops)
    place: Place = Place()
    growing: bool = False

    def define(self, name: tree.Name, type_: ValueType | DistributionType | None) -> None:
        """Give ``name`` its type; a name that is defined twice has none."""
        repeated = name.span in self.scope.repeated
        self.types[name.id] = None if repeated else type_
        if self.place.inside and not repeated:
            self.loops.home[name.id] = self.place.inside[-1]

    def use(self, name: tree.Name) -> None:
        """Note that something depends on ``name``."""
        self.scope.used.add(name.id)

    def refuse(self, name: tree.Name, wanted: Wanted) -> Refused:
        """The problem with a ``name`` that cannot be ``wanted``."""
        if isinstance(self.loops.ended.get(name.id), DistributionType):
            header = self.loops.headers[self.loops.home[name.id]]
            return Refused(words.distribution_outside_loop(name, header))
        return Refused(self.scope.unresolved(name, wanted, self.candidates(wanted)))

    def candidates(self, wanted: Wanted) -> Iterable[str]:
        """The names defined by now that could stand where ``wanted`` is."""
        match wanted:
            case "value":
                types = self.types.items()
                return [*self.sizes, *(n for n, t in types if not isinstance(t, DistributionType))]
            case "distribution":
                return [n for n, t in self.types.items() if isinstance(t, DistributionType)]
            case "call" | "module":
                return self.callees
            case "plate":
                return [*self.data_plates, *self.opened]
            case "dim":
                return self.sizes
            case "method":
                return self.uses
