"""Computed values, samples and their draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

from storchc.ir.expression import CallUser, Distribution, Value
from storchc.ir.nodes import Sample
from storchc.ir.types import NO_PLATES, DistributionType, Dtype, Plates, ValueType
from storchc.program.operation import Filling, Operation
from storchc.program.reads import Apart, Drawn, before, options, stated
from storchc.program.slots import Slot
from storchc.program.terms import Term
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Settled:
    """What a carried variable keeps in every step: its dtype, and the plates it is stored with."""

    dtype: Dtype
    plates: Plates


@dataclass(frozen=True, slots=True)
class Note(Operation):
    """A comment above the operations behind it: a line of the story, or of our own."""

    text: str
    story: Span | None = None


@dataclass(frozen=True, slots=True)
class Bind(Filling):
    """``target`` holds the value of an expression of the story.

    ``detached``: without the gradient of what the model owns. ``settled``: of a carried variable.
    A value is converted to the dtype of its ``type``.
    """

    value: Value | Distribution
    type: ValueType | DistributionType
    apart: Apart = ()
    detached: bool = False
    settled: Settled | None = None

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        return stated(drawn, self.values(), self.apart)

    def values(self) -> tuple[Value | Distribution, ...]:
        return (self.value,)

    def sized(self) -> Plates:
        return NO_PLATES if self.settled is None else self.settled.plates


@dataclass(frozen=True, slots=True)
class Unpack(Operation):
    """``targets`` hold the results of a call that has several."""

    targets: tuple[Slot, ...]
    value: CallUser
    types: tuple[ValueType, ...]
    apart: Apart
    detached: bool
    settled: tuple[Settled | None, ...]

    def filled(self) -> tuple[Slot, ...]:
        return self.targets

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        return stated(drawn, self.values(), self.apart)

    def values(self) -> tuple[Value | Distribution, ...]:
        return (self.value,)

    def sized(self) -> Plates:
        return NO_PLATES.union(*(each.plates for each in self.settled if each is not None))


@dataclass(frozen=True, slots=True)
class Alias(Filling):
    """``target`` is what ``source`` holds, as a floating tensor."""

    source: Slot
    dtype: Dtype

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield self.source


@dataclass(frozen=True, slots=True)
class Eval(Filling):
    """``target`` holds the value of a term."""

    term: Term
    comment: str | None = None

    def terms(self) -> tuple[Term, ...]:
        return (self.term,)

    def with_terms(self, made: Callable[[Term], Term]) -> Self:
        return replace(self, term=made(self.term))


@dataclass(frozen=True, slots=True)
class Law(Filling):
    """``target`` holds the distribution of a sample.

    It has dimensions for the plates ``aligned``; ``whole``: it is expanded to all of them.
    """

    sample: Sample
    apart: Apart
    aligned: Plates
    whole: bool

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        return stated(drawn, self.values(), self.apart)

    def values(self) -> tuple[Value | Distribution, ...]:
        return (self.sample.distribution,)

    def sized(self) -> Plates:
        return self.aligned


@dataclass(frozen=True, slots=True)
class Draw(Filling):
    """``target`` holds the draw of a sample; ``replayed``: unless its values are given.

    ``joint`` holds what it extends, where it is chosen together with others.
    """

    sample: Sample
    law: Slot
    joint: Slot | None
    plates: Plates
    apart: Apart
    replayed: bool

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield self.law
        if self.joint is not None:
            yield self.joint
        if self.sample.loops and not self.sample.joins:  # its plate was opened before the loop
            yield Slot("size", self.sample.name)
        yield from stated(drawn, self.values(), self.apart)
        yield from before(drawn, self.sample)

    def values(self) -> tuple[Value | Distribution, ...]:
        return tuple(options(self.sample))


@dataclass(frozen=True, slots=True)
class Again(Filling):
    """``target`` holds the draw of this step as it was when the loop was run."""

    sample: Sample

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield Slot("draw", self.sample.name)


@dataclass(frozen=True, slots=True)
class Hold(Filling):
    """``target`` holds the draw, in which elements that have stopped keep the value they had."""

    sample: Sample
    plates: Plates

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield self.target
        yield from before(drawn, self.sample)


@dataclass(frozen=True, slots=True)
class Take(Filling):
    """``target`` holds the values of a draw."""

    draw: Slot
    type: ValueType
    stored: Plates
    settled: Settled | None

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield self.draw

    def sized(self) -> Plates:
        return NO_PLATES if self.settled is None else self.settled.plates
