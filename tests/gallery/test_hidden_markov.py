"""The hidden Markov model of the gallery, beside the forward algorithm by hand."""

from __future__ import annotations

from tests.gallery.conftest import Script


def test_its_likelihood_is_that_of_the_forward_algorithm(script: Script) -> None:
    figures = script("hidden_markov/train").main(["--steps", "60", "--rounds", "3"])
    assert figures.distance < 1e-9
    assert figures.after < figures.before - 50
    assert figures.ratio < 3  # 1.3 on a machine that does nothing else
    assert figures.pyro is None or figures.pyro[0] < 1e-2  # single precision
