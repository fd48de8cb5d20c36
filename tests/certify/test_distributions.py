"""A distribution of the user's is certified: what it draws must be what its log_prob says."""

import pytest
import torch
from torch import Tensor, nn

from storchc.certify import measuring
from storchc.certify.session import Report
from storchc.certify.verdict import Verdict
from tests.certify.conftest import Certify

pytestmark = pytest.mark.certify_all

STORY = """story Tokens
plate data
input x[data, 2]
distribution policy discrete: [2] -> []: int
sample y ~ policy(x) with ScoreFunction(n=2)
cost c = (y - 1.3) ** 2
"""


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "REPLICATES", 40_000)


def _of_law(report: Report) -> Verdict:
    (verdict,) = [v for v in report.verdicts if v.subject == "distribution policy"]
    return verdict


class Policy(nn.Module):
    """Eight tokens; with ``top`` only so many of them are drawn."""

    def __init__(self, top: int = 8) -> None:
        super().__init__()
        self.head = nn.Linear(2, 8)
        self.top = top

    def sample(self, x: Tensor) -> Tensor:
        logits, tokens = self.head(x).topk(self.top)
        return tokens.gather(-1, torch.multinomial(logits.softmax(-1), 1)).squeeze(-1)

    def log_prob(self, value: Tensor, x: Tensor) -> Tensor:
        logs: Tensor = self.head(x).log_softmax(-1)
        return logs.gather(-1, value.unsqueeze(-1)).squeeze(-1)


def test_what_it_says_it_draws(certified: Certify) -> None:
    report = certified(STORY, given={"policy": Policy()}, budget=20.0)
    assert not report.failed, [v.words() for v in report.verdicts]
    assert _of_law(report).outcome == "unbiased"


def test_a_sample_of_the_best_three_has_another_law(certified: Certify) -> None:
    report = certified(STORY, given={"policy": Policy(top=3)}, budget=20.0)
    assert _of_law(report).fails


def test_what_stands_in_for_it_is_not_taken_for_it(certified: Certify) -> None:
    report = certified(STORY, budget=20.0)
    assert _of_law(report).outcome == "not tried"
    assert "--build gives the real one" in _of_law(report).words()
