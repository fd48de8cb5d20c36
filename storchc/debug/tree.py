"""The syntax tree as an outline: each node with its words, what it is made of below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, fields
from typing import Any

from storchc.source import Source, Span
from storchc.syntax import tree


def show_tree(source: Source, story: tree.Story) -> Iterator[str]:
    """The outline of a story, with the lines of its statements."""
    yield f"story {story.name.id}"
    if story.doc is not None:
        yield f"    doc: {story.doc!r}"
    for statement in (*story.declarations, *story.steps):
        yield from _statement(source, statement, "")


def _statement(source: Source, node: tree.Declaration | tree.Step, indent: str) -> Iterator[str]:
    number = source.position(node.span.start).line
    yield f"{number:>4}  {indent}{_head(node)}"
    body = node.body if isinstance(node, tree.For) else ()
    for field in fields(node):
        value = getattr(node, field.name)
        if value != body and not _is_word(field, value):
            yield from _parts(f"      {indent}  ", value, f"{field.name}: ")
    for step in body:
        yield from _statement(source, step, f"{indent}    ")


def _parts(indent: str, value: Any, label: str) -> Iterator[str]:
    """A node of an expression, or several, each with what it is made of below it."""
    if isinstance(value, tuple):
        for item in value:
            yield from _parts(indent, item, label)
        return
    yield f"{indent}{label}{_head(value)}"
    for field in fields(value):
        inner = getattr(value, field.name)
        if not _is_word(field, inner):
            plain = field.name in _PLAIN
            yield from _parts(f"{indent}  ", inner, "" if plain else f"{field.name}: ")


_PLAIN = ("args", "keywords", "items", "left", "right", "operand")
"""Parts that are told apart by their order."""


def _head(node: Any) -> str:
    """The kind of a node, and the words that stand in it."""
    words = [
        _word(node, field, value)
        for field in fields(node)
        if _is_word(field, value := getattr(node, field.name))
    ]
    return " ".join([type(node).__name__, *filter(None, words)])


def _is_word(field: Field[Any], value: object) -> bool:
    """Whether a field is written beside its node: names by their type, and what is no node."""
    if isinstance(value, tuple):
        return not value or str(field.type).startswith("tuple[Name")
    if isinstance(value, tree.Name):
        return str(field.type).startswith("Name")
    return value is None or isinstance(value, str | int | float | frozenset | Span)


def _word(node: object, field: Field[Any], value: object) -> str:
    match value:
        case None | Span():
            return ""
        case tree.Name(id):
            return f"{field.name}={id}" if "None" in str(field.type) else id
        case tuple():
            return ", ".join(name.id for name in value)
        case frozenset():
            return " ".join(sorted(value))
        case _:
            return repr(value) if isinstance(node, tree.Text) else str(value)
