"""What the samplers share whose draws are made of uniform variables that depend on one another."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect
from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.distributions import Bernoulli
from storch_runtime.distributions.categorical import Classes
from storch_runtime.draw import Draw
from storch_runtime.samplers.sampler import Outcome, Sampler

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

Column = tuple[int, ...]
"""Which interval the uniform variable of each of n elements lies in, at one place."""


class ByUniform(Sampler):
    """Draws through the inverse of each family's distribution function.

    Every element has uniform variables by itself; the n elements have them together. In a loop the
    plate that they stand in is open, and each has a distribution of its own: it lies ``along`` that
    dimension of the distribution's plates, and n is None.
    """

    coupled = True

    @abstractmethod
    def uniforms(self, n: int, plates: torch.Size, event: torch.Size, like: Tensor) -> Tensor:
        """``[n, *plates, *event]``, dtype and device of ``like``."""

    @abstractmethod
    def columns(self, edges: list[float], n: int, place: tuple[int, int]) -> dict[Column, float]:
        """Every column of intervals between ``edges`` with its probability.

        ``place`` is the number of the event's element, and how many it has.
        """

    def draw(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        pathwise: bool = False,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        along: int | None = None,
        **values: Any,
    ) -> Draw:
        """See `Sampler.draw`; an outcome is the whole value, ``[n, *plates, *event]``."""
        if n is None and along is None:
            raise ValueError(
                f"`{type(self).__name__}` draws the elements of a plate together: it needs a plate "
                "of its own and cannot draw `in` another"
            )
        if outcome is not None:
            return Draw(outcome, distribution)
        if noise is None:
            noise = self._noise(distribution, n, along or 0)
        drawn = distribution.rsample if pathwise else distribution.sample
        return Draw(drawn(n, noise=noise), distribution)

    def _noise(self, distribution: Distribution, n: int | None, along: int) -> Tensor:
        """``[n, *plates, *event]``, or where n is None ``[*plates, *event]``."""
        like = next(iter(distribution.parameters.values()), torch.zeros(()))
        plates, shape = distribution.plates, distribution.noise_shape
        event = shape[len(plates) :]
        if n is None:
            n, plates = plates[along], torch.Size([*plates[:along], *plates[along + 1 :]])
        uniforms = self.uniforms(n, plates, event, like).movedim(0, along)
        smallest = torch.finfo(uniforms.dtype).eps / 2  # its complement is a float as well
        return distribution.noise_from_uniform(uniforms.clamp(smallest, 1 - smallest))

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Sampler.replay`."""
        return Draw(value, distribution, replayed=True)

    def outcomes(
        self, distribution: Distribution, n: int | None, along: int | None = None
    ) -> list[Outcome]:
        """Every joint column of intervals, one for each element of the plates and the event."""
        edges, dim, shape = _edges(distribution).double(), along or 0, distribution.noise_shape
        if n is None:
            n, edges = shape[dim], edges.movedim(dim, 0)
            shape = torch.Size([*shape[:dim], *shape[dim + 1 :]])
            edges = edges.reshape(n, prod(shape), -1).movedim(0, 1)
        rows = [sorted(set(row)) for row in edges.reshape(prod(shape), -1).tolist()]
        size = prod(distribution.noise_shape[len(distribution.plates) :])
        choices = [self.columns(row, n, (i % size, size)) for i, row in enumerate(rows)]
        listed = []
        for columns in product(*(choice.items() for choice in choices)):
            middles = [
                [_middle(row, k) for k in column]
                for row, (column, _) in zip(rows, columns, strict=True)
            ]
            noise = torch.tensor(middles, dtype=torch.float64).T.reshape(n, *shape)
            value = self._valued(distribution, noise.to(_edges(distribution)), along)
            listed.append((value, prod(chance for _, chance in columns)))
        return listed

    def _valued(self, distribution: Distribution, noise: Tensor, along: int | None) -> Tensor:
        """The values of noise ``[n, *plates, *event]``."""
        if along is None:
            return distribution.sample(len(noise), noise=noise)
        return distribution.sample(None, noise=noise.movedim(0, along))


def pieces(inner: list[float], low: float = 0.0, high: float = 1.0) -> list[tuple[float, float]]:
    """The middle and the length of each piece that ``inner`` cuts an interval into."""
    cuts = sorted({low, high, *(edge for edge in inner if low < edge < high)})
    return [((a + b) / 2, b - a) for a, b in pairwise(cuts)]


def collected(
    edges: list[float], columns: list[tuple[tuple[float, ...], float]]
) -> dict[Column, float]:
    """Columns of uniform variables with their probabilities, by the intervals they lie in."""
    found: dict[Column, float] = {}
    for uniforms, chance in columns:
        column = tuple(bisect(edges, u) for u in uniforms)
        found[column] = found.get(column, 0.0) + chance
    return found


def _edges(distribution: Distribution) -> Tensor:
    """``[*plates, *batch event, E]``: where the value changes with its uniform variable."""
    if isinstance(distribution, Bernoulli):
        return distribution.probs.detach().unsqueeze(-1)
    if isinstance(distribution, Classes):
        return distribution.probs.detach().cumsum(-1)[..., :-1]
    raise TypeError(f"the outcomes of {type(distribution).__name__} are not listed")


def _middle(edges: list[float], interval: int) -> float:
    bounds = [0.0, *edges, 1.0]
    return (bounds[interval] + bounds[interval + 1]) / 2
