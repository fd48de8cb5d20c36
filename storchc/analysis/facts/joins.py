"""How costs join the draws of a sample: ``slope · logmeanexp(f, over=plate) + rest``.

Multi-sample methods (VIMCO, DReG) know the gradient of this one form and of no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from storchc.analysis.dataflow import Flow
from storchc.analysis.estimator import Estimator
from storchc.analysis.facts.affine import Affine, Bend, NotAffineError, Product, Slope
from storchc.analysis.facts.dependence import Dependence
from storchc.analysis.facts.own_score import slope_of_own_score
from storchc.catalogue import functions
from storchc.ir.expression import CallUser, OverPlates, Value
from storchc.ir.graph import Graph
from storchc.ir.nodes import Cost, Sample
from storchc.ir.walk import walk
from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Join:
    """The one ``logmeanexp`` that joins the draws of a sample, and its slope in each cost."""

    reduction: OverPlates
    slopes: Mapping[str, Slope]


@dataclass(frozen=True, slots=True)
class Joins:
    """The joins of multi-sample methods; ``bends`` say where draws are joined otherwise.

    Those whose draws do not all weigh alike, or are no two, have neither.
    """

    of: Mapping[str, Join]
    bends: Mapping[str, Bend]


def joins_of(
    graph: Graph,
    flow: Flow,
    credited: Dependence,
    touched: Dependence,
    estimators: Mapping[str, Estimator],
) -> Joins:
    """How the costs that credit multi-sample methods join their draws.

    ``touched`` looks through cuts, ``credited`` does not.
    """
    found: dict[str, Join] = {}
    bends: dict[str, Bend] = {}
    for node in graph.samples:
        entry = estimators[node.name].entry
        if entry is None or "logmeanexp" not in entry.needs:
            continue
        if uneven(graph, node, estimators) is not None or lone(node, estimators):
            continue
        try:
            join = _Site(graph, flow, credited, touched, estimators, node).join()
        except NotAffineError as bend:
            bends[node.name] = Bend(bend.span, bend.reason)
        else:
            found |= {node.name: join} if join else {}
    return Joins(found, bends)


def uneven(graph: Graph, node: Sample, estimators: Mapping[str, Estimator]) -> Sample | None:
    """A sample in the plate of ``node`` that is not drawn element by element, of equal weight."""
    along = graph.along(node.plate)
    return next((s for s in along if not estimators[s.name].even), None)


def lone(node: Sample, estimators: Mapping[str, Estimator]) -> bool:
    """Whether draws are to be compared, and there is only one."""
    estimator = estimators[node.name]
    return estimator.carrier == "score" and estimator.count < 2


@dataclass(slots=True)
class _Site:
    """A sample whose method asks how its draws are joined."""

    graph: Graph
    flow: Flow
    credited: Dependence
    touched: Dependence
    estimators: Mapping[str, Estimator]
    node: Sample
    found: dict[Span, OverPlates] = field(default_factory=dict)

    def join(self) -> Join | None:
        """The join, or None where no cost joins the draws; raises what is wrong with it."""
        doubly = self.estimators[self.node.name].carrier == "pathwise"
        slopes = {}
        for cost in self.graph.costs:
            if self.node.name not in self.credited.costs[cost.name]:
                continue
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
        return self.node.name in self.touched.places[value]

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
        mixed = self.touched.places[terms].get(self.node.name, frozenset())
        if plate in mixed:
            raise NotAffineError(terms.span, "each of these depends on several draws")
        both = self.graph.order(mixed & terms.type.plates)
        if both:
            raise NotAffineError(terms.span, f"has the plate `{both[0]}`, and joins it besides")

    def _check_paths(self, reduction: OverPlates) -> None:
        """DReG: the score enters once, subtracted; nothing but pathwise samples on the way."""
        terms, name = reduction.value, self.node.name
        mixed = self.touched.places[terms][name]
        if mixed:
            first = self.graph.order(mixed)[0]
            raise NotAffineError(terms.span, f"joins `{first}` too")
        if slope_of_own_score(self.graph, self.flow, self.touched, self.node, terms) != (
            Product(-1),
        ):
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
