"""A broken estimator makes its cells of the matrix wrong, and its pairs."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from storch_runtime import methods
from tests.certification.matrix.cells import examine
from tests.certification.matrix.pairs import estimate, examine_pair
from tests.certification.matrix.situations import SITUATIONS
from tests.certification.matrix.subjects import SUBJECTS, Subject


def subject(written: str, family: str = "Bernoulli") -> Subject:
    """The line of the matrix."""
    found = [s for s in SUBJECTS if s.label == written and s.family == family]
    assert len(found) == 1, f"{written} at {family} stands {len(found)} times in the matrix"
    return found[0]


def flipped(function: str) -> Any:
    """The gradient of what ``function`` returns with its sign turned, its value as it was."""

    def broken(patch: pytest.MonkeyPatch, method: type) -> None:
        right = getattr(method, function)

        def wrong(self: Any, *args: Any, **values: Any) -> Any:
            found = right(self, *args, **values)
            return None if found is None else 2 * found.detach() - found

        patch.setattr(method, function, wrong)

    return broken


def unweighted(patch: pytest.MonkeyPatch, method: Any) -> None:
    """Every value counts the same."""
    right = method.propose

    def wrong(self: Any, *args: Any, **values: Any) -> Any:
        draw = right(self, *args, **values)
        draw.weight = torch.full_like(draw.weight, 1 / len(draw.weight))
        return draw

    patch.setattr(method, "propose", wrong)


def pathless(patch: pytest.MonkeyPatch, method: Any) -> None:
    """The value carries no gradient."""
    right = method.propose

    def wrong(self: Any, *args: Any, **values: Any) -> Any:
        draw = right(self, *args, **values)
        draw.value = draw.value.detach()
        return draw

    patch.setattr(method, "propose", wrong)


BROKEN = [
    ("ScoreFunction(n=1)", "Bernoulli", flipped("gradient_function")),
    ("ScoreFunction(n=1)", "Normal", flipped("gradient_function")),
    ("Expect()", "Bernoulli", unweighted),
    ("Reparameterization(n=1)", "Normal", pathless),
    ("GumbelSoftmax(temperature=0.5)", "Bernoulli", pathless),
]
CONTROL, SCORE = flipped("control_variate"), flipped("gradient_function")
FLIPPED = [
    ("ARM(n=1)", "Bernoulli", CONTROL),
    ("DisARM(n=1)", "Bernoulli", CONTROL),
    ("ARMS(n=3)", "Bernoulli", CONTROL),
    ("CARMS(n=3)", "Categorical", CONTROL),
    ("ARSM(n=1)", "Categorical", CONTROL),
    ("LocalExpectation(n=1)", "Bernoulli", CONTROL),
    ("MeasureValued(n=1)", "Bernoulli", CONTROL),
    ("MeasureValued(n=1)", "Normal", CONTROL),
    ("MuProp(n=1)", "OneHotCategorical", SCORE),
    ("DoubleCV(n=2)", "Bernoulli", SCORE),
    ("RODEO(n=2)", "Bernoulli", SCORE),
    ("REBAR(n=1)", "Bernoulli", SCORE),
    ("RELAX(c_phi=critic)", "Categorical", SCORE),
    ("LAX(c_phi=critic)", "Normal", SCORE),
    ("UnorderedSetEstimator(k=2)", "Categorical", SCORE),
    ("UnorderedSetEstimator(k=2)", "Categorical", unweighted),
    ("ScoreFunctionWOR(k=2)", "OneHotCategorical", SCORE),
    ("SumAndSample(sum_size=1)", "Categorical", unweighted),
    ("RaoBlackwellSF(k=2)", "Categorical", SCORE),
    ("MAPO(buffer_size=2)", "Categorical", SCORE),
    ("VIMCO(n=2)", "Bernoulli", SCORE),
    ("ScoreFunction() using Antithetic(n=2)", "Bernoulli", SCORE),
    ("STL(n=1)", "Normal", pathless),
]


@pytest.mark.parametrize(
    ("written", "family", "broken"), BROKEN, ids=[f"{row[0]}-{row[1]}" for row in BROKEN]
)
@pytest.mark.parametrize("place", SITUATIONS)
def test_a_broken_method_is_wrong_everywhere(
    written: str, family: str, broken: Any, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = subject(written, family)
    summed = written == "Expect()" and place == "loop"  # proposes nothing: see test_chains.py
    if summed or examine(line, place).verdict in ("refused", "first order"):
        return
    broken(monkeypatch, getattr(methods, line.name))
    assert examine(line, place).verdict == "wrong"


@pytest.mark.parametrize(
    ("written", "family", "broken"), FLIPPED, ids=[f"{row[0]}-{row[1]}" for row in FLIPPED]
)
def test_a_turned_sign_is_seen(
    written: str, family: str, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = subject(written, family)
    right = examine(line, "one")
    assert right.verdict == "certified", right.words
    broken(monkeypatch, getattr(methods, line.name))
    assert examine(line, "one").verdict == "wrong"


def test_no_unbiased_method_escapes_the_sceptic() -> None:
    broken = {row[0].partition("(")[0] for row in [*BROKEN, *FLIPPED]}
    claimed = {line.name for line in SUBJECTS if line.unbiased}
    assert claimed - broken == {"Infer", "DReG"}  # others in disguise; test_multi_sample.py


def test_a_broken_method_makes_its_pairs_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    one, exact = subject("ScoreFunction(n=1)"), subject("Expect()")
    flipped("gradient_function")(monkeypatch, methods.ScoreFunction)
    estimate.cache_clear()
    try:
        assert examine_pair((one, exact)).verdict == "wrong"
        assert examine_pair((exact, one)).verdict == "wrong"
        assert examine_pair((subject("ZGR(n=1)"), one)).verdict == "wrong"
    finally:
        estimate.cache_clear()


def test_a_refusal_that_is_not_expected_is_wrong() -> None:
    assert examine(Subject("ScoreFunction(n=1, baseline=batch_average)"), "one").verdict == "wrong"
    refused = Subject("ScoreFunction(n=1, baseline=batch_average)", refused={"one": "S409"})
    assert examine(refused, "one").verdict == "refused"
    assert examine(Subject("Expect()", refused={"one": "S409"}), "one").verdict == "wrong"
