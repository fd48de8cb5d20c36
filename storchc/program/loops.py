"""Loops: what they carry, and what their steps leave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Literal, Self

from storchc.ir.expression import Distribution, Value
from storchc.ir.nodes import Carried, Loop, Sample
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.operation import Filling, Operation, all_filled, free
from storchc.program.reads import Apart, Drawn, stated
from storchc.program.slots import Kind, Slot
from storchc.program.statements import Settled
from storchc.program.terms import Term
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Open(Filling):
    """``target`` holds the number of elements of the plate that a sample in a loop opens."""

    sample: Sample
    replayed: bool


@dataclass(frozen=True, slots=True)
class Count(Filling):
    """``target`` holds the number of steps of a loop."""

    loop: Loop


@dataclass(frozen=True, slots=True)
class Start(Filling):
    """``target`` holds a carried variable before the first step."""

    carried: Carried
    apart: Apart
    settled: Settled
    detached: bool

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        return stated(drawn, self.values(), self.apart)

    def values(self) -> tuple[Value | Distribution, ...]:
        return (self.carried.initial,)

    def sized(self) -> Plates:
        return self.settled.plates


Item = Literal["draw", "cost", "value", "baseline", "alive", "report"]


@dataclass(frozen=True, slots=True)
class Collect(Filling):
    """``target`` holds a list of what steps will leave: draws, or tensors."""

    item: Item


@dataclass(frozen=True, slots=True)
class Append(Filling):
    """The value of a term is appended to the list that ``target`` holds."""

    term: Term

    def terms(self) -> tuple[Term, ...]:
        return (self.term,)

    def with_terms(self, made: Callable[[Term], Term]) -> Self:
        return replace(self, term=made(self.term))


@dataclass(frozen=True, slots=True)
class Traced:
    """The ``choices`` a step makes along ``plate``, ``made`` of them before it leaves a value."""

    plate: str
    made: int
    choices: int


@dataclass(frozen=True, slots=True)
class Stack(Filling):
    """``target`` holds what the steps of a loop have left in ``steps``, as one.

    What an inner loop leaves for every step of the one around it goes ``into`` its list.
    ``traced`` are the plates that a step has re-indexed, ``rank`` is that of the event. For steps
    that an early end spares ``rest`` stands: what it holds, or (``zero``) as much of 0.
    """

    steps: Slot
    item: Item
    name: str
    loop: Loop
    rank: int
    traced: tuple[Traced, ...]
    into: Slot | None
    rest: Slot | None
    zero: bool

    def filled(self) -> tuple[Slot, ...]:
        return (self.target,) if self.into is None else (self.target, self.into)

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        yield from (self.steps, Slot("count", self.loop.name))
        kinds: tuple[Kind, ...] = ("lineage", "joint") if self.item == "draw" else ("lineage",)
        yield from (Slot(kind, traced.plate) for traced in self.traced for kind in kinds)
        if self.rest is not None:
            yield self.rest

    def sized(self) -> Plates:
        return frozenset({self.name}) if self.item == "draw" else NO_PLATES


@dataclass(frozen=True, slots=True)
class Repeat(Operation):
    """A loop of the story: ``opening``, then ``body`` in every step, then ``closing``.

    ``leave`` is whom nobody is left of when the loop is left early.
    """

    loop: Loop
    opening: tuple[Operation, ...]
    body: tuple[Operation, ...]
    closing: tuple[Operation, ...]
    leave: Slot | None

    def filled(self) -> tuple[Slot, ...]:
        return all_filled(self.nested())

    def looked_at(self, drawn: Drawn) -> Iterator[Slot]:
        return free(drawn, self.nested())

    def nested(self) -> tuple[Operation, ...]:
        return (*self.opening, *self.body, *self.closing)


@dataclass(frozen=True, slots=True)
class Reach(Operation):
    """What the elements of a sample weigh, and their scores, before anything is drawn."""

    weight: Slot
    score: Slot
    sample: Sample

    def filled(self) -> tuple[Slot, ...]:
        return (self.weight, self.score)

    def sized(self) -> Plates:
        return self.sample.type.plates | {self.sample.plate}


@dataclass(frozen=True, slots=True)
class Forget(Operation):
    """The slots hold nothing any more."""

    targets: tuple[Slot, ...]
