"""All claims about a story, one after another, as far as time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

from storchc.certify import bench as benches
from storchc.certify.bench import Bench, CannotRun, measured, orders_of, prepared, truth
from storchc.certify.measuring import Measured
from storchc.certify.outcomes import NotListed
from storchc.certify.reference import Reference, of_loss, reference_of
from storchc.certify.shrinking import shrunk
from storchc.certify.variants import (
    Checked,
    Chosen,
    checked,
    paying_only,
    samples_of,
    with_methods,
)
from storchc.certify.verdict import Verdict, compared
from storchc.records import dataclass

TOTAL = "the story"
Progress = Callable[[str, float], None]
"""Told what is looked at, and the share of it that is done."""

PLATES = (2, 1)
"""Sizes of the data plates: the second where the outcomes of the first are too many."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A story whose estimate is compared with a reference; ``why`` it cannot be (empty: it can)."""

    subject: str
    story: Checked | None
    reference: Reference | None
    samples: frozenset[str]
    why: str = ""


@dataclass(slots=True)
class Report:
    """What was found of a story, and where; ``interrupted`` before all was looked at."""

    name: str
    sizes: dict[str, int]
    stand_ins: list[str]
    verdicts: list[Verdict] = field(default_factory=list)
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether a claim is wrong."""
        return any(verdict.fails for verdict in self.verdicts)

    def count(self, *outcomes: str) -> int:
        """How many verdicts are one of these."""
        return sum(verdict.outcome in outcomes for verdict in self.verdicts)


@dataclass(slots=True)
class Session:
    """One run of ``certify``: where it is, and when it is to end."""

    story: Checked
    reference: Reference
    seed: int
    given: Mapping[str, Any]
    progress: Progress
    end: float
    built: dict[int, Bench | CannotRun] = field(default_factory=dict)
    known: dict[tuple[int, int, bool], Measured] = field(default_factory=dict)

    def left(self) -> float:
        """Seconds that are left."""
        return self.end - time.monotonic()

    def bench(self, plate: int) -> Bench:
        """The situation with data plates of this size."""
        if plate not in self.built:
            plain = self.reference.story
            try:
                self.built[plate] = prepared(self.story, plain, self.seed, plate, self.given)
            except CannotRun as error:
                self.built[plate] = error
        found = self.built[plate]
        if isinstance(found, CannotRun):
            raise found
        return found

    def sizes(self) -> dict[str, int]:
        """The sizes of plates and free dims that were looked at last."""
        found: dict[str, int] = {}
        for bench in self.built.values():
            if isinstance(bench, Bench):
                found |= {**bench.situation.dims, **bench.situation.plates}
        return found


def certify(
    story: Checked, seed: int, budget: float, given: Mapping[str, Any], progress: Progress
) -> Report:
    """Everything that is claimed of ``story``'s estimate, tried; ``given`` are modules of its user.

    The same seed gives the same figures, where time suffices in both cases.
    """
    begin = time.monotonic()
    with benches.in_double_precision():
        smaller, sizes = shrunk(story, sizes=not given)
        report = Report(story.graph.name, sizes, _stand_ins(smaller, given))
        reference = reference_of(smaller)
        if reference is None:
            why = "no plain score function is legal in this story, with which it could be compared"
            report.verdicts.append(Verdict(TOTAL, 1, "not tried", why))
            return report
        session = Session(smaller, reference, seed, given, progress, begin + budget)
        try:
            _certify(session, report)
        except KeyboardInterrupt:
            report.interrupted = True
        report.sizes.update(session.sizes())
    report.seconds = time.monotonic() - begin
    return report


def _stand_ins(story: Checked, given: Mapping[str, Any]) -> list[str]:
    callees = story.graph.callees.values()
    return [c.name for c in callees if not (c.path or c.name in given)]


def _certify(session: Session, report: Report) -> None:
    claims = list(_claims(session.story, session.reference))
    for place, claim in enumerate(claims):
        share = max(session.left(), 0.0) / (len(claims) - place)

        def watched(done: float, place: int = place, claim: Claim = claim) -> None:
            session.progress(claim.subject, (place + done) / len(claims))

        watched(0.0)
        report.verdicts += _tried(session, claim, share, watched)


def _claims(story: Checked, reference: Reference) -> Iterator[Claim]:
    """The story as it stands, each of its costs alone, and the method of each sample alone."""
    names = frozenset(s.name.id for s in samples_of(story.story))
    yield Claim(TOTAL, story, reference, names)
    costs = [cost.name for cost in story.graph.costs]
    for cost in costs if len(costs) > 1 else ():
        own = checked(paying_only(story.story, cost), story.source)
        plain = own and checked(paying_only(reference.story.story, cost), story.source)
        if own is None or plain is None:
            why = "alone it makes a story that is refused"
            yield Claim(f"cost {cost}", None, None, names, why)
        else:
            yield Claim(f"cost {cost}", own, Reference(plain, reference.kept), names)
    for sample in names if len(names) > 1 else ():
        yield _alone(story, reference, sample)


def _alone(story: Checked, reference: Reference, sample: str) -> Claim:
    """The method of one sample, all others having the reference's."""
    subject = f"sample {sample}"
    if sample in reference.kept:
        why = f"nothing plain can take its place: {reference.kept[sample]}"
        return Claim(subject, None, None, frozenset({sample}), why)
    methods: dict[str, Chosen] = {
        s.name.id: (s.method, s.sampler)
        for s in samples_of(reference.story.story)
        if s.name.id != sample
    }
    own = checked(with_methods(story.story, methods), story.source)
    if own is None:
        why = "its method is not legal beside plain ones"
        return Claim(subject, None, None, frozenset({sample}), why)
    return Claim(subject, own, reference, frozenset({sample}))


def _tried(
    session: Session,
    claim: Claim,
    seconds: float,
    watched: Callable[[float], None],
) -> list[Verdict]:
    if claim.story is None or claim.reference is None:
        return [Verdict(claim.subject, 1, "not tried", claim.why)]
    if seconds <= 0:
        return [Verdict(claim.subject, 1, "not tried", "time is up")]
    plates = PLATES if claim.story.graph.data_plates else PLATES[:1]
    try:
        for plate in plates:
            bench = session.bench(plate)
            try:
                return _judged(session, bench, claim, seconds / 3, watched, listed=True)
            except NotListed:
                continue
        bench = session.bench(plates[0])
        return _judged(session, bench, claim, seconds, watched, listed=False)
    except CannotRun as error:
        return [Verdict(claim.subject, 1, "not tried", f"it could not be run: {error}")]
    except Exception as error:
        said = str(error).splitlines()[0] if str(error) else ""
        why = f"running it fails: {type(error).__name__}: {said}"
        return [Verdict(claim.subject, 1, "not tried", why)]


def _judged(
    session: Session,
    bench: Bench,
    claim: Claim,
    seconds: float,
    watched: Callable[[float], None],
    *,
    listed: bool,
) -> list[Verdict]:
    assert claim.story is not None and claim.reference is not None
    model = bench.model(claim.story)
    orders = [orders_of(bench, s) for s in (claim.story, claim.reference.story)]
    twice = all(order is None or order > 1 for order in orders)
    asked = bench.asked(model, twice)
    found = measured(
        bench, model, of_loss, asked, seconds / 2, lambda done: watched(done / 2), listed
    )
    key = (id(claim.reference.story), id(bench), twice)
    if key not in session.known:
        session.known[key] = truth(
            bench, claim.reference, twice, seconds / 2, lambda done: watched(0.5 + done / 2)
        )
    right = session.known[key]
    costs = len(claim.story.graph.costs)
    note = _note(found, right)
    return compared(claim.subject, found, right, asked, costs, note, _admitted(claim))


def _note(found: Measured, right: Measured) -> str:
    kinds = "outcomes" if found.error is None else "replicates"
    said = f"{found.count:,} {kinds}".replace(",", " ")
    if found.note:
        said += f" {found.note}"
    if found.error is None and right.error is not None:
        said += f", against {right.count:,} replicates".replace(",", " ")
    return said


def _admitted(claim: Claim) -> str:
    """The methods among those of the claim that call themselves biased."""
    assert claim.story is not None
    estimation = claim.story.estimation
    biased = [
        f"`{estimation.estimators[name].name}`"
        for name in estimation.biases
        if name in claim.samples
    ]
    return f"{' and '.join(biased)} says that it is biased" if biased else ""
