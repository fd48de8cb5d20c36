"""``storchc compile``: stories in, modules out."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from storchc.commands.files import encoded, may_write, read, write
from storchc.commands.options import (
    fitting_profile,
    given_methods,
    given_profile,
    method_option,
    profile_option,
)
from storchc.commands.showing import show
from storchc.driver import Result, compile_story


@click.command("compile", short_help="Write the PyTorch module of a story.")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option(
    "-o", "out", metavar="OUT", help="A file or a folder to write to; - is standard output."
)
@method_option
@profile_option
def command(
    files: tuple[str, ...], out: str | None, methods: tuple[str, ...], profile: str | None
) -> None:
    """Write the PyTorch module of each story beside it, as NAME.py.

    FILE is a story, in a .story or .yaml file; - is standard input, whose module goes to standard
    output. When a story has errors nothing is written.
    """
    given, measured = given_methods(methods), given_profile(profile)
    targets = _targets(files, out)
    with fitting_profile():
        results = [compile_story(*read(file), given, profile=measured) for file in files]
    show(results)
    if any(result.failed for result in results):
        sys.exit(1)
    _write_all(results, targets)


def _targets(files: tuple[str, ...], out: str | None) -> list[Path | None]:
    """Where each module goes; None is standard output."""
    if len(files) > 1 and (out == "-" or (out is not None and not _is_folder(out))):
        raise click.UsageError(f"Several stories do not go into one file; -o {out} is no folder.")
    targets = [_target(file, out) for file in files]
    for target in targets:
        if targets.count(target) > 1:
            raise click.UsageError(
                f"Two stories would both be written to {target or 'standard output'}."
            )
    return targets


def _target(file: str, out: str | None) -> Path | None:
    if out == "-" or (out is None and file == "-"):
        return None
    if out is None:
        return Path(file).with_suffix(".py")
    if not _is_folder(out):
        return Path(out)
    if file == "-":
        raise click.UsageError(f"Standard input has no name; say which file in {out} to write.")
    return Path(out) / f"{Path(file).stem}.py"


def _is_folder(out: str) -> bool:
    return out.endswith(("/", "\\")) or Path(out).is_dir()


def _write_all(results: list[Result], targets: list[Path | None]) -> None:
    """Look at every target before the first is written."""
    for target in targets:
        if target is not None:
            may_write(target)
    for result, target in zip(results, targets, strict=True):
        assert result.code is not None
        if target is None:
            sys.stdout.flush()
            sys.stdout.buffer.writelines(encoded(result.code))
            sys.stdout.buffer.flush()
        else:
            write(target, result.code)
