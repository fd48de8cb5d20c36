"""How time and memory of a step grow: with nodes, with draws, with the length of sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import log
from typing import Any

from tests.bench import chains, discrete_vae, sequences
from tests.bench.memory import kept
from tests.bench.timing import interleaved


@dataclass(frozen=True, slots=True)
class Growth:
    """What was measured of a step at each size, and the exponent that fits it."""

    name: str
    measured: dict[int, float]

    @property
    def exponent(self) -> float:
        """The slope of its logarithm over that of the size, by least squares."""
        points = [(log(size), log(value)) for size, value in self.measured.items()]
        x_mean = sum(x for x, _ in points) / len(points)
        y_mean = sum(y for _, y in points) / len(points)
        above = sum((x - x_mean) * (y - y_mean) for x, y in points)
        return above / sum((x - x_mean) ** 2 for x, _ in points)

    @property
    def last(self) -> float:
        """The exponent between the two largest sizes."""
        (small, early), (large, late) = sorted(self.measured.items())[-2:]
        return log(late / early) / log(large / small)


def growths() -> list[Growth]:
    """The time: with nodes, with draws, with steps of sequences."""
    sizes = (1, 4, 16, 64, 256)
    return [
        measured("nodes, normal", {size: chains.normal(size, True).step for size in sizes}),
        measured("nodes, Bernoulli", {size: chains.bernoulli(size, True).step for size in sizes}),
        measured("draws, score function", draws("ScoreFunction")),
        measured("draws, batch average", draws("ScoreFunction", ", baseline=batch_average")),
        *(measured(f"steps, {name}", letters(name)) for name in sequences.METHODS),
    ]


def keeps() -> list[Growth]:
    """The bytes that are kept for the backward pass: with steps of sequences."""
    return [
        Growth(f"steps, {name}", {size: kept(step) for size, step in letters(name).items()})
        for name in sequences.METHODS
    ]


def letters(name: str) -> dict[int, Callable[[], None]]:
    """A step with sequences of each length."""
    return {size: sequences.case(name, size).step for size in (2, 8, 32, 128, 512)}


def step(model: Any, x: Any) -> None:
    """One forward and backward pass."""
    model(x).backward()


def draws(name: str, options: str = "") -> dict[int, Callable[[], None]]:
    """A step of the discrete VAE for each number of draws."""
    steps: dict[int, Callable[[], None]] = {}
    for n in (2, 4, 8, 16, 32):
        model, x = discrete_vae.build(f"{name}(n={n}{options})")
        steps[n] = partial(step, model, x)
    return steps


def measured(name: str, steps: Mapping[int, Callable[[], None]]) -> Growth:
    """Time the steps of all sizes, interleaved."""
    times = interleaved({str(size): step for size, step in steps.items()}, rounds=15)
    return Growth(name, {size: times.median(str(size)) for size in steps})
