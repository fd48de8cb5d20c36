"""``storchc samplers``: the catalogue of ways to draw."""

from __future__ import annotations

import click

from storchc.catalogue import samplers as catalogue
from storchc.commands.table import print_table


@click.command("samplers", short_help="List the ways to draw samples.")
def command() -> None:
    """List the samplers that a sample can be drawn `using`, where its method leaves that open.

    `storchc explain NAME` shows the card of one.
    """
    entries = [entry for name in catalogue.names() if (entry := catalogue.lookup(name))]
    print_table(
        ("sampler", "options", "what it is"),
        [(e.name, ", ".join(o.name for o in e.options), e.summary) for e in entries],
    )
