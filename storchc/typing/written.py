"""Where values are written into a copy: indices of its first event dimensions."""

from __future__ import annotations

from storchc.catalogue import functions
from storchc.catalogue.function import Misfit
from storchc.catalogue.functions.fitting import broadcast
from storchc.diagnostics import shapes as words
from storchc.ir.expression import Literal, Value
from storchc.ir.size import Shape
from storchc.source import Span
from storchc.typing.application import apply
from storchc.typing.context import Refused


def places(function: str, found: list[Value], whole: Value, span: Span) -> Value:
    """Indices as one value whose last dimension counts them; each an int of its own dimension."""
    for value in found:
        if value.type.dtype != "int":
            what = f"an index of `{function}` is {value.type.dtype}, not int"
            help = "declare it `: int`, use `argmax`, or convert it with `long`"
            raise Refused(words.misfit(value.span, what, help))
    sizes = whole.type.shape[: len(found)]
    inside = [_from_start(v, size.value) for v, size in zip(found, sizes, strict=False)]
    inside += found[len(sizes) :]
    try:
        shape = broadcast(value.type.shape for value in found)
    except Misfit as misfit:
        raise Refused(words.misfit(span, misfit.message, misfit.help)) from None
    spread = tuple(_spread(value, shape) for value in inside)
    return apply(functions.row("stack"), spread, {"dim": -1}, span)


def _from_start(value: Value, size: int | None) -> Value:
    """An index; one that is known now lies in its dimension, and may count from the end of it."""
    if not isinstance(value, Literal) or size is None:
        return value
    number = int(value.value)
    if not -size <= number < size:
        message = f"the index {number} is outside of a dimension of size `{size}`"
        raise Refused(words.misfit(value.span, message, f"indices go from 0 to {size - 1}"))
    return Literal(number % size, value.type, value.span)


def _spread(value: Value, shape: Shape) -> Value:
    if value.type.shape == shape:
        return value
    return apply(functions.row("broadcast_to"), (value,), {"size": shape}, value.span)
