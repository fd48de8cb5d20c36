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

from storchc.diagnostics.terminals import END
from storchc.syntax.builder import Builder
from storchc.syntax.lalr import OTHER, PASSES_ON, Parser, Recipe, Tables
from storchc.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_DIGEST = 32

STARTS = (
    *("statement", "expression", "method", "method_choice"),
    *("title", "name", "names", "plate", "use"),
    *("input_type", "param_type", "module_entry", "function_entry", "distribution_entry"),
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
def parser() -> Parser:
    """The parser, ready to use."""
    text = grammar()
    kept = _cache_file(text)
    data = None if kept is None else _read(kept)
    if data is None:
        data = _built(text)
        if kept is not None:
            _write(kept, data)
    return Parser(Tables(*data), Builder())


def _built(text: str) -> tuple[Any, ...]:
    """The fields of ``Tables``, made by lark of a grammar."""
    from lark import Lark  # takes longer to load than most stories to check
    from lark.parsers.lalr_analysis import Shift

    made: Any = Lark(text, parser="lalr", start=list(STARTS)).parser
    table, rules = made.parser._parse_table, list(made.parser_conf.rules)
    numbers = {rule: number for number, rule in enumerate(rules)}
    actions = [
        {
            _kind(name): found if action is Shift else ~numbers[found]
            for name, (action, found) in table.states[state].items()
        }
        for state in range(len(table.states))
    ]
    scanned = [_pattern(made.lexer.lexers[state]) for state in range(len(actions))]
    patterns = list(dict.fromkeys(scanned))
    anything = rf"{_pattern(made.lexer.root_lexer)[:-1]}|(?P<{OTHER}>(?s:.)))"
    starts = {start: (table.start_states[start], table.end_states[start]) for start in STARTS}
    scanners = [patterns.index(pattern) for pattern in scanned]
    return actions, scanners, patterns, anything, [_rule(rule) for rule in rules], starts


def _kind(name: str) -> str:
    return END if name == "$END" else str(name)


def _pattern(lexer: Any) -> str:
    """One pattern of a lexer's terminals, in its order, behind what it ignores."""
    assert len(lexer.scanner._mres) == 1 and not lexer.callback
    terminals = {terminal.name: terminal.pattern.to_regexp() for terminal in lexer.terminals}
    ignored = "|".join(terminals.pop(name) for name in sorted(lexer.ignore_types))
    terminals[END] = r"\Z"
    groups = "|".join(f"(?P<{name}>{pattern})" for name, pattern in terminals.items())
    return f"(?:{ignored})*+(?:{groups})"


def _rule(rule: Any) -> tuple[str, int, str, Recipe | None]:
    """A rule for ``Tables``: words that begin with `_` are left out, rules that do are opened."""
    size, absent = len(rule.expansion), iter(rule.options.empty_indices)
    passes = rule.options.expand1 and rule.alias is None and size == 1
    recipe: list[tuple[int, bool]] = []
    for index, part in enumerate(rule.expansion):
        while next(absent, False):
            recipe.append((-1, False))
        if not part.is_term or not part.filter_out:
            recipe.append((index, not part.is_term and part.name.startswith("_")))
    recipe += [(-1, False) for _ in absent]
    plain = recipe == [(index, False) for index in range(size)]
    callback = PASSES_ON if passes else str(rule.alias or rule.origin.name)
    return str(rule.origin.name), size, callback, None if plain else tuple(recipe)


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
    return f"{folder}/{__version__}-{python}-{digest}.tables" if private else None


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
