"""What the analyses learn of loops: types by fixpoint, steps of a cost, broken paths."""

from __future__ import annotations

import pytest

import storchc
from storchc.analysis.estimation import Estimation
from storchc.analysis.passes import analyse
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.steps import Seen
from storchc.source import Source
from storchc.syntax.parser import parse
from storchc.typing.build import build_graph


def codes(text: str) -> list[str]:
    return [d.code for d in storchc.check(text=text)]


def estimation(text: str) -> Estimation:
    problems = Problems()
    source = Source("loop.story", text)
    story = parse(source, problems)
    assert story is not None
    graph = build_graph(story, source, problems)
    assert graph is not None
    found = analyse(graph, problems)
    assert not problems.fatal, problems.found
    return found


def test_plates_and_types_of_carried_variables_are_joined() -> None:
    text = """
story S
plate data
input x[data]
for t in range(3) from a = 0, b = 0, c = 0, d = 1:
    compute d = d + c
    compute c = b
    compute b = a
    sample a ~ Bernoulli(logits=x + d) with ScoreFunction()
    cost e = d
"""
    types = estimation(text).graph.types
    assert {types[name].plates for name in "abcd"} == {frozenset({"a", "data"})}
    assert {types[name].dtype for name in "abcd"} == {"float"}


def test_costs_are_credited_in_the_steps_that_they_depend_on() -> None:
    text = """
story S
param w = 0.3
for t in range(3) from h = 0.0:
    cost early = h * w
    sample z ~ Bernoulli(logits=w) with ScoreFunction()
    cost same = z * w
    compute h = h + z
    cost both = h * w
cost behind = h * w
"""
    scores = estimation(text).credit.scores
    assert {cost: tuple(found) for cost, found in scores.items()} == {
        "early": ((Seen("z", 0, False), frozenset()),),
        "same": ((Seen("z"), frozenset()),),
        "both": ((Seen("z", 0, True), frozenset()),),
        "behind": ((Seen("z"), frozenset({"t"})),),
    }


def test_inner_loops_know_the_steps_of_outer_ones() -> None:
    text = """
story S
param w = 0.3
for t in range(2) from g = 0.0:
    for s in range(2) from h = g:
        sample z ~ Bernoulli(logits=w * h) with ScoreFunction()
        compute h = h + z
        cost within = h * w
    compute g = h
    cost between = g * w
"""
    scores = estimation(text).credit.scores
    assert dict(scores["within"]).keys() == {Seen("z", 0, False), Seen("z", 1, True)}
    assert tuple(scores["between"]) == ((Seen("z", 0, True), frozenset({"s"})),)


@pytest.mark.parametrize(
    ("state", "method", "wanted"),
    [
        ("0.5 * z", "Reparameterization()", []),
        ("round(z)", "Reparameterization()", ["S402"]),
        ("round(z)", "Infer()", []),
        ("0.5 * z", "GumbelSoftmax()", ["S401"]),
    ],
)
def test_paths_run_through_the_steps(state: str, method: str, wanted: list[str]) -> None:
    text = f"""
story S
param w = 0.3
for t in range(3) from g = 0.0, h = w:
    cost c = g ** 2
    compute g = h
    sample z ~ Normal(w, 1) with {method}
    compute h = {state}
"""
    assert codes(text) == wanted


def test_infer_sees_what_breaks_a_path_steps_later() -> None:
    text = """
story S
param w = 0.3
for t in range(3) from g = 0.0, h = w:
    cost c = {} ** 2
    compute g = h
    sample z ~ Normal(w, 1)
    compute h = z
"""
    chosen = [estimation(text.format(use)).estimators["z"].name for use in ("g", "sign(g)")]
    assert chosen == ["Reparameterization", "ScoreFunction"]


def test_stopping_breaks_the_path_of_what_decides_it() -> None:
    text = """
story S
param w = 0.3
for t in range(3):
    sample z ~ Normal(w, 1) with Reparameterization()
    cost c = z ** 2
    stop when z > 1
"""
    assert codes(text) == ["S402"]


def nest(depth: int) -> str:
    lines = ["story Deep", "param w = 0.3"]
    for level in range(depth):
        before = f"h{level - 1}" if level else "w"
        lines.append(f"{' ' * level}for t{level} in range(1) from h{level} = {before}:")
    for level in reversed(range(1, depth + 1)):
        after = f"h{level} + 1" if level < depth else f"h{depth - 1} * 2"
        lines.append(f"{' ' * level}compute h{level - 1} = {after}")
    return "\n".join(lines) + "\ncost c = h0\n"


def test_deep_nests_are_read_in_a_moment() -> None:
    assert codes(nest(60)) == ["S190"]


def test_the_deepest_nest_runs() -> None:
    model = storchc.load(text=nest(16))()
    assert model().cost.item() == pytest.approx(0.6 + 15)
