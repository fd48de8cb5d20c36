"""A story with the expectation over one enumerated sample written where its factors part.

A value is followed from the sample to the costs. Where factors would be joined though only a linear
function does so, a sum above all, the expectation of what stands there is taken first: each factor
is then weighed and summed alone. `JoinedError` says where that cannot be done.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import field, replace
from types import EllipsisType

from storchc.analysis.rewrite.separation.factors import (
    Apart,
    Items,
    JoinedError,
    Kind,
    Part,
    kept,
    merged,
)
from storchc.analysis.rewrite.separation.selecting import indexed, selected
from storchc.catalogue import distributions, functions
from storchc.catalogue.family import broadcast
from storchc.catalogue.function import Function
from storchc.ir.expression import (
    AlongSteps,
    Apply,
    CallUser,
    Counter,
    Distribution,
    Divergence,
    Entropy,
    Evidence,
    Expected,
    Extent,
    Literal,
    LogProb,
    Named,
    OverPlates,
    Property,
    Range,
    Reference,
    Renamed,
    Select,
    SelectItem,
    SequenceOf,
    StaticChoice,
    SummedOut,
    Value,
)
from storchc.ir.names import copy_of
from storchc.ir.nodes import Sample
from storchc.ir.types import ValueType
from storchc.ir.walk import children, walk
from storchc.records import dataclass
from storchc.source import Span


@dataclass(slots=True)
class Rewriter:
    """Rewrites expressions for one sample, statement by statement.

    ``kinds`` holds how every named value depends on it; ``copies`` the plate for each selection of
    factors; ``groups`` what was evaluated together. ``credits`` says whether an expression depends
    on the sample other than by cuts.
    """

    sample: Sample
    credits: Callable[[Value], bool]
    kinds: dict[str, Kind]
    copies: dict[Items, str]
    groups: set[Apart] = field(default_factory=set)

    def value(self, value: Value) -> tuple[Kind, Value]:
        """How ``value`` depends on the sample, and the value rewritten."""
        match value:
            case Literal() | Extent() | Counter() | SequenceOf():  # nothing of it enters a loop
                return "free", value
            case Reference(name, _, _):
                return self.kinds.get(name, "free"), value
            case Apply():
                return self._apply(value)
            case Select():
                return self._select(value)
            case OverPlates():
                return self._over(value)
            case StaticChoice():
                return self._choice(value)
            case LogProb():
                return self._observed(value) if value.type.shape else self._log_prob(value)
            case Expected() | Renamed() | SummedOut() | AlongSteps():
                kind, inner = self.value(value.value)
                return kind, replace(value, value=inner)
            case CallUser():
                return self._call(value)
            case Evidence():
                raise AssertionError(value)  # written behind this
            case Divergence(left, right):
                kinds, (left, right) = zip(*map(self.distribution, (left, right)), strict=True)
                rewritten: Value = replace(value, left=left, right=right)
                return self._summed(kinds, value), rewritten
            case Entropy(law):
                kind, law = self.distribution(law)
                return self._summed([kind], value), replace(value, distribution=law)
            case Property():
                return self._property(value)

    def mean(self, value: Value) -> Value:
        """``value`` with its expectation taken."""
        return self._mean(*self.value(value))

    def need_free(self, value: Value | Distribution, place: Span, words: str = "") -> None:
        """Raise `JoinedError` where anything in ``value`` depends on the sample."""
        if any(self.kinds.get(n, "free") != "free" for n in _names(value)):
            raise self._joined(place, words)

    def free(self, value: Value, place: Span, words: str = "") -> Value:
        """``value`` rewritten; `JoinedError` where it depends on the sample, averages aside."""
        kind, rewritten = self.value(value)
        if kind != "free":
            raise self._joined(place, words)
        return rewritten

    def free_law(self, value: Distribution, place: Span, words: str) -> Distribution:
        """As `free`, of a distribution."""
        kind, rewritten = self.distribution(value)
        if kind != "free":
            raise self._joined(place, words)
        return rewritten

    def _joined(self, place: Span, words: str = "") -> JoinedError:
        said = words or "this joins the factors of `{}`"
        return JoinedError(place, said.format(self.sample.name))

    # --- functions -------------------------------------------------------------------------------

    def _apply(self, value: Apply) -> tuple[Kind, Value]:
        told = [self.value(operand) for operand in value.operands]
        kinds = [kind for kind, _ in told]
        operands = tuple(operand for _, operand in told)
        if all(kind == "free" for kind in kinds):
            return "free", replace(value, operands=operands)
        if apart := kept(value, kinds):
            return apart, replace(value, operands=operands)
        row = functions.row(value.function)
        if written := _written(row, row.algebra.parts, value):
            return self.value(written)
        if row.linear_in(value, {i for i, kind in enumerate(kinds) if kind != "free"}):
            means = tuple(self._mean(*each) for each in told)
            return "mean", replace(value, operands=means, type=_float(value))
        if written := _written(row, row.algebra.terms, value):
            return self.value(written)
        raise self._joined(value.span)

    def _mean(self, kind: Kind, value: Value) -> Value:
        """The expectation of a value, taken part by part."""
        if not isinstance(kind, Apart):
            return value
        self.groups.add(kind)
        name, type_, span = self.sample.name, _float(value), value.span
        cut = not self.credits(value)
        for items, dims in ((part.items, part.dims) for part in kind.parts):
            value = Expected(value, name, self._copy(items), items, dims, cut, type_, span)
        return value

    def _copy(self, items: Items) -> str:
        """The plate along which the outcomes of these factors stand."""
        return self.copies.setdefault(items, copy_of(self.sample.name, len(self.copies)))

    def _call(self, value: CallUser) -> tuple[Kind, Value]:
        words = f"`{value.callee}` sees all factors of `{{}}` at once"

        def free(argument: Value) -> Value:
            return self.free(argument, value.span, words)

        arguments = tuple(
            tuple(map(free, argument)) if isinstance(argument, tuple) else free(argument)
            for argument in value.arguments
        )
        return "free", replace(value, arguments=arguments)

    def _choice(self, value: StaticChoice) -> tuple[Kind, Value]:
        told = [self.value(side) for side in (value.then, value.otherwise)]
        kinds = [kind for kind, _ in told]
        if all(kind == "free" for kind in kinds):
            return "free", value
        together = merged(k for k in kinds if isinstance(k, Apart)) if "mean" not in kinds else None
        if together is not None:
            return together, replace(value, then=told[0][1], otherwise=told[1][1])
        then, otherwise = (self._mean(*side) for side in told)
        return "mean", replace(value, then=then, otherwise=otherwise, type=_float(value))

    def _over(self, value: OverPlates) -> tuple[Kind, Value]:
        kind, inner = self.value(value.value)
        if kind == "free":
            return kind, replace(value, value=inner)
        own = self.sample.name in value.plates
        if (own or kind == "mean") and not functions.linear_over(value):
            raise self._joined(value.span)
        if own:
            return "free", replace(value, value=self._mean(kind, inner), type=_float(value))
        return kind, replace(value, value=inner)

    # --- indexing --------------------------------------------------------------------------------

    def _select(self, value: Select) -> tuple[Kind, Value]:
        kind, inner = self.value(value.value)
        told = [self._item(item) for item in value.items]
        rewritten = replace(value, value=inner, items=tuple(item for _, item in told))
        index: Kind = next((k for k, _ in told if k != "free"), "free")
        if index == "free":
            return self._taken(rewritten, kind)
        if kind == "free" and isinstance(index, Apart):
            return indexed(index, value), rewritten
        raise self._joined(value.span)

    def _item(self, item: SelectItem) -> tuple[Kind, SelectItem]:
        if isinstance(item, int | Range | EllipsisType):
            return "free", item
        return self.value(item)

    def _taken(self, value: Select, kind: Kind) -> tuple[Kind, Value]:
        """An index that is free of the sample, into a value that may not be."""
        if kind == "free":
            return kind, value
        found = selected(kind, value) if isinstance(kind, Apart) else None
        if found is None or not isinstance(kind, Apart):
            means = replace(value, value=self._mean(kind, value.value), type=_float(value))
            return "mean", means
        old, new = ([part.items for part in each.parts] for each in (kind, found))
        if old == new:
            return found, value
        if len(old) > 1:  # each part would have to change its plate, one of them to another's
            means = replace(value, value=self._mean(kind, value.value), type=_float(value))
            return "mean", means
        plates = self._copy(old[0]), self._copy(new[0])
        inner = Renamed(value.value, *plates, value.value.type, value.span)
        return found, replace(value, value=inner)

    # --- distributions ---------------------------------------------------------------------------

    def distribution(self, value: Distribution) -> tuple[Kind, Distribution]:
        """How a distribution depends on the sample, dimensions counted in its batch event."""
        if isinstance(value, Named):
            return self.kinds.get(value.name, "free"), value
        family = distributions.row(value.type)
        parameters, found = [], []
        for name, parameter in value.parameters:
            kind, rewritten = self.value(parameter)
            parameters.append((name, rewritten))
            found.append(self._batch(kind, family.parameter(name).rank, value.span))
        return self._together(found, value.span), replace(value, parameters=tuple(parameters))

    def _log_prob(self, value: LogProb) -> tuple[Kind, Value]:
        kind, rewritten = self._observed(value)
        if not isinstance(kind, Apart) or not kind.dims:
            return kind, rewritten
        own = len(value.distribution.type.event)
        rank = value.value.type.rank - own
        shape = broadcast(value.distribution.type.batch, value.value.type.shape[:rank])
        assert shape is not None
        each = replace(rewritten, type=replace(value.type, shape=shape))
        mean = self._mean(kind, each)
        return "mean", Apply("sum", (mean,), _EVENT, value.type, value.span)

    def _observed(self, value: LogProb) -> tuple[Kind, LogProb]:
        """How the log-probability of each element of the batch event depends on the sample."""
        law, made = self.distribution(value.distribution)
        kind, observed = self.value(value.value)
        if value.type.shape and made.type.joined:
            raise self._joined(value.span)
        own = len(value.distribution.type.event)
        together = self._together([law, self._batch(kind, own, value.span)], value.span)
        return together, replace(value, distribution=made, value=observed)

    def _property(self, value: Property) -> tuple[Kind, Value]:
        """One for each element of the batch event, in the shape of a sample."""
        kind, made = self.distribution(value.distribution)
        family = distributions.row(made.type)
        entry = None if family is None else family.property(value.name)
        if entry is None or entry.shape != "sample":
            kind = self._of_one([kind], value.span)
        if isinstance(kind, Apart):
            own = len(made.type.event)
            kind = Apart(
                tuple(Part(p.items, tuple(dim - own for dim in p.dims)) for p in kind.parts)
            )
        return kind, replace(value, distribution=made)

    def _summed(self, kinds: Iterable[Kind], value: Divergence | Entropy) -> Kind:
        """Of what is one for each element of the batch event, or the sum of these."""
        laws = (part for part in children(value) if not isinstance(part, Value))
        summed = not value.type.shape or any(law.type.joined for law in laws)
        joined = self._of_one if summed else self._together
        return joined(kinds, value.span)

    def _of_one(self, kinds: Iterable[Kind], place: Span) -> Kind:
        """What depends on the same factors in all its elements, so that summing them joins none."""
        together = self._together(kinds, place)
        if isinstance(together, Apart) and together.dims:
            raise self._joined(place)
        return together

    def _batch(self, kind: Kind, own: int, place: Span) -> Kind:
        """Dimensions counted without the ``own`` ones behind the batch event."""
        if kind == "free":
            return kind
        if kind == "mean" or any(dim >= -own for dim in kind.dims):
            raise self._joined(place)
        parts = (Part(p.items, tuple(dim + own for dim in p.dims)) for p in kind.parts)
        return Apart(tuple(parts))

    def _together(self, kinds: Iterable[Kind], place: Span) -> Kind:
        found = [kind for kind in kinds if isinstance(kind, Apart)]
        together = merged(found)
        if together is None:
            raise self._joined(place)
        return together if found else "free"


def _written(
    row: Function, rule: Callable[[Apply], Value | None] | None, value: Apply
) -> Value | None:
    """A function written otherwise, by a rule of its row.

    An operand may then be evaluated twice. A call may remember or draw something: it is not.
    """
    calls = any(isinstance(part, CallUser) for part in walk(value))
    return None if rule is None or row.cut or calls else rule(value)


def _names(value: Value | Distribution) -> set[str]:
    return {part.name for part in walk(value) if isinstance(part, Reference | Named)}


_EVENT = {"dim": None, "keepdim": False}


def _float(value: Value) -> ValueType:
    return replace(value.type, dtype="float")
