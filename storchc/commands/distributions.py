"""``storchc distributions``: the catalogue of families."""

from __future__ import annotations

import click

from storchc.catalogue import distributions as catalogue
from storchc.commands.table import print_table


@click.command("distributions", short_help="List the distributions.")
def command() -> None:
    """List the families that can be sampled and observed.

    `storchc explain NAME` shows the card of one.
    """
    entries = [entry for name in catalogue.names() if (entry := catalogue.lookup(name))]
    print_table(("distribution", "what it is"), [(e.name, e.summary) for e in entries])
