"""Terms: the arithmetic of an estimate, over what a program has in its slots.

A term knows the plates that its value is stored with; loops count as plates of steps. The makers
below find them, and leave out what changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal, assert_never

from storchc.ir.expression import Value
from storchc.ir.types import NO_PLATES, Plates
from storchc.program.slots import Slot
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Read:
    """What a slot holds."""

    slot: Slot
    stored: Plates


@dataclass(frozen=True, slots=True)
class Part:
    """A member of what a slot holds: the ``score``, ``weight``, ``box`` of a draw."""

    slot: Slot
    member: str
    stored: Plates


@dataclass(frozen=True, slots=True)
class Weight:
    """The weights of a sample, multiplied over the plates ``over`` of those that it has, ``own``.

    Of its loops the outermost ``told`` have a weight for every step, the rest that of the last one.
    """

    sample: str
    loops: int
    told: int
    own: Plates
    over: Plates
    stored: Plates


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression of the story, a floating tensor; ``plain`` marks a Python number."""

    value: Value
    apart: tuple[tuple[Value, Slot], ...]
    detached: bool
    plain: bool
    stored: Plates

    def __hash__(self) -> int:
        """Of what has a hash: the settings of a function in the value have none."""
        return hash((type(self.value), self.detached, self.plain, self.stored))


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    number: float
    stored: Plates = NO_PLATES


@dataclass(frozen=True, slots=True)
class Detach:
    """A value without its gradient."""

    term: Term
    stored: Plates


@dataclass(frozen=True, slots=True)
class Infix:
    """``left op right``, aligned."""

    op: Literal["*", "/"]
    left: Term
    right: Term
    stored: Plates


@dataclass(frozen=True, slots=True)
class Scored:
    """``box · term``, where an element that weighs nothing may be infinite."""

    box: Term
    term: Term
    stored: Plates


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of terms, each aligned to the plates of all."""

    terms: tuple[Term, ...]
    stored: Plates


@dataclass(frozen=True, slots=True)
class Negative:
    """``-term``."""

    term: Term
    stored: Plates


@dataclass(frozen=True, slots=True)
class Rows:
    """Terms stored alike, a row for each: as they are, or each with the sum of those above it."""

    terms: tuple[Term, ...]
    cumulative: bool
    stored: Plates


@dataclass(frozen=True, slots=True)
class SumOfRows:
    """The sum of all rows."""

    rows: Term
    stored: Plates


@dataclass(frozen=True, slots=True)
class Box:
    """The magic box of a sum of scores: 1, with the derivatives of the scores."""

    scores: Term
    stored: Plates


@dataclass(frozen=True, slots=True)
class Summed:
    """A plain sum over plates or steps: of scores that a path mixes."""

    term: Term
    plates: tuple[str, ...]
    stored: Plates


@dataclass(frozen=True, slots=True)
class Reduced:
    """The mean or sum over plates whose elements count alike."""

    term: Term
    plates: tuple[str, ...]
    kind: Literal["mean", "sum"]
    stored: Plates


@dataclass(frozen=True, slots=True)
class Weighted:
    """``Σ w · term`` over plates; divided by the sizes of those ``averaged``."""

    term: Term
    factor: Term
    plates: tuple[str, ...]
    averaged: tuple[str, ...]
    stored: Plates


@dataclass(frozen=True, slots=True)
class Times:
    """A term times the number of elements of a plate, along which it is constant."""

    plate: str
    term: Term
    stored: Plates


@dataclass(frozen=True, slots=True)
class Counting:
    """A term, which is 0 where it weighs nothing and is not finite."""

    term: Term
    factor: Term
    stored: Plates


How = Literal["here", "earlier", "from here", "later"]


@dataclass(frozen=True, slots=True)
class InSteps:
    """A sum over the steps of a loop up to each step, before it, from it on, or behind it."""

    term: Term
    loop: str
    how: How
    stored: Plates


Leaf = Read | Part | Weight | Expression | Number
Term = (
    Leaf
    | Detach
    | Infix
    | Scored
    | Sum
    | Negative
    | Rows
    | SumOfRows
    | Box
    | Summed
    | Reduced
    | Weighted
    | Times
    | Counting
    | InSteps
)


def inner(term: Term) -> tuple[Term, ...]:
    """The terms that a term is made of."""
    match term:
        case Read() | Part() | Weight() | Expression() | Number():
            return ()
        case Infix(_, left, right) | Scored(left, right):
            return (left, right)
        case Rows(terms) | Sum(terms):
            return terms
        case Weighted(of, factor) | Counting(of, factor):
            return (of, factor)
        case (
            Detach(of)
            | Negative(of)
            | SumOfRows(of)
            | Box(of)
            | Summed(of)
            | Reduced(of)
            | Times(_, of)
            | InSteps(of)
        ):
            return (of,)
        case _:
            assert_never(term)


def exchanged(term: Term, known: Mapping[Term, Term]) -> Term:
    """A term with others in the places of those that are ``known``."""
    if term in known:
        return known[term]
    match term:
        case Read() | Part() | Weight() | Expression() | Number():
            return term
        case Infix(_, left, right):
            return replace(term, left=exchanged(left, known), right=exchanged(right, known))
        case Scored(factor, of):
            return replace(term, box=exchanged(factor, known), term=exchanged(of, known))
        case Rows(terms) | Sum(terms):
            return replace(term, terms=tuple(exchanged(each, known) for each in terms))
        case Weighted(of, factor) | Counting(of, factor):
            return replace(term, term=exchanged(of, known), factor=exchanged(factor, known))
        case SumOfRows(of):
            return replace(term, rows=exchanged(of, known))
        case Box(of):
            return replace(term, scores=exchanged(of, known))
        case Detach(of) | Negative(of) | Summed(of) | Reduced(of) | Times(_, of) | InSteps(of):
            return replace(term, term=exchanged(of, known))
        case _:
            assert_never(term)


def leaves(term: Term) -> Iterator[Leaf]:
    """What a term looks at."""
    waiting: list[Term] = [term]
    while waiting:
        match waiting.pop():
            case Read() | Part() | Weight() | Expression() | Number() as leaf:
                yield leaf
            case other:
                waiting += reversed(inner(other))


def is_number(term: Term) -> bool:
    """Whether generated code has a Python number for a term."""
    match term:
        case Number():
            return True
        case Expression(plain=plain):
            return plain
        case Infix() | Sum() | Negative():
            return all(map(is_number, inner(term)))
        case Read() | Part() | Weight() | Detach() | Scored() | Rows() | SumOfRows() | Box():
            return False
        case Summed() | Reduced() | Weighted() | Times() | Counting() | InSteps():
            return False
        case _:
            assert_never(term)


# --- makers --------------------------------------------------------------------------------------


def infix(op: Literal["*", "/"], left: Term, right: Term) -> Term:
    """``left op right``."""
    return Infix(op, left, right, left.stored | right.stored)


def scored(box: Term, term: Term, *, idle: bool) -> Term:
    """``box · term``; ``idle``: an element may weigh nothing, and be infinite there."""
    return Scored(box, term, box.stored | term.stored) if idle else infix("*", box, term)


def detach(term: Term) -> Term:
    """``term`` without its gradient."""
    return Detach(term, term.stored)


def box(scores: Term) -> Term:
    """The magic box of a sum of scores."""
    return Box(scores, scores.stored)


def rows(terms: Sequence[Term], *, cumulative: bool = False) -> Term:
    """Terms stored alike, one behind the other in a dimension that stands first."""
    return Rows(tuple(terms), cumulative, terms[0].stored)


def sum_of_rows(term: Term) -> Term:
    """The sum of all rows."""
    return SumOfRows(term, term.stored)
