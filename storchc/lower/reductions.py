"""Costs reduced over their plates as the total reduces them (LOSS.md §1)."""

from __future__ import annotations

from functools import partial
from typing import Literal

from storchc.analysis.estimation import Origin
from storchc.ir.types import Plates
from storchc.lower.story import Scope, Story
from storchc.lower.weights import Weights, product_of, reductions, weight_of
from storchc.program.terms import Reduced, Term, Times, Weighted

Kind = Literal["weighted", "mean", "sum"]


def reduce_all(
    story: Story,
    scope: Scope,
    term: Term,
    plates: Plates,
    origin: Origin,
    *,
    attached: bool = True,
) -> Term:
    """``term`` (event []) reduced over ``plates`` as the total cost reduces them."""
    waiting: list[str] = []
    kind: Kind = "mean"
    for group, weights in reductions(story, scope, plates, origin, term.stored):
        wanted = _kind(story, group[0], weights)
        if waiting and wanted != kind:
            term = _uniform(term, waiting, kind)
            waiting = []
        if wanted == "weighted":
            term = _weighted(story, scope, term, group, weights, attached)
        elif group[0] in term.stored:
            waiting.append(group[0])
            kind = wanted
        elif wanted == "sum":
            term = Times(group[0], term, term.stored)
    return _uniform(term, waiting, kind) if waiting else term


def _kind(story: Story, plate: str, weights: Weights) -> Kind:
    if weights.samples:
        return "weighted"
    if plate in story.graph.loop_names:
        return "sum"
    data = story.graph.data_plates.get(plate)
    return "sum" if data is not None and data.reduction == "sum" else "mean"


def _uniform(term: Term, plates: list[str], kind: Kind) -> Term:
    assert kind != "weighted"
    return Reduced(term, tuple(plates), kind, term.stored - frozenset(plates))


def _weighted(
    story: Story,
    scope: Scope,
    term: Term,
    plates: tuple[str, ...],
    weights: Weights,
    attached: bool,
) -> Term:
    """``Σ w · term`` over plates; one whose 1/n is not in its weights is averaged."""
    each = partial(weight_of, story, scope, weights, attached=attached)
    factor = product_of(weights, each)
    stored = (term.stored | factor.stored) - frozenset(plates)
    return Weighted(term, factor, plates, weights.averaged, stored)
