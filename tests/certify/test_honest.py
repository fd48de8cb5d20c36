"""What was compared with itself is not called right."""

from storchc.certify.session import certify
from storchc.certify.variants import read_checked
from tests.certify.conftest import Certify

JOINED = """story Joined
param w = 0.4
sample z ~ Bernoulli(logits=w) with Expect()
cost c = logmeanexp(w * z, over=z)
"""
BESIDE = """story Beside
param w = 0.4
sample z ~ Bernoulli(logits=w) with Expect()
sample y ~ Bernoulli(logits=w) with ScoreFunction()
cost c = logmeanexp(w * z + y, over=z)
"""


def test_a_method_that_makes_the_objective_is_not_compared_with_itself(certified: Certify) -> None:
    (verdict,) = certified(JOINED).verdicts
    assert verdict.outcome == "not tried"
    assert "`over=` joins its draws" in verdict.note


def test_a_method_beside_one_is_and_that_is_said(certified: Certify) -> None:
    verdicts = {(v.subject, v.order): v for v in certified(BESIDE).verdicts}
    assert verdicts["the story", 1].outcome == "exact"
    assert "the method of `z` stands in both" in verdicts["the story", 1].note
    assert verdicts["sample z", 1].outcome == "not tried"
    assert verdicts["sample y", 1].outcome == "exact"


def test_an_interrupt_leaves_what_is_known() -> None:
    def progress(subject: str, done: float) -> None:
        if subject == "sample y":
            raise KeyboardInterrupt

    story = read_checked("a.story", BESIDE.encode(), {})
    report = certify(story, 0, 30.0, {}, progress)
    assert report.interrupted
    assert {v.subject for v in report.verdicts} == {"the story", "sample z"}
