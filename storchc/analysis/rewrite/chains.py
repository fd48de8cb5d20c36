"""Enumerated samples of loops that are summed out step by step: the forward algorithm.

Where all that a step takes from a sample ``z`` is a function of its value in the step before and in
this one, whole sequences need not be told apart: a step is evaluated for each pair of values, and
the probabilities of the last value are carried along. T steps of V outcomes take T · V² evaluations
in place of V^T. What looks at more steps, ``sequence(v)`` or a carried variable to which every step
adds, is known by its expectation alone, and costs may be linear in it (`expectations`
writes them so). What stands behind the loop sees the last value, which weighs what its probability
is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Literal, assert_never

from storchc.analysis.dataflow import Flow
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.cuts import partial_cut
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.support import support_size
from storchc.analysis.rewrite import evidence, expectations
from storchc.analysis.rewrite.evidence import Likelihoods
from storchc.analysis.rewrite.expectations import Expectations
from storchc.analysis.rewrite.obstacles import HinderedError, Obstacle
from storchc.catalogue import functions
from storchc.diagnostics import loops as words
from storchc.ir.expression import (
    Apply,
    CallUser,
    Distribution,
    Named,
    OverPlates,
    Reference,
    Select,
    SequenceOf,
    StaticChoice,
    Value,
)
from storchc.ir.graph import Graph
from storchc.ir.names import before_of
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.walk import children, expressions, walk
from storchc.records import dataclass
from storchc.source import Span

When = Literal["before", "now", "all"]
"""The step whose outcome of the sample a value is a function of; of ``all`` it is a linear one."""

NEVER: frozenset[When] = frozenset()
ALL: frozenset[When] = frozenset({"all"})


@dataclass(frozen=True, slots=True)
class Chain:
    """A sample that is summed out. ``states`` counts its outcomes, ``steps`` those of its loop.

    ``before`` is the plate along which the outcomes of the step before stand, and ``carried`` the
    variables that have it at the start of a step; without any it is empty.
    """

    sample: str
    loop: str
    states: int
    steps: int | None
    before: str
    carried: frozenset[str]

    @property
    def pairs(self) -> int:
        """How many configurations one step evaluates."""
        return self.states**2 if self.carried else self.states


class _Remembered(HinderedError):
    """A carried variable that is a function of more than the last outcome."""

    def __init__(self, name: str, span: Span, words: str) -> None:
        super().__init__(span, words)
        self.name = name


class _NotLinear(HinderedError):
    """More is taken of all steps than their expectations."""


@dataclass(frozen=True, slots=True)
class Elimination:
    """The samples that are summed out, and what stands in the way of the other enumerated ones.

    ``expected`` are, by sample, the names that depend on it; ``paired`` the costs that depend on
    its outcomes in two steps; ``likelihoods`` what is taken in the log domain.
    """

    chains: Mapping[str, Chain]
    obstacles: Mapping[str, Obstacle]
    expected: Mapping[str, Expectations]
    paired: Mapping[str, frozenset[str]]
    likelihoods: Mapping[str, Likelihoods]

    def pairs_in(self, cost: Cost) -> frozenset[str]:
        """The samples of whose outcomes in this step and in the one before ``cost`` is made."""
        return frozenset(sample for sample, costs in self.paired.items() if cost.name in costs)

    def added_in(self, cost: Cost) -> frozenset[str]:
        """The samples of which ``cost`` takes what all steps add up to, which is known alone."""
        return frozenset(s for s, of in self.expected.items() if of.adds_up(cost.value))

    def written(self, graph: Graph, credited: Dependence) -> Graph:
        """``graph`` with the expectations of costs in its loops taken, and the likelihoods."""
        for taken in self.likelihoods.values():
            graph = evidence.written(graph, taken)
        looped = {s.name for s in graph.samples if s.loops}
        left = tuple(each for name, each in self.expected.items() if name in looped)
        return expectations.written(graph, left, credited)


def eliminate(
    graph: Graph,
    flow: Flow,
    credited: Dependence,
    touched: Dependence,
    estimators: Mapping[str, Estimator],
) -> Elimination:
    """Decide which enumerated samples of loops can be summed out step by step.

    ``touched`` looks through cuts, ``credited`` does not.
    """
    joint = frozenset(s.name for s in graph.samples if estimators[s.name].joint)
    chains: dict[str, Chain] = {}
    obstacles: dict[str, Obstacle] = {}
    expected: dict[str, Expectations] = {}
    paired: dict[str, frozenset[str]] = {}
    likelihoods: dict[str, Likelihoods] = {}
    for sample in graph.samples:
        states = support_size(graph.construction(sample.distribution))
        if not (sample.loops and estimators[sample.name].enumerated) or states is None:
            continue
        loop = graph.loop_by_name[sample.loops[-1]]
        try:
            check_cuts(graph, flow, sample, credited, touched)
            look = _looked(graph, sample, loop, credited, touched, joint)
        except HinderedError as hindered:
            obstacles[sample.name] = hindered.obstacle
            continue
        names = look.carried - look.totals
        before = before_of(sample.name) if names else ""
        steps = loop.bound.value
        chains[sample.name] = Chain(sample.name, loop.name, states, steps, before, names)
        expected[sample.name] = look.expectations(loop, before)
        paired[sample.name] = frozenset(look.paired)
        likelihoods[sample.name] = Likelihoods(
            sample.name, look.dependent, frozenset(look.likelihoods)
        )
    return Elimination(chains, obstacles, expected, paired, likelihoods)


def check_cuts(
    graph: Graph, flow: Flow, sample: Sample, credited: Dependence, touched: Dependence
) -> None:
    """Raise `HinderedError` where a cost is to credit some steps of a sample, and others not."""
    cut = partial_cut(graph, flow, sample, credited, touched)
    if cut is not None:
        raise HinderedError(cut, f"a cost sees `{sample.name}` behind this, and without it")


def _looked(
    graph: Graph,
    sample: Sample,
    loop: Loop,
    credited: Dependence,
    touched: Dependence,
    joint: frozenset[str],
) -> _Look:
    """What the steps of a loop take from a sample.

    A carried variable that remembers more than the last outcome is tried as one whose expectation
    is enough.
    """
    carried = frozenset(c.name for c in loop.carried if sample.name in c.type.plates)
    totals: dict[str, _Remembered] = {}
    while True:
        look = _Look(graph, sample, credited, touched, joint, carried, frozenset(totals))
        try:
            look.whole(loop)
        except _Remembered as found:
            totals[found.name] = found
        except _NotLinear as found:
            own = (t for t in totals.values() if t.obstacle.span.holds(found.obstacle.span))
            raise next(own, found) from None
        else:
            return look


@dataclass(slots=True)
class _Look:
    """Looks through a loop for what a step takes from one sample; ``whens`` has it by name.

    Of the ``carried`` variables those among ``totals`` are known by their expectations; ``paired``
    are the costs that take something of two steps, ``likelihoods`` the places where all steps are
    joined in the log domain, ``behind`` the loop.
    """

    graph: Graph
    sample: Sample
    credited: Dependence
    touched: Dependence
    joint: frozenset[str]
    carried: frozenset[str]
    totals: frozenset[str]
    whens: dict[str, frozenset[When]] = field(default_factory=dict)
    paired: set[str] = field(default_factory=set)
    likelihoods: set[Span] = field(default_factory=set)
    behind: bool = False

    @property
    def dependent(self) -> frozenset[str]:
        """The names that are made of the sample."""
        return frozenset(name for name, when in self.whens.items() if when)

    def expectations(self, loop: Loop, before: str) -> Expectations:
        """What is to be written of this."""
        totals = frozenset(name for name, when in self.whens.items() if when == ALL)
        return Expectations(self.sample.name, loop.name, before, self.dependent, totals)

    def whole(self, loop: Loop) -> None:
        """The loop, and what looks back at it; `HinderedError` where sequences are told apart."""
        name = self.sample.name
        if len(self.sample.loops) > 1:
            said = f"`{name}` is drawn in a loop within another one"
            raise HinderedError(loop.header, said, words.ONE_LOOP)
        if loop.alive is not None:
            said = f"sequences of `{name}` may stop at different steps"
            raise HinderedError(loop.body[-1].span, said, words.TO_THE_END)
        self.whens = dict.fromkeys(self.carried, frozenset[When]({"before"}))
        self.whens |= dict.fromkeys(self.totals, ALL)
        for node in loop.body:
            if isinstance(node, Sample) and node.name in self.joint:
                raise HinderedError(node.name_span, f"`{node.name}` chooses anew in every step")
            self._node(node)
        self._behind(self.graph.nodes[self.graph.nodes.index(loop) + 1 :], within=False)

    def when(self, value: Value | Distribution) -> frozenset[When]:
        """The steps whose outcomes ``value`` is a function of."""
        if isinstance(value, Reference | Named):
            return self.whens.get(value.name, NEVER)
        if isinstance(value, SequenceOf):
            return ALL if self.when(value.value) else NEVER
        if isinstance(value, OverPlates) and self.sample.name in value.plates:
            return self._joined(value)
        parts = [self.when(part) for part in children(value)]
        found = NEVER.union(*parts, self._remembered(value))
        if "all" not in found:
            return found
        if not _linear(value, parts):
            raise _NotLinear(value.span, self._not_linear(value))
        return ALL

    def _joined(self, value: OverPlates) -> frozenset[When]:
        """A reduction over the sample: of it nothing is left behind the likelihood of all steps."""
        name = self.sample.name
        if not (self.behind and value.function == "logmeanexp" and value.plates == (name,)):
            raise HinderedError(value.span, f"this joins the sequences of `{name}`")
        if name not in self.credited.places[value.value]:
            raise HinderedError(value.span, f"this joins sequences of `{name}` behind a cut")
        evidence.check(self.graph, self.sample, self.dependent, value)
        self.likelihoods.add(value.span)
        return NEVER

    def _remembered(self, value: Value | Distribution) -> frozenset[When]:
        """What a stateful function has seen of the sample behind its loop."""
        if isinstance(value, CallUser) and self._stateful(value):
            return self._last(value.callee)
        return NEVER

    def _last(self, name: str) -> frozenset[When]:
        """What is known of the sample behind its loop, where ``name`` is made of it."""
        made = self.sample.name in self.touched.values.get(name, {})
        return frozenset({"now"}) if made else NEVER

    def _not_linear(self, value: Value | Distribution) -> str:
        name = self.sample.name
        for part in walk(value):
            if isinstance(part, SequenceOf) and self.when(part):
                sequence = f"sequence({part.value.name})"
                return f"this is not linear in `{sequence}`, which looks at all steps of `{name}`"
            if isinstance(part, Reference) and self.when(part) == ALL:
                more = f"which remembers more of `{name}` than its last value"
                return f"this is not linear in `{part.name}`, {more}"
        raise AssertionError(value)

    # --- a step ----------------------------------------------------------------------------------

    def _node(self, node: Node) -> None:
        name = self.sample.name
        told = [self.when(value) for value in expressions(node)]
        found = NEVER.union(*told)
        match node:
            case Sample() if node is self.sample:
                self._check_calls(node, found)
                self.whens[name] = frozenset({"now"})
            case Sample() if found or name in node.type.plates:
                raise HinderedError(node.name_span, f"`{node.name}` is drawn below `{name}`")
            case Report() if found:
                raise HinderedError(node.span, f"a report shows it for each sequence of `{name}`")
            case Compute(names) | Cost(name=str() as names):
                self._check_calls(node, found)
                self._defined((names,) if isinstance(names, str) else names, node, found)
            case Loop() if found or self._within(node):
                raise HinderedError(node.header, f"a loop within the step depends on `{name}`")
            case Sample() | Report() | Loop():
                pass
            case _:
                assert_never(node)

    def _check_calls(self, node: Node, found: frozenset[When]) -> None:
        """A stateful function is to see whole sequences, one by one."""
        for call in (part for value in expressions(node) for part in walk(value)):
            if found and isinstance(call, CallUser) and self._stateful(call):
                said = f"`{call.callee}` is to see each sequence of `{self.sample.name}`"
                raise HinderedError(call.span, said)

    def _defined(
        self, names: tuple[str, ...], node: Compute | Cost, found: frozenset[When]
    ) -> None:
        name = self.sample.name
        if isinstance(node, Cost) and len(found) > 1:
            self.paired.add(node.name)
        if isinstance(node, Cost) and node.observed:
            return
        kept = [n for n in names if n in self.carried and not found <= {"now"}]
        for carried in (n for n in kept if n not in self.totals):
            said = f"`{carried}` remembers more of `{name}` than its last value"
            raise _Remembered(carried, node.span, said)
        self.whens.update({n: ALL if n in self.totals else found for n in names})

    def _within(self, loop: Loop) -> bool:
        """Whether anything in a loop within the step depends on the sample, or has its plate."""
        for node in loop.body:
            if isinstance(node, Loop) and self._within(node):
                return True
            if isinstance(node, Sample) and self.sample.name in node.type.plates:
                return True
            if any(self.when(value) for value in expressions(node)):
                return True
        return False

    def _stateful(self, call: CallUser) -> bool:
        return "stateful" in self.graph.callees[call.callee].flags

    # --- behind the loop -------------------------------------------------------------------------

    def _behind(self, nodes: tuple[Node, ...], *, within: bool) -> None:
        """What stands behind the loop, or ``within`` another one there."""
        for node in nodes:
            self.behind = not within and isinstance(node, Compute | Cost | Report)
            found = NEVER.union(*(self.when(value) for value in expressions(node)))
            if found == ALL and (within or not isinstance(node, Compute | Cost)):
                self._taken(node)
            match node:
                case Compute(names):
                    self._moves(names, found)
                case Sample(name=name) | Cost(name=name, observed=False):
                    self._moves((name,), found)
                case Loop():
                    self._moves([c.name for c in node.carried], found)
                    self._behind(node.body, within=True)
                case Cost() | Report():
                    pass
                case _:
                    assert_never(node)

    def _moves(self, names: Iterable[str], found: frozenset[When]) -> None:
        """Note what is made of the sample behind its loop, where that shows its last value."""
        for name in names:
            type_ = self.graph.types.get(name)
            shown = type_ is None or self.sample.name in type_.plates
            self.whens[name] = ALL if found == ALL else self._last(name) if shown else NEVER

    def _taken(self, node: Node) -> None:
        """Raise where something else than a cost takes what all steps add up to."""
        name = self.sample.name
        match node:
            case Report():
                raise HinderedError(node.span, f"a report shows it for each sequence of `{name}`")
            case Sample():
                raise HinderedError(node.name_span, f"`{node.name}` is drawn below `{name}`")
            case Loop():
                raise HinderedError(node.header, f"this loop takes up all steps of `{name}`")
            case Compute() | Cost():
                raise HinderedError(node.span, f"another loop takes all steps of `{name}`")
            case _:
                assert_never(node)


def _linear(value: Value | Distribution, parts: Sequence[frozenset[When]]) -> bool:
    """Whether the expectation of a value is made of those of its parts."""
    match value:
        case Apply():
            random = {i for i, part in enumerate(parts) if part}
            return functions.row(value.function).linear_in(value, random)
        case Select():
            return not any(parts[1:])
        case StaticChoice():
            return not parts[0]
    return False
