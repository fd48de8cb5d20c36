"""What stands in the way of a rewriting."""

from __future__ import annotations

from storchc.records import dataclass
from storchc.source import Span


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Where a story tells whole sequences apart; ``way`` is one around it, if it has any."""

    span: Span
    words: str
    way: str = ""


class HinderedError(Exception):
    """Raised where an obstacle is met."""

    def __init__(self, span: Span, words: str, way: str = "") -> None:
        super().__init__(words)
        self.obstacle = Obstacle(span, words, way)
