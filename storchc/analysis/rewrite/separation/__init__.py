"""Enumerated samples whose factors need not be joined: each factor is weighed and summed alone.

The elements of a sample's batch event are independent factors. Of K factors with C outcomes each
the joint support has C^K configurations; where every cost is linear in functions of single factors
K · C of them are enough, and a product of neighbours takes the pairs. What is written here is the
same story with those expectations in it, which code is generated for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.edges import CREDITLESS, edges
from storchc.analysis.facts.joins import Join
from storchc.analysis.facts.support import outcome_count, support_size
from storchc.analysis.rewrite.separation.factors import Joined, JoinedError, whole
from storchc.analysis.rewrite.separation.rewriting import Rewriter
from storchc.ir.expression import Construct, Distribution, Named, Reference, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Compute, Cost, Loop, Node, Report, Sample
from storchc.ir.walk import expressions
from storchc.records import dataclass

__all__ = ["Joined", "Separated", "Separation", "separate"]


@dataclass(frozen=True, slots=True)
class Separated:
    """A sample whose factors are evaluated apart.

    ``configurations`` counts the combinations of outcomes that are evaluated, over all factors;
    ``copies`` are further plates for the outcomes of selected factors; ``means`` name the values
    that are expectations over it.
    """

    configurations: int
    copies: tuple[str, ...]
    means: frozenset[str]


@dataclass(frozen=True, slots=True)
class Separation:
    """``graph`` is the story with expectations taken where factors part.

    ``joins`` says of the other enumerated samples of several factors where these are joined.
    """

    graph: Graph
    samples: Mapping[str, Separated]
    joins: Mapping[str, Joined]


def separate(
    graph: Graph,
    credited: Dependence,
    estimators: Mapping[str, Estimator],
    multiple: Mapping[str, Join],
) -> Separation:
    """Take the factors of each enumerated sample apart where that is possible, and cheaper.

    ``credited`` is the dependence by paths. ``multiple`` are the reductions that multi-sample
    methods look into.
    """
    products = (p for join in multiple.values() for slope in join.slopes.values() for p in slope)
    slopes = tuple(value for p in products for value in (*p.factors, *p.divisors))
    samples: dict[str, Separated] = {}
    joins: dict[str, Joined] = {}
    written = graph
    for sample in graph.samples:
        made = graph.construction(sample.distribution)
        joint = support_size(made)
        if sample.loops or sample.joins or not estimators[sample.name].enumerated:
            continue
        if joint is None or not made.type.batch:
            continue
        try:
            rewritten, separated = _rewritten(written, credited, sample, made, slopes)
        except JoinedError as found:
            joins[sample.name] = found.joined
            continue
        if separated.configurations < joint:
            samples[sample.name], written = separated, rewritten
    return Separation(written, samples, joins)


def _rewritten(
    graph: Graph,
    credited: Dependence,
    sample: Sample,
    made: Construct,
    slopes: tuple[Value, ...],
) -> tuple[Graph, Separated]:
    sizes = [size.value or 0 for size in made.type.batch]
    outcomes, own = outcome_count(made) or 0, len(made.type.event)
    apart = whole(sizes, own)
    full = apart.parts[0].items
    credits = partial(_credits, credited, sample.name)
    rewriter = Rewriter(sample, credits, {sample.name: apart}, {full: sample.name})
    nodes = tuple(_node(rewriter, node) for node in graph.nodes)
    for value in slopes:  # which are evaluated as they are
        rewriter.need_free(value, value.span)
    plates = list(graph.sample_plates)
    copies = tuple(name for items, name in rewriter.copies.items() if items != full)
    plates[plates.index(sample.name) + 1 : plates.index(sample.name) + 1] = copies
    groups = {group.factors: group.configurations(outcomes) for group in rewriter.groups}
    evaluated = sum(groups.values())
    means = frozenset(name for name, kind in rewriter.kinds.items() if kind == "mean")
    count = max(evaluated, whole(sizes, own).configurations(outcomes))
    return (
        replace(graph, nodes=nodes, sample_plates=tuple(plates)),
        Separated(count, copies, means),
    )


def _credits(credited: Dependence, sample: str, value: Value | Distribution) -> bool:
    """Whether a value as it has been rewritten depends on a sample by a path."""
    if isinstance(value, Reference | Named):
        return sample in credited.values.get(value.name, {})
    paths = (e for e in edges(value, credited.graph.callees) if e.flow not in CREDITLESS)
    return any(_credits(credited, sample, edge.operand) for edge in paths)


def _node(rewriter: Rewriter, node: Node) -> Node:
    """A statement rewritten; what is defined in it is known to the rewriter from then on."""
    match node:
        case Compute((defined,), Construct() | Named() as law, _, _):
            rewriter.kinds[defined], made = rewriter.distribution(law)
            return replace(node, value=made)
        case Compute(names, value, _, span):
            assert not isinstance(value, Construct | Named)
            kind, rewritten = rewriter.value(value)
            rewriter.kinds.update(dict.fromkeys(names, kind))
            return replace(node, value=rewritten)
        case Sample():
            return node if node.name == rewriter.sample.name else _sample(rewriter, node)
        case Cost(name, value, observed, _):
            kind, _ = rewriter.value(value)
            if not observed and name not in rewriter.kinds:
                rewriter.kinds[name] = "free" if kind == "free" else "mean"
            return replace(node, value=rewriter.mean(value))
        case Report(_, value, span):
            words = "a report shows it for each configuration of `{}`"
            return replace(node, value=rewriter.free(value, span, words))
        case Loop():
            return _loop(rewriter, node)


def _loop(rewriter: Rewriter, loop: Loop) -> Loop:
    """A loop, which no rule looks into: nothing of the sample may enter it."""
    words = "all factors of `{}` enter a loop together"
    for node in (loop, *loop.body):
        if isinstance(node, Loop) and node is not loop:
            _loop(rewriter, node)
        for value in expressions(node):
            rewriter.need_free(value, value.span, words)
        if isinstance(node, Sample) and rewriter.sample.name in node.type.plates:
            raise JoinedError(node.span, words.format(rewriter.sample.name))
    return loop


def _sample(rewriter: Rewriter, node: Sample) -> Node:
    """Another sample, whose parameters may depend on averages over this one only."""
    words = f"`{node.name}` depends on all factors of `{{}}`"
    if node.plate == rewriter.sample.name:
        raise JoinedError(
            node.span, f"`{node.name}` is drawn for each configuration of `{node.plate}`"
        )
    for option in expressions(node)[1:]:
        rewriter.need_free(option, option.span, words)
    return replace(node, distribution=rewriter.free_law(node.distribution, node.span, words))
