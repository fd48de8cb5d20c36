"""``storchc functions``: the catalogue of functions."""

from __future__ import annotations

import click

from storchc.catalogue import functions as catalogue
from storchc.commands.table import print_table
from storchc.explain.lookup import OF_DISTRIBUTIONS


@click.command("functions", short_help="List the functions of expressions.")
def command() -> None:
    """List the functions that expressions can call.

    `storchc explain NAME` shows the card of one.
    """
    entries = [entry for name in catalogue.names() if (entry := catalogue.lookup(name))]
    rows = [(entry.name, entry.group, entry.summary) for entry in entries]
    rows += [(name, "distributions", summary) for name, (summary, _) in OF_DISTRIBUTIONS.items()]
    print_table(("function", "group", "what it is"), sorted(rows))
