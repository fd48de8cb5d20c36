"""``python -m storchc.debug FILE --after PASS``: what a phase makes of a story."""

from __future__ import annotations

import sys

import click

from storchc.commands.files import read
from storchc.commands.main import mend_streams
from storchc.commands.options import given_methods, method_option
from storchc.commands.showing import show
from storchc.commands.table import columns
from storchc.debug.phases import phases
from storchc.debug.stages import run
from storchc.diagnostics.nearest import nearest


@click.command("storchc.debug", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", metavar="FILE", required=False)
@click.option("--after", "phase", metavar="PASS", help="The phase whose result is shown.")
@method_option
def command(file: str | None, phase: str | None, methods: tuple[str, ...]) -> None:
    """Show what a phase of the compiler makes of a story.

    FILE is a story, in a .story or .yaml file; - is standard input. Without --after the phases are
    listed, in order, each with the reason for its place.
    """
    if phase is None:
        sys.stdout.write(columns([("phase", "kind", "reason"), *phases()]))
        return
    _require(phase)
    if file is None:
        raise click.UsageError("Say which story: the name of its file, or - for standard input.")
    made = run(phase, *read(file), given_methods(methods))
    show([made.before])
    sys.stdout.write(made.text)
    sys.exit(made.failed)


def _require(phase: str) -> None:
    """Refuse a phase that there is not."""
    names = [name for name, _, _ in phases()]
    if phase not in names:
        close = nearest(phase, names)
        hint = f"Did you mean `{close}`?" if close else f"There are: {', '.join(names)}."
        raise click.UsageError(f"There is no phase `{phase}`. {hint}")


if __name__ == "__main__":
    mend_streams()
    command(prog_name="python -m storchc.debug")
