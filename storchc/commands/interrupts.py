"""Ctrl-C as a wish: the command ends with what it has."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STATUS = 130
"""What a command ends with that was interrupted."""


@contextmanager
def asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether there was an interrupt meanwhile; a second one ends the command at once."""
    asked = False

    def note(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)
