"""Certifying joint samples of several variables and steps: outcomes are whole sequences.

A story says OPEN where the joint sample begins, ``with JOIN … in`` where another variable joins it.
The probability of a sequence, which has a value of every variable in every step, is that of the
same story with plain score functions; so is the truth, by the interpreter. Every set of sequences,
or every order of them, is replayed and weighted by the probability of drawing it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, permutations, product
from math import prod
from typing import Any

import torch
from torch import Tensor

from tests.certification.harness import (
    Case,
    Uncertified,
    case,
    derivatives,
    differentiable,
    parameters,
)
from tests.certification.joint.test_stories import chance
from tests.certification.outcomes import flat
from tests.exact.interpreter import interpret

Row = dict[str, Tensor]
"""A value of every variable, ``[*steps, *event]``."""

BITS = (torch.tensor(0.0), torch.tensor(1.0))
PAIRS = (torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))


@dataclass(frozen=True)
class Sequences:
    """A story, and of every variable its outcomes in one step and the numbers of its steps.

    ``inputs`` are those of a single element of the data plate, ``size`` how many there are.
    """

    text: str
    variables: dict[str, tuple[Sequence[Tensor], tuple[int, ...]]]
    inputs: dict[str, Any] = field(default_factory=dict)

    def story(self, method: str, options: str) -> Case:
        """It with a method that draws without replacement."""
        text = self.text.replace("OPEN", f"{method}({options})").replace("JOIN", f"{method}()")
        return case(text, self.inputs)

    @cached_property
    def plain(self) -> Case:
        """It with score functions."""
        return self.story("ScoreFunction", "")

    @cached_property
    def truth(self) -> Tensor:
        """The exact gradient."""
        model = self.plain.model()
        exact = interpret(self.plain.text, self.plain.inputs, parameters(model))
        return flat(derivatives(exact.value, differentiable(model, self.plain))).detach()

    @cached_property
    def sequences(self) -> list[tuple[Row, float]]:
        """Every sequence with its probability; what has stopped repeats its last value."""
        model = self.plain.model()
        spaces = [
            [torch.stack(s).double().reshape((*steps, *each[0].shape)) for s in runs]
            for each, steps in self.variables.values()
            for runs in [product(each, repeat=prod(steps))]
        ]
        found = []
        for values in product(*spaces):
            row = dict(zip(self.variables, values, strict=True))
            estimate = model(**self.plain.inputs, given=self.given([row]))
            kept = all(torch.equal(estimate.samples[n].reshape(v.shape), v) for n, v in row.items())
            if kept:
                logs = (estimate.log_probs[name].detach().sum() for name in row)
                found.append((row, float(sum(logs, torch.zeros(())).exp())))
        total = sum(p for _, p in found)
        assert abs(total - 1) < 1e-9, f"the probabilities add up to {total}"
        return found

    def given(self, rows: Sequence[Row]) -> Row:
        """Sequences as the values of samples, with their plate and the data plate."""
        stacked = {name: torch.stack([row[name] for row in rows]) for name in rows[0]}
        data = "plate data" in self.text
        return {name: value.unsqueeze(1) if data else value for name, value in stacked.items()}

    def over_sets(self, method: str, k: int) -> Tensor:
        """The expected gradient over all sets of ``k`` sequences."""
        return self._expected(method, k, combinations, chance)

    def over_orders(self, method: str, k: int) -> Tensor:
        """The expected gradient over all orders in which ``k`` sequences may be drawn."""
        return self._expected(method, k, permutations, in_order)

    def _expected(
        self,
        method: str,
        k: int,
        choices: Callable[..., Any],
        probability: Callable[[tuple[float, ...]], float],
    ) -> Tensor:
        story = self.story(method, f"k={k}")
        model = story.model()
        leaves = differentiable(model, story)
        total = torch.zeros_like(self.truth)
        for chosen in choices(self.sequences, k):
            rows, shares = zip(*chosen, strict=True)
            loss = model(**story.inputs, given=self.given(rows)).loss
            total += probability(shares) * flat(derivatives(loss, leaves)).detach()
        return total

    def agree(self, got: Tensor) -> None:
        """Raise where a gradient is not the true one."""
        if not torch.allclose(got, self.truth, rtol=0, atol=1e-9):
            raise Uncertified(f"got {got}, expected {self.truth}")

    def follows(self, method: str, k: int, draws: int = 20) -> None:
        """Raise where draws are not what their replay is: values that are given follow nothing."""
        story = self.story(method, f"k={k}")
        model = story.model()
        leaves = differentiable(model, story)
        torch.manual_seed(0)
        for _ in range(draws):
            drawn = model(**story.inputs)
            given = {name: value.detach() for name, value in drawn.samples.items()}
            again = model(**story.inputs, given=given)
            for one, other in zip(public(drawn, leaves), public(again, leaves), strict=True):
                if not torch.allclose(one, other, rtol=0, atol=1e-9):
                    raise Uncertified(f"drawn {one}, replayed {other}")

    def whole(self, method: str, more: int) -> None:
        """Raise where sets of all sequences, and ``more`` elements that hold none, vary."""
        story = self.story(method, f"k={len(self.sequences) + more}")
        model = story.model()
        for _ in range(2):
            estimate = model(**story.inputs)
            self.agree(flat(derivatives(estimate.loss, differentiable(model, story))).detach())
            assert not any(value.isnan().any() for value in estimate.costs.values())


def in_order(probabilities: tuple[float, ...]) -> float:
    """Of drawing these without replacement one after another."""
    total, left = 1.0, 1.0
    for p in probabilities:
        total *= p / left
        left -= p
    return total


def public(estimate: Any, leaves: dict[str, Tensor]) -> list[Tensor]:
    """The gradient, and all that an estimate shows."""
    tables = (estimate.costs, estimate.weights, estimate.log_probs, estimate.reports)
    seen = [value.detach() for table in tables for value in table.values()]
    return [flat(derivatives(estimate.loss, leaves)).detach(), *seen]
