"""Distributions that are made of other distributions."""

from __future__ import annotations

from dataclasses import replace

from storchc.catalogue import distributions as families
from storchc.catalogue.distributions.composed import BASE, COMPONENT, MIXING, joined, named
from storchc.catalogue.family import Family, bind, broadcast, property_type
from storchc.catalogue.function import Misfit
from storchc.diagnostics import composed as words
from storchc.diagnostics import shapes as shape_words
from storchc.ir.expression import Construct, Distribution, Literal, Named, Property, Value
from storchc.ir.size import Shape
from storchc.ir.types import DistributionType
from storchc.records import dataclass
from storchc.source import Span
from storchc.syntax import tree
from storchc.typing import distributions, expressions
from storchc.typing.context import Context, Refused


@dataclass(frozen=True, slots=True)
class _Part:
    """A distribution as a part of another one: its family, and its parameters as values."""

    distribution: Distribution
    family: Family
    parameters: tuple[tuple[str, Value], ...]

    @property
    def type(self) -> DistributionType:
        """Its type."""
        return self.distribution.type

    @property
    def span(self) -> Span:
        """Where it stands."""
        return self.distribution.span

    def flat(self, name: str) -> tuple[tuple[str, Value], ...]:
        """Its parameters among those of the whole."""
        return tuple((f"{name}.{key}", value) for key, value in self.parameters)


def construct(ctx: Context, node: tree.Call, family: Family) -> Distribution | None:
    """The typed distribution; None when something in it is wrong, which is reported then."""
    given = _bound(node, family)
    match family.name:
        case "Independent":
            return _independent(ctx, node, given)
        case _:
            return _mixture(ctx, node, given)


def _bound(node: tree.Call, family: Family) -> dict[str, tree.Expression]:
    keywords = {keyword.name.id: keyword.value for keyword in node.keywords}
    try:
        return bind(family, node.args, keywords)
    except Misfit as misfit:
        spans = [*(a.span for a in node.args), *(k.name.span for k in node.keywords)]
        at = misfit.operand
        place = node.span if at is None or at >= len(spans) else spans[at]
        raise Refused(shape_words.parameters_misfit(place, misfit.message, misfit.help)) from None


# --- parts ---------------------------------------------------------------------------------------


def _part(ctx: Context, expression: tree.Expression) -> _Part | None:
    found = distributions.distribution(ctx, expression)
    if found is None:
        return None
    family = families.lookup(found.type.family)
    assert family is not None
    if isinstance(found, Construct):
        return _Part(found, family, found.parameters)
    parameters = _asked(ctx, found, family)
    return None if parameters is None else _Part(found, family, parameters)


def _asked(ctx: Context, found: Named, family: Family) -> tuple[tuple[str, Value], ...] | None:
    """The parameters of a named distribution, which it is asked for; numbers are known."""
    made = distributions.construction(ctx, found)
    arguments = distributions.arguments(dict(made.parameters))
    asked: list[tuple[str, Value]] = []
    for name, value in made.parameters:
        if isinstance(value, Literal):
            asked.append((name, value))
            continue
        type_ = property_type(family, found.type, arguments, name)
        if type_ is None:
            raise Refused(words.named_part(found.span, found.name))
        asked.append((name, Property(found, name, type_, found.span)))
    return tuple(asked)


# --- Independent ---------------------------------------------------------------------------------


def _independent(
    ctx: Context, node: tree.Call, given: dict[str, tree.Expression]
) -> Distribution | None:
    found = distributions.distribution(ctx, given[BASE])
    count = expressions.value(ctx, given["reinterpreted_batch_ndims"])
    if found is None or count is None:
        return None
    number = count.value if isinstance(count, Literal) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 0:
        raise Refused(words.not_a_count(count.span))
    if number > len(found.type.apart):
        raise Refused(words.joins_too_many(count.span, number, found.type.apart))
    type_ = replace(found.type, joined=found.type.joined + number)
    return replace(found, type=type_, span=node.span)


# --- MixtureSameFamily ---------------------------------------------------------------------------


def _mixture(ctx: Context, node: tree.Call, given: dict[str, tree.Expression]) -> Construct | None:
    mixing, component = _part(ctx, given[MIXING]), _part(ctx, given[COMPONENT])
    if mixing is None or component is None:
        return None
    if mixing.family.name != "Categorical":
        raise Refused(words.mixes_by(mixing.span, mixing.family.name))
    batch = _mixed(mixing, component, mixing.parameters[0][1].type.shape[-1:])
    kind = component.type
    event = kind.batch[len(kind.apart) :] + kind.event
    name = named("MixtureSameFamily", "Categorical", joined(kind.family, kind.joined))
    type_ = DistributionType(name, mixing.type.plates | kind.plates, batch, event, kind.dtype)
    parameters = (*mixing.flat(MIXING), *component.flat(COMPONENT))
    return Construct(name, parameters, type_, node.span)


def _mixed(mixing: _Part, component: _Part, count: Shape) -> Shape:
    """The batch of a mixture: that of its components without their last dimension."""
    seen = component.type.apart
    if not seen:
        raise Refused(words.no_components(component.span, component.type, count))
    if seen[-1:] != count:
        raise Refused(words.other_components(component.span, seen, count, mixing.span))
    batch = broadcast(mixing.type.batch, seen[:-1])
    if batch is None:
        raise Refused(words.mixed_apart(component.span, seen, mixing.type.batch + count))
    return batch
