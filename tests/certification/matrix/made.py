"""The lines of the matrix for families that are made of others, relaxations, and the user's."""

from __future__ import annotations

from tests.certification.matrix.subjects import Subject

__all__ = ["MADE"]

COINS = "MixtureSameFamily(Categorical, Bernoulli)"
BELLS = "MixtureSameFamily(Categorical, Normal)"
PAIR = "Independent(Bernoulli, 1)"
SHIFTED = "TransformedDistribution(Normal, [AffineTransform])"
SQUASHED = "TransformedDistribution(Normal, [AffineTransform, TanhTransform])"
ZEROS = "ZeroInflated(Bernoulli)"
ATOM = "ZeroInflated(Normal)"
BLURRED = "RelaxedOneHotCategoricalStraightThrough"

SCORE, PATH = "ScoreFunction(n=1)", "Reparameterization(n=1)"
COMPARED = "ScoreFunction(n=2, baseline=batch_average)"
SET, SUMMED = "UnorderedSetEstimator(k=2)", "SumAndSample(sum_size=1)"
PROPOSED = "ScoreFunction() using ImportanceSampling(n=2, proposal=Bernoulli(logits=0.3 * η))"

MADE: tuple[Subject, ...] = (
    *(Subject(method, COINS) for method in (SCORE, COMPARED, "Expect()", SET, SUMMED, PROPOSED)),
    Subject(SCORE, BELLS, "draws"),
    Subject(PATH, BELLS, "draws"),
    *(Subject(method, PAIR) for method in (SCORE, "Expect()", SET)),
    Subject(SCORE, SHIFTED),
    Subject(PATH, SHIFTED),
    Subject(SCORE, SQUASHED, "draws"),
    Subject(PATH, SQUASHED),
    Subject("Reparameterization() using QuasiMonteCarlo(n=2)", SQUASHED, "draws"),
    Subject("LAX(c_phi=critic)", SHIFTED),
    Subject("STL(n=1)", SHIFTED, biased=False),
    Subject(PATH, "Delta"),
    *(Subject(method, ZEROS) for method in (SCORE, COMPARED, "Expect()", SET, SUMMED, PROPOSED)),
    Subject(SCORE, ATOM, "draws"),
    Subject(SCORE, "TruncatedNormal", "draws"),
    Subject(PATH, "TruncatedNormal", "draws"),
    Subject("Reparameterization() using Stratified(n=2)", "TruncatedNormal", "draws"),
    Subject(SCORE, "LogitRelaxedBernoulli", "draws"),
    Subject(PATH, "LogitRelaxedBernoulli", "draws"),
    Subject(SCORE, "ExpRelaxedCategorical", "draws"),
    Subject(PATH, "ExpRelaxedCategorical", "draws"),
    Subject(SCORE, BLURRED),
    Subject("Expect()", BLURRED),
    Subject(PATH, BLURRED, "draws", biased=True, own="test_relaxed.py"),
    Subject(SCORE, "a user's, discrete", "draws"),
    Subject(SCORE, "a user's, reparameterized", "draws"),
    Subject(PATH, "a user's, reparameterized", "draws"),
)
