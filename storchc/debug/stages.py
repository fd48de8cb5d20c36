"""Runs a story as far as a phase needs it, and prints that: no text where errors come before.

Facts stand before the rules, so that they can be looked at in stories that a rule refuses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storchc.analysis.passes import PASSES
from storchc.analysis.rules import Rule
from storchc.debug.graph import show_graph
from storchc.debug.phases import ASKED, FACTS, MADE, Show
from storchc.debug.tree import show_tree
from storchc.diagnostics.diagnostic import Problems
from storchc.diagnostics.render import report
from storchc.driver import Result, check_story, compile_story
from storchc.overrides import read_overrides
from storchc.records import dataclass
from storchc.syntax.reading import read_story

Methods = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Made:
    """What a phase has made, as text, and all that was said about the story before it.

    ``failed``: there are errors, before the phase or in what it says.
    """

    text: str
    before: Result
    failed: bool


def _made(text: str, before: Result) -> Made:
    return Made(text, before, before.failed)


def run(phase: str, name: str, data: bytes, methods: Methods) -> Made:
    """Run the story ``data`` up to ``phase``, which there is."""
    story = name, data, methods
    match phase:
        case "tree":
            return _tree(*story)
        case "typed":
            return _typed(*story)
        case "python":
            return _module(*story)
    if phase in FACTS:
        return _fact(phase, *story)
    if phase in ASKED:
        return _asked(ASKED[phase][1], *story)
    return _asked(MADE[phase], *story) if phase in MADE else _problems(phase, *story)


def _tree(name: str, data: bytes, methods: Methods) -> Made:
    """The syntax tree; methods given from outside stand in none."""
    problems = Problems()
    source, story = read_story(name, data, problems)
    texts, _ = read_overrides(source, methods, problems)
    result = Result([texts.locate(p) for p in problems.found], texts.by_name())
    return _made("" if story is None else _lines(show_tree(source, story)), result)


def _typed(name: str, data: bytes, methods: Methods) -> Made:
    """The typed graph."""
    result = check_story(name, data, methods, until=next(iter(FACTS)))
    return _made("" if result.typed is None else _lines(show_graph(result.typed)), result)


def _fact(phase: str, name: str, data: bytes, methods: Methods) -> Made:
    """The fact of a pass; no pass behind it is run."""
    result = check_story(name, data, methods, until=phase)
    return _made(_shown(result, FACTS[phase]), result)


def _asked(show: Show, name: str, data: bytes, methods: Methods) -> Made:
    """What is made when it is asked for, of a story without errors."""
    result = check_story(name, data, methods)
    return _made("" if result.failed else _shown(result, show), result)


def _module(name: str, data: bytes, methods: Methods) -> Made:
    """The generated module."""
    result = compile_story(name, data, methods)
    return _made(result.code or "", result)


def _problems(phase: str, name: str, data: bytes, methods: Methods) -> Made:
    """What a rule reports, by itself."""
    (rule,) = (p for p in PASSES if isinstance(p, Rule) and p.name == phase)
    result = check_story(name, data, methods, until=list(FACTS)[-1])
    if result.estimation is None:
        return _made("", result)
    problems = Problems()
    rule.run(result.estimation, problems)
    texts, _ = read_overrides(result.estimation.graph.source, methods, Problems())
    found = [texts.locate(p) for p in problems.found]
    failed = any(diagnostic.severity == "error" for diagnostic in found)
    return Made(report([(found, texts.by_name())]) or "nothing\n", result, failed)


def _shown(result: Result, show: Show) -> str:
    """The lines of a fact; ``nothing`` where there are none."""
    if result.estimation is None:
        return ""
    return _lines(show(result.estimation)) or "nothing\n"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)
