"""``python -m storchc.debug``: every phase of every story, and what is said where there is none."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from storchc.debug.__main__ import command
from storchc.debug.phases import ASKED, FACTS, phases
from storchc.debug.stages import run
from storchc.driver import check_story

ROOT = Path(__file__).parents[2]
GALLERY = sorted((ROOT / "specs").rglob("*.story"))
STRANGE = sorted((ROOT / "tests/diagnostics").glob("S*/story.*"))
NAMES = [name for name, _, _ in phases()]
STORY = "story S\nparam w = 0.1\nsample z ~ Normal(w, 1)\ncost c = z\n"


def debug(*arguments: str, text: str = STORY) -> Result:
    return CliRunner().invoke(command, arguments, input=text)


def test_phases_are_listed_with_their_reasons() -> None:
    lines = debug().output.splitlines()
    assert [line.split("  ")[0] for line in lines[1:]] == NAMES
    assert all(len(line.split()) > 3 for line in lines[1:])


def test_a_fact() -> None:
    result = debug("-", "--after", "dependence")
    assert result.exit_code == 0
    assert "cost c <- z" in result.output


def test_the_module() -> None:
    assert "class S(StoryModule):" in debug("-", "--after", "python").output


def test_another_method() -> None:
    result = debug("-", "--after", "resolved", "--method", "z=ScoreFunction(n=3)")
    assert "ScoreFunction()" in result.output
    assert "3 elements" in result.output


def test_a_wrong_name() -> None:
    result = debug("-", "--after", "dependance")
    assert result.exit_code == 2
    assert "There is no phase `dependance`. Did you mean `dependence`?" in result.output


def test_no_story() -> None:
    assert debug("--after", "tree").exit_code == 2
    missing = debug("nowhere.story", "--after", "tree")
    assert (missing.exit_code, "there is no such file" in missing.output) == (2, True)


def test_a_story_with_errors(capfd: pytest.CaptureFixture[str]) -> None:
    wrong = STORY.replace("cost c = z", "cost c = y")
    result = debug("-", "--after", "typed", text=wrong)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "error[S200]" in result.stderr
    assert debug("-", "--after", "tree", text=wrong).exit_code == 0


REFUSED = STORY.replace("= z\n", "= round(z)\n").replace("1)\n", "1) with Reparameterization()\n")


def test_a_fact_of_a_story_that_a_rule_refuses() -> None:
    result = debug("-", "--after", "resolved", text=REFUSED)
    assert result.exit_code == 0
    assert "no gradient flows through `round`" in result.output


def test_a_rule_says_what_it_reports() -> None:
    result = debug("-", "--after", "paths", text=REFUSED)
    assert (result.exit_code, "error[S402]" in result.stdout) == (1, True)
    other = debug("-", "--after", "budgets", text=REFUSED)
    assert (other.exit_code, other.stdout) == (0, "nothing\n")


@pytest.mark.parametrize("phase", NAMES)
def test_every_phase(phase: str) -> None:
    story = ROOT / "specs/state_space/state_space.story"
    made = run(phase, story.name, story.read_bytes(), {})
    assert made.text
    assert not made.failed


def test_facts_of_whatever_a_story_says() -> None:
    shown = 0
    for story in (*GALLERY, *STRANGE):
        result = check_story(story.name, story.read_bytes())
        if result.estimation is None:
            continue
        shows = [*FACTS.values(), *(() if result.failed else (show for _, show in ASKED.values()))]
        shown += sum(len(list(show(result.estimation))) > 0 for show in shows)
    assert shown > 500


def test_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "storchc.debug", "-", "--after", "tree"],
        input=STORY.replace("0.1", "0.1  # ü").encode(),
        capture_output=True,
        cwd=ROOT,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode().startswith("story S\n")
