"""A temperature is annealed by the method, or computed by the story."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.diagnostics import options as words
from storchc.diagnostics.diagnostic import Problems

_ANNEALING = ("annealing_rate", "min_temperature")


def run(known: Estimation, problems: Problems) -> None:
    """Refuse options of annealing beside a temperature that the story computes."""
    for sample in known.graph.samples:
        choice = sample.method
        if choice is None or choice.name in known.graph.uses:
            continue
        temperature = choice.values.get("temperature")
        for option in _ANNEALING if temperature is not None else ():
            if option in choice.constants:
                assert temperature is not None
                span = choice.written[option].whole
                problems.add(words.annealed_expression(option, temperature.span, span))
