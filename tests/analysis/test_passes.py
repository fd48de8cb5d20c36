"""Every pass has a story that shows what it finds, and can be printed."""

from functools import cached_property
from pathlib import Path

import pytest

from storchc.analysis.estimation import Estimation
from storchc.analysis.passes import PASSES, Fact
from storchc.analysis.rules import Rule
from storchc.debug.phases import ASKED, FACTS, phases
from storchc.diagnostics.diagnostic import Problems
from storchc.driver import check_story

TESTS = Path(__file__).parents[1]
SHOWN = {path.name.partition("-")[0] for path in (TESTS / "analysis/golden").iterdir()}
REFUSED = sorted((TESTS / "diagnostics").glob("S*/story.*"))
LAST_FACT = [each.name for each in PASSES if isinstance(each, Fact)][-1]


def rules_that_speak(story: Path) -> set[str]:
    """The rules that report something of a story."""
    known = check_story(story.name, story.read_bytes(), until=LAST_FACT).estimation
    speaking = set()
    for rule in PASSES:
        if known is not None and isinstance(rule, Rule):
            rule.run(known, problems := Problems())
            speaking |= {rule.name} if problems.found else set()
    return speaking


def test_every_fact_is_printed_in_its_place() -> None:
    assert list(FACTS) == [each.name for each in PASSES if isinstance(each, Fact)]


def test_every_fact_that_is_asked_for_is_printed() -> None:
    made = {name for name, of in vars(Estimation).items() if isinstance(of, cached_property)}
    # what `credit` prints beside itself, the places of calls of which `distinct` says as much, and
    # what the statements themselves show
    assert made - set(ASKED) == {"groups", "spared", "scored", "gated", "observations"}


@pytest.mark.parametrize("phase", ["tree", "typed", *FACTS, *ASKED])
def test_every_fact_has_a_golden_case(phase: str) -> None:
    assert phase in SHOWN


def test_every_golden_case_is_of_a_phase() -> None:
    assert {name for name, _, _ in phases()} >= SHOWN


def test_no_two_phases_have_one_name() -> None:
    names = [name for name, _, _ in phases()]
    assert len(names) == len(set(names))


def test_every_rule_has_a_golden_case_among_the_diagnostics() -> None:
    speaking = set[str]().union(*map(rules_that_speak, REFUSED))
    assert speaking == {each.name for each in PASSES if isinstance(each, Rule)}
