"""The names stage: which name means what, and where it was defined."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Literal

from storchc.catalogue import distributions, functions, methods, samplers
from storchc.diagnostics import names as words
from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.records import dataclass
from storchc.source import Source, Span
from storchc.syntax import tree

Kind = Literal[
    "dim", "plate", "input", "param", "module", "function", "use",
    "compute", "sample", "cost", "observation", "report", "local",
]  # fmt: skip
Wanted = Literal["value", "distribution", "call", "plate", "dim", "module", "method"]

VALUES: frozenset[Kind] = frozenset({"dim", "input", "param", "compute", "sample", "cost", "local"})
CALLABLES: frozenset[Kind] = frozenset({"module", "function"})
# Functions of distributions and loops, which are no entries of the catalogue.
SPECIAL = ("log_prob", "kl_divergence", "entropy", "sequence")

_RANDOM = frozenset({"rand", "randn", "randint", "normal", "multinomial", "bernoulli", "dropout"})
_RESERVED_INPUTS = frozenset({"self", "given", "keep_param_grads"})
_FITTING: dict[Wanted, frozenset[Kind]] = {
    "value": VALUES,
    "distribution": frozenset({"compute", "local"}),
    "call": CALLABLES,
    "plate": frozenset({"plate", "sample"}),
    "dim": frozenset({"dim"}),
    "module": frozenset({"module"}),
    "method": frozenset({"use"}),
}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a name means, and where it is defined."""

    name: tree.Name
    kind: Kind


@dataclass(slots=True)
class Scope:
    """All names of a story. ``repeated`` holds the names of second definitions, by place."""

    source: Source
    definitions: dict[str, Definition] = field(default_factory=dict)
    repeated: set[Span] = field(default_factory=set)
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
        return _foreign(name, wanted, tuple(candidates))

    def _unfit(self, name: tree.Name, definition: Definition, wanted: Wanted) -> Problem:
        place = definition.name.span
        if definition.kind not in _FITTING[wanted]:
            return words.wrong_kind(name, definition.kind, wanted, place)
        if place.start <= name.span.start < len(self.source.text):
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
    if name.id in methods.names():
        return words.wrong_kind(name, "method", "call")
    if name.id in samplers.names():
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
    for name, kind in _defined(story):
        _define(scope, name, kind, problems)
    return scope


def _define(scope: Scope, name: tree.Name, kind: Kind, problems: Problems) -> None:
    first = scope.definitions.get(name.id)
    if kind == "local":
        scope.definitions.setdefault(name.id, Definition(name, kind))
        return
    problem = _unfit_for_definition(name, kind)
    if first is not None and first.kind != "local":
        problem = words.defined_twice(name, first.kind, first.name.span)
        scope.repeated.add(name.span)
    else:
        scope.definitions[name.id] = Definition(name, kind)
    if problem is not None:
        problems.add(problem)


def _unfit_for_definition(name: tree.Name, kind: Kind) -> Problem | None:
    if keyword.iskeyword(name.id):
        return words.python_keyword(name)
    if kind == "input" and name.id in _RESERVED_INPUTS:
        return words.reserved_input(name)
    if kind in CALLABLES and name.id == "self":
        return words.reserved_callee(name, kind)
    if kind in CALLABLES:
        if name.id in (*functions.names(), *SPECIAL):
            return words.shadows(name, kind, "function")
        if name.id in distributions.names():
            return words.shadows(name, kind, "distribution")
    if kind == "use" and name.id in (*methods.names(), *samplers.names()):
        return words.shadows(name, "method", "one")
    return None


def _defined(story: tree.Story) -> Iterator[tuple[tree.Name, Kind]]:
    for declaration in sorted(story.declarations, key=lambda d: d.name.span):
        yield declaration.name, _declares(declaration)
    for step in story.steps:
        yield from _step(step)


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
        case tree.Use():
            return "use"


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
        case tree.For():
            yield from _loop(step)


def is_short(step: tree.Observe) -> bool:
    """Whether this is ``observe x ~ …``, which observes a value under its own name."""
    return isinstance(step.value, tree.Name) and step.value.id == step.name.id


def _loop(loop: tree.For) -> Iterator[tuple[tree.Name, Kind]]:
    yield loop.counter, "local"
    for carried in loop.carried:
        yield carried.name, "local"
    for step in loop.body:
        for name, _ in _step(step):
            yield name, "local"
