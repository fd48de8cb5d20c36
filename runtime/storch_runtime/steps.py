"""Loops: the draws of a sample in every step, sums over earlier and later steps, and stopping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.errors import StoryShapeError
from storch_runtime.maybe import MaybeNone
from storch_runtime.remembered import How, carried, source_of
from storch_runtime.surrogate import magic_box

if TYPE_CHECKING:
    from storch_runtime.joint import Joint

__all__ = [
    "Steps",
    "all_stopped",
    "earlier",
    "from_here",
    "held",
    "later",
    "number_of_steps",
    "opened",
    "sequence",
    "step_of",
    "taken",
]


class Steps:
    """The draws of one sample in a loop, one a step; shapes are those of `Drawn`.

    Of nested loops the draws are `Steps` themselves. In ``value`` what has stopped repeats its last
    value. The product of the weights is shared among the ``elements`` of a plate that the sample
    itself has opened.
    """

    __slots__ = (
        "_box",
        "_by_step",
        "_score",
        "_value",
        "count",
        "distribution",
        "draws",
        "elements",
        "joint",
        "plate_dim",
        "points",
        "replayed",
    )

    def __init__(self, draws: Sequence[Drawn], count: int, elements: int | None = None) -> None:
        self.draws = draws
        self.count = count
        self.elements = elements
        first = draws[0]
        self.distribution = first.distribution
        self.replayed = first.replayed
        self.plate_dim = first.plate_dim + 1  # behind the steps
        self.points: Tensor | None = None
        self.joint: Joint | MaybeNone = None
        self._by_step: Tensor | None = None
        self._value: Tensor | None = None
        self._score: Tensor | None = None
        self._box: Tensor | None = None

    @property
    def weight(self) -> Tensor | MaybeNone:
        """See `Drawn.weight`."""
        return self._weighed()

    def _weighed(self) -> Tensor | None:
        by_step = self.weight_by_step
        return None if by_step is None else by_step[(-1,) * self.depth]

    @property
    def depth(self) -> int:
        """How many loops stand inside of one another."""
        first = self.draws[0]
        return 1 + first.depth if isinstance(first, Steps) else 1

    @property
    def weight_by_step(self) -> Tensor | MaybeNone:
        """``[steps, *plates]``: the product of the weights up to each step, or None.

        What comes later is expected to weigh 1.
        """
        if self._by_step is None:
            product = self._product()
            if product is not None:
                self._by_step = product if self.elements is None else product / self.elements
        return self._by_step

    def _product(self) -> Tensor | None:
        """The product up to each step, in nested loops with all of the outer steps before it."""
        every = [draw.weight for draw in self.draws]
        weights = [weight for weight in every if weight is not None]
        if not weights:
            return None
        product = torch.stack(weights).cumprod(0)
        if self.depth == 1:
            return product
        inner = [draw.weight_by_step for draw in self.draws if isinstance(draw, Steps)]
        within = torch.stack([weight for weight in inner if weight is not None])
        before = torch.cat([torch.ones_like(product[:1]), product[:-1]])
        return before[(slice(None), *(None,) * (self.depth - 1))] * within

    @property
    def value(self) -> Tensor:
        """The values of all steps, ``[*plates, T, *event]``."""
        if self._value is None:
            self._value = self._valued()
        return self._value

    @value.setter
    def value(self, value: Tensor) -> None:
        self._value = value

    def _valued(self) -> Tensor:
        dim = len(self.distribution.plates)
        values = list(self.all_steps([draw.value for draw in self.draws], 0))
        return sequence(values, self.count, dim)

    def all_steps(self, steps: list[Tensor], inner: int) -> Tensor:
        """What every step has left, ``[steps, *inner, *plates, *event]``: here as it is.

        ``inner`` counts the dimensions in front of the plates, those of inner loops.
        """
        return torch.stack(steps)

    def reindexed(self, joint: Joint) -> Steps:
        """These draws, along the sequences that ``joint`` has chosen behind the loop."""
        return Steps([draw.reindexed(joint) for draw in self.draws], self.count, self.elements)

    def stacked(self, steps: list[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Values of every step by name, with the steps behind the plates; 0 in those not taken."""
        plates = len(self.distribution.plates)
        return {
            name: sequence(
                [step[name] for step in steps],
                self.count,
                min(plates, first.dim()),
                rest=torch.zeros_like(first),
            )
            for name, first in steps[0].items()
        }

    @property
    def log_prob(self) -> Tensor:
        """The log-probability of the whole sequence, ``[*plates]``."""
        return self.all_steps([draw.log_prob for draw in self.draws], 0).sum(0)

    @property
    def score(self) -> Tensor:
        """The gradient function of every step, ``[steps, *plates]``."""
        if self._score is None:
            self._score = self._scored()
        return self._score

    @score.setter
    def score(self, score: Tensor) -> None:
        self._score = score

    def _scored(self) -> Tensor:
        each = [draw.score for draw in self.draws]
        scores = [score for score in each if score is not None]
        return self.all_steps(scores, scores[0].dim() - len(self.distribution.plates))

    @property
    def box(self) -> Tensor:
        """The magic box of every step's own score."""
        if self._box is None:
            self._box = magic_box(self.score)
        return self._box


class _Held(Draw):
    """A draw of which some elements have stopped: they keep their value, score nothing, weigh 1."""

    __slots__ = ("alive", "drawn")

    def __init__(self, draw: Draw, alive: Tensor, value: Tensor) -> None:
        weight = None if draw.weight is None else torch.where(alive, draw.weight, 1.0)
        super().__init__(value, draw.distribution, weight, None, draw.replayed, draw.plate_dim)
        self.alive = alive
        self.drawn = draw
        if draw.score is not None:
            self.score = torch.where(alive, draw.score, 0.0)

    @property
    def log_prob(self) -> Tensor:
        """The log-probability, 0 where an element has stopped."""
        return torch.where(self.alive, self.drawn.log_prob, 0.0)


def held(draw: Draw, alive: Tensor, before: Tensor) -> Draw:
    """The draw of a step in which only the elements ``alive`` ``[*plates]`` take part.

    The others keep the value that they had ``before``.
    """
    event = draw.value.dim() - alive.dim()
    chosen = alive.reshape(alive.shape + (1,) * event)
    value = torch.where(chosen, draw.value, before)
    how: How | None = getattr(draw.value, "drawn_how", None)
    if how is not None:  # of those that are held it is theirs, if they had any
        theirs = source_of(before, how)
        carried(value, draw.value, lambda s: s if theirs is None else s.where(chosen, theirs))
    return _Held(draw, alive, value)


def taken(draw: Drawn) -> list[tuple[Drawn, Tensor | None]]:
    """Every single draw, of loops in the order of their steps, with the elements that take part.

    What a step in which some have stopped drew is what it drew before they were held; None: all
    take part.
    """
    if isinstance(draw, Steps):
        return [each for step in draw.draws for each in taken(step)]
    return [(draw.drawn, draw.alive)] if isinstance(draw, _Held) else [(draw, None)]


# --- plates and values given ---------------------------------------------------------------------


class Counted(Protocol):
    """A method, as far as it says how many elements there are."""

    @property
    def elements(self) -> int:
        """How many elements a plate has that it opens in a loop."""


def opened(method: Counted, given: Tensor | None, dim: int) -> int:
    """How many elements a plate has that is opened when a loop is entered."""
    return method.elements if given is None else given.shape[dim]


def step_of(
    given: Tensor | None, *, plates: int, steps: tuple[int, ...], counts: tuple[int, ...]
) -> Tensor | None:
    """The value given for one step: the steps of the loops around it stand behind its plates.

    Given are ``[*plates, *counts, *event]``; ``steps`` is one of ``counts`` for each loop.
    """
    if given is None:
        return None
    sizes = tuple(given.shape[plates : plates + len(counts)])
    if sizes != counts:
        raise StoryShapeError(
            f"the value given for a sample in a loop has shape {list(given.shape)}; behind its "
            f"plates it needs the numbers of steps {list(counts)}"
        )
    return given[(slice(None),) * plates + steps]


def number_of_steps(count: int, where: str) -> int:
    """``count``, which is at least 1."""
    if count < 1:
        raise StoryShapeError(f"{where}: the loop has {count} steps, it needs 1 or more")
    return count


# --- over time -----------------------------------------------------------------------------------


def earlier(value: Tensor, dim: int) -> Tensor:
    """The sum over the steps before each."""
    return value.cumsum(dim) - value


def from_here(value: Tensor, dim: int) -> Tensor:
    """The sum over each step and those after it: the return to go."""
    return value.flip(dim).cumsum(dim).flip(dim)


def later(value: Tensor, dim: int) -> Tensor:
    """The sum over the steps after each."""
    return from_here(value, dim) - value


def sequence(steps: list[Tensor], count: int, dim: int, rest: Tensor | None = None) -> Tensor:
    """The steps stacked at ``dim``; those that were not taken hold ``rest``, or the last value."""
    missing = count - len(steps)
    if missing:
        steps = [*steps, *[steps[-1] if rest is None else rest] * missing]
    return torch.stack(steps, dim)


def all_stopped(alive: Tensor) -> bool:
    """Whether a loop may end early; while torch compiles it, no value is looked at."""
    return not torch.compiler.is_compiling() and not bool(alive.any())
