"""The total of a loss: terms that are reduced alike are added first and reduced once."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from storchc.analysis.estimation import Origin
from storchc.analysis.facts.scores import Scores
from storchc.ir.types import Plates
from storchc.lower.block import MANY, Block
from storchc.lower.reductions import reduce_all
from storchc.lower.scores import ScoreSums
from storchc.lower.story import Scope
from storchc.lower.weights import Weights, weights_of
from storchc.program.terms import Term, box, rows, scored, sum_of_rows
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Summand:
    """``box(scores) · term``, to be reduced over ``plates``; its parts are named by ``name``."""

    name: str
    term: Term
    scores: Scores
    plates: Plates
    origin: Origin


def totals(scope: Scope, sums: ScoreSums, summands: Iterable[Summand]) -> list[Term]:
    """The reduced sum of each group of summands that are reduced alike, scalars all."""
    groups: dict[object, list[Summand]] = {}
    for summand in summands:
        groups.setdefault(_likeness(sums, summand), []).append(summand)
    return [_reduced(scope, sums, group) for group in groups.values()]


def _likeness(sums: ScoreSums, summand: Summand) -> object:
    """What two summands must share to be reduced together."""
    stored = summand.term.stored | sums.plates(summand.scores)
    return stored, sums.story.storage.full(summand.plates), _weights(sums, summand)


def _weights(sums: ScoreSums, summand: Summand) -> tuple[tuple[str, Weights], ...]:
    weighed = sorted(summand.plates & sums.story.weighed)
    found = [(p, weights_of(sums.story, p, summand.origin)) for p in weighed]
    return tuple((p, w) for p, w in found if w.samples)


def idle(sums: ScoreSums, summand: Summand) -> bool:
    """Whether elements may weigh nothing: outcomes without probability, draws off the support."""
    samples = [s for _, weights in _weights(sums, summand) for s in weights.samples]
    return any(not sums.story.estimator(sample).joint for sample in samples)


def _reduced(scope: Scope, sums: ScoreSums, group: list[Summand]) -> Term:
    merged = _merged(sums.block, group)
    chain = _chain(sums, merged)
    parts = [_stacked(sums, chain)] if chain else []
    stacked = {id(summand) for summand in chain}
    for summand in merged:
        if id(summand) not in stacked:
            unweighed = idle(sums, summand)
            parts.append(sums.boxed(summand.scores, summand.term, summand.name, idle=unweighed))
    first, total = group[0], sums.block.added(parts)
    return reduce_all(sums.story, scope, total, first.plates, first.origin)


def _merged(block: Block, group: list[Summand]) -> list[Summand]:
    """Summands under the same box are added before they are multiplied."""
    by_scores: dict[Scores, list[Summand]] = {}
    for summand in group:
        by_scores.setdefault(summand.scores, []).append(summand)
    return [_sum_of(block, summands) for summands in by_scores.values()]


def _sum_of(block: Block, summands: list[Summand]) -> Summand:
    first = summands[0]
    if len(summands) == 1:
        return first
    total = block.added([s.term for s in summands])
    return Summand(first.name, total, first.scores, first.plates, first.origin)


def _chain(sums: ScoreSums, summands: list[Summand]) -> list[Summand]:
    """Boxed summands, many, whose scores contain one another and are stored alike; or none."""
    boxed = sorted((s for s in summands if s.scores), key=lambda s: len(s.scores))
    if len(boxed) < MANY:
        return []
    stored = boxed[-1].term.stored
    if any(s.term.stored != stored or sums.plates(s.scores) != stored for s in boxed):
        return []
    nested = all(b.scores.has_more_than(a.scores) for a, b in pairwise(boxed))
    further = (b.scores.beyond(a.scores) for a, b in pairwise(boxed) if nested)
    return boxed if nested and all(sums.plates_of(f) == stored for f in further) else []


def _stacked(sums: ScoreSums, chain: list[Summand]) -> Term:
    """``Σ box(cumulative scores) · costs``, in a few operations however long the chain is."""
    parts = [sums.more(None, chain[0].scores)]
    parts += [sums.more(a.scores, b.scores) for a, b in pairwise(chain)]
    comment = "one row a cost, with all scores above it"
    scores = sums.block.named("scores", rows(parts, cumulative=True), comment)
    costs = sums.block.named("costs", rows([s.term for s in chain]))
    return sum_of_rows(scored(box(scores), costs, idle=idle(sums, chain[0])))
