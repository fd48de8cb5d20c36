"""Calls: of the catalogue's functions, of the user's modules and functions, and special ones."""

from __future__ import annotations

from storchc.catalogue import distributions as families
from storchc.catalogue import functions
from storchc.catalogue.function import REQUIRED, Function, Parameter
from storchc.diagnostics import names as name_words
from storchc.diagnostics import options as words
from storchc.diagnostics import shapes as shape_words
from storchc.ir.expression import CallUser, Literal, Reference, Setting, Value
from storchc.ir.nodes import Callee, Passed
from storchc.ir.types import NO_PLATES, Plates, ValueType, write_shape
from storchc.syntax import tree
from storchc.typing import (
    distributions,
    expressions,
    overplates,
    sequences,
    settings,
    written,
)
from storchc.typing.application import apply, plates_of
from storchc.typing.context import Context, Refused
from storchc.typing.names import SPECIAL


def call(ctx: Context, node: tree.Call) -> Value | None:
    """The value of a call."""
    name = node.function
    if distributions.is_declared(ctx, name.id):
        ctx.use(name)
        raise Refused(name_words.users_as_value(name))
    if name.id in ctx.callees:
        ctx.use(name)
        callee = ctx.callees[name.id]
        return _user(ctx, node, callee)
    entry = functions.lookup(name.id)
    if entry is not None:
        return _catalogue(ctx, node, entry)
    if name.id == "sequence":
        return sequences.sequence(ctx, node)
    if name.id in SPECIAL:
        return distributions.function(ctx, node)
    if name.id in families.names():
        raise Refused(name_words.distribution_as_value(name.span, f"{name.id}(…)"))
    if "." in name.id:
        last = name.id.rpartition(".")[2]
        function = last if functions.lookup(last) else None
        raise Refused(name_words.called_property(name.span, name.id, function))
    raise ctx.refuse(name, "call")


# --- the catalogue -------------------------------------------------------------------------------


def _catalogue(ctx: Context, node: tree.Call, entry: Function) -> Value | None:
    over = next((k for k in node.keywords if k.name.id == "over"), None)
    if over is not None:
        return overplates.reduce(ctx, node, entry, over)
    given = settings.bind(entry, node)
    operands: list[Value | None] = []
    chosen: dict[str, Setting] = {}
    for parameter in entry.parameters:
        expression = given.get(parameter.name)
        if expression is not None and parameter.kind == "places":
            assert not isinstance(expression, tuple)
            operands.append(_places(ctx, entry, parameter, expression, operands[0]))
        elif expression is not None and parameter.kind in ("value", "values"):
            operands += _operands(ctx, entry, parameter, expression)
        elif parameter.kind == "value" and parameter.default not in (None, REQUIRED):
            operands.append(_default(parameter, node))
        elif expression is None:
            chosen[parameter.name] = parameter.default  # type: ignore[assignment]
        else:
            assert not isinstance(expression, tuple)
            chosen[parameter.name] = settings.setting(ctx, entry, parameter, expression)
    known = tuple(operand for operand in operands if operand is not None)
    return apply(entry, known, chosen, node.span) if len(known) == len(operands) else None


def _operands(
    ctx: Context,
    entry: Function,
    parameter: Parameter,
    expression: tree.Expression | tuple[tree.Expression, ...],
) -> list[Value | None]:
    if parameter.kind == "value":
        assert not isinstance(expression, tuple)
        return [expressions.value(ctx, expression)]
    if isinstance(expression, tree.ListOf) and expression.items:
        expression = expression.items
    if not isinstance(expression, tuple):
        wanted, signature = "a list of values, at least one", settings.signature(entry)
        problem = words.wrong_argument(expression.span, parameter.name, wanted, signature)
        raise Refused(problem)
    return [expressions.value(ctx, item) for item in expression]


def _places(
    ctx: Context,
    entry: Function,
    parameter: Parameter,
    expression: tree.Expression,
    whole: Value | None,
) -> Value | None:
    """``[i, j]``, or ``i`` alone: indices of the first event dimensions of ``whole``."""
    items = expression.items if isinstance(expression, tree.ListOf) else (expression,)
    if not items:
        wanted, signature = "an int value, or a list of them", settings.signature(entry)
        problem = words.wrong_argument(expression.span, parameter.name, wanted, signature)
        raise Refused(problem)
    typed = [expressions.value(ctx, item) for item in items]
    found = [value for value in typed if value is not None]
    if whole is None or len(found) < len(typed):
        return None
    return written.places(entry.name, found, whole, expression.span)


def _default(parameter: Parameter, node: tree.Call) -> Literal:
    assert isinstance(parameter.default, int | float)
    return expressions.literal(parameter.default, node.span)


# --- modules and functions of the user's ---------------------------------------------------------


def _user(ctx: Context, node: tree.Call, callee: Callee | None) -> Value | None:
    known = arguments(ctx, node, callee)
    if callee is None or known is None:
        return None
    flat = [v for a in known for v in (a if isinstance(a, tuple) else (a,))]
    results = _results(callee, plates_of(flat))
    return CallUser(callee.name, known, results, results[0], node.span)


def arguments(
    ctx: Context, node: tree.Call, callee: Callee | None
) -> tuple[Value | tuple[Value, ...], ...] | None:
    """What something of the user's is called with; None where some of it is wrong."""
    if callee is None:
        for expression in node.args:
            if not isinstance(expression, tree.ListOf):
                expressions.value(ctx, expression)
        return None
    if node.keywords:
        raise Refused(words.argument_by_name(node.keywords[0].span, callee.name))
    given, wanted = len(node.args), len(callee.arguments)
    if given != wanted:
        span = node.args[wanted].span if given > wanted else node.span
        problem = words.wrong_number_of_arguments(span, callee.name, given, wanted, callee.span)
        raise Refused(problem)
    pairs = zip(node.args, callee.arguments, strict=True)
    typed = [argument(ctx, expression, passed, callee) for expression, passed in pairs]
    known = tuple(value for value in typed if value is not None)
    return known if len(known) == len(typed) else None


def _results(callee: Callee, plates: Plates) -> tuple[ValueType, ...]:
    types = [type_ for passed in callee.results for type_ in passed.items]
    return tuple(ValueType(plates, type_.shape, type_.dtype) for type_ in types)


def argument(
    ctx: Context, given: tree.Expression, passed: Passed, callee: Callee
) -> Value | tuple[Value, ...] | None:
    """One argument of a call of the user's, a tuple of values where one is declared."""
    if not passed.is_tuple:
        return _fitting(ctx, given, passed.items[0], callee)
    size = len(passed.items)
    if not isinstance(given, tree.ListOf) or len(given.items) != size:
        raise Refused(words.tuple_needed(given.span, callee.name, size, callee.span))
    pairs = zip(given.items, passed.items, strict=True)
    items = [_fitting(ctx, item, type_, callee) for item, type_ in pairs]
    known = tuple(item for item in items if item is not None)
    return known if len(known) == size else None


def _fitting(
    ctx: Context, argument: tree.Expression, wanted: ValueType, callee: Callee
) -> Value | None:
    given = expressions.value(ctx, argument)
    if given is None:
        return None
    problem = None
    if given.type.shape != wanted.shape:
        shapes = write_shape(given.type.shape), write_shape(wanted.shape)
        problem = shape_words.argument_shape(given.span, callee.name, *shapes, callee.span)
    elif given.type.dtype != wanted.dtype:
        if isinstance(given, Literal) and wanted.dtype == "float":
            return Literal(float(given.value), ValueType(NO_PLATES, ()), given.span)
        start = _integer_start(ctx, argument) if wanted.dtype == "float" else None
        if start is not None:
            first = float(start.value), start.span
            problem = shape_words.starts_as_integer(given.span, callee.name, *first)
        else:
            dtypes = given.type.dtype, wanted.dtype
            source = given.name if isinstance(given, Reference) else ""
            source = source if ctx.scope.kind(source) == "input" else ""
            problem = shape_words.argument_dtype(
                given.span, callee.name, *dtypes, callee.span, source
            )
    if problem is None:
        return given
    ctx.problems.add(problem)
    return None


def _integer_start(ctx: Context, argument: tree.Expression) -> tree.Number | None:
    """The integer that a carried variable starts with, where that is all that is wrong with it."""
    definition = ctx.scope.definitions.get(argument.id) if isinstance(argument, tree.Name) else None
    if definition is None or definition.kind != "carried" or definition.loop is None:
        return None
    carried = next(c for c in definition.loop.carried if c.name.id == definition.name.id)
    value = carried.value
    return value if isinstance(value, tree.Number) and isinstance(value.value, int) else None
