"""The likelihood of all steps of a chain: ``logmeanexp(s, over=z)`` by the forward algorithm.

``z`` is drawn in a loop, from a distribution that knows the step before and no earlier one, and
``s`` adds up terms of the steps, each of which knows this step and the one before. Both are written
once more behind the loop, for all steps at once (`along_steps`), and `Evidence` joins them. What a
step computes of ``z`` for nothing else is left out, and so is a loop that nothing is left of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field, replace

from storchc.analysis.rewrite.along_steps import Body, Step, defined, typed
from storchc.analysis.rewrite.obstacles import HinderedError
from storchc.ir.expression import (
    Apply,
    Construct,
    Distribution,
    Evidence,
    Extent,
    Named,
    OverPlates,
    Reference,
    SequenceOf,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.rebuild import rebuilt, rebuilt_law
from storchc.ir.types import NO_PLATES, ValueType
from storchc.ir.walk import children, expressions, walk
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Likelihoods:
    """The reductions over ``sample`` that the forward algorithm takes, by their ``places``.

    ``dependent`` are the names that are made of the sample.
    """

    sample: str
    dependent: frozenset[str]
    places: frozenset[Span]

    def takes(self, value: Value | Distribution) -> bool:
        """Whether ``value`` is one of them."""
        over = isinstance(value, OverPlates) and value.plates == (self.sample,)
        return over and value.span in self.places


def check(graph: Graph, sample: Sample, dependent: frozenset[str], value: OverPlates) -> None:
    """Raise `HinderedError` where a reduction over ``sample`` is none of this form."""
    _Sum(Body(graph, sample, dependent)).likelihood(value)


def written(graph: Graph, taken: Likelihoods) -> Graph:
    """``graph`` with the likelihood in place of each reduction."""
    if not taken.places:
        return graph
    writing = _Writing(
        graph, taken, Body(graph, graph.sample_by_name[taken.sample], taken.dependent)
    )
    return writing.graph_of()


@dataclass(slots=True)
class _Writing:
    """Writes a story with the likelihoods over one sample."""

    graph: Graph
    taken: Likelihoods
    body: Body

    def graph_of(self) -> Graph:
        """The whole story."""
        graph, body = self.graph, self.body
        alone = not any(map(self._wants, graph.nodes))
        joining = _Sum(body, alone)
        nodes = [self._written(node, joining) for node in graph.nodes]
        law = joining.first.law(body.sample.distribution, body.places[body.sample.name])
        left = [n for node in nodes for n in self._left(node, alone, law)]
        types = {name: made.types[0] for _, made in body.made for name in made.names}
        plates = list(graph.sample_plates)
        if body.before not in plates:  # behind the plate of this step's outcomes in memory
            plates.insert(plates.index(body.sample.name), body.before)
        return replace(
            graph,
            nodes=tuple(left),
            sample_plates=tuple(plates),
            types={**graph.types, **types},
        )

    # --- the reductions --------------------------------------------------------------------------

    def _written(self, node: Node, joining: _Sum) -> Node:
        match node:
            case Compute(value=Construct() | Named() as law):
                return replace(node, value=rebuilt_law(law, lambda v: self._value(v, joining)))
            case Compute() | Cost() | Report():
                assert not isinstance(node.value, Construct | Named)
                return replace(node, value=self._value(node.value, joining))
            case Sample() | Loop():
                return node

    def _value(self, value: Value, joining: _Sum) -> Value:
        if isinstance(value, OverPlates) and self.taken.takes(value):
            return joining.likelihood(value)
        if not any(map(self.taken.takes, walk(value))):
            return value

        def change(part: Value) -> Value:
            return self._value(part, joining)

        return rebuilt(value, change, lambda law: rebuilt_law(law, change))

    # --- what else the sample is for -------------------------------------------------------------

    def _wants(self, node: Node) -> bool:
        """Whether a statement that stays looks at the sample, likelihoods aside."""
        if isinstance(node, Loop):
            carried = (c.initial for c in node.carried if c.name not in self.taken.dependent)
            return any(map(self._wants, node.body)) or any(map(self._sees, carried))
        if self._goes(node):
            return False
        return any(map(self._sees, expressions(node)))

    def _goes(self, node: Node) -> bool:
        """Whether nothing but likelihoods may need a statement."""
        own = isinstance(node, Sample) and node.name == self.taken.sample
        return own or (isinstance(node, Compute) and node.names[0] in self.taken.dependent)

    def _sees(self, value: Value | Distribution) -> bool:
        if self.taken.takes(value):
            return False
        named = isinstance(value, Reference | Named) and value.name in self.taken.dependent
        return named or any(map(self._sees, children(value)))

    def _left(self, node: Node, alone: bool, law: Distribution) -> Iterator[Node]:
        """What is left of a statement. Where nothing else looks at the sample, its loop is over."""
        if not isinstance(node, Loop) or node.name != self.body.loop.name:
            if not (alone and self._goes(node)):
                yield node
            return
        inner = tuple(
            each
            for place, own in enumerate(node.body)
            for each in (*(made for at, made in self.body.made if at == place), own)
            if not (alone and self._goes(each))
        )
        carried = node.carried
        if alone:
            carried = tuple(c for c in carried if c.name not in self.taken.dependent)
        if inner:
            yield replace(node, carried=carried, body=inner)
        if alone:
            yield replace(self.body.sample, loops=(), distribution=law)


@dataclass(frozen=True, slots=True)
class _Added:
    """What is added up: by the steps, in all and in the first one, and once, free of the sample."""

    steps: tuple[Value, Value] | None
    once: Value | None


@dataclass(slots=True)
class _Sum:
    """Writes the likelihood of what the steps of one sample add up to.

    ``alone``: nothing else looks at the sample, which is drawn for it, as in the first step.
    """

    body: Body
    alone: bool = False
    first: Step = field(init=False)
    rest: Step = field(init=False)

    def __post_init__(self) -> None:
        self.first, self.rest = Step(self.body, first=True), Step(self.body, first=False)

    def likelihood(self, value: OverPlates) -> Value:
        """What a reduction comes to."""
        self.rest.told = False
        added = self._added(value.value)
        if added.steps is None:
            raise self._hindered(value, "this adds up no steps")
        told, (terms, start) = self.rest.told, added.steps
        body, place = self.body, self.body.places[self.body.sample.name]
        first, law = (s.law(body.sample.distribution, place) for s in (self.first, self.rest))
        parts = (*added.steps, first, law)
        plates = frozenset[str]().union(*(part.type.plates for part in parts)) - body.own
        found: Value = Evidence(
            body.sample.name,
            body.loop.name,
            body.before,
            None if self.alone else first,
            law,
            start if told else None,
            terms,
            ValueType(plates, ()),
            value.span,
        )
        return found if added.once is None else _apply("add", (found, added.once), value)

    def _added(self, value: Value) -> _Added:
        """The terms of a sum behind the loop."""
        body = self.body
        if not body.depends(value):
            return _Added(None, value)
        if value.type.shape:
            raise self._hindered(value, "this is no single number")
        match value:
            case Reference(name):
                return self._named(value, name)
            case Apply("sum", (of,)):
                return _Added((self._along(of, self.rest), self._along(of, self.first)), None)
            case Apply("mean", (of,)):
                whole = _apply("sum", (of,), value)
                count = Extent(of.type.shape[0], ValueType(NO_PLATES, (), "int"), value.span)
                return self._each(self._added(whole), lambda v: _apply("divide", (v, count), value))
            case Apply("negative", (of,)):
                return self._each(self._added(of), lambda v: _apply("negative", (v,), value))
            case Apply("add" | "subtract" as name, (left, right)):
                return self._both(name, self._added(left), self._added(right), value)
            case Apply("multiply", (left, right)) if not body.depends(left):
                return self._each(
                    self._added(right), lambda v: _apply("multiply", (left, v), value)
                )
            case Apply("multiply" | "divide" as name, (left, right)) if not body.depends(right):
                return self._each(self._added(left), lambda v: _apply(name, (v, right), value))
            case OverPlates("sum" | "mean", of, plates) if body.graph.data_plates.keys() >= set(
                plates
            ):
                return self._each(self._added(of), lambda v: typed(replace(value, value=v), body))
            case _:
                raise self._hindered(value, "this is no sum of terms of the steps")

    def _named(self, value: Reference, name: str) -> _Added:
        """A name behind the loop: a sum that stands there, or that the steps have carried."""
        body = self.body
        if name not in body.places:
            node = next(n for n in body.graph.nodes if name in defined(n))
            assert isinstance(node, Compute | Cost)
            assert not isinstance(node.value, Construct | Named)
            return self._added(node.value)
        carried = [c for c in body.loop.carried if c.name == name]
        node = body.loop.body[body.places[name]]
        if (
            not carried
            or not isinstance(node, Compute)
            or isinstance(node.value, Construct | Named)
        ):
            raise self._hindered(value, "this looks at the last step alone")
        if not body.steady(carried[0].initial):
            raise self._hindered(value, "this starts with a name that the loop defines again")
        more = _more(node.value, name)
        if more is None:
            raise self._hindered(node.value, f"`{name}` is not what it was and a term more")
        place = body.places[name]
        return _Added((self.rest.at(more, place), self.first.at(more, place)), carried[0].initial)

    def _along(self, value: Value, step: Step) -> Value:
        """An element for each step, as the term of one."""
        body = self.body
        if len(value.type.shape) != 1 or value.type.shape[0] != body.loop.bound:
            raise self._hindered(value, "this has no element for each step")
        if not body.depends(value):
            return step.of_all(value)
        match value:
            case SequenceOf(of):
                return step.at(of, len(body.loop.body))
            case Apply("negative" | "add" | "subtract" | "multiply" | "divide", operands):
                parts = tuple(v if not v.type.shape else self._along(v, step) for v in operands)
                if any(not v.type.shape and body.depends(v) for v in operands):
                    raise self._hindered(value, "this looks at the last step alone")
                return _apply(value.function, parts, value)
            case _:
                raise self._hindered(value, "this is no sum of terms of the steps")

    def _each(self, added: _Added, change: Callable[[Value], Value]) -> _Added:
        steps = added.steps and (change(added.steps[0]), change(added.steps[1]))
        return _Added(steps, None if added.once is None else change(added.once))

    def _both(self, name: str, left: _Added, right: _Added, value: Value) -> _Added:
        def joined(a: Value | None, b: Value | None) -> Value | None:
            if b is None:
                return a
            if a is None:
                return _apply("negative", (b,), value) if name == "subtract" else b
            return _apply(name, (a, b), value)

        ours, theirs = left.steps or (None, None), right.steps or (None, None)
        every, start = (joined(a, b) for a, b in zip(ours, theirs, strict=True))
        steps = None if every is None or start is None else (every, start)
        return _Added(steps, joined(left.once, right.once))

    def _hindered(self, value: Value, words: str) -> HinderedError:
        return self.rest.hindered(value, words)


def _more(value: Value, name: str) -> Value | None:
    """The term by which a carried variable grows, which is in it once and as it was."""

    def itself(part: Value) -> bool:
        return isinstance(part, Reference) and part.name == name

    def within(part: Value) -> bool:
        return any(isinstance(p, Reference) and p.name == name for p in walk(part))

    match value:
        case Apply("add", (left, right)) if itself(left) and not within(right):
            return right
        case Apply("add", (left, right)) if itself(right) and not within(left):
            return left
        case Apply("subtract", (left, right)) if itself(left) and not within(right):
            return _apply("negative", (right,), value)
        case Apply("add" | "subtract" as function, (left, right)) if not within(right):
            more = _more(left, name)
            return None if more is None else _apply(function, (more, right), value)
        case _:
            return None


def _apply(function: str, operands: tuple[Value, ...], like: Value) -> Apply:
    """A function of numbers, one for each element of all plates."""
    settings = {"dim": None, "keepdim": False} if function == "sum" else {}
    plates = frozenset[str]().union(*(o.type.plates for o in operands))
    return Apply(function, operands, settings, ValueType(plates, ()), like.span)
