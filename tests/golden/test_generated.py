"""Generated modules, whole: a story beside the module that it compiles to.

Run ``make accept`` to rewrite them, and read the difference before it is committed.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import storchc

HERE = Path(__file__).parent
CASES = sorted(p for p in HERE.iterdir() if (p / "story.story").is_file())


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_module_is_the_accepted_one(case: Path, request: pytest.FixtureRequest) -> None:
    code = storchc.compile(case / "story.story")
    accepted = case / "module.py"
    if request.config.getoption("--accept"):
        accepted.write_text(code, encoding="utf-8")
    assert code == accepted.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES, ids=lambda p: p.name)
def test_module_can_be_imported(case: Path) -> None:
    spec = importlib.util.spec_from_file_location(f"golden_{case.name}", case / "module.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)


def test_modules_are_laid_out_as_a_formatter_would() -> None:
    modules = [str(case / "module.py") for case in CASES]
    for command in (["format", "--check"], ["check", "--select", "E,F,I,UP,B"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *modules],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
