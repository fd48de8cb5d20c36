"""Distributions as code: parameters aligned over plates and padded to one batch event."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from storchc.analysis.facts.constraints import TEMPERATURE, Constraint
from storchc.analysis.facts.constraints import of as constraints_of
from storchc.analysis.facts.gates import beside_gates
from storchc.analysis.facts.own_score import own_log_prob
from storchc.catalogue import distributions as catalogue
from storchc.catalogue.family import Family, Part
from storchc.emit.alignment import align
from storchc.emit.calls import typed
from storchc.emit.code import Code
from storchc.emit.context import Context
from storchc.ir.expression import (
    CallUser,
    Construct,
    Distribution,
    Divergence,
    Entropy,
    Literal,
    LogProb,
    Named,
    Property,
    Reference,
    Value,
)
from storchc.ir.nodes import Sample
from storchc.ir.ranges import ANYTHING, OPEN_UNIT, UNIT
from storchc.ir.types import Declared, Plates
from storchc.ir.walk import walk
from storchc.program.slots import Slot
from storchc.python.expressions import (
    Call,
    Imported,
    Py,
    call,
    literal,
    member,
    method,
    tuple_of,
)
from storchc.python.names import DISTRIBUTIONS


def distribution(
    context: Context,
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
        return _named(context, value, plates, rank)
    return _construct(context, value, plates, rank, tensor)


def _named(context: Context, value: Named, plates: Plates, rank: int) -> Code:
    held = _held(context, value)
    code, stored = held.py, held.stored
    if _is_held(context, value):
        code = method(code, "detached")
    if rank > len(value.type.batch):
        code = method(code, "lift", literal(rank))
    missing = _inner(context, stored, plates)
    if missing:
        code = method(code, "unsqueeze", *map(literal, missing))
    return Code(code, stored)


def _held(context: Context, value: Named) -> Code:
    return context.held[Slot("value", value.name)]


def _is_held(context: Context, value: Distribution) -> bool:
    """Whether it is the model's by its name, where only what methods own may learn."""
    return context.detached and isinstance(value, Named) and value.name not in context.story.owned


def _inner(context: Context, stored: Plates, plates: Plates) -> list[int]:
    """The dimensions, among all plates, that a value lacks on the right of its first plate."""
    if not stored:
        return []
    order = context.storage.order(stored | plates)
    first = min(order.index(p) for p in stored)
    return [i - first for i, p in enumerate(order) if i > first and p not in stored]


def _construct(context: Context, value: Construct, plates: Plates, rank: int, tensor: bool) -> Code:
    if value.type.declared is not None:
        made = _of_the_user(context, value, value.type.declared, plates)
        return Code(method(made.py, "lift", literal(rank)), made.stored) if rank else made
    return _built(context, value, parameters(context, value, tensor), plates, rank)


def _of_the_user(context: Context, value: Construct, declared: Declared, plates: Plates) -> Code:
    """One that the constructor was given, of its arguments; where only methods learn, detached."""
    pairs = zip(value.parameters, declared.arguments, strict=True)
    codes = [(typed(context, v, wanted), wanted) for (_, v), wanted in pairs]
    stored = _stored({str(i): code for i, (code, _) in enumerate(codes)})
    target = stored | plates if stored else stored
    arguments = [align(context.storage, c.py, c.stored, w.rank, target) for c, w in codes]
    free = {}
    if any(size.value is None for size in value.type.event):
        free = {"event": tuple_of(*map(context.size, value.type.event))}
    way = "pathwise" if "reparameterized" in declared.flags else "of"
    record = context.module.constants[f"{value.family}:law"]
    made = method(record, way, context.attribute(value.family), *arguments, **free)
    return Code(method(made, "detached") if context.detached else made, stored)


Parameters = dict[str, Code]

_TAKES_NUMBERS = frozenset({"Normal"})
"""Families whose runtime reckons with numbers; of others it makes tensors, of a dtype unknown."""


def parameters(context: Context, value: Construct, tensor: bool) -> Parameters:
    """The parameters of a distribution as code, each evaluated once."""
    constant = {p.name for p in _family(value).parameters if p.constant}
    codes = {n: _parameter(context, v, n in constant) for n, v in value.parameters}
    codes |= {c.name: _within(context, c, codes[c.name]) for c in unproven(context, value)}
    family = _family(value)
    for names in _each_part(family, codes):
        plain = all(codes[n].plain for n in names if n not in constant)
        if plain and (tensor or family.parts or value.family not in _TAKES_NUMBERS):
            # the last one: the number of trials, which comes first, decides how large a support is
            last = next((n for n in reversed(names) if n not in constant), None)
            if last is not None:
                codes[last] = context.tensor(codes[last])
    return codes


def _each_part(family: Family, codes: Parameters) -> list[list[str]]:
    """The names of parameters, those of each distribution that it is made of by themselves."""
    if not family.parts:
        return [list(codes)]
    found = []
    for part in family.parts:
        inner = _each_part(part.family, part.own(codes))
        found += [[f"{part.name}.{name}" for name in names] for names in inner]
    return found


def unproven(context: Context, made: Construct) -> Iterator[Constraint]:
    """What its parameters must be, where that is not known of them."""
    places = context.estimation.ranges.places
    for each in constraints_of(made):
        found = places.get(each.value, ANYTHING)
        below_score = (
            each.name.rpartition(".")[2] in ("probs", "gate")
            and id(made) in context.estimation.scored
        )
        scored = below_score and each.allowed == UNIT and _learns(context, each.value)
        if scored and beside_gates(context.graph, context.estimation.ranges, each.value) is None:
            each = replace(each, allowed=OPEN_UNIT, words=BELOW_SCORE, silent=False)
        if found.supposed or not found.within(each.allowed):
            yield each


def _learns(context: Context, value: Value) -> bool:
    places = context.estimation.live.places
    return value not in places or places[value]


def looked_at_temperature(context: Context, node: Sample, value: Value, code: Code) -> Code:
    """An option of a sample's method; a temperature that is not known to be positive looked at."""
    options = {} if node.method is None else node.method.values
    if value is not options.get(TEMPERATURE):
        return code
    found = context.estimation.ranges.places.get(value, ANYTHING)
    if code.plain or (found.positive and not found.supposed):
        return code
    look = call("self.within", code.py, context.runtime("POSITIVE"), literal(TEMPERATURE))
    return Code(look, code.stored)


BELOW_SCORE = "strictly between 0 and 1 below a score function"
_BOUNDS = {
    "positive": "POSITIVE",
    "0 or more": "NONNEGATIVE",
    "other than 0": "NONZERO",
    "between 0 and 1": "PROBABILITY",
    BELOW_SCORE: "SCORED_PROBABILITY",
}


def _within(context: Context, each: Constraint, code: Code) -> Code:
    """A parameter that is looked at in the first call."""
    if code.plain:
        return code
    bounds = context.runtime(_BOUNDS[each.words])
    look = "self.marked" if each.silent else "self.within"
    return Code(call(look, code.py, bounds, literal(each.name)), code.stored)


def _family(value: Construct) -> Family:
    family = catalogue.row(value.type)
    return family


def _built(
    context: Context, value: Construct, codes: Parameters, plates: Plates, rank: int
) -> Code:
    own = {p.name: p.rank for p in _family(value).parameters}
    stored = _stored(codes)
    target = stored | plates if stored else stored
    ranks = {n: v.type.rank for n, v in value.parameters}
    aligned = {
        n: align(context.storage, c.py, c.stored, ranks[n], target, rank + own[n])
        for n, c in codes.items()
    }
    return Code(_call(_family(value), aligned, rank), stored)


def _call(family: Family, codes: Mapping[str, Py], event: int) -> Py:
    """The constructor of a family, and of those that it is made of."""
    keywords = [(name, code) for name, code in codes.items() if "." not in name]
    for part in family.parts:
        inner = event if part.event is None else part.event
        keywords.append((part.name, _call(part.family, part.own(codes), inner)))
    if family.transforms:
        keywords.append(("transforms", tuple_of(*_transforms(family, codes))))
    if event:
        keywords.append(("event", literal(event)))
    return Call(Imported(family.head, DISTRIBUTIONS), (), tuple(keywords))


def _transforms(family: Family, codes: Mapping[str, Py]) -> Iterator[Py]:
    for place, name in enumerate(family.transforms):
        own = Part(f"transforms[{place}]", family).own(codes)
        yield Call(Imported(name, DISTRIBUTIONS), (), tuple(own.items()))


def _parameter(context: Context, value: Value, constant: bool) -> Code:
    code = context.value(value)
    if isinstance(value, Literal) and not constant:
        return Code(literal(float(value.value)), code.stored, plain=True)
    return code if constant or code.plain else context.floated(code, value.type.dtype)


def function(context: Context, value: LogProb | Divergence | Entropy | Property) -> Code:
    """A function or property of distributions."""
    held = isinstance(value, Entropy | Property) and _is_held(context, value.distribution)
    if held:  # what a distribution knows of itself already is detached behind it
        context = replace(context, detached=False)
    match value:
        case LogProb():
            code = _log_prob(context, value)
        case Divergence():
            code = _divergence(context, value)
        case Entropy(of, _, _):
            made = distribution(context, of, frozenset(), tensor=True)
            law = _kept(value, made.py, len(of.type.batch))
            code = Code(method(law, "entropy"), made.stored)
        case Property(of, attribute, _, _):
            made = distribution(context, of, frozenset(), tensor=True)
            code = Code(member(made.py, attribute), made.stored)
    return Code(method(code.py, "detach"), code.stored) if held else code


def _log_prob(context: Context, value: LogProb) -> Code:
    kind = value.distribution.type.dtype
    observed = (
        context.as_float(value.value)
        if kind == "float"
        else context.tensor(context.value(value.value), "int")
    )
    if (asked := _asked_already(context, value)) is not None:
        return Code(method(asked, "log_prob", observed.py), observed.stored)
    own = len(value.distribution.type.event)
    rank = max(len(value.distribution.type.batch), value.value.type.rank - own)
    made = distribution(context, value.distribution, observed.stored, rank)
    stored = made.stored | observed.stored
    aligned = align(
        context.storage, observed.py, observed.stored, value.value.type.rank, stored, rank + own
    )
    if aligned != observed.py and _remembers(context, value.value):
        aligned = call(context.runtime("knowing"), aligned, observed.py)
    law = made.py
    if _own_score_stopped(context, value):
        law = method(law, "detached")
    law = _kept(value, law, rank)
    return Code(_density(context, value, law, aligned), stored)


def _remembers(context: Context, value: Value) -> bool:
    """Whether it is a sample that knows more of what it was drawn as than its value tells."""
    sample = context.story.samples.get(value.name) if isinstance(value, Reference) else None
    return sample is not None and catalogue.row(sample.distribution.type).remembered


def _asked_already(context: Context, value: LogProb) -> Py | None:
    """The distribution of the user's that this very value was drawn from: it is asked once."""
    sample = own_log_prob(context.graph, value)
    if sample is None or value.distribution.type.declared is None or context.detached:
        return None
    estimator, slot = context.estimation.estimators[sample], Slot("draw", sample)
    plain = estimator.sampler is None and not context.story.samples[sample].loops
    entry = estimator.entry
    if not plain or entry is None or entry.stops_own_score or slot not in context.held:
        return None
    return member(context.draw(sample), "distribution")


def _density(context: Context, value: LogProb, law: Py, observed: Py) -> Py:
    """The log-probability; it ends where the support does, if the value is not known inside.

    Data are looked at in the first call: where they are observed, and where values lie apart.
    """
    if context.estimation.ranges.inside_density(value):
        return method(law, "log_prob", observed)
    discrete = _family(context.graph.construction(value.distribution)).discrete
    if is_data(context, value.value) and (discrete or id(value) in context.estimation.observations):
        look = "self.observed_classes" if discrete else "self.observed"
        subject = context.graph.source.cut(value.value.span).partition("\n")[0]
        return call(look, law, observed, literal(subject))
    return method(law, "ending_log_prob", observed)


def is_data(context: Context, value: Value) -> bool:
    """Whether it is made of inputs and numbers alone, as the story stands in the graph."""
    names = {p.name for p in walk(value) if isinstance(p, Reference)}
    calls = any(isinstance(p, CallUser) for p in walk(value))
    return not calls and names <= {item.name for item in context.graph.inputs}


def _own_score_stopped(context: Context, value: LogProb) -> bool:
    """Whether this is the log-probability of a draw whose method stops its parameters there."""
    sample = own_log_prob(context.graph, value)
    entry = None if sample is None else context.estimation.estimators[sample].entry
    return entry is not None and entry.stops_own_score


def _divergence(context: Context, value: Divergence) -> Code:
    rank = max(len(value.left.type.batch), len(value.right.type.batch))
    sides = [
        parameters(context, side, tensor) if isinstance(side, Construct) else {}
        for side, tensor in ((value.left, True), (value.right, False))
    ]
    stored = frozenset[str]().union(
        *(
            context.held[Slot("value", side.name)].stored
            if isinstance(side, Named)
            else _stored(codes)
            for side, codes in zip((value.left, value.right), sides, strict=True)
        )
    )
    left, right = (
        _named(context, side, stored, rank)
        if isinstance(side, Named)
        else _built(context, side, codes, stored, rank)
        for side, codes in zip((value.left, value.right), sides, strict=True)
    )
    divergence = Imported("kl_divergence", DISTRIBUTIONS)
    return Code(call(divergence, *(_kept(value, law.py, rank) for law in (left, right))), stored)


def _kept(value: LogProb | Divergence | Entropy, law: Py, rank: int) -> Py:
    """The distribution, as much of its batch event taken for plates as is kept."""
    if not value.type.shape:
        return law
    joined = [literal(rank - value.type.rank)] if rank > value.type.rank else []
    parts = isinstance(law, Call) and any(isinstance(v, Call) for _, v in law.keywords)
    if isinstance(law, Call) and isinstance(law.function, Imported) and not (joined or parts):
        return replace(law, keywords=tuple(k for k in law.keywords if k[0] != "event"))
    return method(law, "apart", *joined)


def _stored(codes: Parameters) -> Plates:
    return frozenset[str]().union(*(c.stored for c in codes.values()))


def expanded(context: Context, made: Code, plates: Plates) -> Py:
    """The distribution over every element of ``plates``."""
    if made.stored == plates:
        return made.py
    return method(made.py, "expand", tuple_of(*context.plate_sizes(plates)))
