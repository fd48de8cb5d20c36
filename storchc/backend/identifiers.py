"""Names in the generated module: imports, and local names that never clash with them.

Names of a story never start with ``_``, so whatever does is the generator's own. Keywords of the
public face (inputs, modules, functions) keep the story's name: an import that one of them would
hide is imported under ``_name``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from storchc.backend.python import Atom, Py, member, name, rebuild
from storchc.records import dataclass

RUNTIME = "storch_runtime"
DISTRIBUTIONS = "storch_runtime.distributions"

_ORIGIN = {
    "torch": "import torch",
    "math": "import math",
    "nn": "from torch import nn",
    "Tensor": "from torch import Tensor",
    "F": "from torch.nn import functional as F",
    "Mapping": "from collections.abc import Mapping",
    "Callable": "from collections.abc import Callable",
}
"""Imports that are no members of the runtime, by the name that generated code knows them by."""

LOCALS = frozenset({"self", "given", "keep_param_grads"})
"""Parameters of every ``forward``, which no input can be called."""


@dataclass(slots=True)
class Identifiers:
    """Hands out identifiers. ``public`` are the names that must stay as they are."""

    public: frozenset[str]
    taken: set[str] = field(default_factory=set)
    imported: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.taken |= LOCALS | self.public

    def use(self, identifier: str, module: str = "") -> Py:
        """An imported name: of the runtime's ``module``, or one of torch's and Python's own."""
        self.imported[identifier] = module
        return name(f"_{identifier}" if identifier in self.public else identifier)

    def torch(self, dotted: str) -> Py:
        """``torch.exp`` or ``F.softplus``: a member of an imported module."""
        first, *rest = dotted.split(".")
        code = self.use(first)
        for part in rest:
            code = member(code, part)
        return code

    def imports(self, py: Py) -> Py:
        """``py`` with every dotted name of torch's and Python's in it imported."""

        def visit(node: Py) -> Py:
            if isinstance(node, Atom):
                first, dot, _ = node.text.partition(".")
                return self.torch(node.text) if dot and first in _ORIGIN else node
            return node

        return rebuild(py, visit)

    def local(self, wanted: str) -> str:
        """A fresh local name, ``wanted`` if it is free."""
        while wanted in self.taken or wanted in RESERVED:
            wanted += "_"
        self.taken.add(wanted)
        return wanted

    def lines(self, also: Iterable[str] = ()) -> list[str]:
        """The import statements, sorted as a formatter would."""
        plain = sorted({self._plain(n) for n, module in self.imported.items() if not module})
        standard = [x for x in plain if "torch" not in x]
        torch_first = sorted(
            (x for x in plain if "torch" in x), key=lambda x: (x.startswith("from"), x)
        )
        groups = [standard, _merged(torch_first), [*also], self._runtime()]
        return "\n\n".join("\n".join(g) for g in groups if g).split("\n")

    def _plain(self, identifier: str) -> str:
        line = _ORIGIN[identifier]
        if identifier not in self.public:
            return line
        return f"{line.removesuffix(' as F')} as _{identifier}"

    def _runtime(self) -> list[str]:
        lines = []
        for module in (RUNTIME, DISTRIBUTIONS):
            members = sorted(n for n, m in self.imported.items() if m == module)
            shown = [f"{n} as _{n}" if n in self.public else n for n in members]
            if shown:
                lines += _from(module, shown)
        return lines


def _merged(lines: list[str]) -> list[str]:
    """``from torch import Tensor`` and ``from torch import nn`` on one line."""
    members = [
        x.removeprefix("from torch import ") for x in lines if x.startswith("from torch import ")
    ]
    if len(members) < 2:
        return lines
    joined = f"from torch import {', '.join(sorted(members))}"
    kept = [x for x in lines if not x.startswith("from torch import ")]
    at = next((i for i, x in enumerate(kept) if x.startswith("from torch.nn")), len(kept))
    return [*kept[:at], joined, *kept[at:]]


def _from(module: str, members: list[str]) -> list[str]:
    line = f"from {module} import {', '.join(members)}"
    if len(line) <= 99:
        return [line]
    return [f"from {module} import (", *(f"    {m}," for m in members), ")"]


RESERVED = frozenset({*_ORIGIN, "super", "len", "int", "float", "bool", "str", "tuple", "dict"})
"""Names of imports and builtins that local names never hide."""
