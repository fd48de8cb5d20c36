"""``storchc explain``: a story, a diagnostic, or an entry of a catalogue."""

from __future__ import annotations

import os
import re
import sys

import click

from storchc.commands.files import read
from storchc.commands.options import fitting_profile, given_profile, profile_option
from storchc.commands.showing import show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storchc.profile import Profile

_CODE = re.compile(r"S\d{3}", re.IGNORECASE)
_SUFFIXES = (".story", ".yaml", ".yml")


@click.command("explain", short_help="Explain a story, a diagnostic, or a method.")
@click.argument("subject", metavar="FILE|CODE|NAME")
@profile_option
def command(subject: str, profile: str | None) -> None:
    """Explain a story: what is estimated, how, and why that is right.

    Or a diagnostic by its code, such as S402; a method, sampler, distribution or function by its
    name, such as ScoreFunction, or by what others call it, such as RLOO; or a word, such as plate.
    """
    if _is_file(subject):
        _explain_story(subject, given_profile(profile))
    elif _CODE.fullmatch(subject):
        _explain_code(subject.upper())
    else:
        _explain_name(subject)


def _is_file(subject: str) -> bool:
    looks_so = subject == "-" or subject.endswith(_SUFFIXES) or os.path.basename(subject) != subject
    return looks_so or os.path.isfile(subject)


def _explain_story(file: str, profile: Profile | None) -> None:
    from storchc.driver import check_story

    name, data = read(file)
    with fitting_profile():
        result = check_story(name, data, profile=profile)
    show([result])
    if result.failed:
        sys.exit(1)
    from storchc.advice import cheaper
    from storchc.explain.story import explain

    assert result.graph is not None and result.estimation is not None
    advice = [str(found) for found in cheaper(name, data, result)]
    click.echo(explain(result.graph, result.estimation, result.taken, advice), nl=False)


def _explain_code(code: str) -> None:
    from storchc.diagnostics.codes import CODES, page
    from storchc.explain.page import plain

    if code not in CODES:
        raise _unknown(f"There is no diagnostic {code}.", code)
    click.echo(plain(page(code)), nl=False)


def _explain_name(name: str) -> None:
    from storchc.explain.lookup import explained

    text = explained(name)
    if not text:
        raise _unknown(f"There is nothing called `{name}`, nor a file of that name.", name)
    click.echo(text, nl=False)


def _unknown(message: str, name: str) -> click.UsageError:
    from storchc.diagnostics.nearest import nearest
    from storchc.explain.lookup import all_names

    close = nearest(name, all_names())
    return click.UsageError(message + (f" Did you mean `{close}`?" if close else ""))
