"""Runs the command line inside the test's process."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from storchc.commands import main

STORY = """story Start
param a = 1.0
sample z ~ Normal(a, 1) with ScoreFunction(n=2)
cost c = z * z
"""


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Run:
    """``run("check", "a.story", stdin=…)`` in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments: str, stdin: bytes = b"") -> Outcome:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as stop:
            main.run(list(arguments))
        out, err = capfdbinary.readouterr()
        return Outcome(int(stop.value.code or 0), out.decode(), err.decode())

    return run_command


@pytest.fixture
def story(tmp_path: Path) -> Path:
    """A story without a flaw, in the folder where commands run."""
    path = tmp_path / "start.story"
    path.write_text(STORY)
    return path
