"""All that is decided about estimating a story's gradient, after its types are known."""

from __future__ import annotations

from collections.abc import Mapping

from storchc.analysis import credit as crediting
from storchc.analysis.coupling import check_coupling
from storchc.analysis.credit import Credit
from storchc.analysis.dependence import Dependence, dependence
from storchc.analysis.liveness import check_supports, live_names
from storchc.analysis.methods import Estimator, resolve
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.graph import Graph
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Estimation:
    """Dependence, the estimator of every sample, and the credit of every cost.

    ``live`` holds the names that carry a gradient to something that learns; ``order`` is the
    highest derivative that is right, None for any.
    """

    dependence: Dependence
    estimators: Mapping[str, Estimator]
    live: frozenset[str]
    credit: Credit
    order: int | None


def analyse(graph: Graph, problems: Problems) -> Estimation:
    """Paths, methods, credit: each stage reads the graph and the stages before it."""
    dependent = dependence(graph)
    estimators = resolve(graph, dependent, problems)
    crediting.check(graph, dependent, estimators, problems)
    live = live_names(graph, estimators)
    check_supports(graph, estimators, live, problems)
    check_coupling(graph, dependent, estimators, problems)
    credit = crediting.assign(graph, dependent, estimators, live)
    orders = [
        e.order for name, e in estimators.items() if e.order is not None and f"~{name}" in live
    ]
    return Estimation(dependent, estimators, live, credit, min(orders, default=None))
