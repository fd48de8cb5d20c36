"""The command line as a whole: wrong usage, help, internal errors."""

from pathlib import Path

import pytest

import storchc
from storchc.commands.main import COMMANDS


def test_version(run) -> None:
    assert run("--version").out == f"storchc {storchc.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help(run, command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.status == 0
    assert outcome.out.startswith(f"Usage: storchc {command} ")


def test_help_lists_every_command(run) -> None:
    out = run("--help").out
    assert [name for name in COMMANDS if f"\n  {name} " not in out] == []


def test_every_module_is_a_command() -> None:
    folder = Path(storchc.__file__).parent / "commands"
    others = {"__init__", "main", "files", "showing", "table"}
    assert {path.stem for path in folder.glob("*.py")} - others == set(COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["chekc"], "Did you mean `check`?"),
        (["make"], "There are: compile, check"),
        (["check"], "Missing argument 'FILE...'"),
        (["check", "a.story", "--formt", "json"], "--formt"),
        (["check", "a.story", "--format", "xml"], "xml"),
        (["compile"], "Missing argument 'FILE...'"),
        (["explain"], "Missing argument"),
        (["methods", "ScoreFunction"], "unexpected extra argument"),
    ],
)
def test_wrong_usage(run, arguments: list[str], words: str) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert words in outcome.err


def crash(*_: object) -> None:
    raise KeyError("secret")


def test_an_internal_error_asks_for_a_report(
    run, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storchc.syntax.reading.read_story", crash)
    outcome = run("check", "start.story")
    assert outcome.status == 70
    assert "internal error (KeyError)" in outcome.err
    assert f"storchc {storchc.__version__} failed on the story start.story" in outcome.err
    assert "storchc --debug check start.story" in outcome.err
    assert "Traceback" not in outcome.err


def test_debug_shows_the_traceback(run, story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storchc.syntax.reading.read_story", crash)
    outcome = run("--debug", "check", "start.story")
    assert outcome.status == 70
    assert "Traceback" in outcome.err
