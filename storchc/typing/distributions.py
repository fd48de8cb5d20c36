"""Distributions: how they are made and named, their properties, and functions of them."""

from __future__ import annotations

from storchc.catalogue import distributions as families
from storchc.catalogue import functions
from storchc.catalogue.family import Argument, Family, bind, broadcast, infer, property_type
from storchc.catalogue.function import Misfit
from storchc.diagnostics import composed as composed_words
from storchc.diagnostics import names as name_words
from storchc.diagnostics import options as option_words
from storchc.diagnostics import shapes as words
from storchc.diagnostics.diagnostic import Problem
from storchc.ir.expression import (
    Construct,
    Distribution,
    Divergence,
    Entropy,
    Literal,
    LogProb,
    Named,
    Property,
    Value,
)
from storchc.ir.nodes import Callee
from storchc.ir.size import Shape
from storchc.ir.types import Declared, DistributionType, ValueType, united, write_shape
from storchc.source import Span
from storchc.syntax import tree
from storchc.typing import calls, composed, expressions
from storchc.typing.context import Context, Refused
from storchc.typing.settings import REDUCTION, is_kept

_SIGNATURES = {
    "log_prob": ("distribution", "value"),
    "kl_divergence": ("left", "right"),
    "entropy": ("distribution",),
}


def distribution(ctx: Context, expression: tree.Expression) -> Distribution | None:
    """The typed distribution; None when something in it is wrong, which is reported then."""
    try:
        return _typed(ctx, expression)
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        return None


def is_distribution(ctx: Context, expression: tree.Expression) -> bool:
    """Whether an expression is meant as a distribution rather than a value."""
    match expression:
        case tree.Name(id=name):
            return isinstance(ctx.types.get(name), DistributionType)
        case tree.Call(function=tree.Name(id=name)):
            return is_declared(ctx, name) or (name not in ctx.callees and name in families.names())
        case _:
            return False


def is_declared(ctx: Context, name: str) -> bool:
    """Whether a name is that of a distribution of the user's."""
    return ctx.scope.kind(name) == "declared"


def _typed(ctx: Context, expression: tree.Expression) -> Distribution | None:
    match expression:
        case tree.Name():
            return _named(ctx, expression)
        case tree.Call(function=name) if is_declared(ctx, name.id):
            return _declared(ctx, expression, ctx.callees[name.id])
        case tree.Call(function=name) if is_distribution(ctx, expression):
            family = families.lookup(name.id)
            assert family is not None
            return _construct(ctx, expression, family)
        case tree.Call(function=name) if name.id in ctx.callees:
            ctx.use(name)
            if name.id in families.names():  # the module hides it: reported there
                return None
            raise Refused(name_words.not_a_distribution(name.span, f"what `{name.id}` gives"))
        case tree.Call(function=name):
            raise _no_family(ctx, name)
        case tree.Conditional():
            raise Refused(words.distribution_chosen(expression.span))
        case _:
            found = expressions.value(ctx, expression)
            if found is None:
                return None
            raise Refused(name_words.not_a_distribution(expression.span, "a value"))


def _no_family(ctx: Context, name: tree.Name) -> Refused:
    if functions.lookup(name.id) is not None or name.id in _SIGNATURES:
        return Refused(name_words.not_a_distribution(name.span, f"what `{name.id}` gives"))
    declared = (known for known in ctx.callees if is_declared(ctx, known))
    return Refused(name_words.unknown_distribution(name, (*declared, *families.names())))


def _named(ctx: Context, name: tree.Name) -> Named | None:
    if is_declared(ctx, name.id):
        ctx.use(name)
        raise Refused(name_words.family_without_call(name))
    if name.id not in ctx.types or name.id in ctx.sizes:
        raise ctx.refuse(name, "distribution")
    ctx.use(name)
    type_ = ctx.types[name.id]
    if type_ is None:
        return None
    if isinstance(type_, ValueType):
        definition = ctx.scope.definitions[name.id]
        place = definition.name.span
        raise Refused(name_words.wrong_kind(name, definition.kind, "distribution", place))
    return Named(name.id, type_, name.span)


# --- making --------------------------------------------------------------------------------------


def _construct(ctx: Context, node: tree.Call, family: Family) -> Distribution | None:
    if family.composed:
        return composed.construct(ctx, node, family)
    keywords = {keyword.name.id: keyword.value for keyword in node.keywords}
    try:
        given = bind(family, node.args, keywords)
    except Misfit as misfit:
        spans = [*(a.span for a in node.args), *(k.name.span for k in node.keywords)]
        raise Refused(_misfit(misfit, spans, node.span)) from None
    typed = {name: expressions.value(ctx, argument) for name, argument in given.items()}
    known = {name: value for name, value in typed.items() if value is not None}
    if len(known) < len(typed):
        return None
    try:
        type_ = infer(family, arguments(known))
    except Misfit as misfit:
        spans = [value.span for value in known.values()]
        raise Refused(_misfit(misfit, spans, node.span)) from None
    return Construct(family.name, tuple(known.items()), type_, node.span)


def _declared(ctx: Context, node: tree.Call, callee: Callee | None) -> Construct | None:
    """One of the user's, made of what the story declares that it takes."""
    ctx.use(node.function)
    given = calls.arguments(ctx, node, callee)
    if callee is None or given is None:
        return None
    (result,) = callee.results[0].items
    declared = Declared(tuple(t for slot in callee.arguments for t in slot.items), callee.flags)
    values = [value for value in given if not isinstance(value, tuple)]
    type_ = DistributionType(
        callee.name,
        united(value.type.plates for value in values),
        (),
        result.shape,
        result.dtype,
        declared=declared,
    )
    named = tuple((str(position), value) for position, value in enumerate(values))
    return Construct(callee.name, named, type_, node.span)


def _misfit(misfit: Misfit, spans: list[Span], whole: Span) -> Problem:
    place = misfit.operand
    at = whole if place is None or place >= len(spans) else spans[place]
    return words.parameters_misfit(at, misfit.message, misfit.help)


def arguments(values: dict[str, Value]) -> dict[str, Argument]:
    """What is known of parameters."""
    return {
        name: Argument(value.type, value.value if isinstance(value, Literal) else None)
        for name, value in values.items()
    }


# --- properties ----------------------------------------------------------------------------------


def attribute(ctx: Context, node: tree.Attribute) -> Value | None:
    """The typed value of ``q.mean``."""
    if not is_distribution(ctx, node.value):
        if expressions.value(ctx, node.value) is None:
            return None
        raise Refused(name_words.dotted_value(node.name.span, node.name.id))
    found = distribution(ctx, node.value)
    if found is None:
        return None
    family = families.row(found.type)
    made = dict(construction(ctx, found).parameters)
    type_ = property_type(family, found.type, arguments(made), node.name.id)
    if type_ is None:
        known = [entry.name for entry in family.properties]
        raise Refused(name_words.unknown_property(node.name, family.name, known))
    return Property(found, node.name.id, type_, node.span)


def construction(ctx: Context, found: Distribution) -> Construct:
    """How a distribution was made, whatever names it went through."""
    return found if isinstance(found, Construct) else ctx.made[found.name]


# --- functions -----------------------------------------------------------------------------------


def function(ctx: Context, node: tree.Call) -> Value | None:
    """``log_prob(q, x)``, ``kl_divergence(q, p)`` and ``entropy(q)``."""
    arguments = _bound(node)
    kept = is_kept(node)
    found = distribution(ctx, arguments[0])
    match node.function.id:
        case "log_prob":
            value = expressions.value(ctx, arguments[1])
            if found is None or value is None:
                return None
            return _each(found, value, node.span) if kept else log_prob(found, value, node.span)
        case "kl_divergence":
            right = distribution(ctx, arguments[1])
            if found is None or right is None:
                return None
            return _divergence(found, right, node.span, kept=kept)
        case _:
            return None if found is None else _entropy(found, node.span, kept=kept)


def _bound(node: tree.Call) -> list[tree.Expression]:
    """The arguments of such a function by position."""
    name = node.function.id
    known = _SIGNATURES[name]
    signature = f"{name}({', '.join(known)}, reduction)"
    if len(node.args) > len(known):
        span = node.args[len(known)].span
        raise Refused(option_words.too_many_arguments(span, name, len(known), signature))
    given = dict(zip(known, node.args, strict=False))
    for keyword in node.keywords:
        if keyword.name.id == REDUCTION:
            continue
        if keyword.name.id not in known:
            named = (*known, REDUCTION)
            raise Refused(option_words.unknown_argument(keyword.name, name, named, signature))
        if keyword.name.id in given:
            raise Refused(option_words.argument_twice(keyword.name, name, signature))
        given[keyword.name.id] = keyword.value
    missing = next((parameter for parameter in known if parameter not in given), None)
    if missing is not None:
        raise Refused(option_words.missing_argument(node.span, name, missing, signature))
    return [given[parameter] for parameter in known]


def log_prob(found: Distribution, value: Value, span: Span) -> LogProb:
    """The log-probability of a value, which is never repeated to fit."""
    _check_point(found, span)
    joined = _joined(found.type, value)
    outer = value.type.shape[: value.type.rank - len(found.type.event)]
    if joined is None or joined != outer:
        raise Refused(_value_misfit(found.type, value, grows=joined is not None))
    return LogProb(found, value, ValueType(found.type.plates | value.type.plates, ()), span)


def _check_point(found: Distribution, span: Span) -> None:
    if found.type.family == "Delta":
        raise Refused(composed_words.no_density_at_all(span))


def _each(found: Distribution, value: Value, span: Span) -> LogProb:
    """The log-probability of each element of the batch event, to which the value broadcasts."""
    _check_point(found, span)
    joined = _joined(found.type, value)
    if joined is None:
        raise Refused(_value_misfit(found.type, value, grows=False))
    kept = joined[: len(joined) - found.type.joined]
    return LogProb(found, value, ValueType(found.type.plates | value.type.plates, kept), span)


def _joined(type_: DistributionType, value: Value) -> Shape | None:
    """The batch event of a distribution and a value together, if the value fits."""
    given, rank = value.type, len(type_.event)
    if type_.dtype == "int" and given.dtype != "int":
        raise Refused(words.value_dtype(value.span, given.dtype, type_.dtype))
    if given.rank < rank or given.shape[given.rank - rank :] != type_.event:
        return None
    return broadcast(type_.batch, given.shape[: given.rank - rank])


def _value_misfit(type_: DistributionType, value: Value, *, grows: bool) -> Problem:
    shapes = write_shape(value.type.shape), write_shape(type_.batch + type_.event)
    return words.value_misfit(value.span, *shapes, grows)


def _divergence(left: Distribution, right: Distribution, span: Span, *, kept: bool) -> Divergence:
    _check_point(left, span)
    _check_point(right, span)
    family = families.row(left.type)
    if right.type.family not in family.divergences:
        raise Refused(words.no_divergence(span, left.type.family, right.type.family))
    batch = broadcast(left.type.batch, right.type.batch)
    if left.type.event != right.type.event or batch is None:
        drawn = (write_shape(t.batch + t.event) for t in (left.type, right.type))
        raise Refused(words.divergence_shapes(span, *drawn))
    plates = left.type.plates | right.type.plates
    together = len(batch) - max(left.type.joined, right.type.joined)
    return Divergence(left, right, ValueType(plates, batch[:together] if kept else ()), span)


def _entropy(found: Distribution, span: Span, *, kept: bool) -> Entropy:
    _check_point(found, span)
    family = families.row(found.type)
    if not family.entropy:
        raise Refused(words.no_entropy(span, family.name))
    return Entropy(found, ValueType(found.type.plates, found.type.apart if kept else ()), span)
