"""What ``storchc check`` must not import: each of these costs more than the check itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BANNED = {
    "asyncio",
    "difflib",
    "email",
    "html",
    "http",
    "importlib.metadata",
    "importlib.resources",
    "jinja2",
    "json",
    "lark",
    "multiprocessing",
    "numpy",
    "rich",
    "sqlite3",
    "ssl",
    "storchc.emit.module",
    "storchc.explain",
    "torch",
    "unittest",
    "xml",
    "yaml",
}
CODE = """
import sys
from storchc.commands.main import run
try:
    run(sys.argv[1:])
except SystemExit as stop:
    assert not stop.code, stop.code
print(*sys.modules)
"""


def modules(*arguments: str) -> set[str]:
    """What is imported after a command in a fresh process."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "runtime")])}
    command = [sys.executable, "-c", CODE, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_check(story: Path) -> None:
    modules("check", str(story))  # keeps the tables of the parser
    assert modules("check", str(story)) & BANNED == set()


def test_check_reads_the_rows_that_the_story_uses(story: Path) -> None:
    folders = ("storchc.catalogue.methods.", "storchc.catalogue.samplers.")
    read = {name for name in modules("check", str(story)) if name.startswith(folders)}
    assert read == {"storchc.catalogue.methods.score_function"}


@pytest.mark.parametrize("argument", ["--version"])
def test_no_command(argument: str) -> None:
    assert modules(argument) & (BANNED | {"storchc.driver"}) == set()
