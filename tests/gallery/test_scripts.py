"""Every script of the gallery trains: run shortly, each must get somewhere."""

from __future__ import annotations

from math import isfinite
from pathlib import Path

import numpy as np
import pytest

from tests.gallery.conftest import SPECS, Script

UNTRAINED = -44.4  # ELBO of 64 pixels that are thought to be 0 or 1 with equal chances


def test_every_folder_has_a_story_and_a_script() -> None:
    for folder in SPECS.iterdir():
        if folder.is_dir() and folder.name not in ("distributed", "__pycache__"):
            assert (folder / f"{folder.name}.story").is_file()
            assert (folder / "train.py").is_file()


def test_introduction_measures_the_exact_figures(script: Script) -> None:
    introduction = script("introduction/train")
    rows = introduction.main(["--repeats", "4000"])
    assert len(rows) == 5
    for row in rows:
        exact = introduction.METHODS[row.method]
        assert abs(row.mean - introduction.MEAN) < 5 * row.mean_error, row
        assert abs(row.variance - exact) < 5 * row.variance_error, row


def test_bernoulli_toy_goes_to_the_nearer_side(script: Script) -> None:
    probabilities = script("bernoulli_toy/train").main(["--steps", "300"])
    assert probabilities["Expect()"] < 0.1
    assert probabilities["ScoreFunction(n=8, baseline=batch_average)"] < 0.3
    assert all(0 <= value <= 1 for value in probabilities.values())


@pytest.mark.parametrize("name", ["normal_vae", "conv_vae", "discrete_vae"])
def test_auto_encoders_learn(script: Script, name: str) -> None:
    assert script(f"{name}/train").main(["--steps", "300"]) > UNTRAINED + 10


def test_discrete_vae_takes_any_method(script: Script) -> None:
    assert script("discrete_vae/train").main(["--steps", "50", "--method", "Expect()"]) > UNTRAINED


def test_more_draws_tighten_the_bound(script: Script) -> None:
    bounds = script("iwae/train").main(["--steps", "300"])
    assert UNTRAINED < bounds[1] < bounds[8] < bounds[64]


@pytest.mark.parametrize("method", ["DReG(n=8)", "STL(n=8)", "VIMCO(n=8)"])
def test_the_bound_takes_methods_that_are_made_for_it(script: Script, method: str) -> None:
    bounds = script("iwae/train").main(["--steps", "100", "--method", method])
    assert bounds[8] > UNTRAINED


def test_the_actor_learns_from_its_critic(script: Script) -> None:
    earned, best = script("bandit/train").main(["--steps", "500"])
    assert 5.5 < earned <= best + 0.05


@pytest.mark.parametrize("story", ["cartpole", "reinforce"])
def test_poles_are_held_up_and_fall(script: Script, story: str) -> None:
    judged = script("cartpole/train").main(["--story", story, "--updates", "6", "--carts", "4"])
    assert 8 < judged <= 500


@pytest.mark.certify_all  # half a minute
def test_sequences_without_replacement_learn_to_spell(script: Script) -> None:
    rows = script("sequences/train").main(["--steps", "100", "--repeats", "20"])
    assert all(row.scores[-1] > row.scores[0] + 0.1 for row in rows.values())
    assert rows["unordered set"].halfway < rows["without replacement"].halfway


def test_digits_are_named_after_few_looks(script: Script) -> None:
    judged = script("hard_attention/train").main(["--steps", "400"])
    assert judged.accuracy > 0.4
    assert 1 <= judged.looks <= 6


@pytest.mark.parametrize(
    "method",
    ["ScoreFunction(n=10, baseline=batch_average)", "GumbelSoftmax(temperature=0.5)", "Expect()"],
)
def test_the_bound_stays_below_the_likelihood(script: Script, method: str) -> None:
    bound, exact = script("state_space/train").main(["--steps", "200", "--method", method])
    assert UNTRAINED + 5 < bound < exact + 0.1


def test_leaving_one_out_lowers_the_variance(script: Script) -> None:
    variances = script("custom_method/train").main(["--steps", "50", "--repeats", "100"])
    assert variances["LeaveOneOut(n=8)"] < 0.5 * variances["ScoreFunction(n=8)"]


def test_demo_draws_its_picture(
    script: Script, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = script("discrete_vae/demo")
    runs = demo.main(["--steps", "20", "--repeats", "6", "--seeds", "2", "--out", str(tmp_path)])
    assert list(runs) == list(demo.METHODS)
    assert all(isfinite(run.elbo[-1]) for trained in runs.values() for run in trained)
    said = capsys.readouterr().out
    assert "8 of 8: exact expectation, ELBO" in said
    assert "Expect()" in said and "<- best" in said
    assert (tmp_path / "discrete_vae.png").stat().st_size > 10_000


def test_demo_takes_images_of_any_size(script: Script, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 5, 7), dtype=np.uint8)
    np.savez(tmp_path / "images.npz", x_train=images, x_test=images[:12])
    arguments = ["--data", str(tmp_path / "images.npz"), "--out", str(tmp_path)]
    demo = script("discrete_vae/demo")
    runs = demo.main([*arguments, "--steps", "10", "--repeats", "20", "--seeds", "1"])
    assert all(isfinite(run.elbo[-1]) for trained in runs.values() for run in trained)


def test_demo_refuses_other_arrays(script: Script, tmp_path: Path) -> None:
    path = tmp_path / "images.npz"
    np.savez(path, x_train=np.zeros((4, 5, 7)), x_test=np.zeros((4, 5, 7)))
    with pytest.raises(SystemExit, match="uint8"):
        script("discrete_vae/demo").main(["--data", str(path)])
