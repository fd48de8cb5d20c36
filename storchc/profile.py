"""What `storchc compare` has measured of a story's methods, for `Best` to choose by."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum, isfinite

from storchc.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class NotAProfile(ValueError):
    """The text is not what `storchc compare --json` writes, or it is about another story."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Methods by the names of their samples, and their variance x time, in milliseconds."""

    methods: Mapping[str, str]
    product: float


@dataclass(frozen=True, slots=True)
class Profile:
    """What was measured of a ``story``: methods that are not biased, the best one first."""

    file: str
    story: str
    rows: tuple[Measured, ...]

    def must_be_of(self, story: str | None) -> None:
        """NotAProfile where it was measured on another story; None is one with errors."""
        if story not in (None, self.story):
            raise NotAProfile(f"`{self.file}` was measured on `{self.story}`, not on `{story}`")

    def of_sample(self, name: str) -> tuple[Measured, ...]:
        """The rows that name a method for a sample."""
        return tuple(row for row in self.rows if name in row.methods)


def read_profile(file: str, data: bytes) -> Profile:
    """The profile in ``data``, called ``file``; of several states their mean counts.

    NotAProfile where it is none.
    """
    import json

    try:
        found = json.loads(data)
        states = [state["rows"] for state in found["states"].values()]
        rows = [_measured([rows[i] for rows in states]) for i in range(min(map(len, states)))]
        story = found["story"]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        raise NotAProfile(f"`{file}` is not what `storchc compare --json` writes") from None
    known = sorted((row for row in rows if row is not None), key=lambda row: row.product)
    return Profile(file, str(story), tuple(known))


def _measured(states: list[Any]) -> Measured | None:
    """One row in all states; None where it is biased in one, or was not measured."""
    first = states[0]
    methods = {str(sample): str(method) for sample, method in first["methods"].items()}
    if any(state["biased"] or state["failure"] or state["repeats"] < 2 for state in states):
        return None
    products = [state["product"]["value"] for state in states]
    if not all(isinstance(product, float | int) and isfinite(product) for product in products):
        return None
    return Measured(methods, fsum(products) / len(products))
