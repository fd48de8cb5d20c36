"""Steps: what is computed, sampled, paid, observed and reported."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import replace

from storchc.diagnostics import names as name_words
from storchc.diagnostics import plates as plate_words
from storchc.diagnostics import shapes as words
from storchc.ir.expression import CallUser, Value
from storchc.ir.nodes import Compute, Cost, Node, Report, Sample
from storchc.ir.types import DistributionType, Plates, ValueType, write_shape
from storchc.syntax import tree
from storchc.typing import calls, distributions, expressions, loops
from storchc.typing.application import operate
from storchc.typing.context import Context, Refused
from storchc.typing.names import is_short
from storchc.typing.options import read_method, read_sampler


def read_step(ctx: Context, step: tree.Step) -> Node | None:
    """The typed node of a step; None when it is wrong, which is reported then."""
    match step:
        case tree.Compute():
            return _compute(ctx, step)
        case tree.Sample():
            return _sample(ctx, step)
        case tree.Cost():
            return _cost(ctx, step)
        case tree.Observe():
            return _observe(ctx, step)
        case tree.Report():
            return _report(ctx, step)
        case tree.For():
            return loops.read_loop(ctx, step, read_step)
        case tree.StopWhen():
            return None


# --- compute -------------------------------------------------------------------------------------


def _compute(ctx: Context, node: tree.Compute) -> Compute | None:
    if len(node.names) > 1:
        return _several(ctx, node)
    name = node.names[0]
    if distributions.is_distribution(ctx, node.value):
        found = distributions.distribution(ctx, node.value)
        ctx.define(name, None if found is None else found.type)
        if found is None:
            return None
        ctx.made[name.id] = distributions.construction(ctx, found)
        return Compute((name.id,), found, (found.type,), node.span)
    value = expressions.value(ctx, node.value)
    ctx.define(name, None if value is None else value.type)
    return None if value is None else Compute((name.id,), value, (value.type,), node.span)


def _several(ctx: Context, node: tree.Compute) -> Compute | None:
    found = _results(ctx, node)
    types: tuple[ValueType | None, ...] = (None,) * len(node.names)
    if found is not None:
        types = found.results
    for name, type_ in zip(node.names, types, strict=True):
        ctx.define(name, type_)
    if found is None:
        return None
    return Compute(tuple(name.id for name in node.names), found, found.results, node.span)


def _results(ctx: Context, node: tree.Compute) -> CallUser | None:
    """The call whose results get the names."""
    value = node.value
    try:
        if not isinstance(value, tree.Call):
            raise Refused(words.names_without_call(value.span))
        found = calls.call(ctx, value)
        if found is None:
            return None
        if not isinstance(found, CallUser):
            raise Refused(words.names_without_call(value.span))
        if len(found.results) != len(node.names):
            span = node.names[0].span.to(node.names[-1].span)
            raise Refused(words.names_and_results(span, len(node.names), len(found.results)))
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        return None
    return found


# --- sample --------------------------------------------------------------------------------------


def _sample(ctx: Context, node: tree.Sample) -> Sample | None:
    found = distributions.distribution(ctx, node.distribution)
    drawn = None if found is None else found.type
    plate, plates = _plate(ctx, node)
    each = _each(ctx, node)
    if drawn is not None and plates is not None:
        _warn_of_idle(ctx, node, drawn.plates, plates)
    if drawn is not None:  # as its method sees it
        drawn = replace(drawn, plates=drawn.plates | each)
    type_ = None if drawn is None or plates is None else _drawn(drawn, plates | each)
    method = read_method(ctx, node, drawn, None if type_ is None else type_.plates)
    sampler = read_sampler(ctx, node, drawn)
    ctx.define(node.name, type_)
    if node.plate is None or plate is None:
        ctx.opened[node.name.id] = None if type_ is None else type_.plates
    else:
        ctx.joined[node.name.id] = plate
    if found is None or type_ is None or plate is None:
        return None
    name, joins, all_of = node.name, node.plate is not None, tuple(p.id for p in node.each)
    return Sample(
        name.id, found, type_, plate, joins, all_of, method, sampler, node.span, name.span
    )


def _each(ctx: Context, node: tree.Sample) -> Plates:
    """The data plates for whose every element a value is drawn."""
    found: set[str] = set()
    for name in node.each:
        try:
            _check_each(ctx, name, found)
        except Refused as refusal:
            ctx.problems.add(refusal.problem)
            continue
        ctx.use(name)
        found.add(name.id)
    return frozenset(found)


def _warn_of_idle(ctx: Context, node: tree.Sample, drawn: Plates, joined: Plates) -> None:
    """Of plates that the sample has anyway."""
    for name in node.each:
        if name.id in ctx.data_plates and name.id in drawn | joined:
            whose = "the distribution" if name.id in drawn else "the plate that is joined"
            ctx.problems.add(plate_words.each_anyway(name, whose))


def _check_each(ctx: Context, name: tree.Name, before: Set[str]) -> None:
    if name.id in before:
        raise Refused(plate_words.plate_twice(name))
    if name.id in ctx.opened or name.id in ctx.joined:
        raise Refused(plate_words.each_of_a_sample(name, ctx.joined.get(name.id, name.id)))
    if name.id not in ctx.data_plates:
        raise ctx.refuse(name, "plate")


def _drawn(drawn: DistributionType, plates: Plates) -> ValueType:
    return ValueType(drawn.plates | plates, drawn.sample.shape, drawn.dtype)


def _plate(ctx: Context, node: tree.Sample) -> tuple[str | None, Plates | None]:
    """The plate of a sample, and all plates that come with it."""
    name = node.plate
    if name is None:
        return node.name.id, frozenset({node.name.id})
    try:
        _check_join(ctx, name, node)
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        return None, None
    ctx.use(name)
    return name.id, ctx.opened.get(name.id)


def _check_join(ctx: Context, name: tree.Name, node: tree.Sample) -> None:
    if name.id in ctx.data_plates:
        raise Refused(plate_words.joins_data_plate(name, ctx.data_plates[name.id].span))
    if name.id in ctx.joined:
        drawn = ctx.scope.definitions[name.id].name.span
        raise Refused(plate_words.joins_joined(name, ctx.joined[name.id], drawn))
    if name.id == node.name.id:
        raise Refused(plate_words.joins_itself(name))
    if name.id not in ctx.opened:
        raise ctx.refuse(name, "plate")


# --- costs and reports ---------------------------------------------------------------------------


def _cost(ctx: Context, node: tree.Cost) -> Cost | None:
    fresh = _enter(ctx, ctx.costs, node.name, "cost")
    value = expressions.value(ctx, node.name if node.value is None else node.value)
    if node.value is not None:
        ctx.define(node.name, None if value is None else value.type)
    if value is None or not _is_scalar(ctx, value) or not fresh:
        return None
    return Cost(node.name.id, value, False, node.span)


def _enter(ctx: Context, table: dict[str, tree.Name], name: tree.Name, what: str) -> bool:
    """Give a cost or a report its name; a second one of that name is reported."""
    first = table.setdefault(name.id, name)
    if first.span == name.span or name.span in ctx.scope.repeated:
        return True
    ctx.problems.add(name_words.cost_twice(name, what, first.span))
    return False


def _is_scalar(ctx: Context, value: Value) -> bool:
    if value.type.shape:
        ctx.problems.add(words.cost_shape(value.span, write_shape(value.type.shape)))
    return not value.type.shape


def _observe(ctx: Context, node: tree.Observe) -> Cost | None:
    fresh = _enter(ctx, ctx.costs, node.name, "cost")
    value = expressions.value(ctx, node.name if is_short(node) else node.value)
    found = distributions.distribution(ctx, node.distribution)
    if value is None or found is None or not fresh:
        return None
    try:
        paid = operate("negative", (distributions.log_prob(found, value, node.span),), node.span)
    except Refused as refusal:
        ctx.problems.add(refusal.problem)
        return None
    return Cost(node.name.id, paid, True, node.span)


def _report(ctx: Context, node: tree.Report) -> Report | None:
    fresh = _enter(ctx, ctx.reports, node.name, "report")
    value = expressions.value(ctx, node.name if node.value is None else node.value)
    return None if value is None or not fresh else Report(node.name.id, value, node.span)
