"""``storchc certify``: what it says, and how it ends."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Run

COINS = """story Coins
plate data
input x[data]
module net: [] -> []
sample z ~ Bernoulli(logits=net(x)) with ScoreFunction(n=5, baseline=batch_average)
cost miss = (z - x) ** 2
"""

EXACT = """story Coins
  certified with n of z = 2, data = 2; seed 0
  random stand-ins for net

the story
  expected cost      exact to 1e-9 (16 outcomes)
  gradient           exact to 1e-9 (16 outcomes)
  second derivative  exact to 1e-9 (16 outcomes)

3 exact
"""

WRONG = """from storch_runtime import Method


class Wrong(Method):
    def gradient_function(self, draw):
        return -draw.log_prob
"""

BUILD = """from torch import nn


class Net(nn.Linear):
    def __init__(self):
        super().__init__(1, 1)

    def forward(self, x):
        return super().forward(x.unsqueeze(-1)).squeeze(-1)


def make():
    return {"net": Net()}
"""


@pytest.fixture
def coins(tmp_path: Path) -> Path:
    file = tmp_path / "coins.story"
    file.write_text(COINS)
    return file


def test_what_is_right_is_exact(run: Run, coins: Path) -> None:
    outcome = run("certify", str(coins))
    assert (outcome.status, outcome.out) == (0, EXACT)


def test_another_method_is_certified_on_the_same_story(run: Run, coins: Path) -> None:
    outcome = run("certify", str(coins), "--method", "z=Expect()")
    assert outcome.status == 0
    assert "exact to 1e-9 (1 outcomes)" not in outcome.out
    assert "exact to 1e-9 (1 outcome)" in outcome.out


def test_a_method_of_the_users_that_is_wrong_is_found(run: Run, coins: Path) -> None:
    (coins.parent / "wrong_sign.py").write_text(WRONG)
    text = COINS.replace("plate", "use wrong_sign: Wrong\nplate", 1)
    coins.write_text(text.replace("ScoreFunction(n=5, baseline=batch_average)", "Wrong(n=2)"))
    outcome = run("certify", str(coins))
    assert outcome.status == 1
    assert "  gradient           biased by" in outcome.out
    assert outcome.out.endswith("\n1 exact, 2 biased\n")


def test_a_bias_that_the_card_tells_of_is_no_failure(run: Run, coins: Path) -> None:
    coins.write_text(COINS.replace("n=5, baseline=batch_average", "n=5, normalize=true"))
    outcome = run("certify", str(coins))
    assert outcome.status == 0
    assert "`ScoreFunction` says that it is biased" in outcome.out
    assert "biased as the method says" in outcome.out


def test_modules_that_are_given_keep_their_sizes(run: Run, coins: Path) -> None:
    (coins.parent / "nets.py").write_text(BUILD)
    outcome = run("certify", str(coins), "--build", "nets.py:make")
    assert outcome.status == 0
    assert "stand-ins" not in outcome.out


def test_figures_are_told_as_data_and_are_the_same_again(run: Run, coins: Path) -> None:
    first = run("certify", str(coins), "--json", "--seed", "3")
    assert run("certify", str(coins), "--json", "--seed", "3").out == first.out
    found = json.loads(first.out)
    assert [v["verdict"] for v in found["verdicts"]] == ["exact"] * 3
    assert found["sizes"] == {"n of z": 2, "data": 2}


def test_nothing_tried_is_no_success(run: Run, coins: Path) -> None:
    coins.write_text(COINS.replace("module net: [] -> []", "function net: [] -> [] = nowhere.net"))
    outcome = run("certify", str(coins))
    assert outcome.status == 1
    assert "not tried: it could not be run: No module named 'nowhere'" in outcome.out


def test_errors_of_the_story_are_shown(run: Run, coins: Path) -> None:
    coins.write_text(COINS.replace("net(x)", "nett(x)"))
    outcome = run("certify", str(coins))
    assert (outcome.status, outcome.out) == (1, "")
    assert "nett" in outcome.err
