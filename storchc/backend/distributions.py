"""Distributions as code: parameters aligned over plates and padded to one batch event."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from storchc.analysis.facts.constraints import TEMPERATURE, Constraint
from storchc.analysis.facts.constraints import of as constraints_of
from storchc.analysis.facts.gates import beside_gates
from storchc.analysis.facts.own_score import own_log_prob
from storchc.backend.code import Code
from storchc.backend.writer import Writer
from storchc.catalogue import distributions as catalogue
from storchc.catalogue.family import Family
from storchc.ir.expression import (
    CallUser,
    Construct,
    Distribution,
    Divergence,
    Entropy,
    Literal,
    LogProb,
    LogProbEach,
    Named,
    Property,
    Reference,
    Value,
)
from storchc.ir.nodes import Sample
from storchc.ir.ranges import ANYTHING, OPEN_UNIT, UNIT
from storchc.ir.types import Plates
from storchc.ir.walk import walk
from storchc.python.expressions import Call, Py, call, literal, member, method, name, tuple_of
from storchc.python.names import DISTRIBUTIONS


def distribution(
    writer: Writer,
    value: Distribution,
    plates: Plates,
    rank: int | None = None,
    *,
    tensor: bool = False,
) -> Code:
    """``value`` with dimensions for ``plates`` too, its batch event padded to ``rank`` dimensions.

    ``tensor`` asks for a tensor among its parameters, which tells dtype and device.
    """
    rank = len(value.type.batch) if rank is None else rank
    if isinstance(value, Named):
        return _named(writer, value, plates, rank)
    return _construct(writer, value, plates, rank, tensor)


def _named(writer: Writer, value: Named, plates: Plates, rank: int) -> Code:
    code: Py = name(writer.locals[value.name])
    stored = writer.stored[value.name]
    if _is_held(writer, value):
        code = method(code, "detached")
    if rank > len(value.type.batch):
        code = method(code, "lift", literal(rank))
    missing = _inner(writer, stored, plates)
    if missing:
        code = method(code, "unsqueeze", *map(literal, missing))
    return Code(code, stored)


def _is_held(writer: Writer, value: Distribution) -> bool:
    """Whether it is the model's by its name, where only what methods own may learn."""
    return writer.detached and isinstance(value, Named) and value.name not in writer.owned


def _inner(writer: Writer, stored: Plates, plates: Plates) -> list[int]:
    """The dimensions, among all plates, that a value lacks on the right of its first plate."""
    if not stored:
        return []
    order = writer.storage.order(stored | plates)
    first = min(order.index(p) for p in stored)
    return [i - first for i, p in enumerate(order) if i > first and p not in stored]


def _construct(writer: Writer, value: Construct, plates: Plates, rank: int, tensor: bool) -> Code:
    return _built(writer, value, parameters(writer, value, tensor), plates, rank)


Parameters = dict[str, Code]

_HOLDS_A_TENSOR = frozenset({"Bernoulli"})
"""Families whose runtime makes a tensor of a number, and could not know its dtype."""


def parameters(writer: Writer, value: Construct, tensor: bool) -> Parameters:
    """The parameters of a distribution as code, each evaluated once."""
    constant = {p.name for p in _family(value).parameters if p.constant}
    codes = {n: _parameter(writer, v, n in constant) for n, v in value.parameters}
    codes |= {c.name: _within(writer, c, codes[c.name]) for c in unproven(writer, value)}
    plain = all(c.plain for n, c in codes.items() if n not in constant)
    if plain and (tensor or value.family in _HOLDS_A_TENSOR):
        # the last one: the number of trials, which comes first, decides how large a support is
        last = next((n for n in reversed(codes) if n not in constant), None)
        if last is not None:
            codes[last] = writer.tensor(codes[last])
    return codes


def unproven(writer: Writer, made: Construct) -> Iterator[Constraint]:
    """What its parameters must be, where that is not known of them."""
    places = writer.estimation.ranges.places
    for each in constraints_of(made):
        found = places.get(each.value, ANYTHING)
        below_score = each.name == "probs" and id(made) in writer.estimation.scored
        scored = below_score and each.allowed == UNIT and _learns(writer, each.value)
        if scored and beside_gates(writer.graph, writer.estimation.ranges, each.value) is None:
            each = replace(each, allowed=OPEN_UNIT, words=BELOW_SCORE, silent=False)
        if found.supposed or not found.within(each.allowed):
            yield each


def _learns(writer: Writer, value: Value) -> bool:
    places = writer.estimation.live.places
    return value not in places or places[value]


def looked_at_temperature(writer: Writer, node: Sample, value: Value, code: Code) -> Code:
    """An option of a sample's method; a temperature that is not known to be positive looked at."""
    options = {} if node.method is None else node.method.values
    if value is not options.get(TEMPERATURE):
        return code
    found = writer.estimation.ranges.places.get(value, ANYTHING)
    if code.plain or (found.positive and not found.supposed):
        return code
    look = call("self.within", code.py, writer.runtime("POSITIVE"), literal(TEMPERATURE))
    return Code(look, code.stored)


BELOW_SCORE = "strictly between 0 and 1 below a score function"
_BOUNDS = {
    "positive": "POSITIVE",
    "0 or more": "NONNEGATIVE",
    "between 0 and 1": "PROBABILITY",
    BELOW_SCORE: "SCORED_PROBABILITY",
}


def _within(writer: Writer, each: Constraint, code: Code) -> Code:
    """A parameter that is looked at in the first call."""
    if code.plain:
        return code
    bounds = writer.runtime(_BOUNDS[each.words])
    look = "self.marked" if each.silent else "self.within"
    return Code(call(look, code.py, bounds, literal(each.name)), code.stored)


def _family(value: Construct) -> Family:
    family = catalogue.lookup(value.family)
    assert family is not None
    return family


def _built(writer: Writer, value: Construct, codes: Parameters, plates: Plates, rank: int) -> Code:
    own = {p.name: p.rank for p in _family(value).parameters}
    stored = _stored(codes)
    target = stored | plates if stored else stored
    ranks = {n: v.type.rank for n, v in value.parameters}
    keywords = [
        (n, writer.storage.align(c.py, c.stored, ranks[n], target, rank + own[n]))
        for n, c in codes.items()
    ]
    if rank:
        keywords.append(("event", literal(rank)))
    made = writer.identifiers.use(value.family, DISTRIBUTIONS)
    return Code(Call(made, (), tuple(keywords)), stored)


def _parameter(writer: Writer, value: Value, constant: bool) -> Code:
    code = writer.value(value)
    if isinstance(value, Literal) and not constant:
        return Code(literal(float(value.value)), code.stored, plain=True)
    return code if constant or code.plain else writer.floated(code, value.type.dtype)


def function(
    writer: Writer, value: LogProb | LogProbEach | Divergence | Entropy | Property
) -> Code:
    """A function or property of distributions."""
    held = isinstance(value, Entropy | Property) and _is_held(writer, value.distribution)
    if held:  # what a distribution knows of itself already is detached behind it
        writer = replace(writer, detached=False)
    match value:
        case LogProb() | LogProbEach():
            code = _log_prob(writer, value)
        case Divergence():
            code = _divergence(writer, value)
        case Entropy(of, _, _):
            made = distribution(writer, of, frozenset(), tensor=True)
            code = Code(method(made.py, "entropy"), made.stored)
        case Property(of, attribute, _, _):
            made = distribution(writer, of, frozenset(), tensor=True)
            code = Code(member(made.py, attribute), made.stored)
    return Code(method(code.py, "detach"), code.stored) if held else code


def _log_prob(writer: Writer, value: LogProb | LogProbEach) -> Code:
    kind = value.distribution.type.dtype
    observed = (
        writer.as_float(value.value)
        if kind == "float"
        else writer.tensor(writer.value(value.value), "int")
    )
    own = len(value.distribution.type.event)
    rank = max(len(value.distribution.type.batch), value.value.type.rank - own)
    made = distribution(writer, value.distribution, observed.stored, rank)
    stored = made.stored | observed.stored
    aligned = writer.storage.align(
        observed.py, observed.stored, value.value.type.rank, stored, rank + own
    )
    law = made.py
    if isinstance(value, LogProbEach):
        law = method(law, "apart")
    elif _own_score_stopped(writer, value):
        law = method(law, "detached")
    return Code(_density(writer, value, law, aligned), stored)


def _density(writer: Writer, value: LogProb | LogProbEach, law: Py, observed: Py) -> Py:
    """The log-probability; it ends where the support does, if the value is not known inside.

    Data are looked at in the first call: where they are observed, and where values lie apart.
    """
    if writer.estimation.ranges.inside_density(value):
        return method(law, "log_prob", observed)
    discrete = _family(writer.graph.construction(value.distribution)).discrete
    if is_data(writer, value.value) and (discrete or id(value) in writer.estimation.observations):
        look = "self.observed_classes" if discrete else "self.observed"
        subject = writer.graph.source.cut(value.value.span).partition("\n")[0]
        return call(look, law, observed, literal(subject))
    return method(law, "ending_log_prob", observed)


def is_data(writer: Writer, value: Value) -> bool:
    """Whether it is made of inputs and numbers alone, as the story stands in the graph."""
    names = {p.name for p in walk(value) if isinstance(p, Reference)}
    calls = any(isinstance(p, CallUser) for p in walk(value))
    return not calls and names <= {item.name for item in writer.graph.inputs}


def _own_score_stopped(writer: Writer, value: LogProb) -> bool:
    """Whether this is the log-probability of a draw whose method stops its parameters there."""
    sample = own_log_prob(writer.graph, value)
    entry = None if sample is None else writer.estimation.estimators[sample].entry
    return entry is not None and entry.stops_own_score


def _divergence(writer: Writer, value: Divergence) -> Code:
    rank = max(len(value.left.type.batch), len(value.right.type.batch))
    sides = [
        parameters(writer, side, tensor) if isinstance(side, Construct) else {}
        for side, tensor in ((value.left, True), (value.right, False))
    ]
    stored = frozenset[str]().union(
        *(
            writer.stored[side.name] if isinstance(side, Named) else _stored(codes)
            for side, codes in zip((value.left, value.right), sides, strict=True)
        )
    )
    left, right = (
        _named(writer, side, stored, rank)
        if isinstance(side, Named)
        else _built(writer, side, codes, stored, rank)
        for side, codes in zip((value.left, value.right), sides, strict=True)
    )
    divergence = writer.identifiers.use("kl_divergence", DISTRIBUTIONS)
    return Code(call(divergence, left.py, right.py), stored)


def _stored(codes: Parameters) -> Plates:
    return frozenset[str]().union(*(c.stored for c in codes.values()))


def expanded(writer: Writer, made: Code, plates: Plates) -> Py:
    """The distribution over every element of ``plates``."""
    if made.stored == plates:
        return made.py
    return method(made.py, "expand", tuple_of(*writer.plate_sizes(plates)))
