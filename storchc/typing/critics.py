"""Critics: modules as options of methods, by their names or called with what is known."""

from __future__ import annotations

from storchc.catalogue import functions
from storchc.catalogue.method import Option
from storchc.diagnostics import critics as critic_words
from storchc.diagnostics import names as name_words
from storchc.diagnostics import options as words
from storchc.ir.expression import Value
from storchc.ir.nodes import ModuleOption
from storchc.syntax import tree
from storchc.syntax.walk import names
from storchc.typing import calls
from storchc.typing.context import Context, Refused


def module(ctx: Context, option: Option, given: tree.Expression) -> ModuleOption:
    """A module of the story by its name, which something may train."""
    if not isinstance(given, tree.Name):
        raise Refused(words.wrong_option(given.span, option.name, "the name of a module"))
    if ctx.scope.kind(given.id) != "module":
        raise ctx.refuse(given, "module")
    ctx.use(given)
    callee = ctx.callees.get(given.id)
    if callee is not None and "frozen" in callee.flags:
        raise Refused(name_words.frozen_critic(given, option.name, callee.span))
    return ModuleOption(given.id)


def critic(
    ctx: Context, option: Option, given: tree.Expression, own: str
) -> tuple[ModuleOption, dict[str, Value]]:
    """A module, or a call of one in which the sample's ``own`` name is the value it is asked about.

    With it come its other arguments, under the names of `ModuleOption.context`.
    """
    if isinstance(given, tree.Name):
        return module(ctx, option, given), {}
    called = given.function if isinstance(given, tree.Call) else None
    if called is not None and not functions.lookup(called.id) and not ctx.scope.kind(called.id):
        raise ctx.refuse(called, "module")
    if not isinstance(given, tree.Call) or ctx.scope.kind(given.function.id) != "module":
        raise Refused(critic_words.no_critic(given.span, option.name, own))
    found, callee = module(ctx, option, given.function), ctx.callees.get(given.function.id)
    if callee is None:
        return found, {}
    if given.keywords:
        raise Refused(words.argument_by_name(given.keywords[0].span, callee.name))
    asked = _asked(given, option.name, own)
    wanted, count = len(callee.arguments), len(given.args)
    if count != wanted:
        span = given.args[wanted].span if count > wanted else given.span
        problem = words.wrong_number_of_arguments(span, callee.name, count, wanted, callee.span)
        raise Refused(problem)
    found, told = ModuleOption(found.name, asked, count), dict[str, Value]()
    for place, name in found.context(option.name).items():
        value = calls.argument(ctx, given.args[place], callee.arguments[place], callee)
        if isinstance(value, tuple):
            raise Refused(
                critic_words.tuple_in_context(given.args[place].span, callee.name, callee.span)
            )
        if value is not None:
            told[name] = value
    return found, told


def _asked(given: tree.Call, option: str, own: str) -> int:
    """At which place among the arguments the sample's own name stands."""
    whole = [place for place, a in enumerate(given.args) if _is_name(a, own)]
    for argument in given.args:
        inside = next((n for n in names(argument) if n.id == own), None)
        if inside is not None and not _is_name(argument, own):
            raise Refused(critic_words.value_inside(inside.span, option, own))
    if not whole:
        raise Refused(critic_words.value_missing(given.span, option, given.function.id, own))
    if len(whole) > 1:
        raise Refused(critic_words.value_twice(given.args[whole[1]].span, option, own))
    return whole[0]


def _is_name(given: tree.Expression, name: str) -> bool:
    return isinstance(given, tree.Name) and given.id == name
