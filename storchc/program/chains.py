"""Chains that are summed out, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.ir.expression import Distribution, Value
from storchc.ir.nodes import Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.operation import Filling, Operation
from storchc.program.reads import Apart, Drawn, stated
from storchc.program.slots import Slot
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Certain(Filling):
    """``target`` holds the probabilities before the first step: one outcome, which is certain.

    Of a chain whose steps know nothing ``before`` them (it is empty) there are none.
    """

    sample: str
    before: str
    stored: Plates

    def filled(self) -> tuple[Slot, ...]:
        latest = Slot("latest", self.sample)
        return (self.target, latest, Slot("size", self.before)) if self.before else (latest,)

    def sized(self) -> Plates:
        return self.stored - {self.before}


@dataclass(frozen=True, slots=True)
class Outcomes(Filling):
    """``target`` holds the outcomes of one step of a chain, each with its probability.

    Their distribution, and how many they are, are known from then on.
    """

    sample: Sample
    apart: Apart
    before: str
    replayed: bool

    def filled(self) -> tuple[Slot, ...]:
        return (self.target, Slot("size", self.sample.name), Slot("law", self.sample.name))

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        return stated(drawn, self.values(), self.apart)

    def values(self) -> tuple[Value | Distribution, ...]:
        return (self.sample.distribution,)

    def sized(self) -> Plates:
        return frozenset({self.before}) if self.before else NO_PLATES


@dataclass(frozen=True, slots=True)
class Pair(Operation):
    """The probabilities of the outcomes of this step, and of pairs with those of the one before."""

    sample: str
    before: str

    def filled(self) -> tuple[Slot, ...]:
        return (Slot("joint mass", self.sample), Slot("mass", self.sample))

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield Slot("draw", self.sample)
        if self.before:
            yield Slot("mass before", self.sample)


@dataclass(frozen=True, slots=True)
class Shift(Operation):
    """From now on the probabilities of this step's outcomes are those of the step before."""

    sample: str
    before: str

    def filled(self) -> tuple[Slot, ...]:
        latest = Slot("latest", self.sample)
        return (Slot("mass before", self.sample), latest) if self.before else (latest,)

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (Slot("mass", self.sample), Slot("draw", self.sample))


@dataclass(frozen=True, slots=True)
class Last(Filling):
    """``target`` holds the last outcomes of a chain, each with its probability."""

    before: str

    def filled(self) -> tuple[Slot, ...]:
        return (self.target, Slot("law", self.target.name))

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        sample = self.target.name
        yield from (self.target, Slot("latest", sample), Slot("mass", sample))
        if self.before:
            yield Slot("mass before", sample)
