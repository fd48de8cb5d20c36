"""How far a long command is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from storch_runtime.comparison.contest import Progress

    Listen = Callable[[Progress], None]

EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def told() -> Iterator[Listen]:
    """What listens to a comparison and tells the user, on standard error."""
    if sys.stderr.isatty():
        with _bar() as listen:
            yield listen
    else:
        yield _lines()


@contextmanager
def _bar() -> Iterator[Listen]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.percentage:3.0f} %"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[left]}  {task.description}"),
    )
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", left="")

        def listen(progress: Progress) -> None:
            bars.update(
                task,
                completed=progress.done,
                total=progress.total,
                description=progress.name.replace("[", "\\["),
                left=f"{left(progress.seconds)} left",
            )

        yield listen


def _lines() -> Listen:
    last: float | None = None

    def listen(progress: Progress) -> None:
        nonlocal last
        if last is None:
            last = monotonic()
        elif monotonic() - last >= EVERY:
            last = monotonic()
            part = 100 * progress.done / max(1, progress.total)
            click.echo(f"{part:3.0f} %, {left(progress.seconds)} left: {progress.name}", err=True)

    return listen


def left(seconds: float) -> str:
    """A time to come, no finer than it is known."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
