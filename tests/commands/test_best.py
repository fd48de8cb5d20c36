"""`Best`: what is put in its place, what a story says of that, and where exactness is cheaper."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import storchc
from storchc.catalogue import methods
from storchc.catalogue.ranking import RANKING
from storchc.driver import check_story
from tests.commands.conftest import Run

LEFT_OUT = {
    "ARM": "DisARM is ARM with less noise",
    "ARSM": "its evaluations grow with the square of the classes",
    "Best": "it is asked",
    "CARMS": "beside the score function it had no less variance where it was measured",
    "DReG": "it is for one kind of bound, which pathwise draws take too",
    "DoubleCV": "no less variance than coupled draws where it was measured",
    "Infer": "it chooses itself",
    "LAX": "it needs a critic",
    "MAPO": "it needs to be told how much it remembers",
    "RaoBlackwellSF": "more variance than sets where it was measured",
    "REBAR": "it has to be trained before it is any good",
    "RELAX": "it needs a critic",
    "RODEO": "more variance than coupled draws where it was measured",
    "ScoreFunctionWOR": "more variance than the unordered set estimator",
    "SumAndSample": "it needs to be told what it sums",
}
STORY = """story Chosen
dim D = 6
plate data
input x[data, D]
param w[D] = 0.2
{before}sample z ~ {law} with {method}
cost c = {cost}
"""


def chosen(
    law: str, method: str = "Best()", cost: str = "sum(z * x)", before: str = "", **given: str
) -> str:
    """What stands at `z`."""
    text = STORY.format(law=law, method=method, cost=cost, before=before)
    result = check_story("s.story", text.encode(), given)
    assert not result.diagnostics, result.diagnostics
    return result.taken["z"].method


BITS, CLASSES = "Bernoulli(logits=w * x)", "Categorical(logits=w * x)"


@pytest.mark.parametrize(
    ("law", "cost", "budget", "method"),
    [
        ("Normal(w * x, 1)", "-logmeanexp(sum(z), over=z)", 5, "Reparameterization(n=5)"),
        (BITS, "sum(z * x)", 12, "Expect(budget=12)"),  # a sum of what depends on one bit each
        (BITS, "sum(z) ** 2", 64, "Expect(budget=64)"),
        (BITS, "sum(z) ** 2", 63, "MuProp(n=62)"),
        (BITS, "floor(sum(z))", 21, "LocalExpectation(n=3)"),
        (BITS, "floor(sum(z))", 6, "ARMS(n=6)"),
        (BITS, "floor(sum(z))", 3, "DisARM(n=1)"),
        (BITS, "floor(sum(z))", 1, "ScoreFunction(n=1, baseline=moving_average)"),
        (CLASSES, "floor(0.5 * z)", 5, "UnorderedSetEstimator(k=5)"),
        (CLASSES, "floor(0.5 * z)", 6, "Expect(budget=6)"),
        ("Normal(w * x, 1)", "sum(z ** 2)", 3, "Reparameterization(n=3)"),
        ("Normal(w * x, 1)", "floor(sum(z))", 3, "ScoreFunction(n=3, baseline=batch_average)"),
        ("Normal(w * x, 1)", "floor(sum(z))", 49, "ScoreFunction(n=49, baseline=batch_average)"),
        ("Gamma(exp(w * x), 1)", "sum(z ** 2)", 3, "Reparameterization(n=3)"),
        (CLASSES, "-logmeanexp(floor(0.5 * z), over=z)", 5, "VIMCO(n=5)"),
    ],
)
def test_the_least_variance_that_the_budget_buys(
    law: str, cost: str, budget: int, method: str
) -> None:
    assert chosen(law, f"Best(budget={budget})", cost) == method


def test_a_sampler_or_an_open_plate_says_how_many_are_drawn() -> None:
    using = "Best() using MonteCarlo(n=3)"
    method = chosen(CLASSES, using, "floor(0.5 * z)")
    assert method == "ScoreFunction(baseline=batch_average) using MonteCarlo(n=3)"
    assert chosen(CLASSES, "Infer()", "floor(0.5 * z)", z=using) == method
    before = "sample y ~ Normal(0, 1) with ScoreFunction(n=3)\n"
    assert chosen("Normal(y, 1)", "Best() in y", "z + sum(w * x)", before) == "Reparameterization()"


def test_samples_are_chosen_for_one_after_another() -> None:
    text = """story Two
param w = 0.2
sample y ~ Bernoulli(logits=w) with Best(budget=2)
sample z ~ Normal(y + w, 1) with Best(budget=2)
cost c = floor(z)
"""
    taken = check_story("s.story", text.encode()).taken
    assert taken["y"].method == "Expect(budget=2)"
    assert taken["z"].method == "ScoreFunction(n=2, baseline=batch_average)"
    assert taken["z"].second == "VIMCO(n=2)"


def test_the_module_estimates_by_what_was_chosen() -> None:
    text = STORY.format(law=BITS, method="Best(budget=64)", cost="sum(z) ** 2", before="")
    model, x = storchc.load(text=text)(), torch.ones(3, 6)
    exact = storchc.load(text=text, methods={"z": "Expect()"})()
    for each in (model, exact):
        each(x).backward()
    assert type(model.methods["z"]).__name__ == "Expect"
    torch.testing.assert_close(model.w.grad, exact.w.grad)


def test_every_unbiased_method_has_its_place_or_is_left_out_for_a_reason() -> None:
    ranked = {rank.method for rank in RANKING}
    unbiased = {n for n in methods.names() if (entry := methods.lookup(n)) and entry.unbiased}
    assert ranked | set(LEFT_OUT) == unbiased
    assert not ranked & set(LEFT_OUT)


@pytest.mark.parametrize(
    ("method", "code", "words"),
    [
        ("Best(budget=0)", "S242", "budget"),
        ("Best(n=3)", "S240", "`Best` has no option `n`"),
        ("Best(10)", "S", "option"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(method: str, code: str, words: str) -> None:
    text = STORY.format(law=BITS, method=method, cost="sum(z)", before="")
    (found,) = storchc.check(text=text)
    assert found.code.startswith(code) and words in found.message
    assert (found.file, found.line) == ("<text>", 6)


def test_explain_says_what_was_taken_and_why(run: Run, tmp_path: Path) -> None:
    text = STORY.format(law=BITS, method="Best(budget=6)", cost="floor(sum(z))", before="")
    (tmp_path / "best.story").write_text(text)
    out = run("explain", "best.story").out
    assert "in place of Best\n  z  ARMS(n=6): antithetic draws of which each sees all others" in out
    assert "next came" in out
    assert run("explain", "Best").out.startswith("Best: the unbiased method of the least variance")


COIN = """story Coin
param w = 0.3
sample z ~ Bernoulli(logits=w) with Best(budget=1)
sample y ~ Bernoulli(logits=w) with ScoreFunction()
cost paid = (z - 0.4) ** 2 + y
"""


def profile(run: Run, tmp_path: Path, *names: str) -> None:
    """Compare the coin's methods; what they are worth is written over what was measured."""
    (tmp_path / "coin.story").write_text(COIN)
    methods = [part for n in names for part in ("--method", f"z={n}")]
    outcome = run("compare", "coin.story", "--repeats", "2", "--json", "coin.json", *methods)
    assert outcome.status == 0
    found = json.loads((tmp_path / "coin.json").read_text())
    for place, row in enumerate(found["states"][""]["rows"]):
        row["product"]["value"], row["biased"] = 0.25 + place, "Gumbel" in row["name"]
    (tmp_path / "coin.json").write_text(json.dumps(found))


def test_a_profile_decides_before_the_catalogue(run: Run, tmp_path: Path) -> None:
    profile(run, tmp_path, "GumbelSoftmax()", "ARM(n=4)", "DisARM(n=7)", "Expect()")
    out = " ".join(run("explain", "coin.story", "--profile", "coin.json").out.split())
    assert (
        "in place of Best z ARM(n=4): variance x time 1.25 ms, by coin.json, of 3 that are not "
        "biased; next came DisARM(n=7)" in out
    )
    assert run("compile", "coin.story", "--profile", "coin.json", "-o", "-").out.count("ARM(n=4)")
    assert "ScoreFunction(n=1" in run("explain", "coin.story").out
    found = storchc.compile(tmp_path / "coin.story", profile=tmp_path / "coin.json")
    assert "ARM(n=4)" in found
    assert run("check", "coin.story", "--profile", "coin.json").status == 0


def test_what_is_not_legal_any_more_is_left_out(run: Run, tmp_path: Path) -> None:
    profile(run, tmp_path, "ARM(n=4)", "DisARM(n=7)")
    (tmp_path / "coin.story").write_text(
        COIN.replace("z ~ Bern", "z ~ OneHotCategorical").replace(
            "OneHotCategoricaloulli(logits=w)", "Categorical(logits=stack([w, 0.5 * w, 0]))"
        )
    )
    out = run("explain", "coin.story", "--profile", "coin.json").out
    assert "z  ScoreFunction(n=1, baseline=moving_average)" in out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "is not what `storchc compare --json` writes"),
        ("[", "is not what"),
        ('{"story": "Coin", "states": {"": {"rows": [1]}}}', "is not what"),
        ('{"story": "Other", "states": {"": {"rows": []}}}', "was measured on `Other`, not on"),
    ],
)
def test_what_is_no_profile_is_said(run: Run, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "coin.story").write_text(COIN)
    (tmp_path / "coin.json").write_text(text)
    for command in ("check", "explain", "compile"):
        outcome = run(command, "coin.story", "--profile", "coin.json")
        assert outcome.status == 2 and words in outcome.err
    with pytest.raises(ValueError, match=r"coin\.json"):
        storchc.load(tmp_path / "coin.story", profile=tmp_path / "coin.json")


DEAR = """story Dear
param w = 0.1
sample k ~ Categorical(logits=stack([w, 1.0, 2.0])) with {method}
cost c = k
"""


@pytest.mark.parametrize(
    ("method", "advised"),
    [
        ("ScoreFunction(n=10)", True),
        ("ScoreFunction(n=4)", True),
        ("ScoreFunction(n=3)", False),
        ("UnorderedSetEstimator(k=3)", False),
        ("Expect()", False),
    ],
)
def test_where_exactness_is_cheaper_it_is_advised(
    run: Run, tmp_path: Path, method: str, advised: bool
) -> None:
    (tmp_path / "dear.story").write_text(DEAR.format(method=method))
    outcome = run("check", "dear.story")
    assert outcome.status == 0
    words = "Expect() is exact with 3 evaluations of what is downstream of `k`; these draws take"
    assert (f"note: dear.story:3: {words}" in outcome.err) is advised
    explained = " ".join(run("explain", "dear.story").out.split())
    assert (f"cheaper {words}" in explained) is advised


def test_nothing_is_advised_that_is_not_legal(run: Run, tmp_path: Path) -> None:
    text = DEAR.format(method="ScoreFunction(n=10)").replace("= k\n", "= -logmeanexp(k, over=k)\n")
    (tmp_path / "dear.story").write_text(text.replace("ScoreFunction", "VIMCO"))
    assert "note" not in run("check", "dear.story").err
    (tmp_path / "many.story").write_text(
        "story Many\nparam w[9] = 0.1\nsample z ~ Bernoulli(logits=w) with ScoreFunction(n=100)\n"
        "cost c = sum(z) ** 2\n"
    )
    assert run("check", "many.story").err == ""  # 512 outcomes
