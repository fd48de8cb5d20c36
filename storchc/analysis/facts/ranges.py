"""Where values lie, from the rows of functions and families: an interval for every expression.

A sample lies in the support of its family. A param, an input and what the user's modules and
functions give are anywhere; a module that the story itself makes ends in a layer that may say more,
which holds as long as nobody gives another module for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import assert_never

from storchc.analysis.dataflow import At, Flow, Known, Statement, Variable, forwards
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.places import Places
from storchc.catalogue import distributions, functions, supports
from storchc.catalogue.family import Family, Support
from storchc.ir import ranges as at
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
    Named,
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
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, Carried, Compute, Cost, Report, Sample
from storchc.ir.ranges import ANYTHING, Range
from storchc.ir.walk import children
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Ranges:
    """Where values lie; ``places`` has every expression as it stands there, ``samples`` by name."""

    graph: Graph
    samples: Mapping[str, Range]
    places: Places[Range]

    def density(self, distribution: Distribution) -> Range:
        """The values of which the formula of a density holds."""
        made = self.graph.construction(distribution)
        parameters = {name: self.places.get(v, ANYTHING) for name, v in made.parameters}
        return supports.density(_family(made), made, parameters)

    def support(self, distribution: Distribution) -> Range:
        """Where a distribution draws from."""
        made = self.graph.construction(distribution)
        parameters = {name: self.places.get(v, ANYTHING) for name, v in made.parameters}
        return supports.lies_in(_family(made), made, parameters)

    def inside_density(self, value: LogProb) -> bool:
        """Whether a value lies where the density does not end, in floats too.

        Of a vector of counts no range says that they sum to all that are counted, of a matrix none
        that it is a covariance, and of logarithms none that they are of probabilities.
        """
        found = self.places.get(value.value, ANYTHING)
        known, domain = not found.supposed, self.density(value.distribution)
        support = _family(self.graph.construction(value.distribution)).support
        if support in _UNTOLD:
            return self._drawn_from(support, value.value)
        counts = support == "counts"
        own = counts and isinstance(value, LogProb) and self.graph.scored(value) is not None
        return own or (known and not counts and supports.covers(domain, found))

    def _drawn_from(self, support: Support, value: Value) -> bool:
        """Whether a value is a sample with a support."""
        sample = self.graph.sample_by_name.get(value.name) if isinstance(value, Reference) else None
        if sample is None:
            return False
        return _family(self.graph.construction(sample.distribution)).support == support


_UNTOLD: frozenset[Support] = frozenset(
    {"positive definite", "correlation cholesky", "log simplex"}
)
"""Supports that no range tells."""


def ranges_of(graph: Graph, flow: Flow, estimators: Mapping[str, Estimator]) -> Ranges:
    """The ranges of all expressions of a story."""
    walk = _Walk(graph, estimators)
    inputs: dict[Variable, Range] = {i.name: at.of_type(i.type.dtype) for i in graph.inputs}
    facts = forwards(flow, walk, inputs)
    last = {point.variable if isinstance(point, At) else point: facts[point] for point in facts}
    drawn = {sample.name: last[sample.name] for sample in graph.samples}
    return Ranges(graph, drawn, Places(walk.places))


@dataclass(slots=True)
class _Walk:
    """Finds the ranges; those of expressions are noted on the way."""

    graph: Graph
    estimators: Mapping[str, Estimator]
    nothing: Range = ANYTHING
    places: dict[int, Range] = field(default_factory=dict)

    def statement(self, node: Statement, known: Known[Range]) -> Mapping[Variable, Range]:
        """See `Forward.statement`."""
        match node:
            case Compute((name,), value):
                return {name: self.expression(value, known)}
            case Compute(names, value, types):
                self.expression(value, known)
                return {
                    name: at.of_type(type_.dtype) for name, type_ in zip(names, types, strict=True)
                }
            case Cost(name, value, observed):
                found = self.expression(value, known)
                return {} if observed else {name: found}
            case Report(_, value):
                self.expression(value, known)
                return {}
            case Sample():
                return self._sample(node, known)

    def _sample(self, node: Sample, known: Known[Range]) -> Mapping[Variable, Range]:
        self.expression(node.distribution, known)
        choices = [choice for choice in (node.method, node.sampler) if choice is not None]
        for value in (v for choice in choices for v in choice.values.values()):
            self.expression(value, known)
        if node.mask is not None:
            self.expression(node.mask, known)
        made = self.graph.construction(node.distribution)
        family = _family(made)
        lies = supports.lies_in(family, made, self._parameters(made))
        if family.discrete and _softened(self.estimators[node.name], family):
            lies = replace(lies, whole=False)
        return {node.name: lies}

    def _parameters(self, made: Construct) -> dict[str, Range]:
        return {name: self.places[id(value)] for name, value in made.parameters}

    def initial(self, carried: Carried, known: Known[Range]) -> Mapping[Variable, Range]:
        """See `Forward.initial`."""
        return {carried.name: self.expression(carried.initial, known)}

    def join(self, a: Range, b: Range) -> Range:
        """See `Forward.join`."""
        return a.joined(b)

    def again(self, fact: Range, loop: str) -> Range:
        """Few ranges, so that steps settle."""
        return fact.widened()

    def ended(self, fact: Range, loop: str) -> Range:
        """The same."""
        return fact

    # --- expressions -----------------------------------------------------------------------------

    def expression(self, value: Value | Distribution, known: Known[Range]) -> Range:
        """Where ``value`` lies, noted for it and its parts."""
        parts = tuple([self.expression(part, known) for part in children(value)])
        found = self._made(value, parts, known)
        if parts and not found.supposed and any(part.supposed for part in parts):
            found = replace(found, supposed=True)
        self.places[id(value)] = found
        return found

    def _made(
        self, value: Value | Distribution, parts: tuple[Range, ...], known: Known[Range]
    ) -> Range:
        """Where ``value`` lies, from where its ``parts`` do."""
        match value:
            case Literal(number):
                return at.exactly(number)
            case Extent(size):
                return Range(1.0, whole=True) if size.value is None else at.exactly(size.value)
            case Reference(name):
                return known(name)
            case Counter(name):
                loop = self.graph.loop_by_name.get(name)
                return at.COUNT if loop is None else at.up_to(loop.bound.value)
            case Apply(function):
                return functions.row(function).range(value, parts)
            case Select(of, items):
                rows = ... not in items and len(items) < of.type.rank
                return parts[0] if rows else parts[0].elementwise()
            case OverPlates(function, _, plates):
                return self._reduced(function, parts[0], plates)
            case CallUser(callee, _, results):
                return _given(self.graph.callees[callee]) if len(results) == 1 else ANYTHING
            case SequenceOf() | Expected() | Renamed() | SummedOut() | AlongSteps():
                return parts[0]
            case StaticChoice():
                return parts[1].joined(parts[2])
            case Construct() | Named() | Evidence():
                return ANYTHING
            case LogProb(distribution) | Entropy(distribution):
                return self._logarithm(value, distribution)
            case Divergence():
                return at.NONNEGATIVE
            case Property(distribution, name):
                return self._property(self.graph.construction(distribution), name)
            case _:
                assert_never(value)

    def _logarithm(self, value: Value | Distribution, distribution: Distribution) -> Range:
        """Of a probability, or of a density, which may be above 1."""
        if not _family(self.graph.construction(distribution)).discrete:
            return at.REAL
        return at.NONNEGATIVE if isinstance(value, Entropy) else at.NONPOSITIVE

    def _reduced(self, function: str, inner: Range, plates: tuple[str, ...]) -> Range:
        """Over plates; weights that do not sum to 1 leave signs alone."""
        samples = [s for plate in plates for s in self.graph.along(plate)]
        even = all(
            self.estimators[s.name].enumerated or not self.estimators[s.name].weighted
            for s in samples
        )
        match function:
            case "sum":
                low = inner.low if inner.low >= 0 else -at.INFINITY
                high = inner.high if inner.high <= 0 else at.INFINITY
                opens = inner.low_open and low >= 0, inner.high_open and high <= 0
                found = Range(low, high, *opens, whole=inner.whole, known=inner.known)
            case "mean" if not even:
                low, high = min(inner.low, 0.0), max(inner.high, 0.0)
                low, high = (-at.INFINITY if low < 0 else 0.0), (at.INFINITY if high > 0 else 0.0)
                found = Range(low, high, known=inner.known)
            case "logmeanexp" if not even:
                found = Range(known=inner.known)
            case "mean" | "logmeanexp":
                found = replace(inner, whole=False, nonzero=False, inside=False)
            case _:
                found = inner
        return found

    def _property(self, made: Construct, name: str) -> Range:
        parameters = self._parameters(made)
        family = _family(made)
        if name in parameters:
            return parameters[name]
        support = supports.lies_in(family, made, parameters)
        match name:
            case "probs" if family.parameter("probs").rank == 1:
                return replace(at.OPEN_UNIT, simplex=True)
            case "probs":
                return at.OPEN_UNIT
            case "stddev" | "variance":
                return at.NONNEGATIVE
            case "mean":
                return replace(support, whole=False, nonzero=False, inside=False)
            case "mode" if family.name != "Categorical":
                return supports.closed(support)
            case "mode":
                return support
            case _:
                return ANYTHING


def _family(made: Construct) -> Family:
    family = distributions.row(made.type)
    return family


def _softened(estimator: Estimator, family: Family) -> bool:
    """Whether the story is evaluated at values between those of the family."""
    return family.dtype == "float" and (estimator.carrier == "pathwise" or estimator.looks)


LAYERS: Mapping[str, Range] = {
    "Softplus": at.POSITIVE,
    "Sigmoid": at.OPEN_UNIT,
    "Hardsigmoid": at.UNIT,
    "Softmax": replace(at.OPEN_UNIT, simplex=True),
    "LogSoftmax": at.NEGATIVE,
    "LogSigmoid": at.NEGATIVE,
    "Tanh": at.OPEN_SIGNED_UNIT,
    "Softsign": at.OPEN_SIGNED_UNIT,
    "ReLU": at.NONNEGATIVE,
    "ReLU6": Range(0.0, 6.0),
}
"""Where the layer at the end of a module gives its results."""


def _given(callee: Callee) -> Range:
    """Where the one result of a user's module or function lies."""
    (slot,) = callee.results
    (item,) = slot.items
    last = None if callee.default is None else callee.default.last
    if last is None or last.name not in LAYERS or item.dtype != "float":
        return at.of_type(item.dtype)
    return replace(LAYERS[last.name], known=False, supposed=True)
