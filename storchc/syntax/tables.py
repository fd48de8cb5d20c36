"""The parser's tables: built from the grammar, and kept for the next run.

Building them takes a third of a second, more than all else that ``storchc check`` does. They are
kept in the user's own cache folder; where that cannot be done safely they are simply built anew.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import TerminalDef

from storchc.syntax.builder import Builder

_PACKAGE = Path(__file__).parent.parent
_DIGEST = 32

STARTS = (
    *("statement", "expression", "method", "method_choice"),
    *("title", "name", "names", "plate", "use"),
    *("input_type", "param_type", "module_entry", "function_entry"),
    *("compute", "sample", "cost", "observe", "report", "loop"),
)
"""The rules of the grammar that a text may be read by."""


def grammar_file() -> Path:
    """``storchc/_grammar`` inside a wheel, ``grammar`` beside the package in a checkout."""
    shipped = _PACKAGE / "_grammar" / "story.lark"
    return shipped if shipped.is_file() else _PACKAGE.parent / "grammar" / "story.lark"


@cache
def tables() -> Lark:
    """The parser, ready to use."""
    grammar = grammar_file().read_text(encoding="utf-8")
    kept = _cache_file(grammar)
    data = None if kept is None else _read(kept)
    if data is None:
        plain = Lark(grammar, parser="lalr", start=list(STARTS))
        data = plain.memo_serialize([TerminalDef, Rule])
        if kept is not None:
            _write(kept, data)
    parser: Lark = Lark._load_from_dict(*data, transformer=Builder())  # type: ignore[no-untyped-call]
    return parser


def _read(kept: Path) -> Any:
    """What ``_write`` wrote, or None when it is not there or damaged."""
    try:
        content = kept.read_bytes()
    except OSError:
        return None
    digest, body = content[:_DIGEST], content[_DIGEST:]
    return marshal.loads(body) if sha256(body).digest() == digest else None


def _write(kept: Path, data: Any) -> None:
    # Plain data, not a pickle: nothing in the file can run. Replaced in one step, so that another
    # process sees all of it or nothing.
    body = marshal.dumps(data)
    fresh = kept.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        fresh.write_bytes(sha256(body).digest() + body)
        os.replace(fresh, kept)


def _cache_file(grammar: str) -> Path | None:
    python = f"{sys.implementation.name}{sys.version_info.major}{sys.version_info.minor}"
    digest = sha256((grammar + " ".join(STARTS)).encode()).hexdigest()[:16]
    try:
        folder = _cache_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # no home, or not writable
        return None
    return folder / f"{lark.__version__}-{python}-{digest}.tables" if _is_private(folder) else None


def _cache_folder() -> Path:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA")
        return (Path(base) if base else Path.home() / "AppData" / "Local") / "storchc"
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "storchc"


def _is_private(folder: Path) -> bool:
    """Whether nobody else can write there."""
    if sys.platform == "win32":
        return True
    found = folder.lstat()
    return found.st_uid == os.getuid() and not found.st_mode & 0o022
