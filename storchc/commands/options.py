"""Options that several commands take."""

from __future__ import annotations

from contextlib import contextmanager

import click

from storchc.commands.files import CannotUse, read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from storchc.profile import Profile

method_option = click.option(
    "--method",
    "methods",
    metavar="z='M(…)'",
    multiple=True,
    help="Give sample z the method M, or 'M(…) using S(…)', in place of the story's.",
)


profile_option = click.option(
    "--profile",
    metavar="FILE.json",
    help="Let `Best` choose by what `storchc compare --json FILE.json` has measured.",
)


def given_profile(file: str | None) -> Profile | None:
    """The profile in ``--profile``."""
    if file is None:
        return None
    from storchc.profile import read_profile

    with fitting_profile():
        return read_profile(*read(file))


@contextmanager
def fitting_profile() -> Iterator[None]:
    """Say in a line that a file is no profile, or one of another story."""
    try:
        yield
    except ValueError as problem:
        from storchc.profile import NotAProfile

        if not isinstance(problem, NotAProfile):
            raise
        raise CannotUse(str(problem)) from None


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
