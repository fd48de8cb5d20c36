"""``storchc check``: diagnostics only."""

from __future__ import annotations

import sys

import click

from storchc.commands.files import CannotUse, read
from storchc.commands.options import fitting_profile, given_profile, profile_option
from storchc.commands.showing import show
from storchc.driver import Result, check_story

FORMATS = ("human", "json", "github", "sarif")


@click.command("check", short_help="Say what is wrong with stories.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="human",
    help="For people (on standard error), or for programs (on standard output).",
)
@click.option("--strict", is_flag=True, help="Take warnings for errors.")
@profile_option
def command(files: tuple[str, ...], form: str, strict: bool, profile: str | None) -> None:
    """Say what is wrong with stories, and how to mend it.

    FILE is a story, in a .story or .yaml file; - is standard input.
    """
    stories, unread = _read_all(files)
    measured = given_profile(profile)
    with fitting_profile():
        results = [check_story(name, data, profile=measured) for name, data in stories]
    if strict:
        results = [_stricter(result) for result in results]
    if form == "human":
        show(results)
        for story, result in zip(stories, results, strict=True):
            _advise(*story, result)
    else:
        sys.stdout.write(_formatted(results, form))
    for problem in unread:
        problem.show()
    if unread:
        sys.exit(CannotUse.exit_code)
    sys.exit(any(result.failed for result in results))


def _read_all(files: tuple[str, ...]) -> tuple[list[tuple[str, bytes]], list[CannotUse]]:
    stories, unread = [], []
    for file in files:
        try:
            stories.append(read(file))
        except CannotUse as problem:
            unread.append(problem)
    return stories, unread


def _advise(name: str, data: bytes, result: Result) -> None:
    """Say where exactness would be cheaper: no mistake, and no diagnostic."""
    if result.failed or not result.draws_many:
        return
    from storchc.advice import cheaper
    from storchc.diagnostics.cells import plain

    for found in cheaper(name, data, result):
        click.echo(f"note: {plain(name)}:{found.line}: {found}", err=True)


def _stricter(result: Result) -> Result:
    from dataclasses import replace  # half of what a small check imports hangs on it

    found = [replace(diagnostic, severity="error") for diagnostic in result.diagnostics]
    return replace(result, diagnostics=found)


def _formatted(results: list[Result], form: str) -> str:
    from storchc.diagnostics.formats import WRITERS

    return WRITERS[form](diagnostic for result in results for diagnostic in result.diagnostics)
