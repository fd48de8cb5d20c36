"""The catalogue of methods: one module an entry, found by the name of its file."""

from __future__ import annotations

from functools import cache

from storchc.catalogue.discovery import every, files, find
from storchc.catalogue.method import MethodEntry

_FILES = files(__path__)


@cache
def names() -> tuple[str, ...]:
    """Every method; asking for them all loads them all."""
    return tuple(every(__name__, _FILES, MethodEntry))


@cache
def lookup(name: str) -> MethodEntry | None:
    """The entry of the method called ``name``, or None."""
    return find(__name__, _FILES, name, MethodEntry)
