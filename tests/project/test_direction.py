"""Which part of the compiler may know which: read from every import.

Imports under TYPE_CHECKING and inside of functions count like all others: both are there to start
sooner, not to hide that two files know one another.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("storchc", "runtime/storch_runtime")

EVERYONE = {"fixpoint", "records", "source", "version"}
FLOW = {"analysis/dataflow", "analysis/estimator"}
MADE = {"analysis/estimators", "analysis/facts", "analysis/rewrite"}

# What each folder and file of `storchc/` may import, besides itself and what everyone may. A row
# names rows above it only. A folder within a folder may have a row of its own.
KNOWS: dict[str, set[str]] = {
    "version": set(),
    "fixpoint": set(),
    "records": set(),
    "source": set(),
    "ir": set(),
    "python": set(),
    "catalogue": {"ir", "python"},
    "diagnostics": {"ir"},
    "syntax": {"diagnostics", "ir"},
    "typing": {"catalogue", "diagnostics", "ir", "syntax"},
    "analysis": set(),
    "analysis/dataflow": {"ir"},
    "analysis/estimator": {"catalogue", "ir"},
    "analysis/facts": FLOW | {"catalogue", "diagnostics", "ir"},
    "analysis/estimators": FLOW | {"analysis/facts", "catalogue", "ir"},
    "analysis/rewrite": FLOW | {"analysis/facts", "catalogue", "diagnostics", "ir"},
    "analysis/estimation": FLOW | MADE | {"ir"},
    "analysis/rules": FLOW | MADE | {"analysis/estimation", "catalogue", "diagnostics", "ir"},
    "analysis/passes": FLOW | MADE | {"analysis/estimation", "analysis/rules", "diagnostics", "ir"},
    "program": {"analysis", "catalogue", "ir"},
    "optimise": {"ir", "program"},
    "lower": {"analysis", "catalogue", "ir", "optimise", "program"},
    "emit": {"analysis", "catalogue", "ir", "lower", "program", "python"},
    "profile": set(),
    "best": {"analysis", "catalogue", "ir", "profile"},
    "explain": {"analysis", "best", "catalogue", "diagnostics", "ir"},
    "overrides": {"diagnostics", "syntax"},
    "driver": {
        "analysis",
        "best",
        "catalogue",
        "emit",
        "diagnostics",
        "ir",
        "overrides",
        "profile",
        "syntax",
        "typing",
    },
    "advice": {"analysis", "catalogue", "driver", "ir"},
    "loading": {"diagnostics", "driver"},
    "building": {"diagnostics", "ir", "loading"},
    "certify": {
        "analysis",
        "diagnostics",
        "emit",
        "ir",
        "loading",
        "overrides",
        "syntax",
        "typing",
    },
    "comparing": {"analysis", "building", "catalogue", "driver", "ir", "loading"},
    "api": {"comparing", "diagnostics", "driver", "ir", "loading", "profile"},
    "commands": {
        "advice",
        "building",
        "catalogue",
        "certify",
        "comparing",
        "diagnostics",
        "driver",
        "explain",
        "ir",
        "profile",
    },
    "debug": {
        "analysis",
        "catalogue",
        "commands",
        "diagnostics",
        "driver",
        "ir",
        "lower",
        "overrides",
        "program",
        "syntax",
    },
    "__init__": {"api", "diagnostics"},
    "__main__": {"commands"},
}

# Modules that may import one another, each where all can see it. The types of expressions, calls,
# indices and distributions are found by one recursion, over one kind of tree in several files.
MUTUAL = frozenset(
    f"storchc.typing.{name}"
    for name in (
        "calls", "composed", "constants", "distributions", "expressions", "indexing",
        "overplates", "settings",
    )
)  # fmt: skip


@dataclass(frozen=True)
class Import:
    """One import of a module; ``hidden`` under TYPE_CHECKING, or inside of a function."""

    importer: str
    module: str
    place: str
    hidden: bool

    def __str__(self) -> str:
        return f"{self.place} imports {self.module}"


def modules_of(package: str) -> dict[str, Path]:
    """The files of a package by the name of their module."""
    root = (ROOT / package).parent
    return {
        ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): file
        for file in sorted((ROOT / package).rglob("*.py"))
    }


def nodes(tree: ast.AST, hidden: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Every node below ``tree``, and whether it runs when the module is imported."""
    for node in ast.iter_child_nodes(tree):
        inside = hidden or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        inside |= isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        yield node, inside
        yield from nodes(node, inside)


def imports_in(text: str, importer: str, file: str, known: dict[str, Path]) -> Iterator[Import]:
    """The imports of modules among ``known`` in the text of a file."""
    for node, hidden in nodes(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno} imports by a relative name"
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            names = [name if name in known else str(node.module) for name in whole]
        for name in dict.fromkeys(names):
            if name in known and name != importer:
                yield Import(importer, name, f"{file}:{getattr(node, 'lineno', 0)}", hidden)


@cache
def imports_of(package: str) -> list[Import]:
    """All imports within a package."""
    known = modules_of(package)
    return [
        found
        for module, file in known.items()
        for found in imports_in(
            file.read_text(encoding="utf-8"), module, file.relative_to(ROOT).as_posix(), known
        )
    ]


def row_of(module: str) -> str:
    """The longest row of the table that a module of the compiler belongs to."""
    parts = module.split(".")[1:] or ["__init__"]
    rows = ("/".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((row for row in rows if row in KNOWS), parts[0])


def is_within(row: str, allowed: str) -> bool:
    """Whether ``row`` is ``allowed``, or a folder in it."""
    return row == allowed or row.startswith(f"{allowed}/")


def shortest_circle(found: Iterable[Import]) -> list[Import]:
    """The fewest imports that lead back to where they began; none where there is no circle.

    What may import one another counts as one module, but for what is hidden.
    """
    edges: dict[str, list[Import]] = {}
    for each in found:
        if each.hidden or not {each.importer, each.module} <= MUTUAL:
            edges.setdefault(joined(each.importer), []).append(each)
    ways = (way_back(start, edges) for start in edges)
    return min((way for way in ways if way), key=len, default=[])


def joined(module: str) -> str:
    """One name for all modules that may import one another."""
    return "mutual" if module in MUTUAL else module


def way_back(start: str, edges: dict[str, list[Import]]) -> list[Import]:
    """The shortest way from a module to itself; empty where there is none."""
    ways: list[list[Import]] = [[each] for each in edges[start]]
    seen: set[str] = set()
    for way in ways:  # grows while it is walked: nearest modules first
        end = joined(way[-1].module)
        if end == start:
            return way
        if end not in seen:
            seen.add(end)
            ways.extend([*way, each] for each in edges.get(end, ()))
    return []


def test_rows_name_rows_above_them() -> None:
    rows = list(KNOWS)
    for place, (row, known) in enumerate(KNOWS.items()):
        assert known <= set(rows[:place]), row


def test_every_file_has_a_row_and_every_row_a_file() -> None:
    assert {row_of(module) for module in modules_of("storchc")} == set(KNOWS)


@pytest.mark.parametrize("row", KNOWS)
def test_folders_know_only_what_stands_before_them(row: str) -> None:
    allowed = KNOWS[row] | {row} | EVERYONE
    wrong = [
        f"{each}: `{row}` may know {', '.join(sorted(KNOWS[row])) or 'nothing'}"
        for each in imports_of("storchc")
        if row_of(each.importer) == row
        and not any(is_within(row_of(each.module), known) for known in allowed)
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("package", PACKAGES)
def test_no_imports_lead_in_a_circle(package: str) -> None:
    circle = shortest_circle(imports_of(package))
    assert not circle, "\n".join(map(str, circle))


def test_hidden_imports_count() -> None:
    a = "if TYPE_CHECKING:\n    from p.b import x\n"
    b = "def f():\n    import p.a\n"
    known = {"p.a": ROOT, "p.b": ROOT}
    found = [*imports_in(a, "p.a", "a.py", known), *imports_in(b, "p.b", "b.py", known)]
    assert [str(each) for each in found] == ["a.py:2 imports p.b", "b.py:2 imports p.a"]
    assert shortest_circle(found) == found
    assert all(each.hidden for each in found)
