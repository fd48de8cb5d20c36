"""The slots that expressions and terms look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from storchc.ir.expression import (
    Distribution,
    Evidence,
    Expected,
    LogProb,
    Named,
    OverPlates,
    Reference,
    SequenceOf,
    SummedOut,
    Value,
)
from storchc.ir.nodes import Sample
from storchc.ir.walk import children
from storchc.program.slots import Slot
from storchc.program.terms import Expression, Number, Part, Read, Term, Weight, leaves
from storchc.records import dataclass

Apart = tuple[tuple[Value, Slot], ...]
"""Parts of an expression that have been evaluated before it, and where they are."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The samples whose draws expressions look at without naming them.

    ``weighers`` has by plate those that weigh its elements, ``apart`` are those whose factors are
    evaluated apart, ``asked`` those whose distributions are the user's, which are asked once for a
    draw; ``sized`` has by plate where the number of its elements is found.
    """

    weighers: Mapping[str, tuple[str, ...]]
    apart: frozenset[str]
    asked: frozenset[str]
    sized: Mapping[str, tuple[Slot, ...]]

    def weights(self, plates: Iterable[str]) -> Iterator[Slot]:
        """The draws that weigh the elements of plates."""
        names = (name for plate in plates for name in self.weighers.get(plate, ()))
        return (Slot("draw", name) for name in names)

    def sizes(self, plates: Iterable[str]) -> Iterator[Slot]:
        """What holds the numbers of elements of plates that samples open."""
        return (slot for plate in sorted(plates) for slot in self.sized.get(plate, ()))


def read(drawn: Drawn, term: Term) -> Iterator[Slot]:
    """The slots that a term looks at."""
    for leaf in leaves(term):
        match leaf:
            case Read(slot) | Part(slot):
                yield slot
            case Weight(sample):
                yield Slot("draw", sample)
            case Expression(value, apart):
                yield from stated(drawn, (value,), apart)
            case Number():
                pass
            case _:
                assert_never(leaf)


def named_in(drawn: Drawn, value: Value | Distribution) -> Iterator[Slot]:
    """The slots of what an expression names, and of the draws whose weights it reduces with."""
    waiting: list[Value | Distribution] = [value]
    while waiting:
        part = waiting.pop()
        match part:
            case Reference(name) | Named(name):
                yield Slot("value", name)
            case SequenceOf(of):
                yield Slot("sequence", of.name)
                continue
            case OverPlates(plates=plates):
                yield from drawn.weights(plates)
            case Expected(sample=sample):
                yield Slot("draw", sample)
            case SummedOut(sample=sample):
                yield from (Slot("mass", sample), Slot("joint mass", sample))
            case Evidence(sample=sample, first=None):
                yield Slot("mass", sample)
            case LogProb(value=Reference(name), type=type_) if type_.shape and name in drawn.apart:
                yield Slot("draw", name)
            case LogProb(value=Reference(name)) if name in drawn.asked:
                yield Slot("draw", name)
        waiting += children(part)


def stated(drawn: Drawn, values: Iterable[Value | Distribution], apart: Apart) -> Iterator[Slot]:
    """The slots that expressions look at, and those of their parts."""
    for value in values:
        yield from named_in(drawn, value)
    yield from (slot for _, slot in apart)


def options(sample: Sample) -> Iterator[Value | Distribution]:
    """The options of a sample's method and sampler that are expressions; its baseline apart."""
    for choice in (sample.method, sample.sampler):
        if choice is not None:
            yield from (v for k, v in choice.values.items() if k != "baseline")


def before(drawn: Drawn, sample: Sample) -> Iterator[Slot]:
    """What elements that have stopped hold: the value of the step before, by whom is alive."""
    if sample.mask is not None:
        yield from named_in(drawn, sample.mask)
        yield Slot("value", sample.name)
