"""Places of the story as generated code shows them."""

from __future__ import annotations

from storchc.source import Source, Span


def place(source: Source, span: Span) -> str:
    """``vae.story:13``; blanks in a file's name become ``_``."""
    return f"{safe_name(source)}:{source.position(span.start).line}"


def safe_name(source: Source) -> str:
    """The file's own name without its folders, fit for a comment or a string."""
    last = source.name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c if c.isprintable() and not c.isspace() else "_" for c in last) or "story"


def shown(source: Source, span: Span) -> str:
    """The first line of a statement as one line of printable text."""
    first = source.cut(span).partition("\n")[0]
    return " ".join("".join(c if c.isprintable() else " " for c in first).split())
