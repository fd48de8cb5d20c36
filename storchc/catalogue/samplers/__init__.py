"""The catalogue of samplers: one module an entry, found by the name of its file."""

from __future__ import annotations

from functools import cache

from storchc.catalogue.discovery import every, files, find
from storchc.catalogue.method import SamplerEntry

_FILES = files(__path__)


@cache
def names() -> tuple[str, ...]:
    """Every sampler; asking for them all loads them all."""
    return tuple(every(__name__, _FILES, SamplerEntry))


def lookup(name: str) -> SamplerEntry | None:
    """The entry of the sampler called ``name``, or None."""
    return find(__name__, _FILES, name, SamplerEntry)
