"""The plates that a value of the story is stored with.

They are fewer than those of its type where it is constant along some: an enumerated value along
the plates of its distribution, a number along all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from storchc.catalogue import functions
from storchc.ir.expression import (
    AlongSteps,
    Apply,
    CallUser,
    Construct,
    Counter,
    Distribution,
    Divergence,
    Entropy,
    Evidence,
    Expected,
    Extent,
    Literal,
    LogProb,
    OverPlates,
    Property,
    Reference,
    Renamed,
    Select,
    SequenceOf,
    StaticChoice,
    SummedOut,
    Value,
)
from storchc.ir.types import NO_PLATES, Plates
from storchc.lower.story import Scope, Story
from storchc.lower.weights import Weights, reductions
from storchc.program.slots import Kind, Slot


def is_plain(value: Value) -> bool:
    """Whether generated code has a Python number for ``value``."""
    match value:
        case Literal() | Extent() | Counter():
            return True
        case Apply(function, operands):
            numbers = functions.row(function).numbers
            return bool(operands) and numbers == "all" and all(map(is_plain, operands))
        case StaticChoice(_, then, otherwise):
            return is_plain(then) and is_plain(otherwise)
        case Renamed(of):
            return is_plain(of)
        case _:
            return False


def stored_of(story: Story, scope: Scope, value: Value) -> Plates:
    """The plates of ``value`` in memory."""
    match value:
        case Literal() | Extent() | Counter():
            return NO_PLATES
        case Reference(name):
            return scope.get(Slot("value", name), NO_PLATES)
        case SequenceOf(of):
            return scope[Slot("sequence", of.name)]
        case Apply(_, operands):
            return _all(story, scope, operands)
        case Select(of, items):
            chosen = (i for i in items if isinstance(i, Value))
            return stored_of(story, scope, of) | _all(story, scope, chosen)
        case OverPlates():
            return _reduced(story, scope, value)
        case CallUser():
            return call_plates(story, scope, value)
        case StaticChoice(_, then, otherwise):
            return _all(story, scope, (then, otherwise))
        case Expected(of, sample, plate):
            weighing = scope[Slot("law", sample)] | {plate}
            return (stored_of(story, scope, of) | weighing) - {plate}
        case SummedOut():
            return _summed_out(story, scope, value)
        case Renamed(of, plate, copy):
            return frozenset(copy if p == plate else p for p in stored_of(story, scope, of))
        case AlongSteps(of, loop):
            return stored_of(story, scope, of) | {loop}
        case Evidence():
            return _evidence(story, scope, value)
        case LogProb(law, of):
            return law_plates(story, scope, law) | stored_of(story, scope, of)
        case Divergence(left, right):
            return law_plates(story, scope, left) | law_plates(story, scope, right)
        case Entropy(law) | Property(law):
            return law_plates(story, scope, law)
        case _:
            assert_never(value)


def law_plates(story: Story, scope: Scope, law: Distribution) -> Plates:
    """The plates that the parameters of a distribution have in memory."""
    if isinstance(law, Construct):
        return _all(story, scope, (value for _, value in law.parameters))
    return scope[Slot("value", law.name)]


def call_plates(story: Story, scope: Scope, value: CallUser) -> Plates:
    """The plates that the results of a call have in memory."""
    if "stateful" in story.graph.callees[value.callee].flags:
        return story.storage.full(value.type.plates)
    groups = (a if isinstance(a, tuple) else (a,) for a in value.arguments)
    return _all(story, scope, (each for group in groups for each in group))


def _all(story: Story, scope: Scope, values: Iterable[Value]) -> Plates:
    return frozenset[str]().union(*(stored_of(story, scope, value) for value in values))


def _reduced(story: Story, scope: Scope, value: OverPlates) -> Plates:
    stored = stored_of(story, scope, value.value)
    origin = story.estimation.reduced_origin(value)
    logs = functions.over(value).logs
    for group, weights in reductions(story, scope, frozenset(value.plates), origin):
        if weights.samples:
            stored |= _weight_plates(story, scope, weights)
        elif logs and not stored.issuperset(group):
            continue
        stored -= frozenset(group)
    return stored


def _weight_plates(story: Story, scope: Scope, weights: Weights) -> Plates:
    every = (story.weight_plates(scope, s) - weights.over(s) for s in weights.samples)
    return frozenset[str]().union(*every)


def _summed_out(story: Story, scope: Scope, value: SummedOut) -> Plates:
    stored = stored_of(story, scope, value.value)
    chain = story.estimation.elimination.chains[value.sample]
    own = stored & {chain.before, chain.sample}
    if not own:
        return stored
    kind: Kind = "joint mass" if len(own) == 2 else "mass" if chain.sample in own else "mass before"
    return (stored | scope[Slot(kind, value.sample)]) - own


def _evidence(story: Story, scope: Scope, value: Evidence) -> Plates:
    laws = (law for law in (value.first, value.law) if law is not None)
    found = [law_plates(story, scope, law) for law in laws]
    found += [stored_of(story, scope, v) for v in (value.start, value.term) if v is not None]
    found += [scope[Slot("mass", value.sample)]] if value.first is None else []
    return frozenset[str]().union(*found) - {value.sample, value.before, value.loop}
