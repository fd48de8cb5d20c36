"""The command ``storchc``: finds the subcommand and imports no other."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NoReturn

import click

from storchc.version import __version__

COMMANDS = (
    "compile",
    "check",
    "explain",
    "compare",
    "certify",
    "methods",
    "samplers",
    "distributions",
    "functions",
)

EXIT_USAGE, EXIT_INTERNAL = 2, 70


class Commands(click.Group):
    """Subcommands by the names of their modules in this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All of them, in the order of the guide."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command called ``name``, imported now."""
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"storchc.commands.{name}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click would end as if a story were wrong where nobody reads any more."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            _unwritable(error)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Say which command was probably meant when there is none of that name."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        from storchc.diagnostics.nearest import nearest

        close = nearest(name, COMMANDS)
        hint = f"Did you mean `{close}`?" if close else f"There are: {', '.join(COMMANDS)}."
        raise click.UsageError(f"There is no command `{name}`. {hint}", ctx)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="storchc %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
def cli(debug: bool) -> None:
    """Compile stochastic computation graphs: stories in, plain PyTorch modules out."""


def main() -> NoReturn:
    """Run the command line and end the process."""
    gc.disable()  # a run is short: looking for garbage takes longer than leaving it
    try:
        run(sys.argv[1:])
    finally:
        gc.freeze()  # so that the interpreter does not look for it at its end either


def run(arguments: list[str]) -> NoReturn:
    """Run one command; what it ends with is the status of the ``SystemExit``."""
    mend_streams()
    try:
        try:
            cli(args=arguments, prog_name="storchc")
        finally:
            sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:  # commands report the files that they cannot use
            _report(error, arguments)
            sys.exit(EXIT_INTERNAL)
        _unwritable(error)
    except Exception as error:
        _report(error, arguments)
        sys.exit(EXIT_INTERNAL)
    sys.exit(0)


def _unwritable(error: OSError) -> NoReturn:
    click.echo(f"storchc: cannot write to standard output: {error.strerror}", err=True)
    _drop_output()
    sys.exit(EXIT_USAGE)


def mend_streams() -> None:
    """Let closed output swallow what is written, and output of few letters replace the others."""
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if isinstance(sys.stdout, TextIOWrapper):  # formulas have letters that some terminals lack
        sys.stdout.reconfigure(errors="replace")


def _drop_output() -> None:
    """Let what is still buffered go nowhere: Python would try to write it again as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report(error: Exception, arguments: list[str]) -> None:
    """An internal error: ours, not the story's."""
    from shlex import join

    from storchc.diagnostics.cells import plain

    if "--debug" in arguments:
        from traceback import print_exception

        print_exception(error)
    notes = getattr(error, "__notes__", [f"storchc {__version__} failed"])
    again = join(["storchc", "--debug", *(part for part in arguments if part != "--debug")])
    click.echo(
        f"storchc: internal error ({type(error).__name__});"
        " this is a mistake in storchc, not yours\n"
        f"  {plain(notes[0])}\n"
        f"  please report it, with the story and what this prints: {plain(again)}",
        err=True,
    )
