"""Who may import what: by reading every file, and by starting the programs."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Third-party packages that the files of a folder may import at the top, and inside functions.
ALLOWED = {
    "runtime/storch_runtime": ({"storch_runtime", "torch"}, set()),
    "storchc": ({"storchc"}, {"numpy", "storch_runtime", "torch"}),
    "storchc/certify": ({"storchc", "storch_runtime", "torch"}, set()),
    "storchc/syntax": ({"storchc", "lark", "yaml"}, set()),
    "storchc/emit": ({"storchc", "jinja2"}, set()),
    "storchc/commands": ({"storchc", "click"}, {"rich", "storch_runtime", "torch"}),
    "storchc/comparing": ({"storchc"}, {"matplotlib", "storch_runtime", "torch"}),
    "storchc/debug": ({"storchc", "click"}, set()),
}

STORY = """story Start
param a = 1.0
sample z ~ Normal(a, 1) with ScoreFunction(n=10)
cost c = z * z
"""


def folder_of(file: Path) -> str:
    """The longest folder of ``ALLOWED`` that holds ``file``."""
    path = file.relative_to(ROOT).as_posix()
    return max((folder for folder in ALLOWED if path.startswith(folder + "/")), key=len)


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """The third-party packages that ``import`` statements among ``nodes`` name."""
    names: set[str] = set()
    for node in nodes:
        match node:
            case ast.Import():
                names |= {alias.name for alias in node.names}
            case ast.ImportFrom(level=0, module=str(module)):
                names.add(module)
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names


def outermost(tree: ast.Module) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported; ``if TYPE_CHECKING`` does not run."""
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        if not typing_only and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


@pytest.mark.parametrize("folder", ALLOWED)
def test_files_import_only_what_their_folder_may(folder: str) -> None:
    at_top, inside = ALLOWED[folder]
    for file in (ROOT / folder).rglob("*.py"):
        if folder_of(file) != folder:
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert imported(outermost(tree)) <= at_top, file
        assert imported(ast.walk(tree)) <= at_top | inside, file


def python(code: str, *args: str) -> str:
    """What a fresh interpreter prints last when it runs ``code``."""
    done = subprocess.run(
        [sys.executable, "-c", code, *args],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'runtime'}"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().rpartition("\n")[2]


START = """
import sys
before = set(sys.modules)
import runpy
try:
    runpy.run_module("storchc", run_name="__main__", alter_sys=True)
except SystemExit as stop:
    assert not stop.code, stop.code
print(*sorted({*sys.modules} - before))
"""


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("--version", {"click"}),
        ("check", {"click"}),
        ("compile", {"click", "jinja2", "markupsafe"}),
    ],
)
def test_commands_import_only_what_they_need(
    command: str, allowed: set[str], tmp_path: Path
) -> None:
    story = tmp_path / "start.story"
    story.write_text(STORY)
    python(START, "check", str(story))  # keeps the tables of the parser
    modules = python(START, command, *([] if command == "--version" else [str(story)])).split()
    packages = {module.partition(".")[0] for module in modules} - sys.stdlib_module_names
    assert packages - {"__main__"} <= {"storchc"} | allowed
    assert not {"importlib.metadata", "importlib.resources"} & set(modules)


def test_importing_the_compiler_needs_only_the_standard_library() -> None:
    code = "import sys; old = {*sys.modules}; import storchc; print(*({*sys.modules} - old))"
    packages = {module.partition(".")[0] for module in python(code).split()}
    assert packages - sys.stdlib_module_names == {"storchc"}


def test_the_runtime_imports_without_the_compiler() -> None:
    absent = ["storchc", "lark", "jinja2", "yaml", "click", "rich"]
    code = f"import sys; sys.modules.update(dict.fromkeys({absent})); import storch_runtime"
    python(code)
