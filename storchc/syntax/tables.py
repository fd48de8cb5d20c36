"""The parser's tables: built from the grammar, and kept for the next run.

Building them takes a third of a second, more than all else that ``storchc check`` does. They are
kept in the user's own cache folder; where that cannot be done safely they are simply built anew.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

import lark
from lark import Lark

from storchc.syntax.builder import Builder

_PACKAGE = Path(__file__).parent.parent

STARTS = [
    "statement",
    "expression",
    "method",
    "method_choice",
    "name",
    "names",
    "input_type",
    "param_type",
    "module_entry",
    "function_entry",
    "plate",
    "use",
    "title",
    "compute",
    "sample",
    "cost",
    "observe",
    "report",
    "loop",
]


def grammar_file() -> Path:
    """``storchc/_grammar`` inside a wheel, ``grammar`` beside the package in a checkout."""
    shipped = _PACKAGE / "_grammar" / "story.lark"
    return shipped if shipped.is_file() else _PACKAGE.parent / "grammar" / "story.lark"


@cache
def tables() -> Lark:
    """The parser, ready to use."""
    grammar = grammar_file().read_text(encoding="utf-8")
    kept = _cache_file(grammar)
    if kept is None or kept.exists():
        return _build(grammar, kept)
    fresh = kept.with_suffix(f".{os.getpid()}")
    parser = _build(grammar, fresh)
    with suppress(OSError):
        os.replace(fresh, kept)  # in one step: another process sees all of it or nothing
    return parser


def _build(grammar: str, kept: Path | None) -> Lark:
    # lark checks the file's hash of grammar, options and versions, and ignores what does not fit.
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=STARTS,
        maybe_placeholders=True,
        transformer=Builder(),
        cache=False if kept is None else str(kept),
    )


def _cache_file(grammar: str) -> Path | None:
    python = f"{sys.implementation.name}{sys.version_info.major}{sys.version_info.minor}"
    digest = sha256(grammar.encode()).hexdigest()[:16]
    name = f"{lark.__version__}-{python}-{digest}.tables"
    try:
        folder = _cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return folder / name if _is_private(folder) else None
    except (OSError, RuntimeError):
        return None


def _cache_folder() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "storchc"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "storchc"


def _is_private(folder: Path) -> bool:
    """Whether nobody else can write there: the file holds a pickle, which can run code."""
    if sys.platform == "win32":
        return True
    found = folder.lstat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022
