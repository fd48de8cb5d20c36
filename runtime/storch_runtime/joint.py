"""What is kept of a joint sample without replacement."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from storch_runtime.maybe import MaybeNone

__all__ = ["Joint", "Opener"]


class Opener(Protocol):
    """What opened a joint sample: it weighs the whole, whatever has joined.

    ``rest`` says whether it looks at what lies outside the sample.
    """

    rest: ClassVar[bool]

    def weigh(self, joint: Joint) -> Tensor:
        """The weights ``[k, *plates]``."""


@dataclass(slots=True, eq=False, repr=False)
class Joint:
    """Sequences that were drawn together, for each element of the plates; most often none twice.

    A sequence is a value of every sample that has joined so far. There are as many elements as were
    asked for, or as there are sequences if that is less.

    * ``size``: how many were asked for.
    * ``log_prob``: ``[k, *plates]``, of whole sequences, detached.
    * ``alive``: ``[k, *plates]``, whether an element holds a sequence. One that holds none repeats
      another, and counts nothing.
    * ``rest``: ``[*plates]``, the log-probability of all other sequences together; None where the
      method that weighs does not look at it.
    * ``perturbed``: ``[k, *plates]``, the log-probabilities with Gumbel noise, minus infinity where
      an element holds no sequence; None where values were given.
    * ``threshold``: ``[*plates]``, the largest of the other sequences' perturbed log-probabilities,
      minus infinity where there are none; None where values were given.
    * ``parents``: ``[k, *plates]``, which earlier element each continues; None before any joined.
    * ``same``: ``[k, k, *plates]``, which elements agree so far; None where they were drawn. Its
      first dimensions are the elements', wherever these lie.
    * ``opener``: the method or sampler that opened it and weighs the whole, when the weights are
      first asked for: nobody does while further variables join.
    * ``dim``: where its elements lie.
    * ``kept``: what has been computed of it.
    """

    size: int
    log_prob: Tensor
    alive: Tensor
    rest: Tensor | None
    perturbed: Tensor | None = None
    threshold: Tensor | None = None
    parents: Tensor | MaybeNone = None
    same: Tensor | None = None
    opener: Opener | None = None
    dim: int = 0
    kept: dict[str, Tensor] = field(default_factory=dict)

    @property
    def weight(self) -> Tensor | MaybeNone:
        """The weights ``[k, *plates]``, detached; None where they are not known."""
        if "weight" not in self.kept and self.opener is not None:
            with torch.no_grad():
                weight = self.opener.weigh(self.along(self.dim))
            self.kept["weight"] = weight.movedim(0, self.dim)
        return self.kept.get("weight")

    def along(self, dim: int) -> Joint:
        """The same with its elements first; they lie along ``dim``."""
        return self.moved(dim, 0)

    def moved(self, dim: int, to: int) -> Joint:
        """The same with its elements, which lie along ``dim``, along ``to``."""
        if dim == to:
            return self
        moved = [
            None if part is None else part.movedim(dim, to)
            for part in (self.log_prob, self.alive, self.perturbed, self.parents)
        ]
        log_prob, alive, perturbed, parents = moved
        assert log_prob is not None and alive is not None
        return replace(
            self,
            log_prob=log_prob,
            alive=alive,
            perturbed=perturbed,
            parents=parents,
            dim=to,
        )

    @property
    def line(self) -> Tensor:
        """``parents``, of a sample that has chosen among earlier elements."""
        if self.parents is None:
            raise ValueError("this draw has joined no other: nothing follows it")
        return self.parents

    def since(self, line: Tensor) -> Joint:
        """The same, looked at from further back: ``line`` are the elements there that continue."""
        return replace(self, parents=line)

    @property
    def masses(self) -> Tensor:
        """``[k, *plates]``: the log-probabilities; minus infinity without a sequence."""
        return self.log_prob.masked_fill(~self.alive, float("-inf"))
