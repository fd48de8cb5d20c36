"""The command line as a whole: wrong usage, help, internal errors."""

import os
import shlex
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO

import pytest

import storchc
from storchc.commands.check import FORMATS
from storchc.commands.main import COMMANDS
from tests.commands.conftest import Run

ROOT = Path(__file__).parents[2]


def test_version(run: Run) -> None:
    assert run("--version").out == f"storchc {storchc.__version__}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_help(run: Run, command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.status == 0
    assert outcome.out.startswith(f"Usage: storchc {command} ")


def test_help_lists_every_command(run: Run) -> None:
    out = run("--help").out
    assert [name for name in COMMANDS if f"\n  {name} " not in out] == []


def test_every_module_is_a_command() -> None:
    folder = Path(storchc.__file__).parent / "commands"
    others = {"__init__", "main", "files", "options", "showing", "table"}
    others |= {"building", "interrupts", "progress"}
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
def test_wrong_usage(run: Run, arguments: list[str], words: str) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert words in outcome.err


def crash(*_: object) -> None:
    raise KeyError("secret")


def test_an_internal_error_asks_for_a_report(
    run: Run, story: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storchc.syntax.reading.read_story", crash)
    outcome = run("check", "start.story")
    assert outcome.status == 70
    assert "internal error (KeyError)" in outcome.err
    assert f"storchc {storchc.__version__} failed on the story start.story" in outcome.err
    assert "storchc --debug check start.story" in outcome.err
    assert "Traceback" not in outcome.err


def test_debug_shows_the_traceback(run: Run, story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storchc.syntax.reading.read_story", crash)
    outcome = run("--debug", "check", "start.story")
    assert outcome.status == 70
    assert "Traceback" in outcome.err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no full device")
@pytest.mark.parametrize("command", ["storchc functions", "storchc compile start.story -o -"])
def test_output_that_cannot_be_written(story: Path, command: str) -> None:
    with open("/dev/full", "w") as full:
        done = start(command, story.parent, stdout=full)
    assert (done.returncode, done.stderr) == (
        2,
        "storchc: cannot write to standard output: No space left on device\n",
    )


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("storchc functions >&-", 0),
        ("storchc check start.story >&- 2>&-", 0),
        ("storchc check - <&-", 2),
        ("storchc functions | true", 0),
    ],
)
def test_closed_streams(story: Path, command: str, status: int) -> None:
    done = start(command, story.parent)
    assert done.returncode == status
    assert "internal error" not in done.stderr


def start(command: str, folder: Path, stdout: IO[str] | None = None) -> CompletedProcess[str]:
    """Run a line of shell in ``folder``."""
    line = command.replace("storchc", f"{shlex.quote(sys.executable)} -m storchc", 1)
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}"}
    return subprocess.run(
        line, shell=True, cwd=folder, env=env, stdout=stdout, stderr=subprocess.PIPE, text=True
    )


def test_a_closed_pipe_is_no_wrong_story(story: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "storchc", "compile", str(story), "-o", "-"]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=ROOT)
    os.close(writing)
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"storchc: cannot write to standard output: ")


@pytest.mark.skipif(os.name == "nt", reason="such names are for other systems")
def test_names_and_keys_give_no_commands_to_terminals_and_hosts(run: Run, tmp_path: Path) -> None:
    broken = "a\n::error::b\x1b[31m.story"
    (tmp_path / broken).write_text("story A\ncost c = q\n")
    keys = tmp_path / "keys.yaml"
    keys.write_text('story: A\n"a\\n::error::b\\e": {}\nsteps: [{"c\\n::error::": d}]\n')
    for told in (run("check", broken), run("check", str(keys)), run("check", "no" + broken)):
        assert told.status > 0
        assert "\x1b" not in told.err
        assert not [line for line in told.err.splitlines() if line.startswith("::")]
    with pytest.raises(storchc.StoryError) as raised:
        storchc.load(tmp_path / broken)
    assert "\n::" not in str(raised.value)


def test_a_name_that_is_not_utf8_in_every_format(run: Run, tmp_path: Path) -> None:
    name = os.fsdecode(b"b\xff.story")
    try:
        (tmp_path / name).write_text("story A\ncost c = q\n")
    except OSError:
        pytest.skip("this file system has no such names")
    for form in FORMATS:
        assert run("check", "--format", form, name).status == 1
    assert '"uri": "b%FF.story"' in run("check", "--format", "sarif", name).out
