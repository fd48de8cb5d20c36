"""Names in the generated module: imports, and local names that never clash with them.

Names of a story never start with ``_``, so whatever does is the generator's own. Keywords of the
public face (inputs, modules, functions) keep the story's name. An import that one of them, or a
local name given out before, would hide is imported under ``_name``; a local name that would hide
an import gets a ``_`` behind it.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from dataclasses import field

from storchc.python.expressions import BUILTINS, HERE, Atom, Imported, Local, Py, member, rebuild
from storchc.python.printer import WIDTH, write
from storchc.records import dataclass

PACKAGE = "storch_runtime"
DISTRIBUTIONS = f"{PACKAGE}.distributions"
RUNTIME = f"{PACKAGE}.generated"
METHODS = f"{PACKAGE}.methods"
SAMPLERS = f"{PACKAGE}.samplers"
NO_NAMES: Mapping[Local, str] = {}

_BUILTINS = ("range", "int", "float", "bool", "str", "dict", "list", "tuple")
_ORIGIN = {
    "torch": "import torch",
    "math": "import math",
    "nn": "from torch import nn",
    "Tensor": "from torch import Tensor",
    "F": "from torch.nn import functional as F",
    "Mapping": "from collections.abc import Mapping",
    "Callable": "from collections.abc import Callable",
    **{name: f"from builtins import {name}" for name in _BUILTINS},
}
"""Imports that are no members of the runtime, by the name that generated code knows them by."""

LOCALS = frozenset({"self", "given", "keep_param_grads", "generator"})
"""Parameters of every ``forward``, which no input can be called."""


@dataclass(slots=True)
class Identifiers:
    """The identifiers of one module. ``public`` are the names that must stay as they are.

    ``given`` are all the names of local variables, ``globals`` those of the module that start with
    ``_``. ``imported`` has the module that each imported name comes from ("" for torch's and
    Python's own), ``aliases`` the name that it goes by; ``own`` the names of what is looked at of
    the module itself.
    """

    public: frozenset[str]
    given: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    imported: dict[str, str] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.given |= LOCALS | self.public

    def foreign(self, identifier: str) -> str:
        """The name for something of the user's that is imported as ``identifier``."""
        if identifier in self.given or identifier in RESERVED:
            return self.hidden(identifier)
        self.given.add(identifier)
        return identifier

    def hidden(self, wanted: str) -> str:
        """A fresh name of the module's own: ``_wanted`` if it is free."""
        found = f"_{wanted}"
        while found in self.globals:
            found += "_"
        self.globals.add(found)
        return found

    def text(self, py: Py) -> str:
        """``py`` on one line, what it needs imported."""
        return write(self.resolve(py))

    def resolve(self, py: Py, names: Mapping[Local, str] = NO_NAMES) -> Py:
        """``py`` with the ``names`` of local variables, and all that it needs imported."""

        def visit(node: Py) -> Py:
            match node:
                case Atom(text):
                    first, dot, _ = text.partition(".")
                    return self._dotted(text) if dot and first in _ORIGIN else node
                case Imported(identifier, module):
                    return self._import(identifier, module)
                case Local():
                    return Atom(names[node])
            return node

        return rebuild(py, visit)

    def _import(self, identifier: str, module: str) -> Py:
        if module == HERE:
            return Atom(self._of_module(identifier))
        if module == BUILTINS and identifier not in self.given:
            return Atom(identifier)
        if identifier not in self.imported:
            self.imported[identifier] = "" if identifier in _ORIGIN else module
            hides = identifier in self.given
            self.aliases[identifier] = self.hidden(identifier) if hides else identifier
        return Atom(self.aliases[identifier])

    def _of_module(self, identifier: str) -> str:
        """A number of the module's own, under its name where that hides nothing."""
        if identifier not in self.own:
            taken = identifier in self.given or identifier in self.imported
            if taken or identifier in RESERVED or hasattr(builtins, identifier):
                self.own[identifier] = self.hidden(identifier)
            else:
                self.own[identifier] = identifier
                self.given.add(identifier)
        return self.own[identifier]

    def _dotted(self, dotted: str) -> Py:
        """``torch.exp`` or ``F.softplus``: a member of an imported module."""
        first, *rest = dotted.split(".")
        code = self._import(first, "")
        for part in rest:
            code = member(code, part)
        return code

    def lines(self, also: Iterable[str] = ()) -> list[str]:
        """The import statements, sorted as a linter would where the runtime is installed."""
        plain = [self._plain(n) for n, module in self.imported.items() if not module]
        standard = _merged(line for line in plain if "torch" not in line)
        of_torch = _merged(line for line in plain if "torch" in line)
        whole = [line for line in of_torch if line.startswith("import")]
        members = [line for line in of_torch if line not in whole]
        groups = [standard, [*whole, *self._runtime(), *members], [*also]]
        return "\n\n".join("\n".join(g) for g in groups if g).split("\n")

    def _plain(self, identifier: str) -> str:
        line = _ORIGIN[identifier]
        alias = self.aliases[identifier]
        if alias == identifier:
            return line
        return f"{line.removesuffix(' as F')} as {alias}"

    def _runtime(self) -> list[str]:
        lines = []
        for module in (PACKAGE, DISTRIBUTIONS, RUNTIME, METHODS, SAMPLERS):
            members = sorted((n for n, m in self.imported.items() if m == module), key=_by_kind)
            shown = [self._member(n) for n in members]
            if shown:
                lines += _from(module, shown)
        return lines

    def _member(self, identifier: str) -> str:
        alias = self.aliases[identifier]
        return identifier if alias == identifier else f"{identifier} as {alias}"


def _by_kind(identifier: str) -> tuple[bool, bool, str]:
    """Where formatters sort a name: CONSTANTS, Classes, functions."""
    return not identifier.isupper(), not identifier[0].isupper(), identifier


def _merged(lines: Iterable[str]) -> list[str]:
    """Sorted, and what comes from one module on one line: ``from torch import Tensor, nn``."""
    members: dict[str, list[str]] = {}
    for line in lines:
        head, _, member_ = line.rpartition(" import ") if line[:4] == "from" else (line, "", "")
        members.setdefault(head, []).append(member_)
    whole = sorted(members, key=lambda head: (head[:4] == "from", head))
    return [f"{h} import {', '.join(sorted(members[h]))}" if any(members[h]) else h for h in whole]


def _from(module: str, members: list[str]) -> list[str]:
    line = f"from {module} import {', '.join(members)}"
    if len(line) <= WIDTH:
        return [line]
    return [f"from {module} import (", *(f"    {m}," for m in members), ")"]


RESERVED = frozenset({*_ORIGIN, "super", "frozenset"})
"""Names of imports and builtins that local names never hide."""
