"""Indexing of event dimensions: integers, slices, ``...`` and integer values."""

from __future__ import annotations

from storchc.diagnostics import shapes as words
from storchc.ir import size as arithmetic
from storchc.ir.expression import Literal, Range, Reference, Select, SelectItem, Value
from storchc.ir.size import Shape, Size, constant
from storchc.ir.types import DistributionType, ValueType, write_shape
from storchc.records import dataclass
from storchc.source import Span
from storchc.syntax import tree
from storchc.typing import expressions, sizes
from storchc.typing.context import Context, Refused

Item = int | Range | Value


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One item, and the dimensions that it leaves in the place of the one it stands at."""

    item: Item
    shape: Shape


WHOLE = Range(None, None, None)


def select(ctx: Context, node: tree.Index) -> Value | None:
    """The typed value of ``value[items]``."""
    if _is_distribution(ctx, node.value):
        raise Refused(words.distribution_indexed(node.span))
    value = expressions.value(ctx, node.value)
    if value is None:
        for item in node.items:
            _look_at(ctx, item)
        return None
    chosen = _items(ctx, node, value.type)
    if chosen is None:
        return None
    return _selected(value, _checked(node, chosen), node)


def _is_distribution(ctx: Context, expression: tree.Expression) -> bool:
    if not isinstance(expression, tree.Name):
        return False
    return isinstance(ctx.types.get(expression.id), DistributionType)


def _look_at(ctx: Context, item: tree.Expression | tree.Slice | tree.Dots) -> None:
    """Report what is wrong with an item of a value that is wrong itself."""
    if not isinstance(item, tree.Slice | tree.Dots):
        expressions.value(ctx, item)


# --- items ---------------------------------------------------------------------------------------


def _items(ctx: Context, node: tree.Index, type_: ValueType) -> list[_Chosen] | None:
    """One item for each event dimension, in order; None when one is wrong and reported."""
    given = [item for item in node.items if not isinstance(item, tree.Dots)]
    dots = [i for i, item in enumerate(node.items) if isinstance(item, tree.Dots)]
    if len(dots) > 1:
        span, help = node.items[dots[1]].span, "write `:` for each of the other dimensions"
        raise Refused(words.wrong_index(span, "`...` stands twice in one index", help))
    if len(given) > type_.rank:
        shape = write_shape(type_.shape)
        surplus = given[type_.rank].span.to(given[-1].span)
        told = surplus, len(given), shape, sorted(type_.plates)
        raise Refused(words.too_many_indices(*told, _of_a_step(ctx, node)))
    before = dots[0] if dots else len(given)
    after = len(given) - before
    middle = type_.shape[before : type_.rank - after]
    left = zip(given[:before], type_.shape, strict=False)
    right = zip(given[before:], type_.shape[type_.rank - after :], strict=True)
    chosen = [
        *(_item(ctx, item, size) for item, size in left),
        *(_Chosen(WHOLE, (size,)) for size in middle),
        *(_item(ctx, item, size) for item, size in right),
    ]
    known = [item for item in chosen if item is not None]
    return known if len(known) == len(chosen) else None


def _of_a_step(ctx: Context, node: tree.Index) -> str:
    """The name of a variable of the loop around, which may be indexed as if it had all steps."""
    if not (ctx.place.inside and isinstance(node.value, tree.Name)):
        return ""
    return node.value.id if ctx.loops.home.get(node.value.id) in ctx.place.inside else ""


def _item(
    ctx: Context, item: tree.Expression | tree.Slice | tree.Dots, size: Size
) -> _Chosen | None:
    match item:
        case tree.Slice():
            return _slice(ctx, item, size)
        case tree.Unary(op="-", operand=tree.Number(value=int(number)), span=span):
            return _Chosen(_within(-number, size, span, -number), ())
        case tree.Dots():
            raise AssertionError("dots are spread out before")
        case _:
            return _position(ctx, item, size)


def _position(ctx: Context, item: tree.Expression, size: Size) -> _Chosen | None:
    value = expressions.value(ctx, item)
    match value:
        case None:
            return None
        case Literal(value=int(number), span=span) if not isinstance(number, bool):
            if number < 0:
                raise Refused(words.index_out_of_range(span, str(number), str(size)))
            return _Chosen(_within(number, size, span, number), ())
        case _ if value.type.dtype == "int":
            return _Chosen(value, value.type.shape)
    help = "index with integers: `long(…)` of a value that is whole, `argmax` of a one-hot one"
    if isinstance(value, Reference) and ctx.scope.kind(value.name) == "input":
        help = f"index with integers: declare the input `{value.name}` as `: int`"
    if value.type.dtype == "bool":
        help = "choose elements with `where(…)`: how many a mask keeps is not known"
    raise Refused(words.wrong_index(value.span, f"an index of type {value.type.dtype}", help))


def _within(index: int, size: Size, span: Span, shown: int) -> int:
    """The index itself, when it is inside of the dimension or that is not known now."""
    if size.value is not None and not -size.value <= index < size.value:
        raise Refused(words.index_out_of_range(span, str(shown), str(size)))
    return index


# --- slices --------------------------------------------------------------------------------------


def _slice(ctx: Context, item: tree.Slice, size: Size) -> _Chosen | None:
    step = _step(ctx, item.step)
    start = _bound(ctx, item.start, size)
    stop = _bound(ctx, item.stop, size)
    if (item.start and start is None) or (item.stop and stop is None):
        return None
    first = constant(0) if start is None else _from_start(start, size)
    last = size if stop is None else _from_start(stop, size)
    if start is None and stop is None and step == 1:
        return _Chosen(WHOLE, (size,))
    length = arithmetic.subtract(last, first) if first.terms else last
    if step > 1:
        rounded = arithmetic.add(length, constant(step - 1))
        length = arithmetic.floor_divide(rounded, constant(step))
    if length.value is not None and length.value < 1:
        raise Refused(words.empty_slice(item.span))
    if length.value is not None and length is not size:
        length = constant(length.value, literal=last.literal and first.literal)
    return _Chosen(Range(start, stop, None if step == 1 else step), (length,))


def _bound(ctx: Context, bound: tree.Expression | None, size: Size) -> Size | None:
    """A bound of a slice; numbers that are written with a minus count from the end."""
    if bound is None:
        return None
    found = sizes.read_size(ctx, bound)
    if found is None or found.value is None or size.value is None:
        return found
    written = isinstance(bound, tree.Unary) and isinstance(bound.operand, tree.Number)
    lowest = -size.value if written else 0
    if not lowest <= found.value <= size.value:
        raise Refused(words.index_out_of_range(bound.span, str(found), str(size)))
    return found


def _from_start(bound: Size, size: Size) -> Size:
    if bound.value is not None and bound.value < 0:
        return arithmetic.subtract(size, constant(-bound.value))
    return bound


def _step(ctx: Context, step: tree.Expression | None) -> int:
    if step is None:
        return 1
    size = sizes.read_size(ctx, step)
    if size is None or size.value is None or size.value < 1:
        help = "write a positive number that is known now; `flip(…)` turns a dimension round"
        raise Refused(words.wrong_index(step.span, "this step of a slice is not positive", help))
    return size.value


# --- results -------------------------------------------------------------------------------------


def _checked(node: tree.Index, chosen: list[_Chosen]) -> list[_Chosen]:
    """Refuse what torch would combine in ways of its own."""
    values = [c.item for c in chosen if not isinstance(c.item, int | Range)]
    if len(values) > 1 and any(value.type.rank for value in values):
        help = "index with one of them at a time: `x[i][j]`"
        what = "several integer values with event dimensions in one index"
        raise Refused(words.wrong_index(node.span, what, help))
    return chosen


def _selected(value: Value, chosen: list[_Chosen], node: tree.Index) -> Value:
    """The selection: all plain items with the first value, then one value at a time."""
    first = next((i for i, c in enumerate(chosen) if _is_value(c)), None)
    later = [i for i, c in enumerate(chosen) if _is_value(c) and i != first]
    now = [
        _Chosen(WHOLE, (value.type.shape[i],)) if i in later else c for i, c in enumerate(chosen)
    ]
    result = _step_of(value, now, node)
    if not later:
        return result
    left = [chosen[i] if i in later else c for i, c in enumerate(now) if i in later or c.shape]
    spread = [c if _is_value(c) else _Chosen(WHOLE, c.shape) for c in left]
    return _selected(result, spread, node)


def _is_value(chosen: _Chosen) -> bool:
    return not isinstance(chosen.item, int | Range)


def _step_of(value: Value, chosen: list[_Chosen], node: tree.Index) -> Value:
    shape = tuple(size for c in chosen for size in c.shape)
    plates = value.type.plates.union(
        *(c.item.type.plates for c in chosen if not isinstance(c.item, int | Range))
    )
    items: list[SelectItem] = [c.item for c in chosen]
    while items and items[-1] == WHOLE:
        items.pop()
    if not items:
        return value
    return Select(value, tuple(items), ValueType(plates, shape, value.type.dtype), node.span)
