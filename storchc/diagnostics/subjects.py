"""What the words have to know of what they speak of, whichever stage it comes from."""

from __future__ import annotations

from typing import Protocol

from storchc.source import Span


class Name(Protocol):
    """A name as the story writes it."""

    @property
    def id(self) -> str:
        """The name itself."""

    @property
    def span(self) -> Span:
        """Where it stands."""


class Entry(Protocol):
    """A row of a catalogue, or an option in it."""

    @property
    def name(self) -> str:
        """What a story calls it."""


class Method(Entry, Protocol):
    """A row of the catalogue of methods."""

    @property
    def carrier(self) -> str:
        """Where its gradient lives."""

    @property
    def families(self) -> tuple[str, ...]:
        """The only families that it can stand at, if there are any."""


class Sampling(Protocol):
    """How draws depend on one another."""

    @property
    def independent(self) -> bool:
        """Whether they do not."""


class Chosen(Entry, Protocol):
    """The method that stands at a sample."""

    @property
    def span(self) -> Span:
        """Where the story chooses it."""

    @property
    def sampler(self) -> Entry | None:
        """What draws in its place."""

    @property
    def sampling(self) -> Sampling:
        """How its draws depend on one another."""

    @property
    def baseline(self) -> object:
        """A word of the language, or ``"learned"``."""


class Break(Protocol):
    """A place on a path through which no gradient flows."""

    @property
    def span(self) -> Span:
        """Where it is."""

    @property
    def reason(self) -> str:
        """Why nothing flows there."""

    @property
    def jumps(self) -> bool:
        """Whether it is because values jump."""
