"""Enumerated samples of loops that are summed out step by step: the forward algorithm.

Where all that a step takes from a sample ``z`` is a function of its value in the step before and in
this one, whole sequences need not be told apart: a step is evaluated for each pair of values, and
the probabilities of the last value are carried along. T steps of V outcomes take T · V² evaluations
in place of V^T. Costs in the loop are written as expectations here; what stands behind the loop
sees the last value, which weighs what its probability is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import Literal

from storchc.analysis.cuts import partial_cut
from storchc.analysis.dependence import Dependence
from storchc.analysis.methods import Estimator
from storchc.analysis.support import support_size
from storchc.ir.expression import (
    CallUser,
    Distribution,
    Named,
    OverPlates,
    Reference,
    SequenceOf,
    SummedOut,
    Value,
)
from storchc.ir.graph import Compute, Cost, Graph, Loop, Node, Report, Sample
from storchc.ir.lookup import construction
from storchc.ir.walk import expressions, walk
from storchc.records import dataclass
from storchc.source import Span

When = Literal["before", "now"]
"""The step whose outcome of the sample a value is a function of."""

NEVER: frozenset[When] = frozenset()


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


class Obstacle(Exception):
    """Raised where a story tells whole sequences apart."""

    def __init__(self, span: Span, words: str) -> None:
        super().__init__(words)
        self.span, self.words = span, words


@dataclass(frozen=True, slots=True)
class Elimination:
    """The samples that are summed out, and what stands in the way of the other enumerated ones.

    ``dependent`` are, by sample, the names that depend on it in its loop; ``paired`` the costs that
    depend on its outcomes in two steps.
    """

    chains: Mapping[str, Chain]
    obstacles: Mapping[str, Obstacle]
    dependent: Mapping[str, frozenset[str]]
    paired: Mapping[str, frozenset[str]]

    def pairs_in(self, cost: Cost) -> frozenset[str]:
        """The samples of whose outcomes in this step and in the one before ``cost`` is made."""
        return frozenset(sample for sample, costs in self.paired.items() if cost.name in costs)

    def written(self, graph: Graph, credited: Dependence) -> Graph:
        """``graph`` with the expectations of costs in its loops taken."""
        for chain in self.chains.values():
            graph = _written(graph, chain, self.dependent[chain.sample], credited)
        return graph


def eliminate(
    graph: Graph,
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
    dependent: dict[str, frozenset[str]] = {}
    paired: dict[str, frozenset[str]] = {}
    for sample in graph.samples:
        states = support_size(construction(graph, sample.distribution))
        if not (sample.loops and estimators[sample.name].enumerated) or states is None:
            continue
        loop = next(n for n in graph.loops if n.name == sample.loops[-1])
        carried = [c for c in loop.carried if sample.name in c.type.plates]
        names = frozenset(c.name for c in carried)
        look = _Look(graph, sample, names, joint)
        try:
            check_cuts(graph, sample, credited, touched)
            look.whole(loop)
        except Obstacle as obstacle:
            obstacles[sample.name] = obstacle
            continue
        before = f"{sample.name} before" if names else ""
        steps = loop.bound.value
        dependent[sample.name] = frozenset(name for name, when in look.whens.items() if when)
        paired[sample.name] = frozenset(look.paired)
        chains[sample.name] = Chain(sample.name, loop.name, states, steps, before, names)
    return Elimination(chains, obstacles, dependent, paired)


def check_cuts(graph: Graph, sample: Sample, credited: Dependence, touched: Dependence) -> None:
    """Raise `Obstacle` where a cost is to credit some steps of a sample, and others not."""
    cut = partial_cut(graph, sample.name, credited, touched)
    if cut is not None:
        raise Obstacle(cut, f"a cost sees `{sample.name}` behind this, and without it")


@dataclass(slots=True)
class _Look:
    """Looks through a loop for what a step takes from one sample; ``whens`` has it by name.

    ``paired`` are the costs that take something of two steps.
    """

    graph: Graph
    sample: Sample
    carried: frozenset[str]
    joint: frozenset[str]
    whens: dict[str, frozenset[When]] = field(default_factory=dict)
    paired: set[str] = field(default_factory=set)

    def whole(self, loop: Loop) -> None:
        """The loop, and what looks back at it; `Obstacle` where sequences are told apart."""
        name = self.sample.name
        if len(self.sample.loops) > 1:
            raise Obstacle(loop.header, f"`{name}` is drawn in a loop within another one")
        if loop.alive is not None:
            raise Obstacle(loop.body[-1].span, f"sequences of `{name}` may stop at different steps")
        self.whens = dict.fromkeys(self.carried, frozenset[When]({"before"}))
        for node in loop.body:
            if isinstance(node, Sample) and node.name in self.joint:
                raise Obstacle(node.name_span, f"`{node.name}` chooses anew in every step")
            self._node(node)
        for value in _parts(self.graph.all_nodes):
            if isinstance(value, SequenceOf) and self.whens.get(value.value.name, NEVER):
                raise Obstacle(value.span, f"this looks at all steps of `{name}` at once")

    def when(self, value: Value | Distribution) -> frozenset[When]:
        """The steps whose outcomes ``value`` is a function of."""
        found = NEVER
        for part in walk(value):
            if isinstance(part, Reference | Named):
                found |= self.whens.get(part.name, NEVER)
            elif isinstance(part, OverPlates) and self.sample.name in part.plates:
                raise Obstacle(part.span, f"this joins the sequences of `{self.sample.name}`")
        return found

    def _node(self, node: Node) -> None:
        name = self.sample.name
        told = [self.when(value) for value in expressions(node)]
        found = NEVER.union(*told)
        match node:
            case Sample() if node is self.sample:
                self.whens[name] = frozenset({"now"})
            case Sample() if found or name in node.type.plates:
                raise Obstacle(node.name_span, f"`{node.name}` is drawn below `{name}`")
            case Report() if found:
                raise Obstacle(node.span, f"a report shows it for each sequence of `{name}`")
            case Compute(names) | Cost(name=str() as names):
                self._defined((names,) if isinstance(names, str) else names, node, found)
            case Loop() if found or self._within(node):
                raise Obstacle(node.header, f"a loop within the step depends on `{name}`")

    def _defined(
        self, names: tuple[str, ...], node: Compute | Cost, found: frozenset[When]
    ) -> None:
        name = self.sample.name
        for call in (part for value in expressions(node) for part in walk(value)):
            if found and isinstance(call, CallUser) and self._stateful(call):
                raise Obstacle(call.span, f"`{call.callee}` is to see each sequence of `{name}`")
        if isinstance(node, Cost) and len(found) > 1:
            self.paired.add(node.name)
        if isinstance(node, Cost) and node.observed:
            return
        self.whens.update(dict.fromkeys(names, found))
        kept = [n for n in names if n in self.carried and "before" in found]
        if kept:
            said = f"`{kept[0]}` remembers more of `{name}` than its last value"
            raise Obstacle(node.span, said)

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


def _parts(nodes: Iterable[Node]) -> Iterator[Value | Distribution]:
    return (part for node in nodes for value in expressions(node) for part in walk(value))


# --- the story written once more -----------------------------------------------------------------


def _written(graph: Graph, chain: Chain, dependent: frozenset[str], credited: Dependence) -> Graph:
    used = {p.name for p in _parts(graph.all_nodes) if isinstance(p, Reference)}
    nodes = tuple(
        replace(node, body=tuple(_body(node, chain, dependent, used, credited)))
        if isinstance(node, Loop) and node.name == chain.loop
        else node
        for node in graph.nodes
    )
    plates = list(graph.sample_plates)
    if chain.before:  # behind the plate of this step's outcomes in memory
        plates.insert(plates.index(chain.sample), chain.before)
    return replace(graph, nodes=nodes, sample_plates=tuple(plates))


def _body(
    loop: Loop,
    chain: Chain,
    dependent: frozenset[str],
    used: set[str],
    credited: Dependence,
) -> Iterator[Node]:
    """The body, with the expectation of every cost that depends on the sample."""
    for node in loop.body:
        if not isinstance(node, Cost) or not _depends(node.value, dependent):
            yield node
            continue
        value, observed = node.value, node.observed
        named = isinstance(value, Reference) and value.name == node.name
        if node.name in used and not (observed or named):  # the name is the value's
            yield Compute((node.name,), value, (value.type,), node.span)
            value, observed = Reference(node.name, value.type, node.span), True
        type_ = replace(value.type, plates=value.type.plates - {chain.sample}, dtype="float")
        cut = chain.sample not in credited.costs[node.name]
        summed = SummedOut(value, chain.sample, cut, type_, node.span)
        yield replace(node, value=summed, observed=observed)


def _depends(value: Value, dependent: frozenset[str]) -> bool:
    return any(isinstance(p, Reference | Named) and p.name in dependent for p in walk(value))
