"""Scalars of a YAML file parsed as parts of a story, with places in the YAML file."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from storchc.diagnostics import yaml_form
from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.source import Span
from storchc.syntax.parser import parse_phrase
from storchc.syntax.yaml_nodes import Node, Scalar, places


def phrase(node: Node, rule: str, what: str, text: str, problems: Problems) -> Any:
    """The tree of the scalar ``node`` of the file ``text``, read by ``rule``."""
    if not isinstance(node, Scalar):
        problems.add(yaml_form.wrong_kind(node.span, what, "a text"))
        return None
    if not node.value.strip():
        problems.add(yaml_form.missing_value(node.span, what))
        return None
    start = node.span.start + bool(node.style)
    if text.startswith(node.value, start):  # as in most scalars: its places are the file's
        found = Problems()
        tree = parse_phrase(text, Span(start, start + len(node.value)), rule, found)
        cut = not node.style and text.startswith(",", node.span.end)
        for problem in found.found:
            problems.add(yaml_form.cut_short(problem) if cut else problem)
        return tree
    found = Problems()
    tree = parse_phrase(node.value, Span(0, len(node.value)), rule, found)
    where = places(node, text)
    for problem in found.found:
        problems.add(_moved_problem(problem, where))
    return None if tree is None else _moved(tree, where)


def _moved(value: Any, where: list[int]) -> Any:
    match value:
        case Span():
            return _moved_span(value, where)
        case tuple():
            return tuple(_moved(item, where) for item in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            parts = {f.name: _moved(getattr(value, f.name), where) for f in fields(value)}
            return replace(value, **parts)
        case _:
            return value


def _moved_span(span: Span, where: list[int]) -> Span:
    start = where[min(span.start, len(where) - 1)]
    if span.end <= span.start:
        return Span(start, start)
    return Span(start, max(where[min(span.end, len(where)) - 1] + 1, start))


def _moved_problem(problem: Problem, where: list[int]) -> Problem:
    labels = tuple(replace(label, span=_moved_span(label.span, where)) for label in problem.labels)
    return replace(problem, span=_moved_span(problem.span, where), labels=labels)
