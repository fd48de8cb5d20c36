"""What `compare` says is right: variances known by hand, and no right method called biased."""

from pathlib import Path

import pytest

import storchc
from storch_runtime import compare

INTRODUCTION = Path(__file__).parents[3] / "specs" / "introduction" / "introduction.story"
VARIANCES = {  # of the derivative by c, by hand (moments of the normal distribution)
    "Reparameterization(n=1)": 16.0,
    "Reparameterization(n=10)": 1.6,
    "ScoreFunction(n=1)": 725.2,
    "ScoreFunction(n=45)": 16.1,
    "ScoreFunction(n=20, baseline=batch_average)": 14.9,
}
RARE = """story Rare
param w[4] = tensor([-2.5, 0.3, 1.0, -4.0])
param v[4] = tensor([3.0, -1.0, 0.5, 8.0])
sample z ~ OneHotCategorical(logits=w) with Expect()
cost c = (sum(z * v) - 0.4) ** 2
"""
RIGHT = (
    "ScoreFunctionWOR(k=2)",
    "UnorderedSetEstimator(k=2)",
    "RaoBlackwellSF(k=2)",
    "ScoreFunction() using ImportanceSampling(n=2, proposal=OneHotCategorical(logits=0.3 * w))",
)


@pytest.mark.certify
def test_a_right_method_is_never_called_biased() -> None:
    """Heavy tails, draws that are rare: 100 verdicts at a chance of 6e-7 each."""
    models = {m: storchc.load(text=RARE, methods={"z": m})() for m in ("Expect()", *RIGHT)}
    for seed in range(25):
        found = compare(models, repeats=1000, seed=seed)
        biased = [row.name for row in found.rows if row.biased]
        assert not biased, (seed, biased)


@pytest.mark.certify
def test_the_introduction_has_the_variances_that_are_known_by_hand() -> None:
    found = storchc.compare(INTRODUCTION, methods=list(VARIANCES), repeats=1000)
    for row in found.rows:
        spread = row.groups["c"]
        assert not row.biased
        assert abs(spread.value - VARIANCES[row.name]) < 5 * spread.error, row.name
