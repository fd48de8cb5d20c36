"""The outer layers of a module's default: what it ends with, and whether it is as declared."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.diagnostics import options as words
from storchc.diagnostics.diagnostic import Problem
from storchc.ir.nodes import Passed
from storchc.ir.size import Shape, Size
from storchc.ir.types import write_shape
from storchc.syntax import tree
from storchc.typing.context import Context, Refused
from storchc.typing.sizes import read_size

_OVER_TIME = ("RNN", "LSTM", "GRU")
"""They give a tuple, of which the second part has the batch in its second dimension."""


def check_layers(
    ctx: Context, node: tree.Module, arguments: tuple[Passed, ...], results: tuple[Passed, ...]
) -> None:
    """Refuse a first or last ``nn.Linear`` of another size than the module is declared with."""
    tuples = _tuples(node.default, arguments, results)
    if tuples is not None:
        ctx.problems.add(tuples)
        return
    for place, passed in ((0, arguments), (-1, results)):
        shape, layer = _only_shape(passed), _outer(node.default, place)
        if shape is None or layer is None or not _is_linear(layer) or len(layer.args) < 2:
            continue
        written = layer.args[0 if place == 0 else 1]
        size = _size(ctx, written)
        if size is None or (size.value or 0) < 0:  # reported already
            continue
        if shape and shape[-1].value in (None, size.value):
            continue
        wanted = write_shape((*shape[:-1], size))
        sides = write_shape(shape), wanted
        first = place == 0
        problem = words.layer_misfit(written.span, first, node.name, *sides, scalar=not shape)
        ctx.problems.add(problem)


def _tuples(
    default: tree.Expression | None, arguments: tuple[Passed, ...], results: tuple[Passed, ...]
) -> Problem | None:
    """What is wrong with a layer whose result is no tensor."""
    for layer in _layers(default):
        if _short(layer) in _OVER_TIME:
            return words.layer_over_time(layer.function)
    last = _outer(default, -1)
    if last is None:
        return None
    one = len(results) == 1 and not results[0].is_tuple
    match _short(last):
        case "LSTMCell" if one or any(not each.is_tuple for each in arguments[1:]):
            return words.layer_of_pairs(last.function)
        case "MultiheadAttention" if one:
            return words.layer_of_two_results(last.function)
    return None


def _layers(default: tree.Expression | None) -> Iterator[tree.Call]:
    """The layers of a default, one after the other."""
    if isinstance(default, tree.Call) and _short(default) == "Sequential":
        for argument in default.args:
            yield from _layers(argument)
    elif isinstance(default, tree.Call):
        yield default


def _only_shape(passed: tuple[Passed, ...]) -> Shape | None:
    return passed[0].items[0].shape if len(passed) == 1 and not passed[0].is_tuple else None


def _size(ctx: Context, written: tree.Expression) -> Size | None:
    try:
        return read_size(ctx, written)
    except Refused:  # no size, which torch says, or a wrong one, which is reported already
        return None


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
