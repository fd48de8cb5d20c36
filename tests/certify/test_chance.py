"""A right method is not called biased: not more often than chance allows, in 200 runs."""

import pytest

from storchc.certify import measuring
from tests.certify.conftest import Certify

pytestmark = pytest.mark.certify_all

SEEDS = 100
STORY = """story Smooth
plate data
input x[data]
param a = 0.3
param b = 0.2
sample z ~ Normal(a * x, exp(b)) with {}
cost c = (z - 1) ** 2 + b * z
"""


@pytest.mark.parametrize("method", ["Reparameterization()", "ScoreFunction(n=2)"])
def test_a_right_method_is_not_called_biased(
    certified: Certify, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setattr(measuring, "REPLICATES", 10_000)
    for seed in range(SEEDS):
        report = certified(STORY.format(method), seed=seed, budget=20.0)
        assert not report.failed, (seed, [v.words() for v in report.verdicts])
        assert report.count("unbiased") == 3


def test_a_wrong_method_is_still_seen(certified: Certify, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "REPLICATES", 10_000)
    text = STORY.replace("plate data", "use wrong: Sign\nplate data", 1)
    assert certified(text.format("Sign(n=2)"), budget=20.0).failed
