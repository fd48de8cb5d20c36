"""Finds what a name means, and what was probably meant when it means nothing."""

from __future__ import annotations

import re

from storchc.explain import cards, words
from storchc.explain.text import facts

OF_DISTRIBUTIONS = {
    "log_prob": ("log-probability of a value, its event dimensions summed", "log_prob(q, x)"),
    "kl_divergence": ("divergence of q from p, event dimensions summed", "kl_divergence(q, p)"),
    "entropy": ("entropy of a distribution, event dimensions summed", "entropy(q)"),
}
"""The functions that take distributions; the catalogue holds those that take values."""


def explained(name: str) -> str:
    """All that is called ``name``, here or by others; empty when there is nothing.

    What others call something is followed by the cards of what is written here.
    """
    found = [cards_of(name), *_of_options(name), words.described(name)]
    if not found[0]:
        written = re.findall(r"`(\w+)", found[-1])
        found += [cards_of(other) for other in dict.fromkeys(written)]
    return "\n".join(card for card in found if card)


def cards_of(name: str) -> str:
    """The cards of everything in the catalogues that is called ``name``."""
    from storchc.catalogue import distributions, functions, methods, samplers

    found = []
    if method := methods.lookup(name):
        found.append(cards.method_card(method))
    if sampler := samplers.lookup(name):
        found.append(cards.sampler_card(sampler))
    if family := distributions.lookup(name):
        found.append(cards.family_card(family))
    if name in OF_DISTRIBUTIONS:
        summary, written = OF_DISTRIBUTIONS[name]
        kept = ', reduction="none")  one for each element of its batch event'
        found.append(f"{name}: {summary}\n\n  write  {written}\n    or   {written[:-1]}{kept}\n")
    if function := functions.lookup(name):
        found.append(cards.function_card(function))
    return "\n".join(found)


def _of_options(name: str) -> list[str]:
    """Which methods and samplers have an option, or a word for one, of that name."""
    from storchc.catalogue import methods, samplers

    entries = [e for c in (methods, samplers) for n in c.names() if (e := c.lookup(n))]
    options: dict[str, list[str]] = {}
    words_of: dict[str, list[str]] = {}
    for entry in entries:
        for option in entry.options:
            if name == option.name:
                options.setdefault(option.summary, []).append(entry.name)
            elif name in option.words:
                words_of.setdefault(option.name, []).append(entry.name)
    return [
        *_listed(f"{name}: an option", options),
        *_listed(f"{name}: a word for an option", words_of),
    ]


def _listed(title: str, found: dict[str, list[str]]) -> list[str]:
    lines = facts((what, ", ".join(of)) for what, of in found.items())
    return ["\n".join([title, "", *lines, ""])] if lines else []


def all_names() -> list[str]:
    """Every name that is explained, and every code that has a page."""
    from storchc.catalogue import distributions, functions, methods, samplers
    from storchc.diagnostics.codes import CODES

    catalogues = (methods, samplers, distributions, functions)
    names = [name for catalogue in catalogues for name in catalogue.names()]
    return [*words.all_words(), *names, *OF_DISTRIBUTIONS, *CODES]
