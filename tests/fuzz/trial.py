"""What must hold of every text: diagnostics that render, or a module that imports."""

from __future__ import annotations

import ast
import linecache
import sys

from storchc.diagnostics.render import report
from storchc.driver import Result, compile_story
from storchc.loading import load_class

OURS = {"__future__", "collections", "math", "storch_runtime", "torch"}


def attempt(text: str, name: str = "fuzzed.story") -> Result:
    """Compile ``text`` and, when it compiles, execute what comes of it."""
    result = compile_story(name, text.encode("utf-8", "surrogatepass"))
    for diagnostic in result.diagnostics:
        assert diagnostic.help and diagnostic.message
        assert "\n" not in diagnostic.message, diagnostic
    report([(result.diagnostics, result.sources)])
    if result.code is None:
        assert result.failed
    else:
        assert result.graph is not None
        _execute(result.code, result.graph.name, name)
    return result


def _execute(code: str, story: str, name: str) -> None:
    """The module has only what every module has, and executes unless it imports a user's."""
    tree = ast.parse(code)
    classes = [node.name for node in tree.body if isinstance(node, ast.ClassDef)]
    assert classes == [story]
    assert all(isinstance(node, _STATEMENTS) for node in tree.body), code
    if imported(code) <= OURS:
        loaded = load_class(code, story, name).__module__
        del linecache.cache[sys.modules.pop(loaded).__file__ or ""]
    else:
        compile(code, name, "exec")


def imported(code: str) -> set[str]:
    """The packages that a module takes things from."""
    modules = [n.module or "" for n in ast.parse(code).body if isinstance(n, ast.ImportFrom)]
    return {module.partition(".")[0] for module in modules}


_STATEMENTS = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.ClassDef, ast.Expr)
