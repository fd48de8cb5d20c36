"""The outer layers of a module's default: what it ends with, and whether it is as declared."""

from __future__ import annotations

from collections.abc import Iterator

from storchc.diagnostics import options as words
from storchc.diagnostics.diagnostic import Problem
from storchc.ir.defaults import BATCH_FIRST, RECURRENT, TUPLES
from storchc.ir.nodes import Passed
from storchc.ir.size import Shape, Size, add
from storchc.ir.types import write_shape
from storchc.syntax import tree
from storchc.syntax.walk import parts
from storchc.typing.context import Context, Refused
from storchc.typing.sizes import read_size


def check_layers(
    ctx: Context, node: tree.Module, arguments: tuple[Passed, ...], results: tuple[Passed, ...]
) -> None:
    """Refuse a first or last ``nn.Linear`` of another size than the module is declared with."""
    problem = _batch_second(node.default) or _tuples(node.default, arguments, results)
    if problem is not None:
        ctx.problems.add(problem)
        return
    for place, passed in ((0, arguments), (-1, results)):
        shape, layer = _only_shape(passed), _outer(node.default, place)
        if shape is None or layer is None or len(layer.args) < 2:
            continue
        if not _is_linear(layer) and _short(layer) not in RECURRENT:
            continue
        written = layer.args[0 if place == 0 else 1]
        size = _size(ctx, written)
        if place == -1 and _short(layer) in RECURRENT and size is not None:
            size = _output(layer, size)
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
    every = list(_layers(default))
    if not every:
        return None
    *before, last = every
    for layer in before:
        if _short(layer) in TUPLES:
            return words.layer_before_others(layer.function)
    one = len(results) == 1 and not results[0].is_tuple
    if _short(last) in RECURRENT:
        return _over_time(last, arguments, results, alone=not before)
    if _short(last) == "LSTMCell" and (one or any(not each.is_tuple for each in arguments[1:])):
        return words.layer_of_pairs(last.function)
    return None


def _over_time(
    layer: tree.Call, arguments: tuple[Passed, ...], results: tuple[Passed, ...], *, alone: bool
) -> Problem | None:
    """A recurrent layer takes all steps of a sequence and gives the output of all; no more is ours.

    Its states have the batch second, and a value of one dimension would be taken for a sequence.
    """
    taken, given = _only_shape(arguments), _only_shape(results)
    fits = given is not None and len(given) == 2 and taken is not None
    if alone and fits and taken is not None and given is not None:
        fits = len(taken) == 2 and taken[0] == given[0]
    return None if fits else words.layer_over_time(layer.function)


def _batch_second(default: tree.Expression | None) -> Problem | None:
    """A layer, wherever it stands, that takes the rows of the batch for steps of a sequence."""
    for part in parts(default):
        if isinstance(part, tree.Call) and (place := BATCH_FIRST.get(_short(part))) is not None:
            named = [k.value for k in part.keywords if k.name.id == "batch_first"]
            told = [*named, *part.args[place : place + 1]]
            if not any(isinstance(value, tree.Constant) and value.id == "true" for value in told):
                return words.batch_second(part.function)
    return None


def _output(layer: tree.Call, hidden: Size) -> Size | None:
    """The size of the output of a recurrent layer; None where options say more than is read."""
    options = {keyword.name.id: keyword.value for keyword in layer.keywords}
    if "proj_size" in options or len(layer.args) > 5:
        return None
    both = options.get("bidirectional")
    if isinstance(both, tree.Constant) and both.id == "true":
        return add(hidden, hidden)
    return hidden


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
