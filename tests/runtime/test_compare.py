"""`storch_runtime.compare`: what it finds of methods whose bias and variance are known."""

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn

import storchc
from storch_runtime import Comparison, StoryModule, compare
from storch_runtime.comparison.contest import Progress

COIN = """story Coin
param w = 0.3
sample z ~ Bernoulli(logits=w) with Expect()
cost paid = (z - 0.4) ** 2
"""
P = torch.sigmoid(torch.tensor(0.3)).item()
SLOPE = P * (1 - P) * 0.2
"""The true gradient: the costs are 0.36 and 0.16."""
SCORE = P * (0.36 * (1 - P)) ** 2 + (1 - P) * (0.16 * P) ** 2 - SLOPE**2
"""The variance of the score function, by its two outcomes."""


def coins(*methods: str) -> dict[str, StoryModule]:
    return {m: storchc.load(text=COIN, methods={"z": m})() for m in methods}


def rows(found: Comparison) -> Mapping[str, Any]:
    return {row.name: row for row in found.rows}


def test_bias_and_variance_are_those_of_the_outcomes() -> None:
    found = compare(coins("Expect()", "ScoreFunction()", "ScoreFunction(n=4)"), repeats=600)
    assert (found.reference, found.exact, found.complete) == ("Expect()", True, True)
    assert found.length == pytest.approx(SLOPE, rel=1e-5)
    exact, one, four = found.rows
    assert (exact.variance.value, exact.bias.length, exact.biased) == (0, 0, False)
    for row, variance in ((one, SCORE), (four, SCORE / 4)):
        assert not row.biased
        assert abs(row.variance.value - variance) < 5 * row.variance.error < 0.5 * variance
        assert row.groups == {"w": row.variance}
    assert [row.evaluations for row in found.rows] == [2, 1, 4]
    assert found.best == "Expect()"


def test_a_bias_is_found_and_named() -> None:
    found = compare(coins("Expect()", "GumbelSoftmax(temperature=2)"), repeats=400)
    row = found.rows[1]
    assert row.biased and row.bias.place == "w" and row.bias.standard_errors > 5
    assert row.bias.length == pytest.approx(row.bias.deviation, rel=0.02)
    assert "is biased: w is off by" in str(found)


def test_without_an_exact_gradient_a_long_run_stands_for_it() -> None:
    models = coins("ScoreFunction(n=8)", "ScoreFunction()", "GumbelSoftmax(temperature=2)")
    found = compare(models, repeats=300)
    assert (found.reference, found.exact) == ("ScoreFunction(n=8)", False)
    assert abs(found.length - SLOPE) < 5 * found.reference_error < 0.2 * SLOPE
    assert [row.biased for row in found.rows] == [False, False, True]


def test_the_reference_may_be_another_model() -> None:
    models = coins("ScoreFunction()")
    found = compare(models, reference=coins("Expect()")["Expect()"], repeats=40)
    assert (found.exact, found.rows[0].biased) == (True, False)
    with pytest.raises(ValueError, match="no model `Expect"):
        compare(models, reference="Expect()")


def test_the_same_seed_gives_the_same_figures() -> None:
    def figures(*methods: str, seed: int) -> list[Any]:
        found = compare(coins(*methods), repeats=60, seed=seed)
        row = rows(found)["ScoreFunction()"]
        return [row.bias, row.variance]

    first = figures("Expect()", "ScoreFunction()", seed=3)
    torch.manual_seed(7)
    assert figures("Expect()", "ScoreFunction(n=2)", "ScoreFunction()", seed=3) == first
    assert figures("Expect()", "ScoreFunction()", seed=4) != first


def test_a_draw_too_rare_to_be_seen_is_no_bias() -> None:
    rare = COIN.replace("0.3", "-9.0")
    methods = "Expect()", "ScoreFunction()"
    models = {m: storchc.load(text=rare, methods={"z": m})() for m in methods}
    found = compare(models, repeats=100)
    assert not found.rows[1].biased
    assert found.rows[1].bias.unseen == ("w",)
    assert "too rare to be seen may carry the rest" in str(found)


def test_looks_at_other_values_are_evaluations() -> None:
    story = COIN.replace("param w = 0.3", "plate data\ninput x[data]\nparam w[3] = 0.3").replace(
        "logits=w", "logits=w * x"
    )
    story = story.replace("(z - 0.4) ** 2", "sum((z - 0.4) ** 2) * sum(z)")
    methods = ("LocalExpectation(n=2)", "DisARM(n=5)", "Expect()")
    models = {m: storchc.load(text=story, methods={"z": m})() for m in methods}
    found = compare(models, torch.ones(7), repeats=4)
    assert [row.evaluations for row in found.rows] == [8, 10, 8]


def test_moving_averages_that_are_empty_are_filled_and_left_empty() -> None:
    methods = "Expect()", "ScoreFunction()", "ScoreFunction(baseline=moving_average)"
    models = coins(*methods)
    found = compare(models, repeats=400)
    assert found.averaged == ("z",)
    none, average = found.rows[1:]
    assert average.variance.value < 0.5 * none.variance.value
    assert models[methods[2]].methods["z"].get_buffer("average") == 0.0


def test_models_are_left_as_they_were() -> None:
    models = coins("Expect()", "ScoreFunction(baseline=moving_average)")
    model = models["Expect()"]
    model().backward()
    gradient, state = model.w.grad, torch.get_rng_state()
    compare(models, repeats=4)
    assert model.w.grad is gradient
    assert torch.equal(torch.get_rng_state(), state)


def test_one_that_fails_does_not_stop_the_others() -> None:
    story = "story S\nparam w = 0.3\nfunction f: [] -> []\nsample z ~ Normal(w, 1)\ncost c = f(z)\n"
    cls = storchc.load(text=story, methods={"z": "ScoreFunction()"})
    calls: list[int] = []

    def fails(z: torch.Tensor) -> torch.Tensor:
        calls.append(0)
        if len(calls) > 30:
            raise ArithmeticError("no more\nthan that")
        return z

    found = compare({"good": cls(f=lambda z: z), "bad": cls(f=fails)}, repeats=60)
    good, bad = found.rows
    assert (good.repeats, bad.failure) == (60, "ArithmeticError: no more")
    assert 0 < bad.repeats < 60
    assert f"bad gave up after {bad.repeats} estimates: ArithmeticError: no more" in str(found)


def test_an_interrupt_ends_it_with_what_is_known() -> None:
    seen: list[Progress] = []

    def interrupt(progress: Progress) -> None:
        seen.append(progress)
        if len(seen) == 4:
            raise KeyboardInterrupt

    found = compare(coins("Expect()", "ScoreFunction()"), repeats=1000, listen=interrupt)
    assert not found.complete
    assert [row.repeats for row in found.rows] == [20, 20]
    assert seen[-1].done < seen[-1].total and seen[-1].seconds > 0
    assert "ScoreFunction()" in str(found)


def test_time_that_is_up() -> None:
    found = compare(coins("Expect()", "ScoreFunction()"), repeats=10**6, budget=0.3)
    assert not found.complete
    assert all(row.repeats < 10**6 for row in found.rows)


def test_few_estimates_say_nothing_of_the_bias() -> None:
    models = coins("Expect()", "ScoreFunction()")
    few, some = (compare(models, repeats=repeats).rows[1].bias for repeats in (4, 6))
    assert few is not None and few.error == float("inf")
    assert some is not None and some.error < SLOPE * 100


def test_estimates_go_where_least_is_known() -> None:
    rare = COIN.replace("0.3", "-3.0")
    methods = "Expect()", "ScoreFunction(n=64)", "ScoreFunction()"
    models = {m: storchc.load(text=rare, methods={"z": m})() for m in methods}

    def interrupt(progress: Progress) -> None:
        if progress.done > 400:
            raise KeyboardInterrupt

    _, many, one = compare(models, repeats=10**4, listen=interrupt).rows
    assert 100 <= many.repeats < one.repeats


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ({}, "no models"),
        ({"a": ("w", 0.3), "b": ("v", 0.3)}, "differ in the parameters v, w"),
        ({"a": ("w", 0.3), "b": ("w", 0.4)}, "`w` has other values in `b` than in `a`"),
    ],
)
def test_what_cannot_be_compared(models: dict[str, tuple[str, float]], words: str) -> None:
    made = {
        name: storchc.load(text=f"story S\nparam {param} = {value}\ncost c = {param} ** 2\n")()
        for name, (param, value) in models.items()
    }
    with pytest.raises(ValueError, match=words):
        compare(made)


def test_groups_are_the_names_of_the_model() -> None:
    story = """story Net
module one: [] -> [2]
module two: [2] -> []
param w = 1.0
sample z ~ Bernoulli(logits=one(w)) with ScoreFunction()
cost c = two(z) ** 2
"""

    class One(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(1, 2)

        def forward(self, value: torch.Tensor) -> torch.Tensor:
            return self.layer(value.unsqueeze(-1))

    class Two(One):
        def forward(self, value: torch.Tensor) -> torch.Tensor:
            return self.layer(value.sum(-1, keepdim=True)).sum(-1)

    model = storchc.load(text=story)(one=One(), two=Two())
    found = compare({"story": model}, repeats=40)
    assert list(found.groups) == ["w", "one", "two"]
    (row,) = found.rows
    parts = sum(spread.value for spread in row.groups.values())
    assert parts == pytest.approx(row.variance.value)
    assert row.memory is not None and row.memory > 0 and row.milliseconds > 0


def test_scores_are_not_judged_by_few_estimates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gradient with the wrong sign: enough estimates say so."""
    monkeypatch.setattr("storch_runtime.comparison.verdict.ENOUGH", 200)
    wrong = COIN.replace("logits=w", "logits=0.6 - w")
    models = {"right": storchc.load(text=COIN)()}
    models["wrong"] = storchc.load(text=wrong, methods={"z": "ScoreFunction(n=20)"})()
    found = [compare(models, repeats=repeats).rows[1] for repeats in (180, 200)]
    assert [row.biased for row in found] == [False, True]
