"""Moves: where the event dimensions of an operand are in the result of a function.

All dimensions are counted from the end. A rule gives None for a dimension along which an element of
the result may be made of several elements of the operand; that is always right, but then nothing is
known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from storchc.catalogue.function import Move
from storchc.catalogue.functions.fitting import axes, axis, broadcast, sizes_of
from storchc.ir.expression import Apply, Setting
from storchc.ir.size import Shape


def elementwise(value: Apply, position: int) -> Move:
    """Operands broadcast, and every element is by itself."""
    return lambda dim: dim


def nowhere(value: Apply, position: int) -> Move:
    """Every element of the result is made of all elements of the operand."""
    return lambda dim: None


def reduced(value: Apply, position: int) -> Move:
    """Dimensions are reduced, those that ``dim`` names or all: they are gone, or of size 1."""
    shape = _shape(value, position)
    gone = axes(value.settings["dim"], shape)
    return _without(gone, keep=bool(value.settings.get("keepdim")))


def along(value: Apply, position: int) -> Move:
    """A function along the dimension ``dim``: what runs along another one stays."""
    return _joining(axis(value.settings["dim"], _shape(value, position)))


def along_dims(value: Apply, position: int) -> Move:
    """Elements change their places along ``dims``."""
    return _joining(*axes(value.settings["dims"], _shape(value, position)))


def last(value: Apply, position: int) -> Move:
    """Vectors in, vectors out: the last dimension of all operands and of the result."""
    return _joining(-1)


def normalized(value: Apply, position: int) -> Move:
    """The last dimensions, listed in ``normalized_shape``, are normalised together."""
    count = len(sizes_of(value.settings["normalized_shape"]))
    return _joining(*range(-count, 0))


def paired(value: Apply, position: int) -> Move:
    """Vectors along the dimension ``dim`` of the operands, once broadcast, become numbers."""
    shape = broadcast(operand.type.shape for operand in value.operands)
    return _without((axis(value.settings["dim"], shape),))


def classes(value: Apply, position: int) -> Move:
    """The last dimension, of scores or probabilities of classes, is reduced; labels lack it."""
    labels = position == 1 and value.operands[1].type.dtype == "int"
    return elementwise(value, position) if labels else _without((-1,))


def distances(value: Apply, position: int) -> Move:
    """All pairs of rows of two matrices: those of the first are rows, of the second columns."""
    return {-2: -2 if position == 0 else -1}.get


def _joining(*dims: int) -> Move:
    return lambda dim: None if dim in dims else dim


def _without(gone: Sequence[int], *, keep: bool = False) -> Move:
    if keep:
        return _joining(*gone)
    return lambda dim: None if dim in gone else dim + sum(g > dim for g in gone)


def _shape(value: Apply, position: int) -> Shape:
    return value.operands[position].type.shape


# --- shapes --------------------------------------------------------------------------------------


def squeezed(value: Apply, position: int) -> Move:
    """Dimensions of size 1 are removed."""
    shape, asked = _shape(value, position), value.settings["dim"]
    ones = tuple(i - len(shape) for i, size in enumerate(shape) if size.value == 1)
    return _without(ones if asked is None else axes(asked, shape))


def inserted(value: Apply, position: int) -> Move:
    """A dimension is inserted at ``dim``."""
    at = axis(value.settings["dim"], _shape(value, position), extra=1)
    return lambda dim: dim if dim > at else dim - 1


def exchanged(value: Apply, position: int) -> Move:
    """Two dimensions are exchanged."""
    shape = _shape(value, position)
    a, b = (axis(value.settings[name], shape) for name in ("dim0", "dim1"))
    return lambda dim: {a: b, b: a}.get(dim, dim)


def ordered(value: Apply, position: int) -> Move:
    """Dimensions in the order of ``dims``."""
    shape = _shape(value, position)
    order = [axis(item, shape) for item in cast("Sequence[Setting]", value.settings["dims"])]
    return lambda dim: order.index(dim) - len(order)


def reshaped(value: Apply, position: int) -> Move:
    """Dimensions stay where all that stands before them, or behind them, is as it was."""
    old, new = _shape(value, position), value.type.shape

    def move(dim: int) -> int | None:
        before, behind = old[: dim + len(old) + 1], old[dim:]
        if new[dim if -dim <= len(new) else 0 :] == behind:
            return dim
        return len(before) - 1 - len(new) if new[: len(before)] == before else None

    return move


# --- indexing ------------------------------------------------------------------------------------


def pushed(value: Apply, position: int) -> Move:
    """A dimension is added on the right."""
    return lambda dim: dim - 1


def rows_taken(value: Apply, position: int) -> Move:
    """The index stands in place of the first dimension of what it looks into."""
    rank = value.operands[0].type.rank
    return _joining(-rank) if position == 0 else lambda dim: dim - rank + 1


def rows_embedded(value: Apply, position: int) -> Move:
    """The index pushes in front of the columns of the table."""
    return pushed(value, 0) if position == 0 else _joining(-2)


def gathered(value: Apply, position: int) -> Move:
    """The index is by itself; what it looks into stays, ``dim`` and what it leaves out aside."""
    if position == 1:
        return elementwise(value, 1)
    source, where = (operand.type.shape for operand in value.operands)
    at = axis(value.settings["dim"], source)
    return lambda dim: dim if dim != at and source[dim] == where[dim] else None


# --- products ------------------------------------------------------------------------------------


def multiplied(value: Apply, position: int) -> Move:
    """The contracted dimension is gone; rows and columns of the other side push or draw."""
    own, other = (value.operands[p].type.rank for p in (position, 1 - position))
    summed = -1 if position == 0 or own == 1 else -2
    row = -2 if position == 0 else -1  # where the dimension that is left of the matrix stands

    def move(dim: int) -> int | None:
        if dim == summed:
            return None
        if dim > -3:
            return -1 if row == -1 or other == 1 else -2
        return dim + (other == 1)

    return move


def layered(value: Apply, position: int) -> Move:
    """``x @ weight.T + bias``: the columns of the weight are summed, its rows are left."""
    match position:
        case 0:
            return _joining(-1)
        case 1:
            return {-2: -1}.get
        case _:
            return elementwise(value, position)


def crossed(value: Apply, position: int) -> Move:
    """The first vector runs along the rows, the second along the columns."""
    return pushed(value, 0) if position == 0 else elementwise(value, 1)


def lettered(value: Apply, position: int) -> Move:
    """Letters of an equation say where dimensions go; twice in an operand they join."""
    terms, right = letters(value)
    term = terms[position]

    def move(dim: int) -> int | None:
        once = term.count(term[dim]) == 1
        return right.index(term[dim]) - len(right) if once and term[dim] in right else None

    return move


def letters(value: Apply) -> tuple[list[str], str]:
    """The letters of the operands of an ``einsum``, and those of its result."""
    text = str(value.settings["equation"]).replace(" ", "")
    left, arrow, right = text.partition("->")
    names = left.replace(",", "")
    implied = "".join(sorted(c for c in set(names) if names.count(c) == 1))
    return left.split(","), right if arrow else implied


# --- matrices ------------------------------------------------------------------------------------


def matrices(value: Apply, position: int) -> Move:
    """Matrices in, matrices out: the last two dimensions."""
    return _joining(-2, -1)


def contracted(value: Apply, position: int) -> Move:
    """Matrices in, numbers out."""
    return _without((-2, -1))


def diagonals(value: Apply, position: int) -> Move:
    """Rows and columns of a matrix meet on its diagonal."""
    return lambda dim: min(dim + 1, -1)


def embedded(value: Apply, position: int) -> Move:
    """A vector on the diagonal of a matrix: each column has one element of it."""
    return lambda dim: -1 if dim == -1 else dim - 1
