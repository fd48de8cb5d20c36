"""The words of ``docs/naming.md``, which is their table here too, and what others call things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from storchc.diagnostics import elsewhere
from storchc.explain.text import facts
from storchc.records import dataclass

_PACKAGE = Path(__file__).parents[1]
_TABLES: tuple[Mapping[str, str], ...] = (
    elsewhere.METHODS,
    elsewhere.FUNCTIONS,
    *(
        {other: f"here it is `{here}`" for other, here in table.items()}
        for table in (elsewhere.DISTRIBUTIONS, elsewhere.SAMPLERS, elsewhere.OPTIONS)
    ),
)


@dataclass(frozen=True, slots=True)
class Word:
    """A row of the table: one thing, its names, and those that are used elsewhere."""

    names: tuple[str, ...]
    means: str
    others: tuple[str, ...]


@cache
def words() -> tuple[Word, ...]:
    """The table's rows: from ``_docs`` in a wheel's package, ``docs`` beside a checkout's."""
    shipped = _PACKAGE / "_docs" / "naming.md"
    file = shipped if shipped.is_file() else _PACKAGE.parent / "docs" / "naming.md"
    rows = [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    return tuple(_word(row) for row in rows[2:])  # behind its head and the line under that


def described(name: str) -> str:
    """What ``name`` means here, as a word or as what others say; empty where it is neither."""
    cards = [_card(word) for word in words() if _key(name) in map(_key, word.names)]
    if not cards:
        cards = [f"{name}: {meant}\n" for meant in _meant(name)]
    return "\n".join(cards)


def all_words() -> list[str]:
    """Every name that is described."""
    own = [name for word in words() for name in (*word.names, *word.others)]
    return [*own, *(other for table in _TABLES for other in table)]


def _meant(name: str) -> Iterator[str]:
    """What to write here for what others call ``name``."""
    said = {table[other] for table in _TABLES for other in table if _key(other) == _key(name)}
    yield from sorted(said)
    for word in words():
        if not said and _key(name) in map(_key, word.others):
            yield f"here `{word.names[0]}`, {word.means}"


def _card(word: Word) -> str:
    pairs = facts([("not", ", ".join(word.others))])
    return "\n".join(
        [f"{', '.join(word.names)}: {word.means}", *([""] if pairs else []), *pairs, ""]
    )


def _word(row: str) -> Word:
    names, means, others = (cell.strip() for cell in row.strip("|").split(" | "))
    return Word(_listed(names), means.replace("*", ""), _listed(others))


def _listed(cell: str) -> tuple[str, ...]:
    """What stands between commas and the like; a word with a proviso in brackets is another's."""
    parts = re.split(r"[,;]| / ", re.sub(r"[^,;]*\(.*?\)", "", cell))
    return tuple(part for part in (part.strip(" `|") for part in parts) if part)


def _key(name: str) -> str:
    """``Leave-One-Out``, ``leave one out`` and ``leaveoneout`` are one."""
    return re.sub(r"[\W_]", "", name).casefold()
