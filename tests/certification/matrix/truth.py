"""The true derivatives of a situation, from the interpreter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from tests.certification.harness import derivatives
from tests.certification.matrix.situations import SITUATIONS, story
from tests.certification.outcomes import NODES, flat
from tests.exact import laws
from tests.exact.interpreter import interpret

__all__ = ["PLAIN", "Truth", "many_nodes", "truth"]

PLAIN = "ScoreFunction(n=1)"


@dataclass(frozen=True, slots=True)
class Truth:
    """The expected cost and its derivatives, flattened over the leaves."""

    cost: Tensor
    gradient: Tensor
    hessian: Tensor | None

    def of(self, second: bool) -> Tensor:
        """The Hessian, or the gradient."""
        if not second:
            return self.gradient
        assert self.hessian is not None
        return self.hessian


@contextmanager
def many_nodes(count: int = NODES) -> Iterator[None]:
    """A Normal has so many nodes of quadrature in the interpreter."""
    before, laws.NODES = laws.NODES, count
    try:
        yield
    finally:
        laws.NODES = before


@cache
def truth(situation: str, family: str, method: str = PLAIN, *, bound: bool = False) -> Truth:
    """By the interpreter, with a score function in the method's place.

    How often it draws tells only where a cost joins the draws.
    """
    place = SITUATIONS[situation]
    this = story(place, family, method, bound=bound, known=True)
    leaves = dict(this.inputs)
    with many_nodes():
        exact = interpret(this.text, this.inputs, {})
    first = flat(derivatives(exact.value, leaves))
    second = None
    if place.second:
        second = torch.stack([flat(derivatives(g, leaves)) for g in first]).detach()
    return Truth(exact.value.detach(), first.detach(), second)
