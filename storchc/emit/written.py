"""What an operation becomes: statements, and what the slots that it fills hold from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from storchc.emit.code import Code
from storchc.emit.context import MANY_PLATES, Context
from storchc.ir.types import DistributionType, Plates, ValueType
from storchc.program.slots import Slot
from storchc.program.statements import Settled
from storchc.python.expressions import Imported
from storchc.python.statements import Assign, Statement
from storchc.records import dataclass

TENSOR = Imported("Tensor", "")


@dataclass(frozen=True, slots=True)
class Written:
    """The statements of an operation, and what the slots that it fills hold."""

    statements: tuple[Statement, ...]
    filled: Mapping[Slot, Code]


def nothing(slot: Slot, code: Code) -> Written:
    """A slot that needs no statement."""
    return Written((), {slot: code})


def assigned(
    context: Context, slot: Slot, code: Code, comment: str = "", called: str = ""
) -> Written:
    """A slot that has a variable."""
    target = context.target(slot, called)
    return Written((Assign(target, code.py, comment),), {slot: Code(target, code.stored)})


def shape(context: Context, type_: ValueType | DistributionType, stored: Plates) -> str:
    """``[z, data, K, C]``: the plates in memory and the event."""
    event = type_.shape if isinstance(type_, ValueType) else type_.batch + type_.event
    return listed([*context.storage.order(stored), *map(str, event)])


def listed(dims: Sequence[str]) -> str:
    """``[z, data, K]``; of many dimensions the outermost two and the last, and how many."""
    if len(dims) <= MANY_PLATES:
        return f"[{', '.join(dims)}]"
    return f"[{dims[0]}, {dims[1]}, …, {dims[-1]}] ({len(dims)} dims)"


def settled(context: Context, code: Code, type_: ValueType, kept: Settled | None) -> Code:
    """A value under its name; a carried variable has one dtype in every step, and all plates."""
    code = context.tensor(code, type_.dtype)
    if kept is None:
        return code
    if kept.dtype == "float":
        code = context.floated(code, type_.dtype)
    return Code(context.expand(code, type_.rank, kept.plates), kept.plates)
