"""Arguments of a call sorted by parameter, and those that are settings read by their kind."""

from __future__ import annotations

from collections.abc import Sequence

from storchc.catalogue.function import REQUIRED, Function, Parameter
from storchc.diagnostics import options as words
from storchc.ir.expression import Setting
from storchc.syntax import tree
from storchc.typing import constants
from storchc.typing.context import Context, Refused
from storchc.typing.sizes import read_size

REDUCTION, KEPT = "reduction", "none"
"""What losses and functions of distributions are told, and the one thing that it may be."""

Given = dict[str, tree.Expression | tuple[tree.Expression, ...]]

_KINDS = {
    "value": "a value",
    "values": "a list of values",
    "places": "an int value, or a list of them",
    "dim": "one event dimension: an integer",
    "dims": "event dimensions: an integer or a list of them",
    "shape": "a shape: a list of sizes",
    "size": "a size: an integer or a dim",
    "int": "an integer that is known now",
    "number": "a number that is known now",
    "flag": "`true` or `false`",
    "text": "a string",
    "numbers": "nested lists of numbers",
}


def signature(entry: Function) -> str:
    """How the function is called: ``sum(input, dim=none, keepdim=false)``."""
    return f"{entry.name}({', '.join(_written(p) for p in entry.parameters)})"


def _written(parameter: Parameter) -> str:
    if parameter.default is REQUIRED:
        return parameter.name
    default = parameter.default
    shown = str(default).lower() if default is None or isinstance(default, bool) else str(default)
    return f"{parameter.name}={shown}"


def bind(entry: Function, call: tree.Call) -> Given:
    """The arguments of ``call`` by the name of their parameter."""
    given = _positional(entry, call)
    names = [p.name for p in entry.parameters]
    reduced = entry.group == "losses" and is_kept(call)
    for keyword in call.keywords:
        if reduced and keyword.name.id == REDUCTION:
            continue
        if keyword.name.id not in names:
            raise Refused(words.unknown_argument(keyword.name, entry.name, names, signature(entry)))
        if keyword.name.id in given:
            raise Refused(words.argument_twice(keyword.name, entry.name, signature(entry)))
        given[keyword.name.id] = keyword.value
    for parameter in entry.parameters:
        if parameter.default is REQUIRED and parameter.name not in given:
            known = signature(entry)
            raise Refused(words.missing_argument(call.span, entry.name, parameter.name, known))
    return given


def is_kept(call: tree.Call) -> bool:
    """Whether a call says that it has one value for each element: ``reduction="none"``."""
    given = [keyword for keyword in call.keywords if keyword.name.id == REDUCTION]
    for keyword in given:
        value = keyword.value
        if not isinstance(value, tree.Text) or value.value != KEPT:
            asked = value.value if isinstance(value, tree.Text) else ""
            raise Refused(words.other_reduction(value.span, call.function.id, asked))
    return bool(given)


def _positional(entry: Function, call: tree.Call) -> Given:
    given: Given = {}
    rest = list(call.args)
    for parameter in entry.parameters:
        if not rest:
            break
        if parameter.kind == "values" and not isinstance(rest[0], tree.ListOf):
            given[parameter.name] = tuple(rest)
            return given
        given[parameter.name] = rest.pop(0)
    if rest:
        most = len(entry.parameters)
        raise Refused(words.too_many_arguments(rest[0].span, entry.name, most, signature(entry)))
    return given


def setting(
    ctx: Context, entry: Function, parameter: Parameter, expression: tree.Expression
) -> Setting:
    """The argument of a parameter that is no value of the story."""
    if expression == tree.Constant("none", expression.span) and parameter.default is None:
        return None
    found = _read(ctx, parameter, expression)
    if found is None:
        wanted, known = _KINDS[parameter.kind], signature(entry)
        raise Refused(words.wrong_argument(expression.span, parameter.name, wanted, known))
    return found


def _read(ctx: Context, parameter: Parameter, expression: tree.Expression) -> Setting:
    """The setting, or None when the expression is of another kind."""
    match parameter.kind:
        case "dim" | "int":
            return constants.integer(ctx, expression)
        case "dims":
            if not isinstance(expression, tree.ListOf):
                return constants.integer(ctx, expression)
            return _all([constants.integer(ctx, item) for item in expression.items])
        case "size":
            return read_size(ctx, expression)
        case "shape":
            items = expression.items if isinstance(expression, tree.ListOf) else (expression,)
            return _all([read_size(ctx, item) for item in items])
        case "number":
            return constants.number(ctx, expression)
        case "flag":
            return _flag(expression)
        case "text":
            return expression.value if isinstance(expression, tree.Text) else None
        case "numbers":
            return constants.nested_numbers(ctx, expression)
        case "value" | "values" | "places":
            raise AssertionError("values are no settings")


def _all(items: Sequence[int | None] | Sequence[object]) -> tuple[object, ...] | None:
    return None if None in items else tuple(items)


def _flag(expression: tree.Expression) -> bool | None:
    match expression:
        case tree.Constant(id="true"):
            return True
        case tree.Constant(id="false"):
            return False
        case _:
            return None
