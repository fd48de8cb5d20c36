"""Entries of a catalogue found by the names of their files, each loaded when it is asked for.

A file is called as its entry, in small letters and with underscores where they help:
`dis_arm.py` holds the entry of `DisARM`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, TypeVar


class Entry(Protocol):
    """What has a name."""

    @property
    def name(self) -> str:
        """As stories write it."""


E = TypeVar("E", bound=Entry)


def files(paths: Iterable[str]) -> Mapping[str, str]:
    """The files of a folder of entries, by their names without underscores."""
    return {stem.replace("_", ""): stem for _, stem, _ in iter_modules(paths)}


@cache
def load(package: str, stem: str, kind: type[E]) -> E:
    """The entry that a file of ``package`` holds."""
    entry = import_module(f"{package}.{stem}").ENTRY
    assert isinstance(entry, kind)
    return entry


def find(package: str, known: Mapping[str, str], name: str, kind: type[E]) -> E | None:
    """The entry called ``name``, or None; no other file is loaded."""
    stem = known.get(name.lower())
    entry = None if stem is None else load(package, stem, kind)
    return entry if entry is not None and entry.name == name else None


def every(package: str, known: Mapping[str, str], kind: type[E]) -> Iterator[str]:
    """The names of all entries, for which all files are loaded."""
    yield from sorted((load(package, s, kind).name for s in known.values()), key=str.lower)
