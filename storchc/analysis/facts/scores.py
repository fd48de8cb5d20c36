"""Sums of scores, each as one with fewer and one more: in a chain of n samples they have n²."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from storchc.ir.steps import Seen
from storchc.ir.types import Plates

Scored = tuple[Seen, Plates]
"""A sample whose log-probability enters a sum, with the plates that it is summed over first.

In loops a sample is seen in certain steps (`storchc.ir.steps`), and the steps that are summed are
among the plates.
"""


class Scores:
    """The scores of a sum, in the order of the story: those ``before``, and the ``last``.

    All sums of a story are made of one that is empty, `Scores()`; equal ones are one object.
    """

    __slots__ = ("_before", "_further", "_last", "_nothing", "_number")

    def __init__(self) -> None:
        self._number = 0
        self._nothing = self._before = self
        self._last: Scored | None = None
        self._further: dict[Scored, Scores] = {}

    @property
    def nothing(self) -> Scores:
        """The sum of none, of which these are made."""
        return self._nothing

    @property
    def before(self) -> Scores:
        """All but the last."""
        return self._before

    @property
    def last(self) -> Scored:
        """The last of them; there must be one."""
        assert self._last is not None
        return self._last

    def __len__(self) -> int:
        return self._number

    def __iter__(self) -> Iterator[Scored]:
        return reversed([*self._backwards(0)])

    def __repr__(self) -> str:
        return f"Scores({', '.join(map(repr, self))})"

    def and_(self, scored: Scored) -> Scores:
        """These and one more, which is later in the story."""
        made = self._further.get(scored)
        if made is None:
            made = self._further[scored] = Scores()
            made._number = self._number + 1
            made._nothing, made._before, made._last = self._nothing, self, scored
        return made

    def and_all(self, more: Iterable[Scored]) -> Scores:
        """These and more."""
        total = self
        for scored in more:
            total = total.and_(scored)
        return total

    def within(self, samples: Container[str]) -> Scores:
        """The scores of these samples alone."""
        return self._nothing.and_all(scored for scored in self if scored[0].name in samples)

    def has_more_than(self, part: Scores) -> bool:
        """Whether all of ``part`` are among these, and others too."""
        if len(part) >= len(self):
            return False
        return self._begins(part) or set(part) < set(self)

    def beyond(self, part: Scores) -> list[Scored]:
        """Those that are not among ``part``."""
        if self._begins(part):
            return [*self._backwards(len(part))][::-1]
        present = set(part)
        return [scored for scored in self if scored not in present]

    def _begins(self, part: Scores) -> bool:
        """Whether these are ``part`` and what is later in the story."""
        first = self
        while len(first) > len(part):
            first = first._before
        return first is part

    def _backwards(self, number: int) -> Iterator[Scored]:
        """All but the first of this number, the last first."""
        rest = self
        while len(rest) > number:
            yield rest.last
            rest = rest._before
