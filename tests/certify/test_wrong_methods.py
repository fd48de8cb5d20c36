"""A method made wrong on purpose is found, on every one of ten stories; a right one is not."""

import pytest

from storchc.certify import measuring
from tests.certify.conftest import Certify

STORIES = {
    "coin": """story Coin
use wrong: {method}
param w = 0.4
sample z ~ Bernoulli(logits=w) with {method}(n=2)
cost c = (z - 0.3) ** 2 * 3
""",
    "data": """story Data
use wrong: {method}
plate data
input x[data]
param w = 0.4
sample z ~ Bernoulli(logits=w * x) with {method}(n=2)
cost c = (z - x) ** 2 + 2 * z
""",
    "classes": """story Classes
use wrong: {method}
param w[3] = zeros()
sample z ~ Categorical(logits=w) with {method}(n=2)
cost c = (z - 1.3) ** 2
""",
    "module": """story Layers
use wrong: {method}
plate data
input x[data, 2]
module encoder: [2] -> [3]
module decoder: [3] -> []
sample z ~ OneHotCategorical(logits=encoder(x)) with {method}(n=2)
cost c = decoder(z) + sum(z * tensor([1, 2, 4]))
""",
    "two samples": """story Two
use wrong: {method}
param w = 0.4
sample z ~ Bernoulli(logits=w) with {method}(n=2)
sample y ~ Bernoulli(logits=w * z + 0.3) with ScoreFunction()
cost c = (z + y - 0.3) ** 2
cost d = 2 * z
""",
    "sums": """story Sums
use wrong: {method}
plate sites sum
input x[sites]
param w = 0.4
sample z ~ Bernoulli(logits=w + x) with {method}(n=2)
cost c = 3 * z * x + z
""",
    "vector": """story Vector
use wrong: {method}
param w[2] = zeros()
sample z ~ Bernoulli(logits=w) with {method}(n=2)
cost c = sum(z * tensor([1.0, 3.0])) ** 2
""",
    "loop": """story Loop
use wrong: {method}
dim T = 10
param w = 0.2
for t in range(T) from h = 0.5:
    sample z ~ Bernoulli(logits=w + h) with {method}(n=2)
    compute h = 0.5 * h + z
    cost c = (h - 0.2) ** 2
""",
    "mixed": """story Mixed
use wrong: {method}
param w = 0.4
sample z ~ Bernoulli(logits=w) with {method}(n=2)
sample y ~ Bernoulli(logits=w - z) with Expect()
cost c = (z + 2 * y) ** 2 + z
""",
    "observed": """story Observed
use wrong: {method}
plate data
input x[data]
param w[2] = zeros()
param m[2] = normal(0, 1)
sample z ~ Categorical(logits=w) each data with {method}(n=2)
observe x ~ Normal(m[z], 1)
""",
}
WRONG = ["Sign", "Missing", "Seeing", "Tilted"]
RIGHT = ["LeaveOneOut", "Constant"]
QUICK = {"coin"}


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "REPLICATES", 100_000)


def _cases(methods: list[str]) -> list[object]:
    return [
        pytest.param(story, method, marks=[] if story in QUICK else pytest.mark.certify_all)
        for story in STORIES
        for method in methods
    ]


@pytest.mark.parametrize(("story", "method"), _cases(WRONG))
def test_a_wrong_method_is_found(certified: Certify, story: str, method: str) -> None:
    report = certified(STORIES[story].format(method=method), budget=20.0)
    (gradient,) = [v for v in report.verdicts if (v.subject, v.order) == ("the story", 1)]
    assert gradient.outcome == "biased", gradient.words()
    assert report.failed


@pytest.mark.parametrize(("story", "method"), _cases(RIGHT))
def test_a_right_method_is_not(certified: Certify, story: str, method: str) -> None:
    report = certified(STORIES[story].format(method=method))
    assert {v.outcome for v in report.verdicts} == {"exact"}, [v.words() for v in report.verdicts]


def test_the_sample_with_the_wrong_method_is_named(certified: Certify) -> None:
    text = STORIES["two samples"].format(method="Sign")
    verdicts = {v.subject: v for v in certified(text).verdicts if v.order == 1}
    assert verdicts["sample z"].fails
    assert verdicts["sample y"].outcome == "exact"
