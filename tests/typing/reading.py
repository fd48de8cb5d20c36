"""Reading stories in tests: the graph, or what is said instead of one."""

from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.ir.graph import Graph
from storchc.source import Source
from storchc.syntax.parser import parse
from storchc.typing.build import NO_OVERRIDES, Overrides, build_graph


def read(text: str, overrides: Overrides = NO_OVERRIDES) -> tuple[Graph | None, list[Problem]]:
    """The graph of a story, and everything that is said about it."""
    problems = Problems()
    source = Source("test.story", text)
    story = parse(source, problems)
    assert story is not None, problems.found
    return build_graph(story, source, problems, overrides), problems.found


def graph(text: str, overrides: Overrides = NO_OVERRIDES) -> Graph:
    """The graph of a story without errors."""
    found, problems = read(text, overrides)
    assert found is not None, problems
    return found


def said(text: str) -> list[tuple[str, str]]:
    """Codes with the text that each points at."""
    return [(p.code, text[p.span.start : p.span.end]) for p in read(text)[1]]
