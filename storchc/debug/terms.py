"""Terms as text: ``mean(box(score z + score w) · cost c, over=[z, data])``."""

from __future__ import annotations

from typing import assert_never

from storchc.debug.expressions import call, one_or_list, write
from storchc.ir.graph import Graph
from storchc.ir.types import Plates
from storchc.program.terms import (
    Box,
    Counting,
    Detach,
    Expression,
    Infix,
    InSteps,
    Negative,
    Number,
    Part,
    Read,
    Reduced,
    Rows,
    Scored,
    Sum,
    Summed,
    SumOfRows,
    Term,
    Times,
    Weight,
    Weighted,
)

# How strongly the parts of a term hold together.
_SUM, _PRODUCT, _FACTOR, _ATOM = 0, 1, 2, 3


def write_term(graph: Graph, term: Term, within: int = _SUM) -> str:
    """The text of a term; in parentheses where it is to hold together more than it does."""
    text, strength = _written(graph, term)
    return f"({text})" if strength < within else text


def _written(graph: Graph, term: Term) -> tuple[str, int]:
    match term:
        case Sum(terms):
            return " + ".join(write_term(graph, each, _PRODUCT) for each in terms), _SUM
        case Negative(of):
            return f"-{write_term(graph, of, _FACTOR)}", _PRODUCT
        case Infix(op, left, right):
            sides = write_term(graph, left, _PRODUCT), write_term(graph, right, _FACTOR)
            return (" · " if op == "*" else " / ").join(sides), _PRODUCT
        case Times(plate, of):
            return f"size {plate} · {write_term(graph, of, _FACTOR)}", _PRODUCT
        case Expression(value, detached=detached):
            return (call("detach", write(value)), _ATOM) if detached else (write(value), _SUM)
        case _:
            return _atom(graph, term), _ATOM


def _atom(
    graph: Graph,
    term: Read
    | Part
    | Weight
    | Number
    | Detach
    | Scored
    | Rows
    | SumOfRows
    | Box
    | Summed
    | Reduced
    | Weighted
    | Counting
    | InSteps,
) -> str:
    match term:
        case Read(slot):
            return str(slot)
        case Part(slot, member):
            short = slot.kind == "draw" and member in ("score", "weight", "box")
            return f"{member} {slot.name}" if short else f"{member} of {slot}"
        case Weight(over=over):
            weight = f"weight {term.sample}" + (" by step" if term.told else "")
            return call("product", weight, along(graph.order(over))) if over else weight
        case Number(number):
            return str(number)
        case Scored(box, of):
            return call("scored", *_each(graph, box, of))
        case Rows(terms, cumulative):
            return call("cumulative_rows" if cumulative else "rows", *_each(graph, *terms))
        case SumOfRows(of):
            return call("sum", write_term(graph, of))
        case Detach(of) | Box(of):
            return call("box" if isinstance(term, Box) else "detach", write_term(graph, of))
        case Summed(of, plates):
            return call("sum", write_term(graph, of), along(plates))
        case Reduced(of, plates, kind):
            return call(kind, write_term(graph, of), along(plates))
        case Weighted(of, factor, plates, averaged):
            divided = [f"averaged={one_or_list(averaged)}"] if averaged else []
            return call("weighted", *_each(graph, factor, of), along(plates), *divided)
        case Counting(of, factor):
            return call("counting", *_each(graph, factor, of))
        case InSteps(of, loop, how):
            return call(how.replace(" ", "_"), write_term(graph, of), f"steps={loop}")
        case _:
            assert_never(term)


def _each(graph: Graph, *terms: Term) -> list[str]:
    return [write_term(graph, term) for term in terms]


def along(plates: tuple[str, ...]) -> str:
    """``over=[z, data]``."""
    return f"over={one_or_list(plates)}"


def write_plates(graph: Graph, plates: Plates) -> str:
    """``[z, data]``, in the order of memory."""
    return f"[{', '.join(graph.order(plates))}]"
