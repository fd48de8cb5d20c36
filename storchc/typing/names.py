"""The names stage: which name means what, and where it was defined."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Literal

from storchc.catalogue import distributions, functions, methods, samplers
from storchc.diagnostics import loops as loop_words
from storchc.diagnostics import names as words
from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.records import dataclass
from storchc.source import Source, Span
from storchc.syntax import tree

Kind = Literal[
    "dim", "plate", "input", "param", "module", "function", "declared", "use",
    "compute", "sample", "cost", "observation", "report", "counter", "carried",
]  # fmt: skip
Wanted = Literal["value", "distribution", "call", "plate", "dim", "module", "method"]

VALUES: frozenset[Kind] = frozenset(
    {"dim", "input", "param", "compute", "sample", "cost", "counter", "carried"}
)
CALLABLES: frozenset[Kind] = frozenset({"module", "function"})
GIVEN: frozenset[Kind] = CALLABLES | {"declared"}
"""What the user passes to the constructor."""
# Functions of distributions and loops, which are no entries of the catalogue.
SPECIAL = ("log_prob", "kl_divergence", "entropy", "sequence")

_RANDOM = frozenset({"rand", "randn", "randint", "normal", "multinomial", "bernoulli", "dropout"})
_RESERVED_INPUTS = frozenset({"self", "given", "keep_param_grads", "generator"})
_FITTING: dict[Wanted, frozenset[Kind]] = {
    "value": VALUES,
    "distribution": frozenset({"compute"}),
    "call": CALLABLES,
    "plate": frozenset({"plate", "sample"}),
    "dim": frozenset({"dim"}),
    "module": frozenset({"module"}),
    "method": frozenset({"use"}),
}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name means, and where it is defined: in which loop, None outside of all.

    ``around`` are the loops around that one, outermost first.
    """

    name: tree.Name
    kind: Kind
    loop: tree.For | None = None
    around: tuple[tree.For, ...] = ()


@dataclass(slots=True)
class Scope:
    """All names of a story. ``repeated`` holds the names of second definitions, by place.

    ``updates`` has the names by which a loop defines its carried variables again.
    """

    source: Source
    definitions: dict[str, Definition] = field(default_factory=dict)
    repeated: set[Span] = field(default_factory=set)
    updates: dict[str, list[tree.Name]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def kind(self, name: str) -> Kind | None:
        """What ``name`` means in this story, if it means anything."""
        definition = self.definitions.get(name)
        return None if definition is None else definition.kind

    def unresolved(self, name: tree.Name, wanted: Wanted, candidates: Iterable[str]) -> Problem:
        """Why ``name`` cannot stand where ``wanted`` is needed; ``candidates`` could."""
        definition = self.definitions.get(name.id)
        if definition is not None:
            return self._unfit(name, definition, wanted)
        line = self.source.position(min(name.span.start, len(self.source.text))).line
        if wanted == "dim" and self.source.line(line).startswith("input"):
            return words.unknown_in_input(name, candidates)
        return _foreign(name, wanted, tuple(candidates))

    def _unfit(self, name: tree.Name, definition: Definition, wanted: Wanted) -> Problem:
        place = definition.name.span
        if definition.kind not in _FITTING[wanted]:
            return words.wrong_kind(name, definition.kind, wanted, place)
        loop = definition.loop
        if loop is not None and loop.span.end <= name.span.start < len(self.source.text):
            return loop_words.outside_loop(name, definition.kind, loop.header, place)
        if loop is not None and loop.header.end <= name.span.start < place.start:
            return loop_words.not_carried(name, place, loop.header)
        if loop is not None and definition.kind == "carried" and name.span.end <= loop.header.end:
            return loop_words.before_the_first_step(name, place)
        if place.start <= name.span.start < len(self.source.text):
            if loop is not None and definition.kind in ("compute", "cost"):
                return loop_words.own_definition(name, place, loop.header)
            if definition.kind == "sample":
                return words.used_before_drawn(name, place)
            return words.used_in_own_definition(name, place)
        return words.used_before_definition(name, self.source.position(place.start).line, place)


def _foreign(name: tree.Name, wanted: Wanted, candidates: tuple[str, ...]) -> Problem:
    """A name that the story does not define, though the language may have it."""
    if wanted == "call":
        return _uncallable(name, candidates)
    if wanted in ("value", "dim") and name.id in (*functions.names(), *SPECIAL):
        return words.function_without_call(name)
    if wanted in ("value", "distribution") and name.id in distributions.names():
        return words.family_without_call(name)
    if wanted == "distribution":
        return words.unknown_name(name, wanted, (*candidates, *distributions.names()))
    if wanted == "plate":
        return words.unknown_plate(name, candidates)
    if name.id == "alive":
        return words.alive_outside_loop(name)
    return words.unknown_name(name, wanted, candidates)


def _uncallable(name: tree.Name, candidates: tuple[str, ...]) -> Problem:
    if methods.lookup(name.id) is not None:
        return words.wrong_kind(name, "method", "call")
    if samplers.lookup(name.id) is not None:
        return words.wrong_kind(name, "sampler", "call")
    if name.id in _RANDOM:
        return words.random_function(name)
    known = (*candidates, *functions.names(), *SPECIAL, *distributions.names())
    return words.unknown_function(name, known)


def collect(story: tree.Story, source: Source, problems: Problems) -> Scope:
    """The names that a story defines. Reports names that cannot be, or that are defined twice."""
    scope = Scope(source)
    if keyword.iskeyword(story.name.id):
        problems.add(words.python_keyword(story.name))
    for definition in _defined(story):
        _define(scope, definition, problems)
    for name, definition in scope.definitions.items():
        if definition.kind == "carried" and definition.name.span not in scope.repeated:
            _check_updates(definition, scope.updates.get(name), problems)
    return scope


def _define(scope: Scope, new: Definition, problems: Problems) -> None:
    name = new.name
    first = scope.definitions.get(name.id)
    problem = _unfit_for_definition(name, new.kind)
    if first is None or _is_free_again(first, new):
        scope.definitions[name.id] = new
    elif first.kind == "carried" and first.loop in (new.loop, *new.around) and _may_update(new):
        if first.loop is new.loop:
            scope.updates.setdefault(name.id, []).append(name)
            return
        problem = loop_words.updated_in_inner_loop(name, first.name.span)
        scope.repeated.add(name.span)
        scope.updates.setdefault(name.id, [])
    else:
        again = _in_every_step(first, new)
        problem = words.defined_twice(name, first.kind, first.name.span, again)
        scope.repeated.add(name.span)
    if problem is not None:
        problems.add(problem)


def _is_free_again(first: Definition, new: Definition) -> bool:
    """Whether both are counters, one of a loop that has ended when the other begins."""
    return first.kind == new.kind == "counter" and first.loop not in new.around


def _in_every_step(first: Definition, new: Definition) -> str:
    """What is meant by a second definition that stands in a loop behind the first, if so."""
    if new.loop is None or first.loop not in (None, *new.around) or first.kind not in VALUES:
        return ""
    if first.kind == new.kind == "cost":
        return "cost"
    return "value" if _may_update(new) and first.kind in ("compute", "sample", "cost") else ""


def _may_update(new: Definition) -> bool:
    return new.kind in ("compute", "sample", "cost")


def _check_updates(
    carried: Definition, updates: list[tree.Name] | None, problems: Problems
) -> None:
    """A carried variable is defined again exactly once in each step.

    ``updates`` are empty where only an inner loop does so, which is reported there.
    """
    assert carried.loop is not None
    if updates is None:
        problems.add(loop_words.never_updated(carried.name, carried.loop.header))
        return
    for name in updates[1:]:
        problems.add(loop_words.updated_twice(name, updates[0].span))


def _unfit_for_definition(name: tree.Name, kind: Kind) -> Problem | None:
    if keyword.iskeyword(name.id):
        return words.python_keyword(name)
    if kind == "input" and name.id in _RESERVED_INPUTS:
        return words.reserved_input(name)
    if kind in GIVEN and name.id == "self":
        return words.reserved_callee(name, kind)
    if kind in GIVEN:
        if name.id in (*functions.names(), *SPECIAL):
            return words.shadows(name, kind, "function")
        if name.id in distributions.names():
            return words.shadows(name, kind, "distribution")
    if kind == "use" and (methods.lookup(name.id) or samplers.lookup(name.id)):
        return words.shadows(name, "method", "one")
    return None


def _defined(story: tree.Story) -> Iterator[Definition]:
    for declaration in sorted(story.declarations, key=lambda d: d.name.span):
        yield Definition(declaration.name, _declares(declaration))
    for step in story.steps:
        yield from _in_step(step, None, ())


def _declares(declaration: tree.Declaration) -> Kind:
    match declaration:
        case tree.Dim():
            return "dim"
        case tree.Plate():
            return "plate"
        case tree.Input():
            return "input"
        case tree.Param():
            return "param"
        case tree.Module():
            return "module"
        case tree.Function():
            return "function"
        case tree.Declared():
            return "declared"
        case tree.Use():
            return "use"


def _in_step(
    step: tree.Step, loop: tree.For | None, around: tuple[tree.For, ...]
) -> Iterator[Definition]:
    if not isinstance(step, tree.For):
        yield from (Definition(name, kind, loop, around) for name, kind in _step(step))
        return
    outer = around if loop is None else (*around, loop)
    yield Definition(step.counter, "counter", step, outer)
    for carried in step.carried:
        yield Definition(carried.name, "carried", step, outer)
    for inner in step.body:
        yield from _in_step(inner, step, outer)


def _step(step: tree.Step) -> Iterator[tuple[tree.Name, Kind]]:
    match step:
        case tree.Compute(names=names):
            for name in names:
                yield name, "compute"
        case tree.Sample(name=name):
            yield name, "sample"
        case tree.Cost(name=name, value=value) if value is not None:
            yield name, "cost"
        case tree.Report(name=name, value=value) if value is not None:
            yield name, "report"
        case tree.Observe(name=name) if not is_short(step):
            yield name, "observation"


def values_of(step: tree.Step) -> tuple[tree.Name, ...]:
    """The names that a step gives to values or distributions."""
    return tuple(name for name, kind in _step(step) if kind in VALUES)


def is_short(step: tree.Observe) -> bool:
    """Whether this is ``observe x ~ …``, which observes a value under its own name."""
    return isinstance(step.value, tree.Name) and step.value.id == step.name.id
