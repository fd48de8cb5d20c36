"""What is refused or warned of: a file a rule, found by its name.

Each has a function ``run(known, problems)`` and says in its first line what it asks for. Rules read
facts and make none, so the order among them does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules

from storchc.analysis.estimation import Estimation
from storchc.diagnostics.diagnostic import Problems
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One file of this folder; ``asks`` is what it asks of a story."""

    name: str
    asks: str
    run: Callable[[Estimation, Problems], None]


def every_rule() -> tuple[Rule, ...]:
    """All rules, by name."""
    return tuple(_rule(name) for _, name, _ in iter_modules(__path__))


def _rule(name: str) -> Rule:
    module = import_module(f"{__name__}.{name}")
    return Rule(name, (module.__doc__ or "").partition("\n")[0], module.run)
