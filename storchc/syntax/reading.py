"""From the bytes of a file to its syntax tree, whichever of the two forms it is written in."""

from __future__ import annotations

from os.path import splitext

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problems
from storchc.source import Source, Span
from storchc.syntax.layout import CONTROL
from storchc.syntax.parser import parse
from storchc.syntax.tree import Story

_OTHERS = {".md": "Markdown", ".markdown": "Markdown", ".py": "Python", ".ipynb": "Jupyter"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_story(name: str, data: bytes, problems: Problems) -> tuple[Source, Story | None]:
    """The text and the tree of the file ``name``; no tree when ``problems`` has got an error."""
    source = Source(name, _text(data, problems))
    found = CONTROL.search(source.text)  # the first of perhaps a million, in a binary file
    if found is not None and not problems.fatal:
        problems.add(words.control_character(Span(*found.span()), found.group()))
    if problems.fatal:
        return source, None
    suffix = splitext(name)[1].lower()
    if suffix in _OTHERS:
        problems.add(words.of_another_kind(Span(0, 0), _OTHERS[suffix]))
        return source, None
    if suffix not in (".yaml", ".yml"):
        return source, parse(source, problems)
    from storchc.syntax.yaml_reader import read_yaml  # loads yaml, which most runs do not need

    return source, read_yaml(source, problems)


def _text(data: bytes, problems: Problems) -> str:
    """The text with its line ends as ``\\n``; bytes that are no text are shown as U+FFFD."""
    bare = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        return _plain_ends(bare.decode("utf-8"))
    except UnicodeDecodeError as error:
        place = len(_plain_ends(bare[: error.start].decode("utf-8")))
        problems.add(words.not_utf8(Span(place, place + 1), bare[error.start]))
        return _plain_ends(bare.decode("utf-8", errors="replace"))


def _plain_ends(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
