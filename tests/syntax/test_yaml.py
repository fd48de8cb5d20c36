"""The YAML form: equal trees, and places in the YAML file."""

from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source
from storchc.syntax.parser import parse
from storchc.syntax.tree import Name, Story
from storchc.syntax.yaml_reader import read_yaml
from tests.syntax.stories import STORY, YAML


def errors(text: str) -> list[str]:
    """``code line:column text`` of each error, in the order in which they are found."""
    source, problems = Source("test.yaml", text), Problems()
    assert (read_yaml(source, problems) is None) == problems.fatal
    lines = []
    for problem in problems.found:
        place = source.position(problem.span.start)
        cut = source.cut(problem.span)
        lines.append(f"{problem.code} {place.line}:{place.column} {cut}".rstrip())
    return lines


def read(text: str) -> Story:
    problems = Problems()
    story = read_yaml(Source("test.yaml", text), problems)
    assert problems.found == []
    assert story is not None
    return story


def test_twins_are_equal() -> None:
    assert read(YAML) == parse(Source("test.story", STORY), Problems())


def names(node: Any) -> list[Name]:
    if isinstance(node, Name):
        return [node]
    if isinstance(node, tuple):
        return [name for item in node for name in names(item)]
    if is_dataclass(node):
        return [name for f in fields(node) for name in names(getattr(node, f.name))]
    return []


def test_names_stand_where_they_are_written() -> None:
    source = Source("test.yaml", YAML)
    found = names(read(YAML))
    assert len(found) > 90
    assert [name for name in found if source.cut(name.span) != name.id] == []


@pytest.mark.parametrize(
    ("scalar", "expected"),
    [
        ("y = f(x wiht)", "S113 3:20 wiht"),
        ("'y = f(''a'', x wiht)'", "S113 3:28 wiht"),
        (r'"y = f(\"a\", \x41 wiht)"', "S113 3:31 wiht"),
        ("|\n      y = f(x\n      wiht)", "S113 5:7 wiht"),
        (">-\n\n      y = f(\n\n      x\n        wiht)", "S113 8:9 wiht"),
        ("y = f(x\n      wiht)", "S113 4:7 wiht"),
        ('"y = f(x \\\n      wiht)"', "S113 4:7 wiht"),
        ("y = f(x", "S106 3:17 ("),
        ("y =", "S113 3:15"),
    ],
)
def test_places_in_scalars(scalar: str, expected: str) -> None:
    assert errors(f"story: A\nsteps:\n- compute: {scalar}\n") == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["S102 1:1"]),
        ("text", ["S155 1:1 text"]),
        ("story: [", ["S150 1:9"]),
        ("story: 'A", ["S150 1:8 '"]),
        ("story: A\n---\nstory: B", ["S150 2:1 ---"]),
        ("story: !!str A", ["S151 1:8 !!str"]),
        ("story: &a A", ["S151 1:8 &a"]),
        ("story: A\nsteps: [*a]", ["S151 2:9 *a"]),
        ("story: A\n<<: {}", ["S151 2:1 <<"]),
        ("story: A\nstory: B", ["S152 2:1 story"]),
        ("story: A\nstpes: []", ["S153 2:1 stpes"]),
        ("dims: {K: 2}", ["S154 1:1"]),
        ("story: A\nsteps: [sample: {name: z}]", ["S154 2:17 {name: z}"]),
        ("story: A\nsteps: [compute: {name: y, value: 1, form: 2}]", ["S153 2:38 form"]),
        ("story: A\ndims: [K]", ["S155 2:7 [K]"]),
        ("story: A\nplates: data", ["S155 2:9 data"]),
        ("story: A\nsteps: [cost: ]", ["S155 2:14"]),
        ("story: A\nsteps: [{cost: a, report: a}]", ["S156 2:9 {cost: a, report: a}"]),
        ("story: A\nsteps: [smaple: z ~ q]", ["S153 2:9 smaple"]),
        ("story: A\nsteps: [for: t in range(2)]", ["S120 2:14 t in range(2)"]),
        ("story: A\nsteps: [{for: t in range(2), do: []}]", ["S120 2:15 t in range(2)"]),
        (
            "story: A\nsteps: [{compute: {name: y, value: f(0, V)}}]",
            ["S153 2:41 V)", "S106 2:37 ("],
        ),
        ('story: A\ndoc: "a\\0"', ['S101 2:6 "a\\0"']),
        ('story: A\ndoc: a"""', ['S155 2:6 a"""']),
        ("story: if", ["S111 1:8 if"]),
        ("? [a]\n: b", ["S155 1:3 [a]"]),
    ],
)
def test_errors(text: str, expected: list[str]) -> None:
    assert errors(text) == expected


def test_several_errors_in_one_run() -> None:
    text = "story: A\ndims: {if: 2}\nsteps:\n- cost: =\n- compute: {name: y, value: 1 +}\n"
    assert [line[:8] for line in errors(text)] == ["S111 2:8", "S113 4:9", "S113 5:3"]


@pytest.mark.parametrize("text", ["[" * 1000, "{" * 1000, "a: " * 5000, "- " * 5000, "'" * 9999])
def test_deep_yaml(text: str) -> None:
    assert len(errors(text)) == 1


def test_deep_loops() -> None:
    text = "story: A\nsteps: " + "[{for: t in range(2), do: " * 110 + "[cost: a]" + "}]" * 110
    assert [line[:4] for line in errors(text)] == ["S105"]


def test_methods_in_every_form() -> None:
    forms = ["M(n=2)", "{M: {n: 2}}", '"M(n = 2)"']
    stories = [read(f"story: A\nsteps: [sample: {{name: z, from: q, with: {f}}}]") for f in forms]
    assert stories[0] == stories[1] == stories[2]
    forms = ["M", "M()", "{M: }", "{M: {}}"]
    stories = [read(f"story: A\nsteps: [sample: {{name: z, from: q, with: {f}}}]") for f in forms]
    assert stories[0] == stories[1] == stories[2] == stories[3]


def test_yaml_types_mean_nothing() -> None:
    story = read("story: no\ndims: {y: 010, on: 1e-3}\nsteps: [cost: null = off + 1_0]")
    twin = "story no\ndim y = 10\ndim on = 1e-3\ncost null = off + 10"
    assert story == parse(Source("test.story", twin), Problems())
