"""Indexing event dimensions."""

from __future__ import annotations

from types import EllipsisType

from storchc.emit.alignment import align_whole
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.ir.expression import Range, Select, SelectItem, Value
from storchc.ir.size import Shape
from storchc.ir.types import Plates
from storchc.python.expressions import (
    ALL,
    DOTS,
    NONE,
    Py,
    SliceOf,
    call,
    index,
    literal,
    method,
    tuple_of,
)


def select(context: Context, value: Select) -> Code:
    """``value[items]``: basic items first, then the one item that is a tensor, if there is one."""
    code = context.tensor(context.value(value.value), value.value.type.dtype)
    items = _spelled(value.items, value.value.type.rank)
    chosen = [(i, item) for i, item in enumerate(items) if not isinstance(item, int | Range)]
    if not chosen:
        return Code(_basic(context, code, items), code.stored)
    position, item = chosen[0]
    picked = context.value(item)
    if picked.plain:
        codes = [_item(context, x) if i != position else picked.py for i, x in enumerate(items)]
        return Code(_indexed(code.py, code.stored, codes), code.stored)
    code = Code(_basic(context, code, [_keep(x) for x in items]), code.stored)
    kept = [x for x in items if not isinstance(x, int)]
    return _gather(context, code, picked, item.type.shape, kept.index(item), len(kept))


def _spelled(items: tuple[SelectItem, ...], rank: int) -> list[int | Range | Value]:
    """One item for every event dimension."""
    given = [i for i in items if not isinstance(i, EllipsisType)]
    full = [Range(None, None, None)] * (rank - len(given))
    at = next((n for n, i in enumerate(items) if isinstance(i, EllipsisType)), len(given))
    return [*given[:at], *full, *given[at:]]


def _keep(item: int | Range | Value) -> int | Range:
    """Basic items stay; the place of a tensor is kept whole for now."""
    return item if isinstance(item, int | Range) else Range(None, None, None)


def _basic(context: Context, code: Code, items: list[int | Range | Value]) -> Py:
    return _indexed(code.py, code.stored, [_item(context, i) for i in items])


def _indexed(code: Py, stored: Plates, items: list[Py]) -> Py:
    if all(i is ALL for i in items):
        return code
    if not stored:
        while items[-1] is ALL:
            items.pop()
        return index(code, *items)
    return index(code, DOTS, *items)


def _item(context: Context, item: int | Range | Value) -> Py:
    match item:
        case int():
            return literal(item)
        case Range(None, None, None):
            return ALL
        case Range(start, stop, step):
            sizes = [None if s is None else context.size(s) for s in (start, stop)]
            return SliceOf(sizes[0], sizes[1], None if step is None else literal(step))
        case _:
            return context.value(item).py


def _gather(context: Context, code: Code, picked: Code, shape: Shape, dim: int, rank: int) -> Code:
    """Elements along event dimension ``dim``, for each plate element by its own index."""
    if not code.stored:
        before = [ALL] * dim
        return (
            Code(index(code.py, *before, picked.py), picked.stored)
            if dim == 0
            else _moved(context, code, picked, shape, dim, rank)
        )
    return _moved(context, code, picked, shape, dim, rank)


def _moved(context: Context, code: Code, picked: Code, shape: Shape, dim: int, rank: int) -> Code:
    """``take_along_dim`` over aligned plates, by an index that has one dimension for it.

    An index of rank 0 takes one element and no more; the dimensions of one of rank 2 and more are
    laid side by side.
    """
    stored = code.stored | picked.stored
    after = rank - dim - 1
    source = align_whole(context.storage, code.py, code.stored, stored)
    aligned = align_whole(context.storage, picked.py, picked.stored, stored)
    lead = [ALL] * len(context.storage.order(stored))
    if len(shape) > 1:
        aligned = method(aligned, "flatten", literal(-len(shape)))
    own = [ALL] if shape else [NONE]
    shaped = index(aligned, *lead, *[NONE] * dim, *own, *[NONE] * after)
    taken = call("torch.take_along_dim", source, shaped, literal(-1 - after))
    match len(shape):
        case 0:
            taken = method(taken, "squeeze", literal(-1 - after))
        case 1:
            pass
        case _:
            sizes = tuple_of(*map(context.size, shape))
            taken = method(taken, "unflatten", literal(-1 - after), sizes)
    return Code(taken, stored)
