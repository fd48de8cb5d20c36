"""Help lines about names: what was meant, and what there is."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.diagnostics.nearest import nearest


def did_you_mean(name: str, candidates: Iterable[str], otherwise: str) -> str:
    """A help line that names the nearest candidate, or ``otherwise``."""
    found = nearest(name, sorted(candidates))
    return otherwise if found is None else f"did you mean `{found}`?"


def listed(names: Iterable[str], last: str = "and") -> str:
    """```a`, `b` and `c```."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
