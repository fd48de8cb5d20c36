"""All claims about a story, one after another, as far as time goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any

import torch

from storchc.certify import bench as benches
from storchc.certify.bench import Bench, CannotRun, measured, orders_of, prepared, truth
from storchc.certify.measuring import Measured
from storchc.certify.outcomes import NotListed
from storchc.certify.reference import Reference, of_loss, reference_of, score_of
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
from storchc.diagnostics import suggest
from storchc.records import dataclass

_clock = time.monotonic

TOTAL = "the story"
Progress = Callable[[str, float], None]
"""Told what is looked at, and the share of it that is done."""

PLATES = (2, 1)
"""Sizes of the data plates: the second where the outcomes of the first are too many."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A story whose estimate is compared with a reference; ``why`` it cannot be (empty: it can).

    ``law`` is a sample whose distribution is the user's, where the claim is about that one.
    """

    subject: str
    story: Checked | None
    reference: Reference | None
    samples: frozenset[str]
    why: str = ""
    law: str = ""


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
    changed: Mapping[str, int]
    reference: Reference
    seed: int
    given: Mapping[str, Any]
    progress: Progress
    end: float
    built: dict[int, Bench | CannotRun] = field(default_factory=dict)
    known: dict[tuple[int, int, bool], Measured] = field(default_factory=dict)

    def left(self) -> float:
        """Seconds that are left."""
        return self.end - _clock()

    def bench(self, plate: int) -> Bench:
        """The situation with data plates of this size."""
        if plate not in self.built:
            plain, time_for_it = self.reference.story, max(self.left() / 6, 1.0)
            try:
                self.built[plate] = prepared(
                    self.story, plain, self.seed, plate, self.given, time_for_it
                )
            except CannotRun as error:
                self.built[plate] = error
        found = self.built[plate]
        if isinstance(found, CannotRun):
            raise found
        return found

    def sizes(self) -> dict[str, int]:
        """The sizes that were changed, and those of plates and free dims, as they were last."""
        found = dict(self.changed)
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
    begin = _clock()
    with benches.in_double_precision():
        report = Report(story.graph.name, {}, [])
        try:
            session = _session(story, seed, begin + budget, given, progress)
            if session is None:
                why = "no plain score function is legal in it, with which it could be compared"
                report.verdicts.append(Verdict(TOTAL, 1, "not tried", why))
                return report
            _certify(session, report)
        except KeyboardInterrupt:
            report.interrupted = True
    report.seconds = _clock() - begin
    return report


def _session(
    story: Checked, seed: int, end: float, given: Mapping[str, Any], progress: Progress
) -> Session | None:
    """With small sizes where the story runs with them, else with its own."""
    session = None
    for small in (True, False) if not given else (False,):
        smaller, sizes = shrunk(story, sizes=small)
        reference = reference_of(smaller)
        if reference is None:
            continue
        session = Session(smaller, sizes, reference, seed, given, progress, end)
        try:
            session.bench(PLATES[0])
        except CannotRun:
            continue
        return session
    return session


def _stand_ins(story: Checked, given: Mapping[str, Any]) -> list[str]:
    callees = story.graph.callees.values()
    return [c.name for c in callees if not (c.path or c.name in given)]


def _certify(session: Session, report: Report) -> None:
    report.stand_ins += _stand_ins(session.story, session.given)
    story, reference = session.story, session.reference
    whole, *others = _claims(story, reference)
    claims = [whole, *_laws(story, reference, session.given), *others]
    for place, claim in enumerate(claims):
        share = max(session.left(), 0.0) / (len(claims) - place)

        def watched(done: float, place: int = place, claim: Claim = claim) -> None:
            session.progress(claim.subject, (place + done) / len(claims))

        watched(0.0)
        report.sizes.update(session.sizes())
        report.verdicts += _tried(session, claim, share, watched)
        report.sizes.update(session.sizes())


def _claims(story: Checked, reference: Reference) -> Iterator[Claim]:
    """The story as it stands, each of its costs alone, and the method of each sample alone."""
    order = [s.name.id for s in samples_of(story.story)]
    names = frozenset(order)
    if names and names <= reference.kept.keys():
        yield Claim(TOTAL, None, None, names, f"nothing plain can be put in it: {_kept(reference)}")
        return
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
    for sample in order if len(order) > 1 else ():
        yield _alone(story, reference, sample)


def _kept(reference: Reference) -> str:
    return "; ".join(f"`{name}`: {why}" for name, why in reference.kept.items())


def _laws(story: Checked, reference: Reference, given: Mapping[str, Any]) -> Iterator[Claim]:
    """The distributions of the user's: what they draw must be what their ``log_prob`` says."""
    done: set[str] = set()
    for sample in story.graph.samples:
        made = story.graph.construction(sample.distribution)
        if made is None or made.type.declared is None or made.type.family in done:
            continue
        name = made.type.family
        done.add(name)
        samples = frozenset({sample.name})
        subject = f"distribution {name}"
        if name not in given:
            why = "something random stands in for it; --build gives the real one"
            yield Claim(subject, None, None, samples, why)
        elif sample.name in reference.kept:
            yield Claim(subject, None, None, samples, reference.kept[sample.name])
        else:
            yield Claim(subject, reference.story, reference, samples, law=sample.name)


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
    plates, end = PLATES if claim.story.graph.data_plates else PLATES[:1], _clock() + seconds
    try:
        for plate in plates if not claim.law else ():
            bench = session.bench(plate)
            try:
                return _judged(session, bench, claim, end, watched, listed=True)
            except NotListed:
                continue
        return _judged(session, session.bench(plates[0]), claim, end, watched, listed=False)
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
    end: float,
    watched: Callable[[float], None],
    *,
    listed: bool,
) -> list[Verdict]:
    assert claim.story is not None and claim.reference is not None
    if claim.law:
        return [_scored(bench, claim, end - _clock(), watched)]
    model = bench.model(claim.story)
    orders = [orders_of(bench, s) for s in (claim.story, claim.reference.story)]
    twice = all(order is None or order > 1 for order in orders)
    asked, key = bench.asked(model, twice), (id(claim.reference.story), id(bench), twice)
    share = (end - _clock()) / (3 if listed else 1 if key in session.known else 2)
    found = measured(bench, model, of_loss, asked, share, lambda done: watched(done / 2), listed)
    if key not in session.known:
        session.known[key] = truth(
            bench, claim.reference, twice, end - _clock(), lambda done: watched(0.5 + done / 2)
        )
    right = session.known[key]
    costs = len(claim.story.graph.costs)
    note = _note(found, right)
    if claim.reference.kept:
        note += f"; the method of {suggest.listed(claim.reference.kept)} stands in both"
    return compared(claim.subject, found, right, asked, costs, note, _admitted(claim))


def _scored(
    bench: Bench, claim: Claim, seconds: float, watched: Callable[[float], None]
) -> Verdict:
    """Whether the mean score is 0, as it is of what is drawn from the very law that is scored."""
    assert claim.story is not None
    model = bench.model(claim.story)
    asked = bench.asked(model, twice=False)
    probe = score_of(claim.law)
    found = measured(bench, model, probe, asked, seconds, watched, listed=False)
    nothing = Measured(torch.zeros_like(found.mean), None, 1)
    note = f"mean score, {_note(found, nothing)}"
    return compared(claim.subject, found, nothing, asked, 0, note)[-1]


def _note(found: Measured, right: Measured) -> str:
    said = counted(found.count, "outcome" if found.error is None else "replicate")
    if found.note:
        said += f" {found.note}"
    if found.error is None and right.error is not None:
        said += f", against {counted(right.count, 'replicate')}"
    return said


def counted(count: int, what: str) -> str:
    """``1 outcome``, ``10 000 replicates``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}".replace(",", " ")


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
