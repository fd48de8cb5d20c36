"""Options of commands that run a story: ``--build`` and ``--inputs``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import click

from storchc.commands.files import CannotUse

build_option = click.option(
    "--build",
    metavar="FILE.py:MAKE",
    help="A function that returns the keyword arguments of the story's constructor, "
    "{'encoder': nn.Linear(…)}.",
)

inputs_option = click.option(
    "--inputs",
    metavar="FILE.npz",
    help="Arrays by the names of the story's inputs.",
)


@contextmanager
def in_words() -> Iterator[None]:
    """End the command with status 2 where a model or its inputs cannot be made."""
    from storchc.building import CannotBuild

    try:
        yield
    except CannotBuild as error:
        raise CannotUse(str(error)) from None
