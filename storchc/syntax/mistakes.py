"""From where the parser got stuck to words about it."""

from __future__ import annotations

from lark.exceptions import UnexpectedInput, UnexpectedToken

from storchc.diagnostics import syntax as words
from storchc.diagnostics.diagnostic import Problem
from storchc.source import Span


def explain(unexpected: UnexpectedInput, text: str, span: Span, start: str) -> Problem:
    """The problem that stopped the parser within ``span`` of ``text``."""
    place = unexpected.pos_in_stream
    if isinstance(unexpected, UnexpectedToken):
        place = unexpected.token.start_pos
    return words.expected(Span(place or 0, (place or 0) + 1), "this", ("something else",))
