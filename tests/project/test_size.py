"""Functions stay short enough to read at once, files short enough to hold one idea."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    file for part in ("storchc", "runtime", "specs") for file in (ROOT / part).rglob("*.py")
)


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function, its docstring left out."""
    first = node.body[1] if ast.get_docstring(node) and node.body[1:] else node.body[0]
    return (node.end_lineno or node.lineno) - first.lineno + 1


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_size(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef)]
    assert [f.name for f in functions if length(f) > 50] == []
