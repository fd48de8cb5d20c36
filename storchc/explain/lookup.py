"""Finds what a name means in the catalogues, and what was probably meant when it means nothing."""

from __future__ import annotations

from storchc.explain import cards

OF_DISTRIBUTIONS = {
    "log_prob": ("log-probability of a value, its event dimensions summed", "log_prob(q, x)"),
    "kl_divergence": ("divergence of q from p, event dimensions summed", "kl_divergence(q, p)"),
    "entropy": ("entropy of a distribution, event dimensions summed", "entropy(q)"),
}
"""The functions that take distributions; the catalogue holds those that take values."""


def cards_of(name: str) -> str:
    """The cards of everything called ``name``; empty when there is nothing."""
    from storchc.catalogue import distributions, functions, methods, samplers

    found = []
    if method := methods.lookup(name):
        found.append(cards.method_card(method))
    if sampler := samplers.lookup(name):
        found.append(cards.sampler_card(sampler))
    if family := distributions.lookup(name):
        found.append(cards.family_card(family))
    if name in OF_DISTRIBUTIONS:
        found.append("{}: {}\n\n  write  {}\n".format(name, *OF_DISTRIBUTIONS[name]))
    if function := functions.lookup(name):
        found.append(cards.function_card(function))
    return "\n".join(found)


def all_names() -> list[str]:
    """Every name that has a card, and every code that has a page."""
    from storchc.catalogue import distributions, functions, methods, samplers
    from storchc.diagnostics.codes import CODES

    catalogues = (methods, samplers, distributions, functions)
    names = [name for catalogue in catalogues for name in catalogue.names()]
    return [*names, *OF_DISTRIBUTIONS, *CODES]
