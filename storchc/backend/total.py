"""The total of a loss: terms that are reduced alike are added first and reduced once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from storchc.analysis.estimation import Origin
from storchc.analysis.facts.credit import Scores
from storchc.backend.code import Code
from storchc.backend.reductions import Weights, reduce_all, weights_of
from storchc.backend.scores import ScoreSums
from storchc.backend.sums import MANY, added, stacked
from storchc.ir.types import Plates
from storchc.python.expressions import Py, call, infix, literal, method
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """``box(scores) · code``, to be reduced over ``plates``; ``name`` is what it is called by."""

    name: str
    code: Code
    scores: Scores
    plates: Plates
    origin: Origin


def reduced(sums: ScoreSums, terms: Iterable[Term]) -> list[Py]:
    """The reduced sum of each group of terms that are reduced alike, scalars all."""
    groups: dict[object, list[Term]] = {}
    for term in terms:
        groups.setdefault(_likeness(sums, term), []).append(term)
    return [_reduced(sums, group) for group in groups.values()]


def _likeness(sums: ScoreSums, term: Term) -> object:
    """What two terms must share to be reduced together."""
    stored = term.code.stored | sums.plates(term.scores)
    return stored, sums.writer.storage.full(term.plates), _weights(sums, term)


def _weights(sums: ScoreSums, term: Term) -> tuple[tuple[str, Weights], ...]:
    found = [(p, weights_of(sums.writer, p, term.origin)) for p in sorted(term.plates)]
    return tuple((p, w) for p, w in found if w.samples)


def idle(sums: ScoreSums, term: Term) -> bool:
    """Whether elements may weigh nothing: outcomes without probability, draws off the support."""
    estimators = sums.writer.estimation.estimators
    samples = [s for _, weights in _weights(sums, term) for s in weights.samples]
    return any(not estimators[s].joint for s in samples)


def _reduced(sums: ScoreSums, group: list[Term]) -> Py:
    merged = _merged(sums, group)
    chain = _chain(sums, merged)
    parts = [_stacked(sums, chain)] if chain else []
    for term in merged:
        if term not in chain:
            parts.append(sums.boxed(term.scores, term.code, term.name, idle(sums, term)))
    first = group[0]
    return reduce_all(sums.writer, added(sums.writer, parts), first.plates, first.origin).py


def _merged(sums: ScoreSums, group: list[Term]) -> list[Term]:
    """Terms under the same box are added before they are multiplied."""
    by_scores: dict[Scores, list[Term]] = {}
    for term in group:
        by_scores.setdefault(term.scores, []).append(term)
    return [_sum_of(sums, terms) for terms in by_scores.values()]


def _sum_of(sums: ScoreSums, terms: list[Term]) -> Term:
    first = terms[0]
    if len(terms) == 1:
        return first
    code = added(sums.writer, [t.code for t in terms])
    return Term(first.name, code, first.scores, first.plates, first.origin)


def _chain(sums: ScoreSums, terms: list[Term]) -> list[Term]:
    """Boxed terms, many, whose sums of scores contain one another and are stored alike; or none."""
    boxed = sorted((t for t in terms if t.scores), key=lambda t: len(t.scores))
    if len(boxed) < MANY:
        return []
    stored = boxed[-1].code.stored
    if any(t.code.stored != stored or sums.plates(t.scores) != stored for t in boxed):
        return []
    nested = all(set(a.scores) < set(b.scores) for a, b in pairwise(boxed))
    if not nested or any(sums.plates(_further(a, b)) != stored for a, b in pairwise(boxed)):
        return []
    return boxed


def _further(a: Term, b: Term) -> Scores:
    """The scores that ``b`` has beyond those of ``a``."""
    present = set(a.scores)
    return tuple(s for s in b.scores if s not in present)


def _stacked(sums: ScoreSums, chain: list[Term]) -> Code:
    """``Σ box(cumulative scores) · costs``, in a few operations however long the chain is."""
    writer = sums.writer
    stored = chain[0].code.stored
    parts = [sums.more((), chain[0].scores)]
    parts += [sums.more(a.scores, b.scores) for a, b in pairwise(chain)]
    scores = method(stacked([p.py for p in parts]), "cumsum", literal(0))
    comment = "one row a cost, with all scores above it"
    totals = writer.named("scores", Code(scores, stored), comment)
    costs = writer.named("costs", Code(stacked([t.code.py for t in chain]), stored))
    box = call(writer.runtime("magic_box"), totals.py)
    scored = (
        call(writer.runtime("scored"), box, costs.py)
        if idle(sums, chain[0])
        else infix("*", box, costs.py)
    )
    return Code(method(scored, "sum", literal(0)), stored)
