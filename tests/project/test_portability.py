"""No file of the project names a place on some developer's machine."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOME = re.compile(r"(?<![\w.)}/-])/(?:Users|home|mnt|opt|root|work)/|\b[A-Z]:\\Users")
TEXT = {"", ".cfg", ".html", ".ini", ".jinja", ".json", ".lark", ".md", ".py", ".sh", ".story"}
TEXT |= {".svg", ".toml", ".txt", ".yaml", ".yml"}


def files() -> list[Path]:
    """Every text file of a checkout; folders that start with a dot are tools', but for CI's."""
    tops = [
        top for top in ROOT.iterdir() if top.name[0] != "." or top.name in {".ci", ".gitignore"}
    ]
    inside = [file for top in tops for file in (top.rglob("*") if top.is_dir() else [top])]
    return [file for file in inside if file.is_file() and file.suffix in TEXT]


def test_no_machine_paths() -> None:
    texts = {file: file.read_text(encoding="utf-8", errors="replace") for file in files()}
    found = [file for file, text in texts.items() if HOME.search(text)]
    assert found == []


@pytest.mark.parametrize("top", ["home", "Users", "opt"])
def test_the_pattern_finds_machine_paths(top: str) -> None:
    assert HOME.search("/".join(["in ", top, "ada", "story"]))
