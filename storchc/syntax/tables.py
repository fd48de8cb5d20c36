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

import lark
from lark import Lark
from lark.grammar import Rule
from lark.lexer import Lexer, LexerState, LexerThread, LineCounter, TerminalDef
from lark.utils import TextSlice

from storchc.syntax.builder import Builder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_DIGEST = 32

STARTS = (
    *("statement", "expression", "method", "method_choice"),
    *("title", "name", "names", "plate", "use"),
    *("input_type", "param_type", "module_entry", "function_entry"),
    *("compute", "sample", "cost", "observe", "report", "loop"),
)
"""The rules of the grammar that a text may be read by."""


def grammar() -> str:
    """``_grammar`` in the package, as a wheel has it, or ``grammar`` beside it in a checkout."""
    shipped = os.path.join(_PACKAGE, "_grammar", "story.lark")
    if not os.path.isfile(shipped):
        shipped = os.path.join(os.path.dirname(_PACKAGE), "grammar", "story.lark")
    with open(shipped, encoding="utf-8") as file:
        return file.read()


@cache
def tables() -> Lark:
    """The parser, ready to use."""
    text = grammar()
    kept = _cache_file(text)
    data = None if kept is None else _read(kept)
    if data is None:
        plain = Lark(text, parser="lalr", start=list(STARTS))
        data = plain.memo_serialize([TerminalDef, Rule])
        if kept is not None:
            _write(kept, data)
    plugins = {"LexerThread": _FromStart}
    parser: Lark = Lark._load_from_dict(*data, transformer=Builder(), _plugins=plugins)  # type: ignore[no-untyped-call]
    return parser


class _FromStart(LexerThread):
    """Reads a piece of a text without counting the lines before it, which places do not need.

    Counted anew for every statement, they would make the time to parse quadratic in the lines.
    """

    @classmethod
    def from_text(cls, lexer: Lexer, text_or_slice: Any) -> LexerThread:
        """A thread that stands at the first character of the piece."""
        piece = TextSlice.cast_from(text_or_slice)
        place = LineCounter("\n")  # type: ignore[no-untyped-call]
        place.char_pos = piece.start
        return cls(lexer, LexerState(piece, place))


def _read(kept: str) -> Any:
    """What ``_write`` wrote, or None when it is not there or damaged."""
    try:
        with open(kept, "rb") as file:
            content = file.read()
    except OSError:
        return None
    digest, body = content[:_DIGEST], content[_DIGEST:]
    return marshal.loads(body) if sha256(body).digest() == digest else None


def _write(kept: str, data: Any) -> None:
    # Plain data, not a pickle: nothing in the file can run. Replaced in one step, so that another
    # process sees all of it or nothing.
    body = marshal.dumps(data)
    fresh = f"{kept}.{os.getpid()}"
    with suppress(OSError):
        with open(fresh, "wb") as file:
            file.write(sha256(body).digest() + body)
        os.replace(fresh, kept)


def _cache_file(grammar: str) -> str | None:
    python = f"{sys.implementation.name}{sys.version_info.major}{sys.version_info.minor}"
    digest = sha256((grammar + " ".join(STARTS)).encode()).hexdigest()[:16]
    try:
        folder = _cache_folder()
        if not os.path.isabs(folder):  # no home
            return None
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        private = _is_private(folder)
    except OSError:  # not writable
        return None
    return f"{folder}/{lark.__version__}-{python}-{digest}.tables" if private else None


def _cache_folder() -> str:
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.expanduser(r"~\AppData\Local")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "storchc")


def _is_private(folder: str) -> bool:
    """Whether nobody else can write there."""
    if sys.platform == "win32":
        return True
    found = os.lstat(folder)
    return found.st_uid == os.getuid() and not found.st_mode & 0o022
