"""Functions written as sums and products of functions of parts of their operands."""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType

from storchc.catalogue.function import Arguments
from storchc.catalogue.functions import row
from storchc.catalogue.functions.fitting import axis
from storchc.catalogue.functions.moves import letters
from storchc.ir.expression import Apply, Literal, Range, Select, Setting, Value
from storchc.ir.size import Shape, Size, constant, divide
from storchc.ir.types import NO_PLATES, ValueType
from storchc.source import Span

# --- making values -------------------------------------------------------------------------------


def _apply(name: str, span: Span, *operands: Value, **settings: Setting) -> Value:
    types = tuple(operand.type for operand in operands)
    numbers = tuple(o.value if isinstance(o, Literal) else None for o in operands)
    outcome = row(name).infer(Arguments(types, numbers, settings))
    plates = NO_PLATES.union(*(type_.plates for type_ in types))
    return Apply(name, operands, settings, ValueType(plates, outcome.shape, outcome.dtype), span)


def _sum(value: Value, dims: tuple[int, ...], keep: Setting = False) -> Value:
    return _apply("sum", value.span, value, dim=dims, keepdim=keep)


def _unsqueezed(value: Value, at: int) -> Value:
    return _apply("unsqueeze", value.span, value, dim=at)


def _part(value: Value, at: int, chosen: Range | int, size: Shape) -> Value:
    """``value[…]`` along the dimension ``at``, whose size becomes ``size``; none where it goes."""
    old = value.type.shape
    place = at + len(old)
    shape = (*old[:place], *size, *old[place + 1 :])
    full = (Range(None, None, None),) * (-at - 1)
    items: tuple[EllipsisType | Range | int, ...] = (..., chosen, *full)
    type_ = ValueType(value.type.plates, shape, value.type.dtype)
    return Select(value, items, type_, value.span)


# --- halves, rows --------------------------------------------------------------------------------


def gated(value: Apply) -> Value | None:
    """``glu``: the first half times the sigmoid of the second."""
    (operand,) = value.operands
    at = axis(value.settings["dim"], operand.type.shape)
    half = divide(operand.type.shape[at], constant(2))
    assert half is not None
    first = _part(operand, at, Range(None, half, None), (half,))
    second = _part(operand, at, Range(half, None, None), (half,))
    gate = _apply("sigmoid", value.span, second)
    return _apply("multiply", value.span, first, gate)


def row_taken(value: Apply, source: int = 0, index: int = 1) -> Value | None:
    """One row whose number is known: it is made of no other."""
    table, chosen = value.operands[source], value.operands[index]
    if not isinstance(chosen, Literal):
        return None
    return _part(table, -table.type.rank, int(chosen.value), ())


def row_embedded(value: Apply) -> Value | None:
    """As `row_taken`, of ``embedding``."""
    return row_taken(value, 1, 0)


def gathered(value: Apply) -> Value | None:
    """``gather`` out of the part that the index covers, if that is not all."""
    source, index = value.operands
    at = axis(value.settings["dim"], source.type.shape)
    found = source
    for dim in range(-source.type.rank, 0):
        size: Size = index.type.shape[dim]
        if dim != at and size != source.type.shape[dim]:
            found = _part(found, dim, Range(None, size, None), (size,))
    if found is source:
        return None
    return Apply(value.function, (found, index), value.settings, value.type, value.span)


# --- sums ----------------------------------------------------------------------------------------


def counted(value: Apply) -> Value | None:
    """``count_nonzero``: each element counts by itself."""
    (operand,) = value.operands
    zero = Literal(0, ValueType(NO_PLATES, (), "int"), value.span)
    truths = _apply("not_equal", value.span, operand, zero)
    return _apply("sum", value.span, truths, dim=value.settings["dim"], keepdim=False)


def absolute(value: Apply) -> Value | None:
    """``norm`` for ``p=1``: the sum of absolute values."""
    if value.settings["p"] != 1:
        return None
    options = {name: value.settings[name] for name in ("dim", "keepdim")}
    return _apply("sum", value.span, _apply("abs", value.span, *value.operands), **options)


def city_blocks(value: Apply) -> Value | None:
    """``cdist`` for ``p=1``: the sum of absolute differences of coordinates."""
    if value.settings["p"] != 1:
        return None
    rows, columns = value.operands
    pair = _unsqueezed(rows, -2), _unsqueezed(columns, -3)
    distance = _apply("abs", value.span, _apply("subtract", value.span, *pair))
    return _sum(distance, (-1,))


def products(value: Apply) -> Value | None:
    """``einsum``: the products of all elements that meet, summed."""
    return _products(value, *letters(value))


def matrix_products(value: Apply) -> Value | None:
    """A product of vectors and matrices, or of a stack of them that broadcasts."""
    left, right = (operand.type.rank for operand in value.operands)
    if left > 2 or right > 2:
        return None
    return _products(value, ["ij"[-left:], "jk"[:right]], "i" * (left > 1) + "k" * (right > 1))


def layer(value: Apply) -> Value | None:
    """``linear``: the product, and the bias."""
    rows, weight, *bias = value.operands
    turned = _apply("transpose", value.span, weight, dim0=-2, dim1=-1)
    product = _apply("matmul", value.span, rows, turned)
    return _apply("add", value.span, product, *bias) if bias else product


def _products(value: Apply, terms: Sequence[str], right: str) -> Value | None:
    """The operands side by side, a dimension a letter: those of the result, then what is summed."""
    if any(len(set(term)) < len(term) for term in terms):
        return None
    summed = "".join(sorted(set("".join(terms)) - set(right)))
    aligned = [
        _aligned(operand, term, right + summed)
        for operand, term in zip(value.operands, terms, strict=True)
    ]
    product = aligned[0]
    for other in aligned[1:]:
        product = _apply("multiply", value.span, product, other)
    return _sum(product, tuple(range(-len(summed), 0))) if summed else product


def _aligned(value: Value, term: str, order: str) -> Value:
    """A value whose dimensions ``term`` names with one for each letter of ``order``."""
    present = [letter for letter in order if letter in term]
    places = tuple(term.index(letter) for letter in present)
    if places != tuple(range(len(term))):
        value = _apply("permute", value.span, value, dims=places)
    for place, letter in enumerate(order):
        if letter not in term:
            value = _unsqueezed(value, place)
    return value
