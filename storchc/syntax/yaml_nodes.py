"""YAML as nodes that know their place in the file; nothing in it is ever typed or constructed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from typing import Any

import yaml

from storchc.diagnostics import syntax as words
from storchc.diagnostics import yaml_form
from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.records import dataclass
from storchc.source import Source, Span

_DEPTH = 5 * words.DEPTH  # of YAML's own levels: a loop takes three, and some room for mistakes
_LONG = 200_000
"""From so many characters on libyaml reads a file, where PyYAML has it: a hundred times as fast.

Its words are worse.
"""
_BEYOND = re.compile(r"\\U(?!000|0010)[0-9A-Fa-f]{8}")
_ESCAPED = {"x": 4, "u": 6, "U": 10}


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. ``style`` is its quote, ``|``, ``>`` or nothing."""

    value: str
    style: str
    span: Span


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    span: Span
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with their values, by the text of the key."""

    span: Span
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)


Node = Scalar | Sequence | Mapping


def compose(source: Source, problems: Problems) -> Node | None:
    """The one document of the file; None when it is not YAML or there is none."""
    composer = _Composer(source, problems)
    try:
        for event in yaml.parse(source.text, Loader=_loader(source.text)):
            if not composer.take(event):
                return None
    except yaml.reader.ReaderError as error:
        place = min(error.position, max(len(source.text) - 1, 0))
        problems.add(yaml_form.not_yaml(Span(place, place + 1), "a character that YAML forbids"))
        return None
    except yaml.MarkedYAMLError as error:
        problems.add(_broken(error, len(source.text)))
        return None
    except (ValueError, OverflowError):  # all that it leaves uncaught: an escape beyond Unicode
        found = _BEYOND.search(source.text)
        span = Span(*found.span()) if found else Span(0, len(source.text))
        problems.add(yaml_form.not_yaml(span, "an escape that stands for no character"))
        return None
    return composer.document


def _loader(text: str) -> type[Any]:
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return fast if len(text) >= _LONG else yaml.SafeLoader


def _broken(error: yaml.MarkedYAMLError, size: int) -> Problem:
    reason = " ".join(part for part in (error.problem, error.context) if part)
    mark = error.problem_mark or error.context_mark
    if error.context_mark and ("end of stream" in reason or "stream end" in reason):
        mark = error.context_mark  # where the text that never ends begins
    place = min(mark.index if mark else 0, size)
    return yaml_form.not_yaml(Span(place, min(place + 1, size)), reason.replace("'", "`"))


class _Composer:
    """Nodes from events, with a stack of its own: no text is deep enough to overflow it."""

    def __init__(self, source: Source, problems: Problems) -> None:
        self._source = source
        self._problems = problems
        self._open: list[Sequence | Mapping] = []
        self._keys: list[Scalar | None] = []
        self._incomplete = False
        self._document: Node | None = None

    @property
    def document(self) -> Node | None:
        """The whole document, unless parts of it could not be read."""
        return None if self._incomplete else self._document

    def take(self, event: yaml.Event) -> bool:
        """Use the next event; False when there is no use in going on."""
        assert event.start_mark is not None
        assert event.end_mark is not None
        span = Span(event.start_mark.index, event.end_mark.index)
        match event:
            case yaml.DocumentStartEvent() if self._document is not None:
                self._problems.add(yaml_form.second_document(span))
                return False
            case yaml.AliasEvent():
                self._problems.add(yaml_form.unsupported(span, "aliases"))
                self._incomplete = True
                self._put(Scalar("", "", span))
            case yaml.ScalarEvent():
                self._check(event, span.start)
                self._put(Scalar(event.value, event.style or "", span))
            case yaml.SequenceStartEvent():
                self._check(event, span.start)
                return self._start(Sequence(span))
            case yaml.MappingStartEvent():
                self._check(event, span.start)
                return self._start(Mapping(span))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._end(span)
        return True

    def _check(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, start: int) -> None:
        if event.anchor is not None:
            self._problems.add(yaml_form.unsupported(self._word(start), "anchors"))
        elif event.tag is not None:
            self._problems.add(yaml_form.unsupported(self._word(start), "tags"))

    def _word(self, start: int) -> Span:
        length = len(self._source.text[start : start + 100].split()[0])
        return Span(start, start + length)

    def _start(self, node: Sequence | Mapping) -> bool:
        self._open.append(node)
        self._keys.append(None)
        if len(self._open) <= _DEPTH:
            return True
        self._problems.add(yaml_form.too_deep(Span(node.span.start, node.span.start + 1)))
        return False

    def _end(self, span: Span) -> None:
        started = self._open.pop()
        self._keys.pop()
        whole = Span(started.span.start, _trimmed(self._source.text, started.span.start, span.end))
        match started:
            case Sequence(items=items):
                self._put(Sequence(whole, items))
            case Mapping(entries=entries):
                self._put(Mapping(whole, entries))

    def _put(self, node: Node) -> None:
        match self._open[-1] if self._open else None:
            case None:
                self._document = node
            case Sequence(items=items):
                items.append(node)
            case Mapping(entries=entries):
                self._enter(entries, node)

    def _enter(self, entries: dict[str, tuple[Scalar, Node]], node: Node) -> None:
        key = self._keys[-1]
        if key is not None:
            self._keys[-1] = None
            entries.setdefault(key.value, (key, node))
            return
        if not isinstance(node, Scalar):
            self._problems.add(yaml_form.wrong_kind(node.span, "this key", "a word"))
            self._incomplete = True
            node = Scalar("", "", node.span)
        elif node.value == "<<" and not node.style:
            self._problems.add(yaml_form.unsupported(node.span, "merge keys"))
        elif node.value in entries:
            first = entries[node.value][0].span
            self._problems.add(yaml_form.repeated_key(node.span, node.value, first))
        self._keys[-1] = node


def _trimmed(text: str, start: int, end: int) -> int:
    """The end without the blank lines that YAML counts to a block."""
    return max(start + len(text[start:end].rstrip()), start + 1)


def places(scalar: Scalar, text: str) -> list[int]:
    """Where in ``text`` each character of the scalar stands, and where the last one ends."""
    found: list[int] = []
    units = _units(scalar, text)
    end = scalar.span.start
    for char in scalar.value:
        start, end = next(units, (end, end))
        while start < end and text[start].isspace() and not char.isspace():
            start, end = next(units, (end, end))
        found.append(start)
    return [*found, end]


def _units(scalar: Scalar, text: str) -> Iterator[tuple[int, int]]:
    """The parts of the raw text that stand for one character each; blanks more than the value."""
    start, stop = scalar.span.start, scalar.span.end
    if scalar.style in ("|", ">"):
        start = text.find("\n", start) + 1
    elif scalar.style:
        start, stop = start + 1, stop - 1
    while start < stop:
        width = _width(scalar.style, text, start)
        if width:
            yield start, start + width
        start += width or 2


def _width(style: str, text: str, place: int) -> int:
    """How many raw characters stand for one; 0 for an escaped line end, which stands for none."""
    pair = text[place : place + 2]
    if style == "'" and pair == "''":
        return 2
    if style != '"' or pair[0] != "\\":
        return 1
    return 0 if pair[1] == "\n" else _ESCAPED.get(pair[1], 2)
