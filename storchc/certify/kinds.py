"""Where the numbers of a story must lie: what is known of its inputs, and what is tried."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations, product

from storchc.ir.graph import Graph
from storchc.syntax import tree
from storchc.syntax.walk import parts
from storchc.typing.sequences import every_step

REAL = "real"

KINDS = {
    "float": ("real", "unit", "positive", "binary", "one-hot", "simplex", "growing", "negative"),
    "int": ("binary", "one", "counting"),
    "bool": ("any",),
}
"""What an input, or a result of what stands in for a module, can be; the first is taken first."""

PARAMS = ("around", "times", "as it is")
"""How a param is moved away from where the story lets it start."""

_OBSERVED = {
    "Bernoulli": "binary",
    "OneHotCategorical": "one-hot",
    "Beta": "unit",
    "Kumaraswamy": "unit",
    "ContinuousBernoulli": "unit",
    "Gamma": "positive",
    "Exponential": "positive",
    "LogNormal": "positive",
    "Weibull": "positive",
    "HalfNormal": "positive",
    "HalfCauchy": "positive",
    "InverseGamma": "positive",
    "Chi2": "positive",
    "Pareto": "positive",
    "Dirichlet": "simplex",
    "Poisson": "binary",
    "Binomial": "binary",
    "Geometric": "binary",
    "NegativeBinomial": "binary",
    "Multinomial": "one-hot",
}
_PARAMETER = {"probs": "unit", "scale": "positive", "rate": "positive", "concentration": "positive"}
_TARGETS = frozenset({"binary_cross_entropy", "binary_cross_entropy_with_logits"})

MOST_TRIED = 200


def choices(graph: Graph) -> dict[str, tuple[str, ...]]:
    """What can be chosen: the kinds of every float or int input, result of a module, and param."""
    found = {f"input {i.name}": KINDS[i.type.dtype] for i in graph.inputs}
    for callee in graph.callees.values():
        parts = [item for group in callee.results for item in group.items]
        if callee.path is None:
            found |= {
                f"result {callee.name} {place}": KINDS["float"]
                for place, part in enumerate(parts)
                if part.dtype == "float" and callee.kind != "distribution"
            }
    return found | {f"param {param.name}": PARAMS for param in graph.params}


def guessed(story: tree.Story, options: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """The kinds that the story's own words tell; the first of the others."""
    found = {name: kinds[0] for name, kinds in options.items()}
    made = {
        step.names[0].id: step.value.function.id
        for step in every_step(story.steps)
        if isinstance(step, tree.Compute) and isinstance(step.value, tree.Call)
    }
    for name, kind in _said(story):
        for place in (f"input {name}", f"result {name} 0", f"result {made.get(name)} 0"):
            if kind in options.get(place, ()):
                found[place] = kind
    return found


def _said(story: tree.Story) -> Iterator[tuple[str, str]]:
    laws = {
        step.names[0].id: step.value
        for step in every_step(story.steps)
        if isinstance(step, tree.Compute)
    }
    for step in every_step(story.steps):
        if isinstance(step, tree.Observe) and isinstance(step.value, tree.Name):
            yield from _observed(step.distribution, step.value.id, laws)
    for part in parts(story.steps):
        if isinstance(part, tree.Call):
            yield from _of_call(part, laws)


def _of_call(call: tree.Call, laws: Mapping[str, tree.Expression]) -> Iterator[tuple[str, str]]:
    if call.function.id == "log_prob" and len(call.args) == 2:
        law, value = call.args
        if isinstance(value, tree.Name):
            yield from _observed(law, value.id, laws)
    if call.function.id in _TARGETS and len(call.args) == 2:
        target = call.args[1]
        if isinstance(target, tree.Name):
            yield target.id, "binary"
    for keyword in call.keywords:
        if keyword.name.id not in _PARAMETER:
            continue
        categorical = keyword.name.id == "probs" and "Categorical" in call.function.id
        kind = "simplex" if categorical else _PARAMETER[keyword.name.id]
        match keyword.value:
            case tree.Name(name) | tree.Call(tree.Name(name)):
                yield name, kind


def _observed(
    law: tree.Expression, value: str, laws: Mapping[str, tree.Expression]
) -> Iterator[tuple[str, str]]:
    if isinstance(law, tree.Name):
        law = laws.get(law.id, law)
    if isinstance(law, tree.Call) and law.function.id in _OBSERVED:
        yield value, _OBSERVED[law.function.id]


def attempts(
    first: Mapping[str, str], options: Mapping[str, tuple[str, ...]]
) -> Iterator[dict[str, str]]:
    """The guess, then every other choice, those that differ in one place first."""
    count = 0
    for several in range(4):
        for names in combinations(options, several):
            others = [[k for k in options[name] if k != first[name]] for name in names]
            for kinds in product(*others):
                yield {**first, **dict(zip(names, kinds, strict=True))}
                count += 1
                if count == MOST_TRIED:
                    return
