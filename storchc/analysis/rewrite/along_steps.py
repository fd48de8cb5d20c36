"""What a step of a loop computes, written once more behind the loop: for all steps at once.

The counter of the loop becomes a dimension of the steps, which stands in front of all plates. The
first step, which has nothing before it, is written by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from types import EllipsisType

from storchc.analysis.rewrite.obstacles import HinderedError
from storchc.ir.expression import (
    AlongSteps,
    Apply,
    CallUser,
    Construct,
    Counter,
    Distribution,
    Literal,
    Named,
    OverPlates,
    Range,
    Reference,
    Renamed,
    Select,
    SelectItem,
    SequenceOf,
    StaticChoice,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.names import before_of, beside_of
from storchc.ir.nodes import Compute, Cost, Loop, Node, Sample
from storchc.ir.rebuild import rebuilt, rebuilt_law
from storchc.ir.types import NO_PLATES, Plates, ValueType
from storchc.ir.walk import children, walk
from storchc.records import dataclass


@dataclass(slots=True)
class Body:
    """The body of the loop in which ``sample`` is drawn.

    ``dependent`` are the names that are made of the sample. ``made`` are statements that the body
    is to have in front of its own, by their places: what they define is free of the sample, and
    looked at behind the loop.
    """

    graph: Graph
    sample: Sample
    dependent: frozenset[str]
    made: list[tuple[int, Compute]] = field(default_factory=list)
    names: dict[tuple[int, int], str] = field(default_factory=dict)
    loop: Loop = field(init=False)
    places: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.loop = self.graph.loop_by_name[self.sample.loops[-1]]
        self.places = {n: i for i, node in enumerate(self.loop.body) for n in defined(node)}

    @property
    def before(self) -> str:
        """The plate of the outcomes in the step before."""
        return before_of(self.sample.name)

    @property
    def own(self) -> Plates:
        """The dimensions that only the likelihood has."""
        return frozenset({self.sample.name, self.before, self.loop.name})

    def depends(self, value: Value | Distribution) -> bool:
        """Whether ``value`` is made of the sample."""
        return any(
            isinstance(p, Reference | Named) and p.name in self.dependent for p in walk(value)
        )

    def steady(self, value: Value | Distribution) -> bool:
        """Whether ``value`` is the same in every step, and behind the loop."""
        carried = {c.name for c in self.loop.carried}
        for part in walk(value):
            named = isinstance(part, Reference | Named) and part.name
            if named and (named in self.places or named in carried):
                return False
            if isinstance(part, Counter | SequenceOf) or self.stateful(part):
                return False
        return True

    def counted(self, value: Value) -> bool:
        """Whether ``value`` is the same in every step, but for their counter."""
        return all(isinstance(p, Counter) or self.steady(p) or children(p) for p in walk(value))

    def stateful(self, part: Value | Distribution) -> bool:
        """Whether it is a call that knows what it was called with before."""
        return isinstance(part, CallUser) and "stateful" in self.graph.callees[part.callee].flags

    def sequence(self, value: Value, place: int) -> Value:
        """All that a value free of the sample is in the steps, at a place of the body."""
        name = self.names.setdefault(
            (id(value), place), beside_of(self.sample.name, len(self.made))
        )
        if len(self.names) > len(self.made):
            self.made.append((place, Compute((name,), value, (value.type,), value.span)))
        one = Reference(name, value.type, value.span)
        whole = replace(value.type, shape=(self.loop.bound, *value.type.shape))
        return SequenceOf(one, whole, value.span)


def defined(node: Node) -> tuple[str, ...]:
    """The names of values that a statement defines; of a loop none."""
    match node:
        case Compute(names):
            return names
        case Sample(name=name) | Cost(name=name, observed=False):
            return (name,)
        case _:
            return ()


_MANY = 2000
"""Parts of expressions from which a step is too long: a name is written out wherever it stands."""


@dataclass(slots=True)
class Step:
    """Writes expressions of a body: of its ``first`` step, or of all steps at once.

    ``told``: whether the first step has to be told apart. ``choosing``: within a choice between
    steps, one side of which some steps do not evaluate. ``parts`` counts what has been written.
    """

    body: Body
    first: bool
    told: bool = False
    choosing: bool = False
    parts: int = 0

    def at(self, value: Value, place: int) -> Value:
        """``value`` as it stands at a place of the body."""
        body = self.body
        if body.steady(value):
            return value
        self.parts += 1
        if self.parts > _MANY:
            raise self.hindered(value, "a step computes more than is written once more")
        match value:
            case Reference():
                return self._name(value, place)
            case Counter():
                return self._counted(value, place)
            case StaticChoice():
                return self._choice(value, place)
            case Select() if (taken := self._taken(value, place)) is not None:
                return taken
            case OverPlates(plates=plates) if not body.graph.data_plates.keys() >= set(plates):
                raise self.hindered(value, "this reduces more than plates of data")
            case SequenceOf():
                raise self.hindered(value, "this looks at the steps of a loop in the step")
            case _:
                pass
        if not body.depends(value) and not self._apart(value):
            return self._left(value, place)
        changed = self._rebuilt(value, place)
        if isinstance(changed, CallUser):
            self._check_call(changed)
        if isinstance(changed, Select) and sum(map(_looks_up, changed.items)) > 1:
            raise self.hindered(value, "this looks something up in two dimensions")
        return typed(changed, body)

    def law(self, value: Distribution, place: int) -> Distribution:
        """The same of a distribution."""
        body = self.body
        if body.steady(value):
            return value
        if isinstance(value, Named):
            at = body.places.get(value.name, place)
            made = body.loop.body[at]
            if at >= place or not isinstance(made, Compute) or len(made.names) > 1:
                raise self.hindered(value, "this looks at a distribution of the step before")
            assert isinstance(made.value, Construct | Named)
            return self.law(made.value, at)
        if value.type.declared is not None:
            raise self.hindered(value, f"`{value.family}` is a distribution of your own")
        changed = rebuilt_law(value, lambda v: self.at(v, place))
        return replace(changed, type=replace(changed.type, plates=_plates(changed, body)))

    def of_all(self, value: Value) -> Value:
        """A value with an element for each step, as an element."""
        if self.first:
            return Select(value, (0,), _of_one(value), value.span)
        plates = value.type.plates | {self.body.loop.name}
        type_ = replace(_of_one(value), plates=plates)
        return AlongSteps(value, self.body.loop.name, type_, value.span)

    def hindered(self, value: Value | Distribution, words: str) -> HinderedError:
        """What stands in the way of the likelihood."""
        return HinderedError(value.span, f"{words}, below a `logmeanexp` over `{self._sample}`")

    @property
    def _sample(self) -> str:
        return self.body.sample.name

    def _rebuilt(self, value: Value, place: int) -> Value:
        return rebuilt(value, lambda v: self.at(v, place), lambda law: self.law(law, place))

    # --- what a step looks at --------------------------------------------------------------------

    def _name(self, value: Reference, place: int) -> Value:
        body, name = self.body, value.name
        at = body.places.get(name, place)
        if name == self._sample:
            return self._now(value) if at < place else self._before(value)
        if name not in body.dependent:
            return self._left(value, place)
        node = body.loop.body[at]
        if at < place and isinstance(node, Compute | Cost) and len(defined(node)) == 1:
            assert not isinstance(node.value, Construct | Named)
            return self.at(node.value, at)
        raise self.hindered(value, f"`{name}` is more of the step before than `{self._sample}`")

    def _now(self, value: Reference) -> Reference:
        return replace(value, type=replace(value.type, plates=frozenset({self._sample})))

    def _before(self, value: Reference) -> Value:
        """The outcomes of the step before; in the first one what the loop starts with."""
        self.told = True
        body = self.body
        if self.first:
            (initial,) = (c.initial for c in body.loop.carried if c.name == value.name)
            if not body.steady(initial):
                raise self.hindered(value, "this starts with a name that the loop defines again")
            return initial
        type_ = replace(value.type, plates=frozenset({body.before}))
        return Renamed(self._now(value), self._sample, body.before, type_, value.span)

    def _counted(self, value: Counter, place: int) -> Value:
        if value.name != self.body.loop.name:
            raise self.hindered(value, "this counts steps of another loop")
        return Literal(0, value.type, value.span) if self.first else self._left(value, place)

    def _taken(self, value: Select, place: int) -> Value | None:
        """``x[t]``, of something that is the same in every step: all of it has the steps."""
        body, of, items = self.body, value.value, value.items
        lead = items[0] if items else None
        own = isinstance(lead, Counter) and lead.name == body.loop.name
        if self.first or not own or not body.steady(of) or of.type.shape[0] != body.loop.bound:
            return None
        along, rest = self.of_all(of), items[1:]
        if all(isinstance(item, EllipsisType) for item in rest):
            return along
        others = tuple(
            i if isinstance(i, int | Range | EllipsisType) else self.at(i, place) for i in rest
        )
        return typed(Select(along, others, value.type, value.span), body)

    def _choice(self, value: StaticChoice, place: int) -> Value:
        """One side, where the first step alone takes the other."""
        if self.body.steady(value.condition):
            return typed(self._rebuilt(value, place), self.body)
        holds = _decided(value.condition, self.body.loop.name, first=self.first)
        if holds is None:
            words = "the first step alone can be told apart"
            raise self.hindered(value.condition, words)
        self.told, outer = True, self.choosing
        self.choosing = True
        side = self.at(value.then if holds else value.otherwise, place)
        self.choosing = outer
        if side.type.shape != value.type.shape or side.type.dtype != value.type.dtype:
            raise self.hindered(value, "both sides of this are to have one shape and type")
        return side

    # --- what is free of the sample --------------------------------------------------------------

    def _apart(self, value: Value) -> bool:
        """Whether its operands are written one by one: in numbers, or with calls, they are not."""
        if self.first and self.body.counted(value):
            return True
        if isinstance(value, Select):
            return all(isinstance(i, int | Range | EllipsisType) for i in value.items)
        parts = [p for p in walk(value) if not isinstance(p, Apply | Select)]
        calls = any(isinstance(p, CallUser) for p in parts)
        numbers = all(isinstance(p, Literal | Counter) for p in parts)
        return isinstance(value, Apply) and not (calls or numbers)

    def _left(self, value: Value, place: int) -> Value:
        """What every step leaves of it."""
        if self.choosing and not isinstance(value, Reference | Counter):
            raise self.hindered(value, "some steps do not evaluate this")
        return self.of_all(self.body.sequence(value, place))

    def _check_call(self, call: CallUser) -> None:
        """A function of the user's is called once for each step: what it sees is the same in all.

        All steps in one call would be one batch to it.
        """
        if self.body.stateful(call) or self.body.loop.name in _plates(call, self.body):
            words = f"`{call.callee}` is to see each step by itself"
            raise self.hindered(call, words)


def typed(value: Value, body: Body) -> Value:
    """``value`` with the dimensions that its operands have now."""
    plates = _plates(value, body)
    if isinstance(value, OverPlates):
        plates -= frozenset(value.plates)
    type_ = replace(value.type, plates=plates)
    if isinstance(value, CallUser):
        results = tuple(replace(each, plates=plates) for each in value.results)
        return replace(value, type=type_, results=results)
    return replace(value, type=type_)


def _plates(value: Value | Distribution, body: Body) -> Plates:
    own = NO_PLATES.union(*(part.type.plates for part in children(value)))
    return (value.type.plates - body.own) | (own & body.own)


def _looks_up(item: SelectItem) -> bool:
    """Whether an item of an index is a tensor."""
    return not isinstance(item, int | Range | EllipsisType | Literal)


def _of_one(value: Value) -> ValueType:
    return replace(value.type, shape=value.type.shape[1:])


_Compare = Callable[[int, int], bool]
_HOLDS: dict[str, _Compare] = {
    "equal": lambda t, n: t == n,
    "not_equal": lambda t, n: t != n,
    "less": lambda t, n: t < n,
    "less_equal": lambda t, n: t <= n,
    "greater": lambda t, n: t > n,
    "greater_equal": lambda t, n: t >= n,
}
_TURNED = {
    "less": "greater",
    "less_equal": "greater_equal",
    "greater": "less",
    "greater_equal": "less_equal",
}
_FAR = 10**9


def _decided(condition: Value, counter: str, *, first: bool) -> bool | None:
    """Whether a comparison of the counter holds in the first step, or in all others."""
    match condition:
        case Apply(name, (Counter(name=c), Literal(value=n))) if c == counter:
            pass
        case Apply(name, (Literal(value=n), Counter(name=c))) if c == counter:
            name = _TURNED.get(name, name)
        case _:
            return None
    holds = _HOLDS.get(name)
    if holds is None or not isinstance(n, int):
        return None
    if first:
        return holds(0, n)
    # it changes at one number at most, between these two
    return holds(1, n) if holds(1, n) == holds(2, n) == holds(_FAR, n) and n <= 1 else None
