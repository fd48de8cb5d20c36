"""No quotient is likely to have a pole: what nobody knows is looked at in the first call."""

from __future__ import annotations

from storchc.analysis.estimation import Estimation
from storchc.analysis.facts.ranges import LAYERS
from storchc.analysis.rules.parameters import sources
from storchc.catalogue.functions.along import SPREADS
from storchc.diagnostics import newcomers as words
from storchc.diagnostics.diagnostic import Problems
from storchc.ir.nodes import Callee


def run(known: Estimation, problems: Problems) -> None:
    """Warn of denominators made of what the story itself says has either sign."""
    for operand in known.jumps.unsure.values():
        if operand.scale:
            continue
        inner, spread = operand.value, operand.of.function in SPREADS
        made_by = next(sources(known, inner, set()), None)
        if isinstance(made_by, Callee) and (layer := _of_either_sign(made_by)):
            problems.add(words.likely_pole(inner.span, made_by.name, layer, spread=spread))
        elif operand.of.function == "abs":
            problems.add(words.likely_pole_of_a_size(operand.of.span))


def _of_either_sign(callee: Callee) -> str | None:
    """The layer at the end of a module that is known to give numbers above and below 0."""
    last = None if callee.default is None else callee.default.last
    if last is None:
        return None
    lies = LAYERS.get(last.name)
    both = last.name in _WEIGHTED or (lies is not None and lies.low < 0 < lies.high)
    return last.name if both else None


_WEIGHTED = frozenset({"Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d"})
