"""What functions are linear in, and the algebra that many rows share."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from storchc.catalogue.function import Algebra, Together
from storchc.catalogue.functions import moves
from storchc.ir.expression import Apply


def nothing(value: Apply) -> Together:
    """Linear in no operand."""
    return ()


def together(value: Apply) -> Together:
    """Linear in all operands at once, as a sum is."""
    return (frozenset(range(len(value.operands))),)


def each(value: Apply) -> Together:
    """Linear in every operand while the others are held, as a product is."""
    return tuple(frozenset({position}) for position in range(len(value.operands)))


def only(*sets: Iterable[int]) -> Callable[[Apply], Together]:
    """Linear in the operands of each of these sets while the others are held."""
    listed = tuple(map(frozenset, sets))
    return lambda value: listed


ELEMENTWISE = Algebra(moves.elementwise, nothing)
SUM = Algebra(moves.elementwise, together)
PRODUCT = Algebra(moves.elementwise, each)
CONSTANT = SUM
"""Of functions without operands."""
