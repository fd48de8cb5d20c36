"""Random stories whose enumerated samples are taken apart wherever that is possible."""

from __future__ import annotations

import pytest

from storchc.analysis.facts.support import support_size
from storchc.analysis.rewrite import separation
from storchc.ir.expression import Construct
from tests.certification.random.test_stories import many


def dear(made: Construct) -> int | None:
    """As if every joint support were beyond all budgets but the one that is checked."""
    return None if support_size(made) is None else 10**6


def test_stories_whose_samples_are_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation, "support_size", dear)
    many(60, part=301)


@pytest.mark.certify
def test_more_stories_whose_samples_are_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation, "support_size", dear)
    many(500, part=302, hessian=True)
