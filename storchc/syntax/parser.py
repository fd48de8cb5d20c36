"""Reads the text of a story into its syntax tree, reporting every line that does not parse."""

from __future__ import annotations

import re
from typing import Any

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source, Span
from storchc.syntax import tree
from storchc.syntax.blocks import Assembly
from storchc.syntax.depth import too_deep
from storchc.syntax.expressions import Mistake
from storchc.syntax.lalr import Unexpected
from storchc.syntax.layout import Line, check_brackets, docstring_end, split
from storchc.syntax.mistakes import explain
from storchc.syntax.tables import parser

_AFTER_DOC = re.compile(r"[ \t\f]*(?:#.*)?")


def parse(source: Source, problems: Problems) -> tree.Story | None:
    """The tree of a story, or None when ``problems`` has got something fatal."""
    assembly = Assembly(problems)
    line = None
    for line in split(source.text, problems):
        if line.is_doc:
            assembly.document(line, _docstring(source.text, line, problems))
        else:
            node = None if line.broken else _phrase(source.text, line.span, "statement", problems)
            assembly.add(line, node)
    if line is None:
        problems.add(words.empty_story(Span(0, 0)))
    return assembly.finish(Span(0, len(source.text)))


def parse_phrase(text: str, part: Span, rule: str, problems: Problems) -> Any:
    """The tree of a part of ``text``, read by a rule of the grammar; None when it is wrong."""
    return _phrase(text, part, rule, problems) if check_brackets(text, part, problems) else None


def parse_expression(text: str, problems: Problems) -> tree.Expression | None:
    """The tree of an expression."""
    part = Span(0, len(text))
    expression: tree.Expression | None = parse_phrase(text, part, "expression", problems)
    return expression


def parse_method(text: str, problems: Problems) -> tuple[tree.Call | None, tree.Call | None]:
    """Method and sampler of ``M(…) using S(…)``; the method is None when the text is wrong."""
    choice: tuple[tree.Call, tree.Call | None] | None
    choice = parse_phrase(text, Span(0, len(text)), "method_choice", problems)
    return choice or (None, None)


def _phrase(text: str, span: Span, start: str, problems: Problems) -> Any:
    try:
        node = parser().parse(text, span, start)
    except Mistake as mistake:
        problems.add(mistake.problem)
        return None
    except Unexpected as unexpected:
        problems.add(explain(unexpected, text, span, start))
        return None
    deep = too_deep(node, words.DEPTH) if span.end - span.start > words.DEPTH else None
    if deep is None:
        return node
    problems.add(words.nested_too_deeply(deep, "operators and calls"))
    return None


def _docstring(text: str, line: Line, problems: Problems) -> str:
    end = docstring_end(text, line.span.start)
    rest = text[end : line.span.end]
    after = _AFTER_DOC.match(rest)
    if after is not None and after.end() < len(rest):
        place = Span(end + after.end(), line.span.end)
        problems.add(words.trailing_text(place, "this text", words.OWN_LINE))
    return text[line.span.start + 3 : end - 3]
