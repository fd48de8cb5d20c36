"""A value of the story as target code."""

from __future__ import annotations

from storchc.ir.types import Plates
from storchc.python.expressions import Py
from storchc.records import dataclass


@dataclass(frozen=True, slots=True)
class Code:
    """A value as code: ``stored`` are its plates in memory; ``plain`` marks a Python number."""

    py: Py
    stored: Plates
    plain: bool = False
