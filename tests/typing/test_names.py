"""Which name means what."""

import pytest

from storchc.diagnostics.diagnostic import Problems
from storchc.driver import check_story
from storchc.source import Source
from storchc.syntax.parser import parse, parse_method
from storchc.typing.names import collect
from tests.typing.reading import graph, read, said

HEAD = "story S\nparam m = 0.0\n"


def lines(*steps: str) -> str:
    return HEAD + "\n".join(steps) + "\n"


def test_every_name_has_its_kind() -> None:
    text = """story S
dim K = 2
plate data
input x[data, K]
param w = 0.0
module net: [K] -> [K]
function f: [K] -> []
use my.methods: Mine
compute a, b = net(x)
sample z ~ Normal(w, 1)
cost c = z
observe x ~ Normal(z, 1)
observe seen = a ~ Normal(z, 1)
report r = b
report z
"""
    problems = Problems()
    source = Source("s", text)
    story = parse(source, problems)
    assert story is not None
    scope = collect(story, source, problems)
    assert {name: d.kind for name, d in scope.definitions.items()} == {
        "K": "dim",
        "data": "plate",
        "x": "input",
        "w": "param",
        "net": "module",
        "f": "function",
        "Mine": "use",
        "a": "compute",
        "b": "compute",
        "z": "sample",
        "c": "cost",
        "seen": "observation",
        "r": "report",
    }
    assert problems.found == []


def test_the_first_definition_is_the_one_further_up() -> None:
    text = "story S\nmodule f: [] -> []\nparam f = 0.0\ncost c = f(1)\n"
    (problem,) = read(text)[1]
    assert problem.code == "S202"
    assert (text[: problem.span.start].count("\n"), problem.labels[0].span.start) == (2, 15)


def test_values_may_have_the_names_of_functions() -> None:
    found = graph(lines("compute mean = exp(m)", "sample z ~ Normal(mean, 1)", "cost c = mean(z)"))
    assert [node.span for node in found.nodes]


@pytest.mark.parametrize(
    ("steps", "code", "place"),
    [
        (["cost c = mm"], "S200", "mm"),
        (["cost c = z", "sample z ~ Normal(m, 1)"], "S201", "z"),
        (["cost c = c"], "S201", "c"),
        (["sample z ~ Normal(m, 1) with ScoreFunction(baseline=z)", "cost c = z"], "S201", "z"),
        (["cost c = Normal"], "S206", "Normal"),
        (["cost c = log_prob"], "S206", "log_prob"),
        (["report r = m", "cost c = r"], "S206", "r"),
        (["observe o = m ~ Normal(m, 1)", "cost c = o"], "S206", "o"),
        (["cost c = m.mean"], "S206", "mean"),
        (["cost c = alive"], "S200", "alive"),
        (["cost c = m", "observe c ~ Normal(0, 1)"], "S211", "c"),
    ],
)
def test_one_mistake_is_one_message(steps: list[str], code: str, place: str) -> None:
    assert said(lines(*steps)) == [(code, place)]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("cost c = sotfplus(m)", "softplus"),
        ("cost c = M", "m"),
        ("sample z ~ normal(m, 1)", "Normal"),
        ("sample z ~ Normal(m, 1) with scorefunction()", "ScoreFunction"),
        ("sample z ~ Normal(m, 1) with ScoreFunction(N=2)", "n"),
        ("sample z ~ Normal(m, 1) with ScoreFunction(baseline=moving_averge)", "moving_average"),
        ("sample z ~ Normal(m, 1) with ScoreFunction() using Montecarlo(n=2)", "MonteCarlo"),
        ("cost c = Normal(m, 1).vairance", "variance"),
        ("cost c = sum(m, dims=0)", "dim"),
    ],
)
def test_did_you_mean(wrong: str, meant: str) -> None:
    (problem,) = read(lines(wrong))[1]
    assert problem.help == f"did you mean `{meant}`?"


def test_what_is_wrong_is_not_complained_about_twice() -> None:
    steps = ["compute a = nothing + m", "compute b = a * 2", "sample z ~ Normal(b, 1)"]
    more = ["sample y ~ Normal(z, 1) in z", "cost c = mean(y + z, over=z) + a[0]", "cost b"]
    assert said(lines(*steps, *more)) == [("S200", "nothing")]


def test_names_of_loops_are_told_apart() -> None:
    text = lines("for t in range(3) from h = m:", "    sample h ~ Normal(g, 1)", "cost c = h + t")
    assert said(text) == [("S200", "g"), ("S262", "t")]


def test_a_counter_may_count_again() -> None:
    steps = ["for t in range(3) from h = m:", "    compute h = h * t", "for t in range(2):"]
    found, problems = read(lines(*steps, "    cost c = h + t"))
    assert found is not None and problems == []
    assert found.loop_names == ("t", "t#2")


def test_unused_names_are_warnings() -> None:
    text = "story S\nparam m = 0.0\ninput x\nmodule net: [] -> []\ncompute v = m\ncost c = m\n"
    found, problems = read(text)
    assert found is not None
    assert [(p.code, p.severity) for p in problems] == [("S230", "warning")] * 3


def test_no_warnings_beside_errors() -> None:
    assert said("story S\ninput x\ncost c = y\n") == [("S200", "y")]


def test_an_override_of_no_sample_points_at_the_story() -> None:
    method = parse_method("Infer()", Problems())
    found, (problem,) = read(lines("sample z ~ Normal(m, 1)", "cost c = z"), {"zz": method})
    assert found is None
    assert (problem.code, problem.span.start, problem.help) == ("S200", 6, "did you mean `z`?")


def test_what_only_a_replaced_method_uses_is_no_warning() -> None:
    text = (
        "story S\nplate data\ninput x[data]\nmodule critic: [] -> []\nparam w = 0.0\n"
        "sample z ~ Bernoulli(logits=w * x) with ScoreFunction(baseline=critic(x))\ncost c = z\n"
    )
    found = check_story("s.story", text.encode(), {"z": "Expect()"})
    assert found.diagnostics == []
