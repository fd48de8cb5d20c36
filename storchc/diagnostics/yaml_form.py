"""Words for what is wrong with a story in its YAML form (S150 to S199)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from storchc.diagnostics.diagnostic import Label, Problem
from storchc.diagnostics.nearest import nearest
from storchc.source import Span

CODES: dict[str, str] = {
    "S150": "a file that is not YAML",
    "S151": "a tag, an anchor, an alias or a merge key",
    "S152": "a key that stands twice",
    "S153": "an unknown key",
    "S154": "a key that is missing",
    "S155": "a value of the wrong kind",
    "S156": "a step that is not one statement",
}


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def not_yaml(span: Span, reason: str) -> Problem:
    """What the YAML parser says."""
    help = "put texts that contain `: `, ` #`, quotes or brackets into quotes"
    return Problem("S150", f"the file is not YAML: {reason}", span, help)


def second_document(span: Span) -> Problem:
    """A second ``---``."""
    help = "delete it; a file holds one story"
    return Problem("S150", "a second YAML document starts here", span, help)


def too_deep(span: Span) -> Problem:
    """Lists in lists, far beyond what any story has."""
    help = "a story needs few levels: check the brackets and the indentation"
    return Problem("S105", "lists and mappings nest too deeply here", span, help)


def unsupported(span: Span, what: str) -> Problem:
    """``!!tag``, ``&anchor``, ``*alias``, ``<<``."""
    help = "write the text out; if it only looks like one of these, put it into quotes"
    return Problem("S151", f"a story uses no {what}", span, help)


def repeated_key(span: Span, key: str, first: Span) -> Problem:
    """The same key twice in one mapping."""
    label = Label(first, "it stands here first")
    help = "delete one of them, or give it another name"
    return Problem("S152", f"the key `{key}` stands twice", span, help, (label,))


_INSTEAD = {
    ("a loop", "from"): "carried variables belong to the text of `for`: `t in range(T) from h = 0`",
    ("a loop", "body"): "the steps of a loop stand under `do`",
    ("a loop", "steps"): "the steps of a loop stand under `do`",
    ("a loop", "when"): "the condition that ends a loop stands under `stop`",
    ("a loop", "stop when"): "the condition that ends a loop stands under `stop`",
    ("a loop", "stop_when"): "the condition that ends a loop stands under `stop`",
    ("a step", "stop"): "`stop` stands in the item of its loop, beside `for` and `do`",
    ("a step", "do"): "`do` stands in the item of its loop, beside `for`",
}


def unknown_key(span: Span, key: str, where: str, known: Sequence[str]) -> Problem:
    """A key that means nothing."""
    meant = nearest(key, known)
    help = f"did you mean `{meant}`?" if meant else f"the keys here are {_listed(known)}"
    help = _INSTEAD.get((where, key), help)
    if "(" in key or ")" in key or "]" in key:
        help = "inside `{ }` put texts with commas or brackets into quotes"
    return Problem("S153", f"`{key}` is no key of {where}", span, help)


def missing_key(span: Span, key: str, where: str) -> Problem:
    """A key that must be there."""
    return Problem("S154", f"{where} has no `{key}`", span, f"add the key `{key}`")


def no_names(span: Span, what: str) -> Problem:
    """``compute: {name: [], …}``, ``sample: {each: [], …}``."""
    help = "write the name that it defines, or several in `[ ]`"
    if what == "`each`":
        help = "write the plates, or leave `each` out"
    return Problem("S155", f"{what} is an empty list", span, help)


def wrong_kind(span: Span, what: str, wanted: str) -> Problem:
    """A list where a text should stand, and the like."""
    return Problem("S155", f"{what} is not {wanted}", span, f"write {wanted} here")


def loop_in_parts(span: Span) -> Problem:
    """``for: {counter: t}``."""
    help = "write it as in a story, `for: t in range(T) from h = 0`, and its steps under `do`"
    return Problem("S155", "`for` is not a text", span, help)


def missing_value(span: Span, what: str) -> Problem:
    """A key with nothing after it."""
    return Problem("S155", f"{what} is empty", span, "write its value after the `:`")


def quotes_in_doc(span: Span) -> Problem:
    """Three quotes, which no docstring of a story can hold."""
    help = "use other quotes"
    return Problem("S155", 'the text of `doc` has three quotes `"""`', span, help)


def not_a_step(span: Span, count: int, kinds: Sequence[str]) -> Problem:
    """A step without a statement's key, or with several."""
    message = f"the step holds {count or 'no'} statement{'s' * (count != 1)}"
    return Problem("S156", message, span, f"start each step with `- ` and one of {_listed(kinds)}")


def cut_short(problem: Problem) -> Problem:
    """``{c_phi: critic(y, h)}``: what is wrong with a text that a comma has ended."""
    if problem.code != "S106":
        return problem
    help = "a comma ends a text within `{…}`: put what holds one in quotes"
    return replace(problem, help=help)
