"""A critic takes one value of its sample, and what is known before; it gives one number."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.estimators.choosing import named_method
from storchc.catalogue.method import MethodEntry
from storchc.diagnostics import critics as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.expression import Construct
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, Choice, ModuleOption, Passed, Sample
from storchc.ir.size import Shape


def run(known: Estimation, problems: Problems) -> None:
    """Refuse a module that does not take the (relaxed) value of a sample, or gives more."""
    for node in known.graph.samples:
        entry = named_method(node)
        if entry is not None and node.method is not None:
            _check(known.graph, node, entry, node.method, problems)


def _check(
    graph: Graph, node: Sample, entry: MethodEntry, choice: Choice, problems: Problems
) -> None:
    made = graph.construction(node.distribution)
    for option, given in choice.constants.items():
        if not isinstance(given, ModuleOption):
            continue
        callee, wanted = graph.callees[given.name], relaxed_shape(made)
        if not (_takes(callee, given, wanted) and _gives_a_number(callee)):
            span, relaxed = choice.written[option].whole, "pathwise" not in entry.needs
            problem = words.wrong_critic(
                node, callee, wanted, span, relaxed=relaxed, asked=given.asked
            )
            problems.add(problem)
        for name in given.context(option).values():
            more = choice.values[name].type.plates - node.type.plates
            for plate in graph.order(more):
                problems.add(words.context_plates(node, plate, choice.values[name].span))


def relaxed_shape(made: Construct) -> Shape:
    """The event shape of a value; of a class number that of its one-hot vector."""
    if made.family != "Categorical":
        return made.type.sample.shape
    return next(value.type.shape for _, value in made.parameters)


def _takes(callee: Callee, given: ModuleOption, shape: Shape) -> bool:
    """Whether it takes the value, alone or at its place; what else it takes is known to fit."""
    if len(callee.arguments) != given.arguments:
        return False
    return _is(callee.arguments[given.asked or 0], shape)


def _gives_a_number(callee: Callee) -> bool:
    return len(callee.results) == 1 and _is(callee.results[0], ())


def _is(passed: Passed, shape: Shape) -> bool:
    if passed.is_tuple:
        return False
    (item,) = passed.items
    return item.shape == shape and item.dtype == "float"
