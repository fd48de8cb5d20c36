"""The parameters of distributions lie where they must, as far as that is known (LOSS.md §10)."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.constraints import (
    Constraint,
    constraints,
    constructions,
    temperatures,
)
from storchc.catalogue import distributions, functions
from storchc.diagnostics import ranges as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Apply, CallUser, Literal, Reference, Select, Value
from storchc.ir.nodes import Callee, Input
from storchc.ir.walk import children


def run(known: Estimation, problems: Problems) -> None:
    """Refuse parameters that lie elsewhere; warn where people take scores for probabilities."""
    for each in (*constraints(known.graph), *temperatures(known.graph)):
        found = known.ranges.places[each.value]
        if found.within(each.allowed):
            continue
        if found.apart(each.allowed):
            problems.add(words.outside(each.value.span, each.name, each.family, each.words, found))
        elif each.name == "probs" and _exclusive(each):
            _check_probs(known, each, problems)
        elif each.strict:
            _check_positive(known, each, problems)
    _check_order(known, problems)


def _check_order(known: Estimation, problems: Problems) -> None:
    """The ends of an interval stand in their order."""
    for made in constructions(known.graph):
        ends = dict(made.parameters)
        if made.family == "Uniform":
            low, high = (known.ranges.places[ends[name]] for name in ("low", "high"))
            if high.high <= low.low:
                span = ends["high"].span
                problems.add(words.outside(span, "high", "Uniform", "above `low`", high))


def _exclusive(each: Constraint) -> bool:
    family = distributions.lookup(each.family)
    return family is not None and any({"probs", "logits"} <= set(g) for g in family.choices)


def _check_probs(known: Estimation, each: Constraint, problems: Problems) -> None:
    """Scores by position; who writes `probs=` has said what they are."""
    if _by_keyword(known, each.value):
        return
    for source in _sources(known, each.value, set()):
        match source:
            case Callee(name, "module") if source.default is None or ends_linear(source):
                problems.add(words.output_as_probs(each.value.span, name))
                return
            case Input(name) if source.type.dtype == "float":
                problems.add(words.input_as_probs(each.value.span, name))
                return


def _check_positive(known: Estimation, each: Constraint, problems: Problems) -> None:
    for source in _sources(known, each.value, set()):
        if isinstance(source, Callee) and ends_linear(source):
            text = known.graph.source.cut(each.value.span)
            problems.add(words.output_as_positive(each.value.span, source.name, each.name, text))
            return


def ends_linear(callee: Callee) -> bool:
    """Whether the last layer is known to give numbers of either sign."""
    last = None if callee.default is None else callee.default.last
    return callee.kind == "module" and last is not None and last.name == "Linear"


def _by_keyword(known: Estimation, value: Value) -> bool:
    before = known.graph.source.text[: value.span.start].rstrip(" (\n")
    return before.endswith(("probs=", "probs ="))


_SCALING = frozenset({"add", "subtract", "multiply", "negative", "positive", "where", "clamp"})
"""Functions that leave a score a score, besides those that move and choose elements."""


def _sources(known: Estimation, value: Value, seen: set[str]) -> Iterator[Callee | Input]:
    """Modules, functions and inputs that ``value`` is a plain result of, whatever its names."""
    match value:
        case CallUser(callee):
            yield known.graph.callees[callee]
        case Reference(name) if name not in seen:
            seen.add(name)
            node = known.graph.compute_by_name.get(name)
            if node is not None and not hasattr(node.value, "family"):
                yield from _sources(known, node.value, seen)  # type: ignore[arg-type]
            yield from (i for i in known.graph.inputs if i.name == name)
        case Apply(function) if _leaves(value, function):
            for part in children(value):
                yield from _sources(known, part, seen)  # type: ignore[arg-type]
        case Select(of):
            yield from _sources(known, of, seen)


def _leaves(value: Apply, function: str) -> bool:
    if function == "divide":
        return isinstance(value.operands[1], Literal)
    return function in _SCALING or functions.row(function).group in ("shapes", "indexing")
