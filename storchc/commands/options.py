"""Options that several commands take."""

from __future__ import annotations

import click

method_option = click.option(
    "--method",
    "methods",
    metavar="z='M(…)'",
    multiple=True,
    help="Give sample z the method M, or 'M(…) using S(…)', in place of the story's.",
)


def given_methods(texts: tuple[str, ...]) -> dict[str, str]:
    """What ``--method`` says, by the names of the samples."""
    given: dict[str, str] = {}
    for text in texts:
        name, equal, method = (part.strip() for part in text.partition("="))
        if not (equal and name.isidentifier() and method):
            raise click.UsageError(f"--method {text}: write it like --method z='Expect()'.")
        if name in given:
            raise click.UsageError(f"--method {name}=… is given twice.")
        given[name] = method
    return given
