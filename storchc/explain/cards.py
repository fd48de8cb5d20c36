"""Cards: all that the catalogues know about one of their entries, on half a screen."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import fill

from storchc.catalogue.method import MethodEntry, Option, SamplerEntry

WIDTH = 96

_NEEDS = {
    "pathwise": "a family whose samples are a differentiable function of its parameters",
    "smooth": "every path from the sample to every cost differentiable",
    "finite": "finitely many outcomes",
}


def method_card(entry: MethodEntry) -> str:
    """The card of a gradient estimator."""
    facts = [
        ("gradient", _bias(entry)),
        ("formula", entry.formula),
        ("costs", f"evaluated {entry.evaluations} times" if entry.evaluations == "n" else ""),
        ("evaluations", "" if entry.evaluations == "n" else entry.evaluations),
        ("needs", "; ".join(_NEEDS[need] for need in sorted(entry.needs))),
        ("families", ", ".join(entry.families)),
        ("derivatives", "of any order" if entry.order is None else f"up to order {entry.order}"),
        ("drawing", _drawing(entry)),
        ("prefer it when", entry.prefer),
        ("note", entry.notes),
        ("reference", entry.reference),
    ]
    return _card(entry.name, entry.summary, facts) + _options(entry.options)


def sampler_card(entry: SamplerEntry) -> str:
    """The card of a sampler."""
    facts = [
        ("weights", "of its own" if entry.weighted else "1/n"),
        ("needs", "; ".join(_NEEDS[need] for need in sorted(entry.needs))),
        ("prefer it when", entry.prefer),
        ("reference", entry.reference),
    ]
    return _card(entry.name, entry.summary, facts) + _options(entry.options)


def _bias(entry: MethodEntry) -> str:
    if entry.unbiased:
        return "unbiased"
    return "BIASED: it is the gradient of another objective than the story's"


def _drawing(entry: MethodEntry) -> str:
    if entry.open_drawing:
        return "open: `using` may name a sampler"
    return "its own: `using` is not possible"


def _card(name: str, summary: str, facts: Iterable[tuple[str, str]]) -> str:
    lines = [f"{name}: {summary}", ""]
    lines += [_fact(label, text) for label, text in facts if text]
    return "\n".join(lines) + "\n"


def _fact(label: str, text: str) -> str:
    start = f"  {label:<15} "
    return fill(text, WIDTH, initial_indent=start, subsequent_indent=" " * len(start))


def _options(options: tuple[Option, ...]) -> str:
    if not options:
        return "\n  no options\n"
    width = max(len(_setting(option)) for option in options)
    lines = [f"    {_setting(option):<{width}}  {_option(option)}" for option in options]
    return "\n".join(["", "  options", *lines, ""])


def _setting(option: Option) -> str:
    if option.default is None:
        return f"{option.name} (required)"
    return f"{option.name}={_written(option.default)}"


def _written(value: int | float | bool | str) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _option(option: Option) -> str:
    kinds = {
        "count": "an integer",
        "number": "a number",
        "flag": "true or false",
        "word": "one of " + ", ".join(option.words),
        "module": "a module of the story",
        "distribution": "a distribution",
    }
    kind = kinds[option.kind] + (" or an expression of the story" if option.value else "")
    return f"{option.summary} ({kind})"
