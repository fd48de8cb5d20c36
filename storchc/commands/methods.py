"""``storchc methods``: the catalogue of gradient estimators."""

from __future__ import annotations

import click

from storchc.catalogue import methods as catalogue
from storchc.catalogue.method import MethodEntry
from storchc.commands.table import print_table


@click.command("methods", short_help="List the gradient estimators.")
def command() -> None:
    """List the gradient estimators that a sample can be given `with`.

    `storchc explain NAME` shows the card of one.
    """
    entries = [entry for name in catalogue.names() if (entry := catalogue.lookup(name))]
    print_table(
        ("method", "gradient", "options", "what it is"),
        [(e.name, _kind(e), ", ".join(o.name for o in e.options), e.summary) for e in entries],
    )


def _kind(entry: MethodEntry) -> str:
    return "unbiased" if entry.unbiased else "biased"
