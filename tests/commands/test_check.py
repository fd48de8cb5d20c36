"""``storchc check``: what it says, where, and how it ends."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Run

WRONG = b"story Wrong\nsmaple z ~ Normal(0, 1)\ncost c = (z\n"


def test_a_fine_story_says_nothing(run: Run, story: Path) -> None:
    outcome = run("check", "start.story")
    assert (outcome.status, outcome.out, outcome.err) == (0, "", "")


def test_errors_go_to_standard_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.story").write_bytes(WRONG)
    outcome = run("check", "wrong.story")
    assert (outcome.status, outcome.out) == (1, "")
    assert "error[S110]: `smaple` starts no statement\n --> wrong.story:2:1" in outcome.err.replace(
        "\n  -->", "\n -->"
    )
    assert outcome.err.endswith("\n\n2 errors\n")


def test_standard_input(run: Run) -> None:
    outcome = run("check", "-", stdin=WRONG)
    assert outcome.status == 1
    assert "<stdin>:2:1" in outcome.err


def test_several_files_are_counted_together(run: Run, story: Path, tmp_path: Path) -> None:
    (tmp_path / "wrong.story").write_bytes(WRONG)
    outcome = run("check", "wrong.story", "start.story", "wrong.story")
    assert outcome.status == 1
    assert outcome.err.endswith("\n\n4 errors\n")
    assert outcome.err.count("errors") == 1


def test_a_file_that_is_missing_does_not_hide_the_others(run: Run, tmp_path: Path) -> None:
    (tmp_path / "wrong.story").write_bytes(WRONG)
    outcome = run("check", "nowhere.story", "wrong.story")
    assert outcome.status == 2
    assert "cannot read `nowhere.story`: there is no such file" in outcome.err
    assert "S110" in outcome.err


@pytest.mark.parametrize("name", [".", "", "a\0b", "start.story/x"])
def test_what_cannot_be_opened(run: Run, story: Path, name: str) -> None:
    outcome = run("check", name)
    assert outcome.status == 2
    assert outcome.err.startswith("storchc: cannot read `")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("data", [b"", b"\xff\xfe\x00", b"\x00", b"story X\n\xe9\n", b"#\n"])
def test_files_that_are_no_stories(run: Run, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "odd.story").write_bytes(data)
    (tmp_path / "odd.yaml").write_bytes(data)
    for name in ("odd.story", "odd.yaml"):
        outcome = run("check", name)
        assert outcome.status == 1
        assert "error[S1" in outcome.err


def test_json(run: Run) -> None:
    outcome = run("check", "-", "--format", "json", stdin=WRONG)
    assert (outcome.status, outcome.err) == (1, "")
    first, second = json.loads(outcome.out)
    assert " ".join(first) == (
        "code severity message file line column end_line end_column labels help"
    )
    assert (first["line"], first["column"], first["end_column"]) == (2, 1, 7)
    assert second["code"] == "S106"


def test_json_of_a_fine_story(run: Run, story: Path) -> None:
    outcome = run("check", "start.story", "--format=json")
    assert (outcome.status, json.loads(outcome.out)) == (0, [])


def test_github(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a,b:50%.story").write_bytes(WRONG)
    outcome = run("check", "a,b:50%.story", "--format", "github")
    assert outcome.out.splitlines()[0] == (
        "::error file=a%2Cb%3A50%25.story,line=2,endLine=2,col=1,endColumn=7,title=S110"
        "::`smaple` starts no statement%0Ahelp: did you mean `sample`?"
    )


def test_sarif(run: Run) -> None:
    outcome = run("check", "-", "--format", "sarif", stdin=WRONG)
    log = json.loads(outcome.out)
    assert log["version"] == "2.1.0"
    (part,) = log["runs"]
    rules = [rule["id"] for rule in part["tool"]["driver"]["rules"]]
    assert rules == ["S106", "S110"]
    result = part["results"][0]
    assert (result["ruleId"], result["level"]) == ("S110", "error")
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 2, "startColumn": 1, "endLine": 2, "endColumn": 7}


def test_no_colour_where_there_is_no_terminal(run: Run) -> None:
    assert "\x1b" not in run("check", "-", stdin=WRONG).err


def test_colour_on_a_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[1;31merror[S110]" in run("check", "-", stdin=WRONG).err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run("check", "-", stdin=WRONG).err


def test_warnings_are_errors_only_when_strict(run: Run) -> None:
    doubtful = b"story S\nparam a = 1.0\nparam b = 1.0\ncost c = a\n"
    outcome = run("check", "-", stdin=doubtful)
    assert outcome.status == 0
    assert outcome.err.startswith("warning[S230]")
    assert outcome.err.endswith("\n\n1 warning\n")
    outcome = run("check", "-", "--strict", stdin=doubtful)
    assert outcome.status == 1
    assert outcome.err.startswith("error[S230]")
    assert outcome.err.endswith("\n\n1 error\n")
