"""Scripts of the gallery as modules, as they see themselves when they are run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

SPECS = Path(__file__).parents[2] / "specs"

Script = Callable[[str], ModuleType]


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    """Imports ``folder/name``; afterwards these modules and their neighbours are forgotten."""
    before = set(sys.modules)

    def load(path: str) -> ModuleType:
        folder, name = path.split("/")
        monkeypatch.syspath_prepend(SPECS / folder)
        return import_module(name)

    yield load
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(SPECS)):
            del sys.modules[name]
