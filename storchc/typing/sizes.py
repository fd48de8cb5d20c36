"""Sizes of event dimensions: integers, dims and ``+ - * //`` between them."""

from __future__ import annotations

from collections.abc import Iterable

from storchc.diagnostics import plates as plate_words
from storchc.diagnostics import shapes as words
from storchc.ir import size as sizes
from storchc.ir.size import Shape, Size
from storchc.syntax import tree
from storchc.typing.context import Context, Refused

_OPERATIONS = {
    "+": sizes.add,
    "-": sizes.subtract,
    "*": sizes.multiply,
    "//": sizes.floor_divide,
}
_LARGEST = 2**63 - 1
_NOT_SIZES: dict[type, str] = {
    tree.Constant: "a constant",
    tree.Text: "a string",
    tree.Conditional: "a choice",
    tree.Call: "a call",
    tree.Index: "an index",
    tree.Attribute: "a property",
    tree.ListOf: "a list",
}


def read_size(ctx: Context, expression: tree.Expression) -> Size | None:
    """The size that an expression stands for; None when a dim in it is wrong already."""
    match expression:
        case tree.Number(value=value, span=span):
            if isinstance(value, float):
                raise Refused(words.not_a_size(span, f"`{value}`"))
            return sizes.constant(value)
        case tree.Name():
            return dim(ctx, expression)
        case tree.Unary(op="+", operand=operand):
            return read_size(ctx, operand)
        case tree.Unary(op="-", operand=operand):
            inner = read_size(ctx, operand)
            return None if inner is None else sizes.subtract(sizes.constant(0), inner)
        case tree.Binary(op=op) if op in _OPERATIONS:
            return _operation(ctx, expression)
        case tree.Unary(op=op) | tree.Binary(op=op):
            raise Refused(words.not_a_size(expression.span, f"something with `{op}`"))
        case _:
            raise Refused(words.not_a_size(expression.span, _NOT_SIZES[type(expression)]))


def _operation(ctx: Context, expression: tree.Binary) -> Size | None:
    left, right = read_size(ctx, expression.left), read_size(ctx, expression.right)
    if left is None or right is None:
        return None
    if expression.op == "//" and right.value == 0:
        raise Refused(words.size_division(expression.right.span))
    result = _OPERATIONS[expression.op](left, right)
    if result.value is not None and abs(result.value) > _LARGEST:
        raise Refused(words.size_too_large(expression.span))
    return result


def dim(ctx: Context, name: tree.Name) -> Size | None:
    """The size of a dim; None when the dim itself is wrong."""
    if name.id in ctx.sizes:
        ctx.use(name)
        return ctx.sizes[name.id]
    definition = ctx.scope.definitions.get(name.id)
    if definition is not None and definition.kind == "plate":
        raise Refused(plate_words.plate_as_size(name, definition.name.span))
    raise ctx.refuse(name, "dim")


def event_size(ctx: Context, expression: tree.Expression) -> Size | None:
    """A size of a dimension: at least 1 where it is known."""
    size = read_size(ctx, expression)
    if size is not None and size.value is not None and size.value < 1:
        raise Refused(words.size_too_small(expression.span, str(size)))
    return size


def read_shape(ctx: Context, expressions: Iterable[tree.Expression]) -> Shape | None:
    """An event shape; every size that is wrong is reported, and then there is none."""
    shape: list[Size | None] = []
    for expression in expressions:
        try:
            shape.append(event_size(ctx, expression))
        except Refused as refusal:
            ctx.problems.add(refusal.problem)
            shape.append(None)
    known = tuple(size for size in shape if size is not None)
    return known if len(known) == len(shape) else None


def constant_shape(
    ctx: Context, expressions: Iterable[tree.Expression], where: str
) -> Shape | None:
    """A shape that is known now; ``where`` says what needs it to be."""
    listed = tuple(expressions)
    for expression in listed:
        refuse_free_dims(ctx, expression, where)
    return read_shape(ctx, listed)


def refuse_free_dims(ctx: Context, expression: tree.Expression, where: str) -> None:
    """Refuse a size expression with a dim that is known at run time only."""
    match expression:
        case tree.Name(id=name) if name in ctx.dims and ctx.dims[name].value is None:
            raise Refused(words.free_dim(expression, where, ctx.dims[name].span))
        case tree.Unary(operand=operand):
            refuse_free_dims(ctx, operand, where)
        case tree.Binary(left=left, right=right):
            refuse_free_dims(ctx, left, where)
            refuse_free_dims(ctx, right, where)
        case _:
            pass
