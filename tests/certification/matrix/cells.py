"""One cell of the matrix: a method in a situation is certified, refused, or wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

import storchc
from storch_runtime.methods import ScoreFunction
from storchc.catalogue.methods import lookup
from tests.certification.harness import Model, Uncertified
from tests.certification.matrix.relaxed import relaxed
from tests.certification.matrix.sampling import derivatives_of_each, replicated, sample
from tests.certification.matrix.situations import SITUATIONS, story
from tests.certification.matrix.subjects import Subject
from tests.certification.matrix.truth import truth
from tests.certification.outcomes import enumerate_estimates

__all__ = ["Cell", "examine"]

Verdict = Literal["certified", "biased", "refused", "first order", "wrong"]
TOLERANCE = 1e-9
SIGMAS = 5.0


@dataclass(frozen=True, slots=True)
class Cell:
    """What was found, and the words that the page shows."""

    verdict: Verdict
    words: str


def examine(subject: Subject, situation: str) -> Cell:
    """Certify ``subject`` in ``situation``, or say what is wrong."""
    try:
        model = _model(subject, situation)
        if situation in subject.refused:
            return Cell("wrong", f"compiles, {subject.refused[situation]} expected")
        if model.order is not None and SITUATIONS[situation].second:
            return _first_order(subject, situation, model)
        if subject.evidence == "outcomes":
            return _by_outcomes(subject, situation, model)
        return _by_draws(subject, situation, model)
    except storchc.StoryError as error:
        return _refused(subject, situation, error)
    except Uncertified as error:
        return Cell("wrong", str(error))


def _model(subject: Subject, situation: str) -> Model:
    place, many = SITUATIONS[situation], subject.evidence == "draws"
    model = story(place, subject.family, subject.written, replicated=many).model()
    set_averages(model)
    entry = lookup(subject.name)
    assert entry is not None
    claimed = 1 if "straight_through=true" in subject.written else entry.order
    if claimed != model.order and subject.name != "Infer":
        raise Uncertified(f"the module claims order {model.order}, the catalogue {claimed}")
    return model


def set_averages(model: Model, value: float = 0.7) -> None:
    """Give moving averages, the other nodes' too, and what methods learn, something to say."""
    for _, method in model.methods.items():
        for learned in method.parameters():
            learned.data += value
        average = method._buffers.get("average") if isinstance(method, ScoreFunction) else None
        if average is not None:
            average.fill_(value)


def _refused(subject: Subject, situation: str, error: storchc.StoryError) -> Cell:
    codes = sorted({d.code for d in error.diagnostics if d.severity == "error"})
    found, expected = ", ".join(codes), subject.refused.get(situation)
    if found == expected:
        return Cell("refused", f"refused: {found}")
    return Cell("wrong", f"refused: {found}, {expected or 'no refusal'} expected")


def _first_order(subject: Subject, situation: str, model: Model) -> Cell:
    """The method claims no more than a gradient: a second derivative has to raise."""
    many = subject.evidence == "draws"
    inputs = story(SITUATIONS[situation], subject.family, subject.written).inputs
    try:
        derivatives_of_each(model, replicated(inputs, 2) if many else dict(inputs), second=True)
    except RuntimeError as error:
        if "beyond order 1" in str(error):
            return Cell("first order", "first order only")
        raise
    return Cell("wrong", f"claims order {model.order}, and a second derivative does not raise")


def _by_outcomes(subject: Subject, situation: str, model: Model) -> Cell:
    place, exact = SITUATIONS[situation], truth(situation, subject.family)
    this = story(place, subject.family, subject.written)
    found = enumerate_estimates(model, this, hessian=place.second)
    if not subject.unbiased:
        return Cell("biased", f"bias {_relative(found.gradient, exact.gradient)}")
    pairs = [("cost", found.cost, exact.cost), ("gradient", found.gradient, exact.gradient)]
    if found.hessian is not None and exact.hessian is not None:
        pairs.append(("Hessian", found.hessian, exact.hessian))
    for what, got, wanted in pairs:
        if float((got - wanted).abs().max()) > TOLERANCE:
            return Cell("wrong", f"{what} {got.tolist()}, exact {wanted.tolist()}")
    kind = "quadrature" if subject.family == "Normal" else "exact"
    return Cell("certified", f"{kind}, {found.runs}")


def _by_draws(subject: Subject, situation: str, model: Model) -> Cell:
    place, exact = SITUATIONS[situation], truth(situation, subject.family)
    this = story(place, subject.family, subject.written, replicated=True)
    found = sample(model, this, second=place.second)
    true = exact.hessian if place.second else exact.gradient
    assert true is not None
    if subject.temperature is None and not subject.unbiased:
        return Cell("biased", f"bias {_relative(found.mean, true)}")
    wanted = true
    if subject.temperature is not None:
        own = relaxed(situation, subject.temperature)
        of_own = own.hessian if place.second else own.gradient
        assert of_own is not None
        wanted = of_own
    deviation = found.deviation(wanted)
    if deviation > SIGMAS:
        return Cell(
            "wrong", f"{found.mean.tolist()}, expected {wanted.tolist()}: {deviation:.1f} σ"
        )
    words = f"|z| {deviation:.1f}"
    if subject.temperature is None:
        return Cell("certified", words)
    return Cell("biased", f"{words}, bias {_relative(wanted, true)}")


def _relative(got: Tensor, true: Tensor) -> str:
    return f"{float((got - true).norm() / true.norm()):.0%}"
