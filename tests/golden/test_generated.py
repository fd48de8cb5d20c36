"""Generated modules, whole: a story beside the module that it compiles to.

Run ``make accept`` to rewrite them, and read the difference before it is committed.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

import storchc
from tests.golden.modules import CASES


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
