"""Comparisons as one page of HTML that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape

from storchc.comparing.picture import drawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storch_runtime.comparison.result import Comparison

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em; }
table { border-collapse: collapse; } td, th { padding: .25em .8em; text-align: right; }
td:first-child, th:first-child { text-align: left; font-family: ui-monospace, monospace; }
tr { border-bottom: 1px solid #ddd; } .best { background: #eef6ea; font-weight: 600; }
svg { max-width: 100%; height: auto; } .table { overflow-x: auto; }
"""


def as_page(story: str, results: Mapping[str, Comparison]) -> str:
    """The tables with what is to be said of them, and the picture."""
    svg = drawn(story, results, "svg").decode("utf-8")
    lines = [
        "<!doctype html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(story)}</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style></head><body>",
        f"<h1>Estimators of {escape(story)}</h1>",
        svg[svg.index("<svg") :],
    ]
    for state, result in results.items():
        lines += _section(state, result)
    return "\n".join([*lines, "</body></html>"]) + "\n"


def _section(state: str, result: Comparison) -> Iterator[str]:
    if state:
        yield f"<h2>{escape(state)}</h2>"
    heading, *rows = result.lines()
    yield '<div class="table"><table>'
    yield f"<tr>{''.join(f'<th>{escape(cell)}</th>' for cell in heading.cells)}</tr>"
    for row in rows:
        mark = ' class="best"' if row.best else ""
        yield f"<tr{mark}>{''.join(f'<td>{escape(cell)}</td>' for cell in row.cells)}</tr>"
    yield "</table></div>"
    for remark in result.remarks():
        yield f"<p>{escape(remark)}</p>"
