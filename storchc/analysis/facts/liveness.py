"""Which values carry a gradient to something that learns: params, modules, float inputs.

A sample whose parameters carry none has a score that is zero under every derivative: it needs
neither a magic box nor a baseline. A plate whose weights carry one passes it on to what is reduced
over it, whatever that is made of.
"""

from __future__ import annotations

from collections.abc import Mapping

from storchc.analysis.estimators.resolve import Estimator, mixed_samples, reductions_of
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.edges import edges
from storchc.analysis.facts.own_score import has_own_score
from storchc.catalogue import distributions
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import CallUser, Distribution, Named, OverPlates, Reference, Value
from storchc.ir.graph import Compute, Cost, Graph, Loop, Node, Report, Sample
from storchc.ir.index import construction


def learning(graph: Graph) -> frozenset[str]:
    """What learns by its name: params, and float inputs that may require a gradient."""
    inputs = {i.name for i in graph.inputs if i.type.dtype == "float"}
    return frozenset(inputs | {p.name for p in graph.params})


def live_names(
    graph: Graph, estimators: Mapping[str, Estimator], learns: frozenset[str]
) -> frozenset[str]:
    """The names through which a gradient can reach what ``learns``, or a module.

    The *parameters* of a sample ``z`` stand under ``"~z"``.
    """
    live = set(learns)
    _enliven(graph.nodes, live, graph, estimators)
    return frozenset(live)


def _enliven(
    nodes: tuple[Node, ...], live: set[str], graph: Graph, estimators: Mapping[str, Estimator]
) -> None:
    """Add the names that the nodes make live; a loop is walked until there are no more."""
    for node in nodes:
        match node:
            case Compute(names, value) if is_live(value, live, graph):
                live.update(names)
            case Cost(name, value, False) | Report(name, value) if is_live(value, live, graph):
                live.add(name)
            case Sample():
                live |= _live_sample(node, estimators[node.name], live, graph)
            case Loop():
                live.update(c.name for c in node.carried if is_live(c.initial, live, graph))
                before = -1
                while before < len(live):
                    before = len(live)
                    _enliven(node.body, live, graph, estimators)


def _live_sample(node: Sample, estimator: Estimator, live: set[str], graph: Graph) -> set[str]:
    """The names that a sample makes live; a relaxed value moves with its temperature too."""
    moved = is_live(node.distribution, live, graph)
    found = {f"~{node.name}"} if moved else set()
    if estimator.carrier == "pathwise":
        options = (v for v in estimator.values.values() if is_live(v, live, graph))
        found |= {node.name} if moved or any(options) else set()
    elif moved and (estimator.enumerated or estimator.weighted):
        found.add(_weights(node.plate))
    return found


def _weights(plate: str) -> str:
    """The name under which the weights of a plate stand."""
    return f"~over {plate}"


def is_live(value: Value | Distribution, live: set[str] | frozenset[str], graph: Graph) -> bool:
    """Whether a gradient flows from ``value`` to something that learns."""
    if isinstance(value, Reference | Named):
        return value.name in live
    if isinstance(value, CallUser) and "nondiff" not in graph.callees[value.callee].flags:
        return True
    if isinstance(value, OverPlates) and any(_weights(p) in live for p in value.plates):
        return True
    return any(
        edge.flow == "smooth" and is_live(edge.operand, live, graph)
        for edge in edges(value, graph.callees)
    )


def check_supports(
    graph: Graph,
    estimators: Mapping[str, Estimator],
    live: frozenset[str],
    problems: Problems,
) -> None:
    """A score or an importance weight is right only where the support stays where it is.

    Parameters that a method has no derivative for are refused with it.
    """
    for sample in graph.samples:
        made = construction(graph, sample.distribution)
        family = distributions.lookup(made.family)
        if family is None or not _has_score(graph, sample, estimators[sample.name]):
            continue
        entry, span = estimators[sample.name].entry, estimators[sample.name].span
        for name, value in made.parameters:
            fixed = entry is not None and (family.name, name) in entry.fixed
            moves = family.parameter(name).moves_support
            if not (fixed or moves) or not is_live(value, live, graph):
                continue
            written = graph.source.cut(value.span)
            if moves:
                problems.add(
                    words.moving_support(sample, family.name, name, written, span, value.span)
                )
            elif entry is not None:
                problems.add(
                    words.fixed_parameter(entry, family.name, name, written, span, value.span)
                )


def _has_score(graph: Graph, sample: Sample, estimator: Estimator) -> bool:
    """Whether something is said of a score: it is the gradient, or left out as its mean is zero."""
    if estimator.carrier != "pathwise":
        return True
    entry = estimator.entry
    return entry is not None and entry.stops_own_score and has_own_score(graph, sample.name)


def check_proposals(
    graph: Graph,
    dependent: Dependence,
    estimators: Mapping[str, Estimator],
    live: frozenset[str],
    problems: Problems,
) -> None:
    """Warn where the value of a joined plate changes with a proposal that seems to learn."""
    weighted = [s for s in graph.samples if estimators[s.name].weighted]
    mixed = mixed_samples(graph, dependent) if weighted else frozenset[str]()
    for sample in (s for s in weighted if s.name in mixed):
        proposals = estimators[sample.name].sampler_values.values()
        if sample.sampler is not None and any(is_live(v, live, graph) for v in proposals):
            places = tuple(reductions_of(graph, sample.plate))
            problems.add(words.proposal_without_gradient(sample, sample.sampler.span, places))
