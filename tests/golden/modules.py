"""The generated modules that users' tools look at: accepted ones, and those of the gallery."""

from __future__ import annotations

from pathlib import Path

import storchc

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
CASES = sorted(p for p in HERE.iterdir() if (p / "story.story").is_file())
USERS_OWN = ROOT / "specs" / "custom_method"
"""A folder with a module of a user's, which a story of the gallery imports."""


def written_to(folder: Path) -> list[Path]:
    """Every module, in ``folder``, under a name of its own."""
    codes = {f"golden_{case.name}": (case / "module.py").read_text("utf-8") for case in CASES}
    for story in sorted((ROOT / "specs").glob("*/*.story")):
        codes[f"spec_{story.parent.name}_{story.stem}"] = storchc.compile(story)
    for name, code in codes.items():
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
    return [folder / f"{name}.py" for name in codes]


def without_header(code: str) -> str:
    """A module without the lines by which it asks tools to leave it alone."""
    asking = ("# flake8: noqa", "# fmt: off")
    lines = code.splitlines(keepends=True)
    assert [line.startswith(asking) for line in lines[:3]] == [True, False, True]
    return "".join([lines[1], *lines[3:]])
