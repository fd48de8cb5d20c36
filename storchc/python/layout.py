"""Statements as lines: a paragraph for every note, the comment of a statement behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from storchc.python.expressions import Py, Sequence
from storchc.python.printer import WIDTH, statement, write
from storchc.python.statements import (
    Assign,
    Break,
    Def,
    Do,
    For,
    If,
    Note,
    Return,
    Statement,
)


def lines(body: Iterable[Statement], indent: int) -> Iterator[str]:
    """The lines of statements whose names are given, ``indent`` columns from the left.

    A blank line parts paragraphs; none follows another one, or a comment of a function.
    """
    above, blank = "", False
    for each in body:
        for line in _lines(each, indent):
            apart = not line and (blank or (isinstance(each, Def) and above == "note"))
            if not apart:
                yield line
            above, blank = "", not line
        above = "note" if isinstance(each, Note) else ""


def _lines(each: Statement, indent: int) -> Iterator[str]:
    pad = " " * indent
    match each:
        case Note(text):
            yield ""
            yield _comment(text, pad)
        case Assign():
            yield from _assignment(each, indent)
        case Do(value):
            yield from statement("", value, indent)
        case Return(value):
            yield ""
            several = isinstance(value, Sequence) and len(value.items) > 1
            flat = f"{pad}return {_target(value)}"
            bare = several and len(flat) <= WIDTH
            yield from [flat] if bare else statement("return ", value, indent)
        case Break():
            yield f"{pad}break"
        case If(condition, body):
            yield f"{pad}if {write(condition)}:"
            yield from lines(body, indent + 4)
        case For(counter, steps, body):
            yield f"{pad}for {write(counter)} in {write(steps)}:"
            yield from _without_blank(lines(body, indent + 4))
        case Def(doc=doc, body=body):
            yield ""
            yield from _head(each, pad)
            yield f'{pad}    """{doc}"""'
            yield from lines(body, indent + 4)
            yield ""
        case _:
            assert_never(each)


def _head(made: Def, pad: str) -> Iterator[str]:
    """The head of a function; its parameters on a line of their own where one is too short."""
    taken = ", ".join(f"{write(p.variable)}: {write(p.annotation)}" for p in made.parameters)
    name, result = write(made.function), write(made.result)
    flat = f"{pad}def {name}({taken}) -> {result}:"
    long = [f"{pad}def {name}(", f"{pad}    {taken}", f"{pad}) -> {result}:"]
    yield from [flat] if len(flat) <= WIDTH else long


def _without_blank(body: Iterator[str]) -> Iterator[str]:
    """The lines, but for a blank one at their head."""
    for first in body:
        if first:
            yield first
        break
    yield from body


def _comment(text: str, pad: str) -> str:
    line = f"{pad}# {text}".rstrip()
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1].rstrip()}…"


def _assignment(each: Assign, indent: int) -> Iterator[str]:
    kind = "" if each.annotation is None else f": {write(each.annotation)}"
    *above, last = statement(f"{_target(each.target)}{kind} = ", each.value, indent)
    fits = each.comment and len(last) + len(each.comment) + 4 <= WIDTH
    yield from above
    yield f"{last}  # {each.comment}" if fits else last


def _target(target: Py) -> str:
    """The target of an assignment; one of several needs no brackets around all of them."""
    if isinstance(target, Sequence) and len(target.items) > 1:
        return ", ".join(map(write, target.items))
    return write(target)
