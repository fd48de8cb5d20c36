"""The back half is functions of what is known: who is given something mutable is named here.

A record is frozen, or a builder, which fills itself. A builder goes to functions of its own file
alone, so that nobody elsewhere writes what others read; those that do are in ``SHARED``.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

STORCHC = Path(__file__).parents[2] / "storchc"
FILES = [
    file
    for folder in ("lower", "optimise", "emit", "program", "python")
    for file in sorted((STORCHC / folder).glob("*.py"))
]
SHARED = {
    "Block": "the operations of the loss, in the order in which its files ask for names",
    "ScoreSums": "sums of scores, each made of those before it",
    "Identifiers": "the imports that a module needs, as its parts are written",
}


def classes(*, frozen: bool) -> Iterator[tuple[Path, ast.ClassDef]]:
    """The dataclasses of the back half."""
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                said = [
                    ast.unparse(d) for d in node.decorator_list if "dataclass" in ast.unparse(d)
                ]
                if said and ("frozen=True" in said[0]) is frozen:
                    yield file, node


BUILDERS = {node.name: file for file, node in classes(frozen=False)}


def asked_for(annotation: ast.expr | None) -> set[str]:
    """The names in an annotation."""
    every = () if annotation is None else ast.walk(annotation)
    return {node.id for node in every if isinstance(node, ast.Name)}


def taken(file: Path) -> Iterator[str]:
    """The builders of other files that functions, and frozen records, of a file are given."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
            for each in every:
                yield from asked_for(each.annotation) & BUILDERS.keys()


def test_builders_are_written_in_their_own_file() -> None:
    others = {name for file in FILES for name in taken(file) if BUILDERS[name] != file}
    assert others <= SHARED.keys(), others - SHARED.keys()
    assert BUILDERS.keys() >= SHARED.keys()  # none is named for nothing


def test_frozen_records_hold_nothing_that_others_change() -> None:
    mutable = {"dict", "list", "set", *BUILDERS} - SHARED.keys()
    held = {
        f"{node.name}.{ast.unparse(field.target)}"
        for _, node in classes(frozen=True)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and asked_for(field.annotation) & mutable
    }
    assert not held
