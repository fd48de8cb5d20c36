"""The word that somebody may have meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that is most like ``word``, if one is like it at all."""
    from difflib import get_close_matches  # only needed once something is wrong

    spelled = {candidate.lower(): candidate for candidate in known}
    found = get_close_matches(word[:50].lower(), spelled, n=1, cutoff=0.65)
    return spelled[found[0]] if found else None
