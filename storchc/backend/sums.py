"""Sums of many terms: written out while they are few, stacked when they are many."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from storchc.backend.code import Code
from storchc.backend.writer import Writer
from storchc.ir.types import Plates
from storchc.python.expressions import Py, call, infix, literal, method, tuple_of

MANY = 6
"""Terms from which one stacked operation is faster, and reads better, than a chain of them."""


def added(writer: Writer, terms: Sequence[Code]) -> Code:
    """The sum of terms, each aligned to the plates of all."""
    stored = frozenset[str]().union(*(t.stored for t in terms))
    same = [t.py for t in terms if t.stored == stored]
    rest = [writer.storage.align(t.py, t.stored, 0, stored) for t in terms if t.stored != stored]
    if len(same) >= MANY:
        same = [method(stacked(same), "sum", literal(0))]
    while len(rest) >= MANY:  # in statements of their own: no expression grows without bound
        rest = [_part(writer, rest[i : i + MANY], stored) for i in range(0, len(rest), MANY)]
    return Code(reduce(plus, [*same, *rest]), stored)


def plus(left: Py, right: Py) -> Py:
    """``left + right``."""
    return infix("+", left, right)


def _part(writer: Writer, codes: list[Py], stored: Plates) -> Py:
    return writer.named("part", Code(reduce(plus, codes), stored)).py


def stacked(codes: Sequence[Py]) -> Py:
    """Tensors of one shape along a new first dimension."""
    return call("torch.stack", tuple_of(*codes))
