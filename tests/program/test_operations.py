"""Every operation is known to whoever must know all of them."""

from __future__ import annotations

import ast
import inspect
import sys

import pytest

from storchc.debug import operations, program
from storchc.emit import function
from storchc.emit.function import WRITERS
from storchc.lower import plates
from storchc.program.operation import Filling, Operation

MADE = {*Operation.__subclasses__(), *Filling.__subclasses__()}
OPERATIONS = sorted(
    (made for made in MADE if vars(sys.modules[made.__module__])[made.__name__] is made),
    key=lambda made: made.__name__,
)  # a record with slots is made of another class of the same name
OPERATIONS.remove(Filling)


def cases(module: object) -> set[str]:
    """The classes that `match` statements of a module name."""
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    patterns = (node for node in ast.walk(tree) if isinstance(node, ast.MatchClass))
    return {ast.unparse(pattern.cls) for pattern in patterns}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.__name__)
def test_an_operation_is_written_printed_and_has_plates(
    operation: type[Operation],
) -> None:
    name = operation.__name__
    assert (operation in WRITERS) != (name in cases(function))
    assert name in cases(operations) | cases(program)
    assert name in cases(plates)
