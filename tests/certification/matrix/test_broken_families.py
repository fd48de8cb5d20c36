"""A family whose gradient points the other way makes its cells of the matrix wrong."""

from __future__ import annotations

from typing import Any

import pytest

import storch_runtime.distributions as runtime
from tests.certification.matrix import made, sampling
from tests.certification.matrix.cells import examine
from tests.certification.matrix.declared import Coin, Gaussian
from tests.certification.matrix.families import FAMILIES
from tests.certification.matrix.subjects import Subject
from tests.certification.matrix.test_broken_estimators import flipped

DENSITY, WAY, PATH = flipped("log_prob"), flipped("value"), flipped("rsample")
LISTED = flipped("outcome_log_probs")
BROKEN = [
    (made.SCORE, made.COINS, runtime.MixtureSameFamily, DENSITY),
    ("Expect()", made.COINS, runtime.MixtureSameFamily, LISTED),
    (made.SET, made.COINS, runtime.MixtureSameFamily, LISTED),
    (made.SUMMED, made.COINS, runtime.MixtureSameFamily, DENSITY),
    (made.SCORE, made.BELLS, runtime.MixtureSameFamily, DENSITY),
    (made.PATH, made.BELLS, runtime.MixtureSameFamily, PATH),
    (made.SCORE, made.PAIR, runtime.Bernoulli, DENSITY),
    (made.SCORE, made.SHIFTED, runtime.TransformedDistribution, DENSITY),
    (made.PATH, made.SHIFTED, runtime.AffineTransform, WAY),
    (made.SCORE, made.SQUASHED, runtime.TransformedDistribution, DENSITY),
    (made.PATH, made.SQUASHED, runtime.TanhTransform, WAY),
    (made.PATH, "Delta", runtime.Delta, flipped("from_noise")),
    (made.SCORE, made.ZEROS, runtime.ZeroInflated, DENSITY),
    ("Expect()", made.ZEROS, runtime.ZeroInflated, LISTED),
    (made.SCORE, made.ATOM, runtime.ZeroInflated, DENSITY),
    (made.SCORE, "TruncatedNormal", runtime.TruncatedNormal, DENSITY),
    (made.PATH, "TruncatedNormal", runtime.TruncatedNormal, flipped("from_noise")),
    (made.SCORE, "LogitRelaxedBernoulli", runtime.LogitRelaxedBernoulli, DENSITY),
    (made.PATH, "LogitRelaxedBernoulli", runtime.LogitRelaxedBernoulli, flipped("from_noise")),
    (made.SCORE, "ExpRelaxedCategorical", runtime.ExpRelaxedCategorical, DENSITY),
    (made.PATH, "ExpRelaxedCategorical", runtime.ExpRelaxedCategorical, flipped("from_noise")),
    (made.SCORE, made.BLURRED, runtime.RelaxedOneHotCategoricalStraightThrough, DENSITY),
    (made.SCORE, "a user's, discrete", Coin, DENSITY),
    (made.SCORE, "a user's, reparameterized", Gaussian, DENSITY),
    (made.PATH, "a user's, reparameterized", Gaussian, PATH),
]


def _line(written: str, family: str) -> Subject:
    (found,) = (s for s in made.MADE if s.label == written and s.family == family)
    return found


def lines() -> list[Any]:
    """Those by draws take their time."""
    slow = [(pytest.mark.certify_all,) if _line(*row[:2]).by_draws("one") else () for row in BROKEN]
    return [
        pytest.param(*row, marks=marks, id=f"{row[0]}-{row[1]}")
        for row, marks in zip(BROKEN, slow, strict=True)
    ]


@pytest.mark.parametrize(("written", "family", "kind", "broken"), lines())
def test_a_turned_sign_is_seen(
    written: str, family: str, kind: type, broken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = _line(written, family)
    monkeypatch.setattr(sampling, "REPLICATES", 100_000)
    right = examine(line, "one")
    assert right.verdict == "certified", right.words
    broken(monkeypatch, kind)
    assert examine(line, "one").verdict == "wrong"


def test_every_family_is_broken_once() -> None:
    assert {row[1] for row in BROKEN} == {line.family for line in made.MADE}
    assert all(family in FAMILIES for _, family, _, _ in BROKEN)
