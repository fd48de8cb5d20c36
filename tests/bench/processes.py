"""How long `storchc check` takes in a fresh process, against an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.chains import bernoulli_story
from tests.bench.timing import Times, interleaved


@dataclass(frozen=True, slots=True)
class Starts:
    """Times of a bare interpreter and of a check of 50 lines; seconds for 5,000 lines."""

    times: Times
    long: float


def starts(runs: int = 31) -> Starts:
    """Measure them, with the parser's tables in place."""
    with TemporaryDirectory() as folder:
        short, long = (written(Path(folder), lines) for lines in (50, 5000))
        check(short)
        bare = [sys.executable, "-c", "pass"]
        contestants = {"bare": lambda: run(bare), "check": lambda: check(short)}
        times = interleaved(contestants, rounds=runs, slot=0, clock=time.perf_counter)
        began = time.perf_counter()
        check(long)
        return Starts(times, time.perf_counter() - began)


def written(folder: Path, lines: int) -> Path:
    """A story of about as many lines: two for each node of a chain."""
    path = folder / f"chain{lines}.story"
    path.write_text(bernoulli_story((lines - 3) // 2, shared=True))
    return path


def check(path: Path) -> None:
    """Check the story in a fresh process."""
    run([sys.executable, "-m", "storchc", "check", str(path)])


def run(command: list[str]) -> None:
    """Run a process; it must succeed."""
    subprocess.run(command, check=True, capture_output=True)
