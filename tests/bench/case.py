"""What is timed: one training step, as storchc writes it and as one writes it by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

import storchc

TOLERANCE = 1e-5
Samples = dict[str, Tensor]
ByHand = Callable[[Samples | None], tuple[Tensor, Tensor]]
"""Takes samples to use, or draws; gives what is differentiated, and the cost."""


@dataclass(frozen=True)
class Case:
    """A generated module with its inputs, and the same step by hand on the same parameters."""

    name: str
    model: nn.Module
    inputs: tuple[Any, ...]
    by_hand: ByHand
    samples_of: Callable[[Any], Samples]

    @cached_property
    def parameters(self) -> list[nn.Parameter]:
        """What both steps differentiate by."""
        return list(self.model.parameters())

    def step(self) -> None:
        """One step of the generated module."""
        self.forget()
        self.model(*self.inputs).backward()

    def step_by_hand(self) -> None:
        """The same step by hand."""
        self.forget()
        self.by_hand(None)[0].backward()

    def forget(self) -> None:
        """Drop the gradients, as every step does."""
        for parameter in self.parameters:
            parameter.grad = None

    def check(self) -> float:
        """`disagreement`, an error where it is more than rounding."""
        gap = self.disagreement()
        if not gap < TOLERANCE:
            raise AssertionError(f"{self.name}: the two steps differ by {gap:.1e}")
        return gap

    def disagreement(self) -> float:
        """The largest relative difference of cost and gradients, on the same samples."""
        self.forget()
        estimate = self.model(*self.inputs)
        cost = estimate.backward()
        mine = gradients(self.parameters)
        self.forget()
        loss, cost_by_hand = self.by_hand(self.samples_of(estimate))
        loss.backward()
        return differences([cost, *mine], [cost_by_hand, *gradients(self.parameters)])


def load(text: str, **parts: Any) -> Any:
    """The model of a story, built with ``parts``."""
    return storchc.load(text=text)(**parts)


def drawn(estimate: Any) -> Samples:
    """The samples of an estimate, detached: what the step by hand takes."""
    return {name: value.detach() for name, value in estimate.samples.items()}


def gradients(parameters: Sequence[Tensor]) -> list[Tensor]:
    """The gradients, zero where there is none."""
    return [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]


def differences(ours: Sequence[Tensor], theirs: Sequence[Tensor]) -> float:
    """The largest difference between two lists of tensors, relative to the largest element."""
    gaps = zip(ours, theirs, strict=True)
    return max(
        ((a.detach() - b.detach()).abs().max() / b.detach().abs().max().clamp(min=1e-6)).item()
        for a, b in gaps
    )
