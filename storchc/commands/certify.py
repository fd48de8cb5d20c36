"""``storchc certify``: is this estimator right on this story?"""

from __future__ import annotations

import gc
import json
import os
import sys
from time import monotonic

import click

from storchc.commands.building import build_option, in_words
from storchc.commands.files import read
from storchc.commands.options import given_methods, method_option
from storchc.commands.showing import show
from storchc.driver import check_story

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from storchc.certify.session import Report

EVERY = 10.0
"""Seconds between two lines that tell how far it is."""

INTERRUPTED = 130


@click.command("certify", short_help="Prove a story's estimator right, or find its bias.")
@click.argument("file", metavar="FILE")
@build_option
@method_option
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything random.")
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    default=120.0,
    show_default=True,
    help="Seconds for all of it.",
)
@click.option("--json", "as_json", is_flag=True, help="All figures, on standard output.")
def command(
    file: str,
    build: str | None,
    methods: tuple[str, ...],
    seed: int,
    budget: float,
    as_json: bool,
) -> None:
    """Prove the estimator of a story right, or find its bias.

    FILE is a story, in a .story or .yaml file; - is standard input. Its sizes are shrunk, its
    modules replaced by small random ones of the shapes that it declares (--build gives the real
    ones, whose sizes are kept), and its gradient is compared with the derivative of the expected
    cost itself: over all outcomes where these can be listed, else over a million replicates.

    What the story imports is run: functions, and methods brought in by `use`. The exit status is 1
    where a claim fails, or none could be tried.
    """
    gc.enable()  # this run is long
    name, data = read(file)
    result = check_story(name, data, given_methods(methods))
    show([result])
    if result.failed:
        sys.exit(1)
    folder = os.path.dirname(os.path.abspath(name)) if file != "-" else os.getcwd()
    sys.path[:0] = [folder, os.getcwd()]  # as if the module stood beside the story
    try:
        with in_words():
            report = _report(name, data, given_methods(methods), build, seed, budget)
    finally:
        del sys.path[:2]
    click.echo(_as_json(report) if as_json else _as_text(report, seed), nl=False)
    if report.interrupted:
        sys.exit(INTERRUPTED)
    sys.exit(report.failed or not report.count("exact", "unbiased", "biased"))


def _report(
    name: str, data: bytes, methods: dict[str, str], build: str | None, seed: int, budget: float
) -> Report:
    from storchc.building import read_make
    from storchc.certify.session import certify
    from storchc.certify.variants import read_checked

    given = dict(read_make(build)()) if build is not None else {}
    return certify(read_checked(name, data, methods), seed, budget, given, _told(budget))


def _told(budget: float) -> Callable[[str, float], None]:
    """Tells the user how far it is: a line now and then, on standard error."""
    begin = last = monotonic()

    def listen(subject: str, done: float) -> None:
        nonlocal last
        if monotonic() - last >= EVERY:
            last = monotonic()
            left = max(begin + budget - last, 0.0)
            click.echo(f"{100 * done:3.0f} %, {left:.0f} s left at most: {subject}", err=True)

    return listen


_ORDERS = ("expected cost", "gradient", "second derivative")


def _as_text(report: Report, seed: int) -> str:
    """The verdicts, what they are of, and how many of each kind."""
    sizes = ", ".join(f"{name} = {size}" for name, size in report.sizes.items())
    lines = [f"story {report.name}", f"  certified with {sizes or 'its own sizes'}; seed {seed}"]
    if report.stand_ins:
        lines.append(f"  random stand-ins for {', '.join(report.stand_ins)}")
    before = ""
    for verdict in report.verdicts:
        if verdict.subject != before:
            lines += ["", f"{verdict.subject}"]
        before = verdict.subject
        lines.append(f"  {_ORDERS[verdict.order]:<17}  {verdict.words()}")
    lines += ["", _counts(report)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _counts(report: Report) -> str:
    fail = sum(verdict.fails for verdict in report.verdicts)
    admitted = report.count("biased") - fail
    told = [
        (report.count("exact"), "exact"),
        (report.count("unbiased"), "unbiased"),
        (fail, "biased"),
        (admitted, "biased as the method says"),
        (report.count("not tried"), "not tried"),
    ]
    said = ", ".join(f"{count} {words}" for count, words in told if count)
    return ("interrupted; until then: " if report.interrupted else "") + (said or "nothing tried")


def _as_json(report: Report) -> str:
    verdicts: list[dict[str, Any]] = [
        {
            "subject": v.subject,
            "order": v.order,
            "verdict": v.outcome,
            "fails": v.fails,
            "deviation": v.deviation,
            "standard_error": v.error,
            "truth": v.truth,
            "largest": v.scale,
            "where": v.where,
            "note": v.note,
            "admitted": v.admitted,
        }
        for v in report.verdicts
    ]
    found = {
        "story": report.name,
        "sizes": report.sizes,
        "stand_ins": report.stand_ins,
        "interrupted": report.interrupted,
        "failed": report.failed,
        "verdicts": verdicts,
    }
    return json.dumps(found, indent=2) + "\n"
