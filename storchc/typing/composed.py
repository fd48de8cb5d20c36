"""Distributions that are made of other distributions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from storchc.catalogue import distributions as families
from storchc.catalogue.distributions.composed import (
    BASE,
    COMPONENT,
    MIXING,
    joined,
    listed,
    named,
    of_transform,
)
from storchc.catalogue.distributions.parts import scalar
from storchc.catalogue.family import Family, bind, broadcast, property_type
from storchc.catalogue.function import Misfit
from storchc.catalogue.supports import lies_in
from storchc.catalogue.transforms import REFUSED, TRANSFORMS, Transform
from storchc.diagnostics import composed as words
from storchc.diagnostics import shapes as shape_words
from storchc.ir.expression import Construct, Distribution, Literal, Named, Property, Value
from storchc.ir.ranges import ANYTHING, Range, exactly
from storchc.ir.size import Shape
from storchc.ir.types import DistributionType, united
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
    given = _gated(node) or _bound(node, family)
    match family.name:
        case "Independent":
            return _independent(ctx, node, given)
        case "TransformedDistribution":
            return _transformed(ctx, node, given)
        case "ZeroInflated":
            return _zero_inflated(ctx, node, given)
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
    if found.type.declared is not None:
        raise Refused(words.users_part(found.span, found.type.family))
    family = families.row(found.type)
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
    _check_density(component)
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


# --- TransformedDistribution ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sending:
    """A transform as a story writes it, with the values of its parameters."""

    row: Transform
    parameters: tuple[tuple[str, Value], ...]
    span: Span

    @property
    def places(self) -> dict[str, Range]:
        """Where its parameters lie, as far as they are numbers."""
        return {
            name: exactly(float(value.value)) if isinstance(value, Literal) else ANYTHING
            for name, value in self.parameters
        }


def _transformed(
    ctx: Context, node: tree.Call, given: dict[str, tree.Expression]
) -> Construct | None:
    base, transforms = _part(ctx, given[BASE]), _transforms(ctx, given["transforms"])
    if base is None or transforms is None:
        return None
    _check_base(base)
    _check_domains(base, transforms)
    batch = base.type.batch
    for sending in transforms:
        for _, value in sending.parameters:
            batch = _spread(batch, base.type.event, value)
    before = base.family.transforms  # of one that is transformed once more: one after another
    names = [*before, *(sending.row.name for sending in transforms)]
    inner = base.family.parts[0].family.name if before else base.type.family
    name = named("TransformedDistribution", inner, listed(names))
    flat = [
        (of_transform(place, key), value)
        for place, sending in enumerate(transforms, len(before))
        for key, value in sending.parameters
    ]
    plates = united([base.type.plates, *(value.type.plates for _, value in flat)])
    type_ = replace(base.type, family=name, plates=plates, batch=batch)
    own = base.parameters if before else base.flat(BASE)
    earlier = [pair for pair in own if before and not pair[0].startswith(f"{BASE}.")]
    rest = [pair for pair in own if pair not in earlier]
    return Construct(name, (*earlier, *flat, *rest), type_, node.span)


def _spread(batch: Shape, event: Shape, value: Value) -> Shape:
    """The batch of values to which one number for each of their elements is broadcast."""
    found = broadcast(batch + event, value.type.shape)
    own = len(event)
    if found is None or found[len(found) - own :] != event:
        raise Refused(words.transforms_apart(value.span, value.type.shape, batch + event))
    return found[: len(found) - own]


def _check_base(base: _Part) -> None:
    """A density of single numbers, or of vectors of these, becomes one."""
    family = base.family
    if family.discrete or family.dtype != "float":
        raise Refused(words.discrete_base(base.span, family.name))
    _check_density(base)
    if family.support in ("simplex", "log simplex", "positive definite", "correlation cholesky"):
        raise Refused(words.joined_base(base.span, family.name))


def _check_domains(base: _Part, transforms: Sequence[_Sending]) -> None:
    """Each transform takes all that it is given."""
    lies = _extent(base)
    for sending in transforms:
        if not lies.within(sending.row.domain):
            raise Refused(words.outside_domain(sending.span, sending.row.name, lies))
        lies = sending.row.image(lies, sending.places)


def _extent(base: _Part) -> Range:
    """Where a distribution draws from, as far as its parameters are numbers."""
    places = {
        name: exactly(float(value.value)) if isinstance(value, Literal) else ANYTHING
        for name, value in base.parameters
    }
    made = Construct(base.family.name, base.parameters, base.type, base.span)
    return lies_in(base.family, made, places)


def _transforms(ctx: Context, expression: tree.Expression) -> list[_Sending] | None:
    items = expression.items if isinstance(expression, tree.ListOf) else (expression,)
    if not items:
        raise Refused(words.no_transforms(expression.span, TRANSFORMS))
    found = [_transform(ctx, item) for item in items]
    known = [each for each in found if each is not None]
    return known if len(known) == len(found) else None


def _transform(ctx: Context, item: tree.Expression) -> _Sending | None:
    if isinstance(item, tree.Name) and item.id in TRANSFORMS:
        raise Refused(
            words.transform_not_called(
                item.span, item.id, [p.name for p in TRANSFORMS[item.id].parameters]
            )
        )
    if not isinstance(item, tree.Call):
        raise Refused(words.no_transform(item.span, TRANSFORMS))
    name = item.function.id
    row = TRANSFORMS.get(name)
    if row is None and name in REFUSED:
        reason = REFUSED[name]
        raise Refused(words.refused_transform(item.function.span, name, reason, TRANSFORMS))
    if row is None:
        raise Refused(words.unknown_transform(item.function.span, name, TRANSFORMS))
    given = _bound(item, Family(row.name, "", row.parameters, "real", (), scalar))
    typed = {key: expressions.value(ctx, argument) for key, argument in given.items()}
    values = {key: value for key, value in typed.items() if value is not None}
    if len(values) < len(typed):
        return None
    for key, value in values.items():
        if isinstance(value, Literal) and key != "loc" and value.value == 0:
            raise Refused(words.flat_transform(value.span, row.name, key))
    return _Sending(row, tuple(values.items()), item.span)


# --- ZeroInflated --------------------------------------------------------------------------------


def _gated(node: tree.Call) -> dict[str, tree.Expression] | None:
    """``ZeroInflated(q, gate_logits=g)``: the gate has its name, so that q is the first one."""
    names = [keyword.name.id for keyword in node.keywords]
    if node.function.id != "ZeroInflated" or len(node.args) != 1 or len(names) != 1:
        return None
    return {names[0]: node.keywords[0].value, BASE: node.args[0]} if names[0] in _GATES else None


_GATES = ("gate", "gate_logits")


def _zero_inflated(
    ctx: Context, node: tree.Call, given: dict[str, tree.Expression]
) -> Construct | None:
    (key, written), base = next((k, v) for k, v in given.items() if k in _GATES), given[BASE]
    gate, part = expressions.value(ctx, written), _part(ctx, base)
    if gate is None or part is None:
        return None
    if part.type.event or part.type.dtype != "float":
        raise Refused(words.no_zeros(part.span, part.family.name))
    _check_density(part)
    _check_gate(gate, key)
    batch = broadcast(part.type.batch, gate.type.shape)
    if batch is None:
        raise Refused(words.gate_apart(gate.span, gate.type.shape, part.type.batch))
    name = named("ZeroInflated", part.type.family)
    plates = part.type.plates | gate.type.plates
    type_ = replace(part.type, family=name, plates=plates, batch=batch)
    return Construct(name, ((key, gate), *part.flat(BASE)), type_, node.span)


def _check_gate(gate: Value, key: str) -> None:
    if isinstance(gate, Literal) and key == "gate" and not 0 <= gate.value <= 1:
        raise Refused(words.no_gate(gate.span, float(gate.value)))


def _check_density(part: _Part) -> None:
    """Whether it has a density, or probabilities, and not both or none."""
    if part.family.point or part.family.mixed:
        raise Refused(words.has_atoms(part.span, part.family.name))
