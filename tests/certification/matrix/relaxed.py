"""The derivatives of a relaxed objective: the noise is an input, and integrated over a grid.

The sample is written as what it is, ``sigmoid((η + e) / τ)``: nothing of the method is used. The
noise is one for all elements of the situation's plate, which no cost joins.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

import storchc
from tests.certification.matrix.sampling import derivatives_of_each, replicated
from tests.certification.matrix.situations import OTHER, SITUATIONS, story

__all__ = ["Relaxed", "relaxed"]

SAMPLE = "sample z ~ Bernoulli(logits={}) with Relaxed()"
POINTS = 250_000


@dataclass(frozen=True, slots=True)
class Relaxed:
    """The derivatives of the relaxed objective, flattened over the leaves."""

    gradient: Tensor
    hessian: Tensor | None

    def of(self, second: bool) -> Tensor:
        """The Hessian, or the gradient."""
        if not second:
            return self.gradient
        assert self.hessian is not None
        return self.hessian


@cache
def relaxed(situation: str, temperature: float) -> Relaxed:
    """Of a Bernoulli, by the midpoints of a grid over the quantiles of its logistic noise."""
    place = SITUATIONS[situation]
    this = story(place, "Bernoulli", "Relaxed()", replicated=True)
    shape = "[data, 2]" if place.joint or place.loop else "[data]"
    text = this.text.replace("story T\nplate data\n", f"story T\nplate data\ninput e{shape}\n")
    drawn = "e[t]" if place.loop else "e"
    smooth = f"compute z = sigmoid((({place.argument}) + {drawn}) / {temperature})"
    text = text.replace(SAMPLE.format(place.argument), smooth).replace(OTHER, "Expect()")
    assert smooth in text
    model = storchc.load(text=text)().double()
    leaves = replicated(this.inputs, POINTS)
    noise = _grid() if place.joint or place.loop else _line(POINTS)

    def of(second: bool) -> Tensor:
        return derivatives_of_each(model.requires_grad_(), leaves, second=second, e=noise).mean(0)

    return Relaxed(of(False), of(True) if place.second else None)


def _line(count: int) -> Tensor:
    return torch.logit((torch.arange(count, dtype=torch.float64) + 0.5) / count)


def _grid() -> Tensor:
    side = _line(round(POINTS**0.5))
    return torch.cartesian_prod(side, side)
