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
from storchc.analysis.facts.numbers import named
from storchc.catalogue import distributions, functions
from storchc.diagnostics import ranges as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Apply, CallUser, Literal, Reference, Select, Value
from storchc.ir.nodes import Callee, Input, Param
from storchc.ir.ranges import Range
from storchc.ir.walk import children


def run(known: Estimation, problems: Problems) -> None:
    """Refuse parameters that lie elsewhere; warn where people take scores for probabilities."""
    for each in (*constraints(known.graph), *temperatures(known.graph)):
        found = known.ranges.places[each.value]
        if found.within(each.allowed):
            continue
        if found.apart(each.allowed) or _one_is_outside(known, each, found):
            problems.add(words.outside(each.value.span, each.name, each.family, each.words, found))
        elif each.name.rpartition(".")[2] == "probs":
            _check_probs(known, each, problems)
        elif each.allowed.nonnegative and found.low < 0:
            _check_positive(known, each, problems)
    _check_order(known, problems)


def _one_is_outside(known: Estimation, each: Constraint, found: Range) -> bool:
    """Whether an element is, of those of ``tensor([…])``, which reach both ends of their range."""
    made = named(known.graph, each.value) or each.value
    written = isinstance(made, Apply) and made.function == "tensor"
    return written and not (each.allowed.holds(found.low) and each.allowed.holds(found.high))


def _check_order(known: Estimation, problems: Problems) -> None:
    """The ends of an interval stand in their order."""
    for made in constructions(known.graph):
        ends = dict(made.parameters)
        for start, family in _intervals(made.family):
            low, high = (known.ranges.places[ends[start + n]] for n in ("low", "high"))
            if high.high <= low.low:
                span = ends[f"{start}high"].span
                problems.add(words.outside(span, "high", family, "above `low`", high))


def _intervals(name: str) -> Iterator[tuple[str, str]]:
    """What stands before the ends of the intervals that a family is made of, and whose they are."""
    family = distributions.lookup(name)
    if family is None:
        return
    if {"low", "high"} <= {p.name for p in family.parameters}:
        yield "", name
    for part in family.parts:
        yield from ((f"{part.name}.{start}", of) for start, of in _intervals(part.family.name))


def _exclusive(each: Constraint) -> bool:
    family = distributions.lookup(each.family)
    if family is None:
        return False
    probs, logits = each.name, f"{each.name.removesuffix('probs')}logits"
    return {probs, logits} <= {p.name for p in family.parameters}


def _check_probs(known: Estimation, each: Constraint, problems: Problems) -> None:
    """Scores by position; who writes `probs=` has said what they are.

    What is learned freely does not stay a probability, whatever it was said to be.
    """
    said = _by_keyword(known, each.value) or not _exclusive(each)
    for source in sources(known, each.value, set()):
        match source:
            case Callee(name, "module") if not said and _of_any_sign(source):
                problems.add(words.output_as_probs(each.value.span, name))
                return
            case Input(name) if not said and source.type.dtype == "float":
                problems.add(words.input_as_probs(each.value.span, name))
                return
            case Param(name):
                choice = _exclusive(each)
                problems.add(words.param_as_probs(each.value.span, name, logits=choice))
                return


def _check_positive(known: Estimation, each: Constraint, problems: Problems) -> None:
    text = known.graph.source.cut(each.value.span)
    for source in sources(known, each.value, set()):
        match source:
            case Callee(name, "module") if _of_any_sign(source):
                linear = source.default is not None
                told = name, each.name, each.words, text
                problems.add(words.output_as_positive(each.value.span, *told, linear=linear))
                return
            case Param(name):
                problems.add(
                    words.param_as_positive(each.value.span, name, each.name, each.words, text)
                )
                return


def _of_any_sign(callee: Callee) -> bool:
    """Whether nothing says that a module gives anything else than a linear layer does."""
    return callee.default is None or ends_linear(callee)


def ends_linear(callee: Callee) -> bool:
    """Whether the last layer is known to give numbers of either sign."""
    last = None if callee.default is None else callee.default.last
    return callee.kind == "module" and last is not None and last.name == "Linear"


def _by_keyword(known: Estimation, value: Value) -> bool:
    before = known.graph.source.text[: value.span.start].rstrip(" (\n")
    return before.endswith(("probs=", "probs ="))


_SCALING = frozenset({"add", "subtract", "multiply", "negative", "positive", "where", "clamp"})
"""Functions that leave a score a score, besides those that move and choose elements."""


def sources(known: Estimation, value: Value, seen: set[str]) -> Iterator[Callee | Input | Param]:
    """Modules, functions, inputs and params that ``value`` is plainly made of, by any names."""
    match value:
        case CallUser(callee):
            yield known.graph.callees[callee]
        case Reference(name) if name not in seen:
            seen.add(name)
            node = known.graph.compute_by_name.get(name)
            if node is not None and not hasattr(node.value, "family"):
                yield from sources(known, node.value, seen)  # type: ignore[arg-type]
            declared = known.graph.input_by_name.get(name) or known.graph.param_by_name.get(name)
            if declared is not None:
                yield declared
        case Apply("matmul"):  # what is given may be a vector of probabilities there
            for part in children(value):
                found = sources(known, part, seen)  # type: ignore[arg-type]
                yield from (source for source in found if isinstance(source, Param))
        case Apply(function) if _leaves(value, function):
            for part in children(value):
                yield from sources(known, part, seen)  # type: ignore[arg-type]
        case Select(of):
            yield from sources(known, of, seen)


def _leaves(value: Apply, function: str) -> bool:
    if function == "divide":
        return isinstance(value.operands[1], Literal)
    return function in _SCALING or functions.row(function).group in ("shapes", "indexing")
