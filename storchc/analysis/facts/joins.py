"""How costs join the draws of a sample: ``slope · logmeanexp(f, over=plate) + rest``.

Multi-sample methods (VIMCO, DReG) know the gradient of this one form and of no other: every demand
that they make is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from storchc.analysis.estimators.resolve import Estimator
from storchc.analysis.facts.affine import Affine, NotAffineError, Product, Slope
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.own_score import is_even, slope_of_own_score
from storchc.catalogue import functions
from storchc.diagnostics import paths as words
from storchc.diagnostics.diagnostic import Problem, Problems
from storchc.ir.expression import CallUser, OverPlates, Value
from storchc.ir.graph import Cost, Graph, Sample
from storchc.ir.walk import walk
from storchc.records import dataclass
from storchc.source import Span

Estimators = Mapping[str, Estimator]


@dataclass(frozen=True, slots=True)
class Join:
    """The one ``logmeanexp`` that joins the draws of a sample, and its slope in each cost."""

    reduction: OverPlates
    slopes: Mapping[str, Slope]


def joins_of(
    graph: Graph, touched: Dependence, estimators: Estimators, problems: Problems
) -> dict[str, Join]:
    """The joins of multi-sample methods, checked; ``touched`` looks through cuts."""
    found: dict[str, Join] = {}
    for node in graph.samples:
        estimator = estimators[node.name]
        if estimator.entry is None or "logmeanexp" not in estimator.entry.needs:
            continue
        problem = _plate_problem(graph, node, estimators)
        if problem is not None:
            problems.add(problem)
            continue
        try:
            join = _Site(graph, touched, estimators, node).join()
        except NotAffineError as bend:
            entry, span = estimator.entry, estimator.span
            problems.add(words.joined_otherwise(node, entry, span, bend.span, bend.reason))
        else:
            found |= {node.name: join} if join else {}
    return found


def _plate_problem(graph: Graph, node: Sample, estimators: Estimators) -> Problem | None:
    """What is wrong with its plate: each element must be drawn by itself, and weigh like any."""
    estimator = estimators[node.name]
    assert estimator.entry is not None
    for other in (s for s in graph.samples if s.plate == node.plate):
        if not is_even(estimators[other.name]):
            return words.uneven_draws(node, estimator.entry, estimator.span, other)
    if estimator.carrier == "score" and estimator.count < 2:
        opener = next(s for s in graph.samples if s.name == node.plate)
        return words.lone_join(node, estimator.entry, estimator.span, opener.name_span)
    return None


@dataclass(slots=True)
class _Site:
    """A sample whose method asks how its draws are joined."""

    graph: Graph
    touched: Dependence
    estimators: Estimators
    node: Sample
    found: dict[Span, OverPlates] = field(default_factory=dict)

    def join(self) -> Join | None:
        """The join, or None where no cost joins the draws; raises what is wrong with it."""
        doubly = self.estimators[self.node.name].carrier == "pathwise"
        slopes = {}
        for cost in self.graph.costs:
            mixed = self.touched.costs[cost.name].get(self.node.name)
            if mixed is not None and self.node.plate in mixed:
                if cost.loops:
                    raise NotAffineError(cost.value.span, "joins them in every step of a loop anew")
                slopes[cost.name] = self._slope(cost, doubly)
            elif mixed is not None and doubly:
                raise NotAffineError(cost.value.span, "uses each draw by itself")
        if not slopes:
            return None
        reduction, *others = self.found.values()
        for other in others:
            raise NotAffineError(other.span, "joins them a second time")
        self._check_terms(reduction)
        if doubly:
            self._check_paths(reduction)
        return Join(reduction, slopes)

    # --- the costs -------------------------------------------------------------------------------

    def _slope(self, cost: Cost, doubly: bool) -> Slope:
        name = f"`{self.node.name}`"
        way = f"a `logmeanexp(…, over={self.node.plate})` times a factor"
        affine = Affine(self.graph, self._is_join, self._moves, self._stays, name, way)
        slope = affine.slope(cost.value)
        for product in () if doubly else slope:
            _check_product(product)
        return slope

    def _is_join(self, value: Value) -> bool:
        if not isinstance(value, OverPlates) or not functions.over(value).logs:
            return False
        if value.plates != (self.node.plate,) or not self._moves(value):
            return False
        self.found[value.span] = value
        return True

    def _moves(self, value: Value) -> bool:
        return self.node.name in self.touched.expression(value)

    def _stays(self, value: Value) -> bool:
        return not self._moves(value)

    # --- what is joined --------------------------------------------------------------------------

    def _check_terms(self, reduction: OverPlates) -> None:
        """One number for each draw, which no other draw has a part in."""
        terms, plate = reduction.value, self.node.plate
        if terms.type.rank:
            raise NotAffineError(terms.span, "is not one number for each draw: it has an event")
        strange = terms.type.plates - self.node.type.plates
        if strange:
            shown = ", ".join(f"`{p}`" for p in self.graph.order(strange))
            raise NotAffineError(terms.span, f"has the plate {shown}, which the sample lacks")
        mixed = self.touched.expression(terms).get(self.node.name, frozenset())
        if plate in mixed:
            raise NotAffineError(terms.span, "each of these depends on several draws")
        both = self.graph.order(mixed & terms.type.plates)
        if both:
            raise NotAffineError(terms.span, f"has the plate `{both[0]}`, and joins it besides")

    def _check_paths(self, reduction: OverPlates) -> None:
        """DReG: the score enters once, subtracted; nothing but pathwise samples on the way."""
        terms, name = reduction.value, self.node.name
        mixed = self.touched.expression(terms)[name]
        if mixed:
            first = self.graph.order(mixed)[0]
            raise NotAffineError(terms.span, f"joins `{first}` too")
        if slope_of_own_score(self.graph, self.touched, self.node, terms) != (Product(-1),):
            raise NotAffineError(terms.span, "does not subtract its `log_prob` exactly once")
        for other in self.graph.samples:
            if name in self.touched.parameters[other.name] and not self._plain(other):
                raise NotAffineError(other.name_span, "depends on it, and is not reparameterized")

    def _plain(self, other: Sample) -> bool:
        estimator = self.estimators[other.name]
        own = estimator.entry is not None and estimator.entry.stops_own_score
        return estimator.carrier == "pathwise" and not own


def _check_product(product: Product) -> None:
    """The slope is evaluated once more, which no call of the user's may be."""
    for value in (*product.factors, *product.divisors):
        for part in walk(value):
            if isinstance(part, CallUser):
                raise NotAffineError(
                    part.span, "would be called a second time: name it with `compute`"
                )
