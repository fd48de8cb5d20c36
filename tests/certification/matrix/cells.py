"""One cell of the matrix: a method in a situation is certified, refused, or wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

import storchc
from storch_runtime.methods import ScoreFunction
from storchc.catalogue.methods import lookup
from tests.certification.harness import Case, Model, Uncertified
from tests.certification.matrix.families import FAMILIES
from tests.certification.matrix.relaxed import relaxed
from tests.certification.matrix.sampling import (
    Sampled,
    derivatives_of_each,
    known,
    replicated,
    sample,
)
from tests.certification.matrix.situations import SITUATIONS
from tests.certification.matrix.subjects import Subject
from tests.certification.outcomes import enumerate_estimates

__all__ = ["Cell", "examine", "unsettle"]

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
        if (code := subject.refusal(situation)) is not None:
            return Cell("wrong", f"compiles, {code} expected")
        if model.order is not None and SITUATIONS[situation].second:
            return _first_order(subject, situation, model)
        if subject.by_draws(situation):
            return _by_draws(subject, situation, model)
        return _by_outcomes(subject, situation, model)
    except storchc.StoryError as error:
        return _refused(subject, situation, error)
    except Uncertified as error:
        return Cell("wrong", str(error))


def _model(subject: Subject, situation: str) -> Model:
    model = subject.story(situation, replicated=subject.by_draws(situation)).model()
    if not subject.by_draws(situation) and subject.refusal(situation) is None:
        remember(model, subject.story(situation))
    unsettle(model)
    entry = lookup(subject.name)
    assert entry is not None
    claimed = 1 if "straight_through=true" in subject.written else entry.order
    if subject.name == "Reparameterization":
        claimed = FAMILIES[subject.family].order
    if claimed != model.order and subject.name != "Infer":
        raise Uncertified(f"the module claims order {model.order}, the catalogue {claimed}")
    return model


def remember(model: Model, story: Case) -> None:
    """Two passes in training: a method with a memory has something in it."""
    torch.manual_seed(0)
    for _ in range(2):
        model(**story.inputs)
        model.watch.unsettled = False


@torch.no_grad()
def unsettle(model: Model, value: float = 0.7) -> None:
    """Move what methods learn away from where it starts: any value has to be right."""
    generator = torch.Generator().manual_seed(0)
    for _, method in model.methods.items():
        for own in method.parameters():
            own += 0.3 * torch.randn(own.shape, generator=generator, dtype=own.dtype)
        average = method._buffers.get("average") if isinstance(method, ScoreFunction) else None
        if average is not None:
            average.fill_(value)


def _refused(subject: Subject, situation: str, error: storchc.StoryError) -> Cell:
    codes = sorted({d.code for d in error.diagnostics if d.severity == "error"})
    found, expected = ", ".join(codes), subject.refusal(situation)
    if found == expected:
        return Cell("refused", f"refused: {found}")
    return Cell("wrong", f"refused: {found}, {expected or 'no refusal'} expected")


def _first_order(subject: Subject, situation: str, model: Model) -> Cell:
    """The method claims no more than a gradient: a second derivative has to raise."""
    many, inputs = subject.by_draws(situation), subject.story(situation).inputs
    try:
        derivatives_of_each(model, replicated(inputs, 2) if many else dict(inputs), second=True)
    except RuntimeError as error:
        if "beyond order 1" in str(error):
            return Cell("first order", "first order only")
        raise
    return Cell("wrong", f"claims order {model.order}, and a second derivative does not raise")


def _by_outcomes(subject: Subject, situation: str, model: Model) -> Cell:
    place, exact = SITUATIONS[situation], subject.truth(situation)
    this = subject.story(situation)
    found = enumerate_estimates(model, this, leaves=this.inputs, hessian=place.second)
    if not subject.unbiased:
        return Cell("biased", f"bias {_relative(found.gradient, exact.gradient)}")
    pairs = [("cost", found.cost, exact.cost), ("gradient", found.gradient, exact.gradient)]
    if found.hessian is not None and exact.hessian is not None:
        pairs.append(("Hessian", found.hessian, exact.hessian))
    for what, got, wanted in pairs:
        if not float((got - wanted).abs().max()) <= TOLERANCE:
            return Cell("wrong", f"{what} {got.tolist()}, exact {wanted.tolist()}")
    kind = "quadrature" if FAMILIES[subject.family].nodes else "exact"
    return Cell("certified", f"{kind}, {found.runs}")


def _by_draws(subject: Subject, situation: str, model: Model) -> Cell:
    second = SITUATIONS[situation].second
    found = sample(model, subject.story(situation, replicated=True), second=second)
    true = _reference(subject, situation)
    if subject.temperature is None and not subject.unbiased:
        return Cell("biased", f"bias {_relative(found.mean, true.mean)}")
    wanted = true
    if subject.temperature is not None:
        wanted = known(relaxed(situation, subject.temperature).of(second))
    deviation = found.minus(wanted).deviation()
    if not deviation <= SIGMAS:
        words = f"{found.mean.tolist()}, expected {wanted.mean.tolist()}: {deviation:.1f} σ"
        return Cell("wrong", words)
    words = f"|z| {deviation:.1f}"
    if subject.temperature is None:
        return Cell("certified", words)
    return Cell("biased", f"{words}, bias {_relative(wanted.mean, true.mean)}")


def _reference(subject: Subject, situation: str) -> Sampled:
    """What the mean of the draws has to be: exact, or by draws of another method."""
    second = SITUATIONS[situation].second
    if not subject.sampled:
        return known(subject.truth(situation).of(second))
    this = replace(subject, written=subject.like).story(situation, replicated=True)
    return sample(this.model(), this, second=second, seed=1)


def _relative(got: Tensor, true: Tensor) -> str:
    return f"{float((got - true).norm() / true.norm()):.0%}"
