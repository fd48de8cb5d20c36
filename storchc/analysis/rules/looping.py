"""Methods stand in loops and above them where that is right, and compiled (LOSS.md §6)."""

from __future__ import annotations

from collections.abc import Mapping

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimator import Estimator
from storchc.analysis.estimators.choosing import family_of, named_method
from storchc.analysis.estimators.suiting import suits_family
from storchc.analysis.facts.dependence import Dependence
from storchc.diagnostics import loops as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.ir.nodes import Sample

Estimators = Mapping[str, Estimator]


def run(known: Estimation, problems: Problems) -> None:
    """Refuse what is not compiled in loops, and above them."""
    graph, dependent, estimators = known.graph, known.touched, known.estimators
    if not graph.loop_names:
        return
    for node in graph.samples:
        estimator, entry = estimators[node.name], named_method(node)
        if entry is not None and not suits_family(entry, family_of(node)):
            continue  # in a loop or not, the method is not for that family
        if node.name in known.elimination.chains or node.name in known.elimination.obstacles:
            continue  # the stages for enumeration speak of these
        if node.loops:
            _check_inside(graph, node, estimators, problems)
            _check_weights(graph, node, dependent, estimator, problems)
        elif estimator.entry is not None and estimator.entry.above_sequences != "any":
            _check_above(graph, node, dependent, estimators, problems)


def _check_inside(graph: Graph, node: Sample, estimators: Estimators, problems: Problems) -> None:
    estimator = estimators[node.name]
    what = _left_out(estimator)
    help = "use `ScoreFunction`, or a method that differentiates through the value"
    opener = graph.sample_by_name[node.plate]
    beside = _beside(graph, node, estimators)
    if what is None and beside is not None:
        what = f"`{estimator.name}` beside `{beside.name}`, which is drawn in such a way as well,"
        help = "draw one of them independently, or both as one vector"
    weighs = estimator.weighted and not estimator.joint
    if what is None and weighs and estimators[opener.name].joint:
        what = f"a weighted draw `in {node.plate}`, whose values are chosen anew in every step,"
        help = "leave `using` out: draw from the distribution itself"
    trained = estimator.entry is not None and "module" in {o.kind for o in estimator.entry.options}
    if what is None and trained and estimators[opener.name].joint:
        what = f"`{estimator.name}` `in {node.plate}`, whose values are chosen anew in every step,"
        help = "use `ScoreFunction`"
    if what is not None:
        problems.add(words.not_compiled(estimator.span, f"{what} in a loop", help))


def _beside(graph: Graph, node: Sample, estimators: Estimators) -> Sample | None:
    """A sample above, in the same loop and in a plate of its own, that is joint as ``node`` is."""
    if node.joins or not estimators[node.name].joint:
        return None
    above = graph.samples[: graph.samples.index(node)]
    alike = (s for s in above if estimators[s.name].joint and not s.joins)
    return next((s for s in alike if s.loops and s.loops[0] == node.loops[0]), None)


def _check_weights(
    graph: Graph, node: Sample, dependent: Dependence, estimator: Estimator, problems: Problems
) -> None:
    """Weights of draws in a loop multiply from step to step: what joins elements needs them all."""
    if estimator.joint or not estimator.weighted or estimator.sampler is None:
        return
    what = f"`{estimator.sampler.name}` in a loop"
    mixed = frozenset[str]().union(*(c.get(node.name, ()) for c in dependent.costs.values()))
    if others := mixed - {node.plate}:
        shown = ", ".join(f"`{plate}`" for plate in graph.order(others))
        what = f"{what} together with a reduction over {shown}"
        help = f"leave `using` out, or let the costs reduce {shown} by themselves"
        problems.add(words.not_compiled(estimator.span, what, help))


def _left_out(estimator: Estimator) -> str | None:
    """What of an estimator is not compiled in loops."""
    entry = estimator.entry
    if entry is not None:
        return f"`{entry.name}`" if entry.in_loops == "no" else None
    sampler = estimator.sampler
    chosen = sampler is not None and sampler.in_loops == "sequences"
    return f"`{estimator.name}` with draws that are chosen together" if chosen else None


def _check_above(
    graph: Graph,
    node: Sample,
    dependent: Dependence,
    estimators: Estimators,
    problems: Problems,
) -> None:
    """A method that looks elsewhere, with a joint sample of several parts there.

    At other values the parts would have to be chosen one after another once more.
    """
    looped = {s.plate for s in graph.samples if s.loops and estimators[s.name].joint}
    parts = [s.plate for s in graph.samples]
    below = [s for s in graph.samples if s is not node and node.name in dependent.values[s.name]]
    drawn_anew = {s.plate for s in below if s.loops or estimators[s.name].joint}
    several = {plate for plate in looped & drawn_anew if parts.count(plate) > 1}
    moved = [s.type.plates for s in graph.samples if node.name in dependent.values[s.name]]
    moved += [c.value.type.plates for c in graph.costs if node.name in dependent.costs[c.name]]
    found = graph.order(frozenset(several) & frozenset[str]().union(*moved))
    if found:
        estimator = estimators[node.name]
        what = f"`{estimator.name}` above several samples of `{found[0]}`, some of them in a loop"
        help = "use `ScoreFunction`, or a method that differentiates through the value"
        problems.add(words.not_compiled(estimator.span, what, help))
