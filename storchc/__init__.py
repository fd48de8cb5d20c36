"""A compiler for stochastic computation graphs: stories in, plain PyTorch modules out."""

from __future__ import annotations

from storchc.version import __version__ as __version__

TYPE_CHECKING = False  # of `typing`, which takes longer to import than all of this
if TYPE_CHECKING:
    from storchc.api import analyze as analyze
    from storchc.api import check as check
    from storchc.api import compare as compare
    from storchc.api import compile as compile
    from storchc.api import load as load
    from storchc.diagnostics.diagnostic import Diagnostic as Diagnostic
    from storchc.diagnostics.diagnostic import StoryError as StoryError
    from storchc.diagnostics.diagnostic import StoryWarning as StoryWarning

_HOMES = {
    "compile": "storchc.api",
    "load": "storchc.api",
    "check": "storchc.api",
    "compare": "storchc.api",
    "analyze": "storchc.api",
    "Diagnostic": "storchc.diagnostics.diagnostic",
    "StoryError": "storchc.diagnostics.diagnostic",
    "StoryWarning": "storchc.diagnostics.diagnostic",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module 'storchc' has no attribute {name!r}")
    from importlib import import_module

    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
