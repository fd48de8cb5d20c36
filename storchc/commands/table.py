"""A catalogue as a table: with lines and colours on a terminal, plain columns elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

Row = Sequence[str]


def print_table(headings: Row, rows: Iterable[Row]) -> None:
    """Print ``rows`` under ``headings``."""
    listed = list(rows)
    if sys.stdout.isatty():
        _print_rich(headings, listed)
    else:
        sys.stdout.write(columns([headings, *listed]))


def columns(rows: Sequence[Row]) -> str:
    """``rows`` with their columns aligned; the last one is as long as it is."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[-1]]).rstrip() + "\n")
    return "".join(lines)


def _print_rich(headings: Row, rows: Sequence[Row]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headings, box=box.SIMPLE_HEAD)
    for row in rows:
        table.add_row(Text(row[0], style="bold"), *map(Text, row[1:]))
    Console().print(table)
