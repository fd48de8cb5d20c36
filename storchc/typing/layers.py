"""The outer layers of a module's default: what it ends with, and whether it is as declared."""

from __future__ import annotations

from storchc.catalogue.family import POSITIVE, Family
from storchc.diagnostics import options as words
from storchc.diagnostics import shapes as shape_words
from storchc.ir.expression import CallUser, Value
from storchc.ir.nodes import Callee, Slot
from storchc.ir.size import Shape, Size
from storchc.ir.types import write_shape
from storchc.syntax import tree
from storchc.typing.context import Context, Refused
from storchc.typing.sizes import read_size


def check_layers(
    ctx: Context, node: tree.Module, arguments: tuple[Slot, ...], results: tuple[Slot, ...]
) -> None:
    """Refuse a first or last ``nn.Linear`` of another size than the module is declared with."""
    for place, slots in ((0, arguments), (-1, results)):
        shape, layer = _only_shape(slots), _outer(node.default, place)
        if shape is None or layer is None or not _is_linear(layer) or len(layer.args) < 2:
            continue
        written = layer.args[0 if place == 0 else 1]
        size = _size(ctx, written)
        if size is None or (shape and shape[-1].value in (None, size.value)):
            continue
        wanted = write_shape((*shape[:-1], size))
        sides = write_shape(shape), wanted
        first = place == 0
        problem = words.layer_misfit(written.span, first, node.name, *sides, scalar=not shape)
        ctx.problems.add(problem)


def _only_shape(slots: tuple[Slot, ...]) -> Shape | None:
    return slots[0].items[0].shape if len(slots) == 1 and not slots[0].is_tuple else None


def _size(ctx: Context, written: tree.Expression) -> Size | None:
    try:
        return read_size(ctx, written)
    except Refused:  # no size, which torch says, or a wrong one, which is reported already
        return None


def warn_of_outputs(
    ctx: Context, node: tree.Call, family: Family, parameters: dict[str, Value]
) -> None:
    """Warn of a module's plain output where probabilities or positive numbers belong."""
    exclusive = any({"probs", "logits"} <= set(group) for group in family.choices)
    by_position = {argument.span for argument in node.args}
    for parameter in family.parameters:
        value = parameters.get(parameter.name)
        callee = ctx.callees.get(value.callee) if isinstance(value, CallUser) else None
        if value is None or callee is None or callee.kind != "module":
            continue
        if parameter.name == "probs" and exclusive and value.span in by_position:
            if _may_give_any_number(callee):
                ctx.problems.add(shape_words.output_as_probs(value.span, callee.name))
        elif parameter.bounds is POSITIVE and _ends_linear(callee):
            problem = shape_words.output_as_positive(value.span, callee.name, parameter.name)
            ctx.problems.add(problem)


def _ends_linear(callee: Callee) -> bool:
    """Whether the last layer is known to give numbers of either sign."""
    last = None if callee.default is None else callee.default.last
    return last is not None and last.name == "Linear"


def _may_give_any_number(callee: Callee) -> bool:
    """Whether nothing is known that makes probabilities, such as ``nn.Softmax`` at the end."""
    return callee.default is None or _ends_linear(callee)


def _outer(default: tree.Expression | None, place: int) -> tree.Call | None:
    """The layer at ``place``, 0 or -1, of a default, inside of every ``nn.Sequential``."""
    if not isinstance(default, tree.Call):
        return None
    if _short(default) != "Sequential":
        return default
    return _outer(default.args[place], place) if default.args else None


def _is_linear(layer: tree.Call) -> bool:
    return _short(layer) == "Linear"


def _short(layer: tree.Call) -> str:
    return layer.function.id.removeprefix("nn.")
