"""Comparisons as a picture: variance against time, and bias with its error bars."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from math import isfinite

from storchc.building import CannotBuild

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from storch_runtime.comparison.result import Comparison, Row

FORMATS = ("png", "svg")
COLOURS = (
    "#3d7ea6", "#d1495b", "#edae49", "#2f4b3c", "#8d6a9f", "#66a182", "#a05d3b", "#5c6b73",
)  # fmt: skip
NONE = 1e-3
"""Where a variance of 0 is drawn, as a part of the least one above."""


def needs_matplotlib() -> None:
    """CannotBuild where there is none."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise CannotBuild("a picture takes matplotlib: pip install 'storchc[compare]'") from None


def drawn(story: str, results: Mapping[str, Comparison], form: str) -> bytes:
    """The picture as a PNG or SVG file; two panels for each state."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    count = len(results)
    methods = max(len(result.rows) for result in results.values())
    fixed: Any = {"svg.hashsalt": "storchc", "svg.fonttype": "none", "font.size": 9}
    with rc_context(fixed):
        tall = max(3.4, 1.2 + 0.26 * methods)
        figure = Figure(figsize=(12, tall * count), layout="constrained", facecolor="white")
        panels = figure.subplots(count, 2, squeeze=False, width_ratios=(1.15, 1))
        for (left, right), (state, result) in zip(panels, results.items(), strict=True):
            rows = [row for row in result.rows if row.repeats > 1]
            colours = {row.name: COLOURS[i % len(COLOURS)] for i, row in enumerate(rows)}
            _variance(left, rows, result, colours, f"{story}{': ' + state if state else ''}")
            _bias(right, rows, result, colours)
        file = BytesIO()
        undated = {"Date": None} if form == "svg" else {}
        figure.savefig(file, format=form, dpi=130, metadata=undated)
    return file.getvalue()


def _variance(
    axes: Any, rows: list[Row], result: Comparison, colours: Mapping[str, str], title: str
) -> None:
    positive = [row.variance.value for row in rows if row.variance.value > 0]
    floor = NONE * min(positive, default=1.0)
    for number, row in enumerate(rows, 1):
        y, none = max(row.variance.value, floor), row.variance.value <= floor
        marker = "v" if none else "X" if row.biased else "o"
        error = None if none or not isfinite(row.variance.error) else row.variance.error
        place = (row.milliseconds, y)
        axes.errorbar(*place, yerr=error, fmt=marker, color=colours[row.name], markersize=7)
        weight = "bold" if row.name == result.best else "normal"
        axes.annotate(str(number), place, (6, 3), textcoords="offset points", weight=weight)
    axes.set(xscale="log", yscale="log", xlabel="milliseconds a step")
    _plain_ticks(axes.xaxis)
    axes.set_ylabel("variance of one gradient")
    axes.margins(x=0.25, y=0.12)
    if positive:
        _equal_products(axes)
    axes.set_title(f"{title}\nlines: equal variance × time; ▼ no variance, ✖ biased", loc="left")
    axes.spines[["top", "right"]].set_visible(False)


def _plain_ticks(axis: Any) -> None:
    """Numbers at 1, 2 and 5 of each power of 10: steps seldom differ by more than a few."""
    from matplotlib.ticker import LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter(NullFormatter())


def _equal_products(axes: Any) -> None:
    """Lines along which variance × time stays the same: one for each factor of 10."""
    from math import ceil, floor, log10

    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    for power in range(floor(log10(left * low)), ceil(log10(right * high)) + 1):
        product = 10.0**power
        axes.plot(
            [left, right], [product / left, product / right], color="#dddddd", lw=0.7, zorder=0
        )
    axes.set(xlim=(left, right), ylim=(low, high))


def _bias(axes: Any, rows: list[Row], result: Comparison, colours: Mapping[str, str]) -> None:
    whole = result.length or 1.0
    for place, row in enumerate(rows):
        if row.bias is None:
            continue
        value, error = 100 * row.bias.length / whole, 100 * row.bias.error / whole
        style = {"color": colours[row.name], "capsize": 3}
        axes.errorbar(value, place, xerr=2 * error, fmt="X" if row.biased else "o", **style)
    names = [f"{row.name}  {number}" for number, row in enumerate(rows, 1)]
    axes.set_yticks(range(len(rows)), names, size=8)
    axes.invert_yaxis()
    axes.axvline(0, color="#999999", lw=0.8)
    axes.set_xlim(left=min(0.0, axes.get_xlim()[0]))
    axes.set_xlabel("bias, per cent of the gradient's length (± 2 standard errors)")
    axes.set_title(f"held to {result.reference or 'nothing'}", loc="left")
    axes.spines[["top", "right"]].set_visible(False)
