"""Variances: exact against sampled, against closed forms, and in the order that is proved."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.certification.matrix.variances import PROBLEMS, exact, sampled

FINITE = [(name, method) for name, problem in PROBLEMS.items() for method in problem.methods]


@pytest.mark.certify
@pytest.mark.parametrize(("problem", "method"), FINITE)
def test_the_sampled_variance_is_the_exact_one(problem: str, method: str) -> None:
    found = sampled(problem, method, replicates=200_000)
    assert abs(found.variance - exact(problem, method)) <= 5 * found.error + 1e-9


# --- one Bernoulli variable, Δ = f(1) - f(0) = 3 --------------------------------------------------

P = 1 / (1 + math.exp(-0.375))
V = P * (1 - P)
M = max(P, 1 - P)
CLOSED = {
    "ScoreFunction(n=2, baseline=batch_average)": 9 * (V / 2 - V**2),
    "DisARM(n=1)": 9 * V * (M / 2 - V),
    "Expect()": 0.0,
}


@pytest.mark.parametrize("method", CLOSED)
def test_the_exact_variance_is_the_closed_form(method: str) -> None:
    assert exact("bit", method) == pytest.approx(CLOSED[method], abs=1e-12)


@pytest.mark.certify
def test_the_variance_of_arm_is_its_closed_form() -> None:
    found = sampled("bit", "ARM(n=1)")
    closed = 9 * (2 / 3 * (1 / 8 - (1 / 2 - (1 - M)) ** 3) - V**2)
    assert abs(found.variance - closed) <= 5 * found.error


# --- the order that is proved ---------------------------------------------------------------------


@pytest.mark.certify
@pytest.mark.parametrize("problem", ["bit", "bits"])
def test_dis_arm_is_no_worse_than_arm(problem: str) -> None:
    arm = sampled(problem, "ARM(n=1)")
    assert exact(problem, "DisARM(n=1)") <= arm.variance - 5 * arm.error


def test_dis_arm_is_no_worse_than_leave_one_out_of_one_bit() -> None:
    assert exact("bit", "DisARM(n=1)") <= exact("bit", "ScoreFunction(n=2, baseline=batch_average)")


def test_more_draws_have_less_variance() -> None:
    draws = [exact("classes", f"ScoreFunction(n={n}, baseline=batch_average)") for n in (2, 3, 4)]
    assert draws == sorted(draws, reverse=True)


@pytest.mark.parametrize("k", [2, 3, 4])
def test_the_unordered_set_is_no_worse_than_leave_one_out_of_as_many(k: int) -> None:
    others = exact("classes", f"ScoreFunction(n={k}, baseline=batch_average)")
    assert exact("classes", f"UnorderedSetEstimator(k={k})") < others


def test_a_set_that_is_the_support_has_no_variance() -> None:
    sets = [exact("classes", f"UnorderedSetEstimator(k={k})") for k in (1, 2, 3, 4)]
    assert sets == sorted(sets, reverse=True)
    assert sets[-1] == pytest.approx(0, abs=1e-14)


def test_sum_and_sample_goes_to_nothing_as_the_set_covers_the_support() -> None:
    sums = [exact("classes", f"SumAndSample(sum_size={size})") for size in (1, 2, 3, 4)]
    assert sums == sorted(sums, reverse=True)
    assert sums[0] < exact("classes", "ScoreFunction(n=1)")
    assert sums[-1] == pytest.approx(0, abs=1e-14)


def test_rao_blackwell_is_sum_and_sample_of_one_less() -> None:
    one_less = exact("classes", "SumAndSample(sum_size=1)")
    assert exact("classes", "RaoBlackwellSF(k=2)") == pytest.approx(one_less, abs=1e-14)


def test_arms_of_two_is_dis_arm() -> None:
    assert exact("bits", "ARMS(n=2)") == pytest.approx(exact("bits", "DisARM(n=1)"), abs=1e-12)


@pytest.mark.certify
def test_without_replacement_the_support_has_no_variance_either() -> None:
    assert sampled("classes", "ScoreFunctionWOR(k=4)").variance == pytest.approx(0, abs=1e-14)


def test_a_broken_order_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A leave-one-out baseline that counts itself changes its exact variance."""
    from storch_runtime.methods import ScoreFunction

    method = "ScoreFunction(n=2, baseline=batch_average)"
    right = exact("bit", method)

    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        return (1 - draw.box) * downstream.cost.mean(draw.plate_dim, keepdim=True)

    monkeypatch.setattr(ScoreFunction, "control_variate", wrong)
    assert abs(exact("bit", method) - right) > 0.01
