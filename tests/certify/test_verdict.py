"""Verdicts from figures alone: what is right is not called biased, what is off is."""

import torch
from torch import Tensor

from storchc.certify.measuring import Asked, Measured
from storchc.certify.verdict import Verdict, compared

BATCHES, LANES, COORDINATES = 24, 50, 30


def measured(each: Tensor) -> Measured:
    """The figures of replicates ``[batches, lanes, 1 + coordinates]``."""
    rows = each.mean(1)
    error = rows.std(0) / BATCHES**0.5
    return Measured(rows.mean(0), error, BATCHES * LANES, BATCHES, "", each.abs().amax((0, 1)))


def judged(each: Tensor, right: float = 0.0) -> Verdict:
    leaves = {"w": torch.zeros(COORDINATES)}
    truth = Measured(torch.full((1 + COORDINATES,), right), None, 1)
    return compared("the story", measured(each), truth, Asked(leaves, None), 0, "")[1]


def draws(seed: int, power: int) -> Tensor:
    """Symmetric around 0; with heavier tails the higher the power is."""
    source = torch.Generator().manual_seed(seed)
    each = torch.randn(BATCHES, LANES, 1 + COORDINATES, generator=source, dtype=torch.float64)
    return each**power


def test_what_is_right_is_not_called_biased_in_many_runs() -> None:
    for power in (1, 3, 7):
        found = {judged(draws(seed, power)).outcome for seed in range(200)}
        assert found == {"unbiased"}, power


def test_what_is_off_by_more_than_chance_allows_is_biased() -> None:
    for seed in range(20):
        verdict = judged(draws(seed, 1), right=0.4)
        assert verdict.outcome == "biased"
        assert verdict.where.startswith("w[")


def test_a_bias_beyond_the_tolerance_is_seen_where_all_is_exact() -> None:
    leaves = {"w": torch.zeros(2, dtype=torch.float64)}
    right = Measured(torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64), None, 4)
    for off, outcome in ((1e-11, "exact"), (1e-7, "biased")):
        found = Measured(right.mean + off, None, 4)
        verdicts = compared("the story", found, right, Asked(leaves, None), 0, "")
        assert [v.outcome for v in verdicts] == [outcome] * 2


def test_what_is_not_finite_is_not_called_right() -> None:
    each = draws(0, 1)
    each[0, 0, 3] = torch.nan
    assert judged(each).outcome == "not tried"
