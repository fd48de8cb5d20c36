"""Formatters and linters leave generated modules as they are, whatever the project's settings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.golden.modules import without_header, written_to


def ruff(*command: str, files: list[Path]) -> None:
    """Run ruff without the settings of any project; what it would change or report is a failure."""
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "--isolated", "--no-cache", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return written_to(tmp_path_factory.mktemp("modules"))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, modules: list[Path]) -> list[Path]:
    """The modules, none of which asks to be left alone."""
    folder = tmp_path_factory.mktemp("bare")
    for module in modules:
        (folder / module.name).write_text(without_header(module.read_text("utf-8")), "utf-8")
    return [folder / module.name for module in modules]


def test_a_formatter_would_lay_them_out_so(bare: list[Path]) -> None:
    ruff("format", "--check", "--line-length", "100", files=bare)


def test_a_linter_finds_nothing(bare: list[Path]) -> None:
    users_own = 'lint.isort.known-first-party = ["leave_one_out"]'
    ruff("check", "--config", users_own, files=bare)
    ruff("check", "--select", "E,F,UP,B", "--ignore", "E501", files=bare)


def test_no_line_is_long_but_what_a_story_says_of_itself(bare: list[Path]) -> None:
    accepted = [module for module in bare if module.name.startswith("golden_")]
    ruff("check", "--line-length", "100", "--select", "E501", files=accepted)


def test_the_header_keeps_formatters_away(modules: list[Path]) -> None:
    ruff("format", "--check", "--line-length", "60", files=modules)


def test_the_header_keeps_linters_away(modules: list[Path]) -> None:
    opposed = "D203,D213,PGH004"  # of two pairs one each, and who holds that `noqa` needs codes
    ruff("check", "--select", "ALL", "--ignore", opposed, files=modules)


@pytest.mark.parametrize("command", [["check", "--select", "E501"], ["format", "--check"]])
def test_without_the_header_these_would_change_something(
    command: list[str], bare: list[Path]
) -> None:
    with pytest.raises(AssertionError, match="golden_discrete_vae"):
        ruff(*command, "--line-length", "60", files=bare)
