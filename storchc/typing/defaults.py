"""Defaults of modules: calls of ``torch.nn`` classes with plain data, and nothing else."""

from __future__ import annotations

import math

from storchc.diagnostics import options as words
from storchc.ir.defaults import Argument, Arithmetic, Layer
from storchc.syntax import tree
from storchc.typing.context import Context, Refused
from storchc.typing.nn_classes import CLASSES, NEEDED, SIZES
from storchc.typing.sizes import read_size, refuse_free_dims

_CODE: dict[type, str] = {
    tree.Attribute: "an attribute",
    tree.Conditional: "a choice",
    tree.Index: "an index",
}
_CONSTANTS = {"true": True, "false": False, "none": None, "inf": math.inf, "pi": math.pi}


def check_default(ctx: Context, default: tree.Expression) -> None:
    """Refuse a default that is anything but a call of a ``torch.nn`` class."""
    if not isinstance(default, tree.Call):
        raise Refused(words.code_in_default(default.span, "this, which is no call of a class,"))
    _check_call(ctx, default)


def _check_call(ctx: Context, call: tree.Call) -> None:
    name = call.function
    prefix, _, short = name.id.rpartition(".")
    if prefix != "nn" or short not in CLASSES:
        known = (f"nn.{c}" for c in CLASSES)
        meant = tree.Name(f"nn.{short}", name.span)
        raise Refused(words.unknown_nn_class(name, [meant.id] if short in CLASSES else known))
    for argument in (*call.args, *(keyword.value for keyword in call.keywords)):
        _check_data(ctx, argument)
    needed, named = NEEDED.get(short, ()), {k.name.id: k.value for k in call.keywords}
    missing = next((each for each in needed[len(call.args) :] if each not in named), None)
    if missing is not None:
        raise Refused(words.layer_lacks(name, missing, needed))
    sizes = SIZES.get(short, 0)
    by_name = (named[each] for each in needed[:sizes] if each in named)
    for argument in (*call.args[:sizes], *by_name):
        if not _is_size(argument):
            raise Refused(words.size_of_layer(argument.span, name))
    for argument in call.args if short == "Sequential" else ():
        if not isinstance(argument, tree.Call):
            raise Refused(words.no_layer(argument.span))


def _is_size(argument: tree.Expression) -> bool:
    """Whether it can be one: what a dim comes to is looked at later."""
    if isinstance(argument, tree.Number):
        return isinstance(argument.value, int)
    return isinstance(argument, tree.Name | tree.Binary)


def _check_data(ctx: Context, data: tree.Expression) -> None:
    match data:
        case tree.Number() | tree.Text() | tree.Constant():
            pass
        case tree.Unary(op="-" | "+", operand=tree.Number()):
            pass
        case tree.Call():
            _check_call(ctx, data)
        case tree.ListOf(items=items):
            for item in items:
                _check_data(ctx, item)
        case tree.Name() | tree.Unary() | tree.Binary():
            _check_size(ctx, data)
        case _:
            raise Refused(words.code_in_default(data.span, _CODE[type(data)]))


def read_default(ctx: Context, default: tree.Expression) -> Layer:
    """A module's default as data; where it is wrong, and reported, what can be made of it."""
    argument = _argument(ctx, default)
    return argument if isinstance(argument, Layer) else Layer("", (), (), default.span)


def _argument(ctx: Context, data: tree.Expression) -> Argument:
    match data:
        case tree.Call(function, args, keywords):
            arguments = tuple(_argument(ctx, argument) for argument in args)
            named = tuple((k.name.id, _argument(ctx, k.value)) for k in keywords)
            return Layer(function.id.removeprefix("nn."), arguments, named, function.span)
        case tree.Number(value) | tree.Text(value):
            return value
        case tree.Constant(word):
            return _CONSTANTS[word]
        case tree.Name(word):
            return ctx.dims[word].value if word in ctx.dims else None
        case tree.Unary("+", operand):
            return _argument(ctx, operand)
        case tree.Unary(op, operand):
            return Arithmetic(op, (_argument(ctx, operand),))
        case tree.Binary(op, left, right):
            return Arithmetic(op, (_argument(ctx, left), _argument(ctx, right)))
        case tree.ListOf(items):
            return tuple(_argument(ctx, item) for item in items)
        case tree.Conditional() | tree.Index() | tree.Attribute():  # refused
            return None


def _check_size(ctx: Context, data: tree.Expression) -> None:
    """Constant dims, and ``+ - * //`` between them."""
    if isinstance(data, tree.Name) and ctx.scope.kind(data.id) not in (None, "dim"):
        raise Refused(words.code_in_default(data.span, f"`{data.id}`, which is no constant dim,"))
    refuse_free_dims(ctx, data, "the default of a module")
    read_size(ctx, data)
