"""How the time per step grows with the number of nodes, and with the number of draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log

from tests.bench import chains, discrete_vae, generator
from tests.bench.timing import interleaved


@dataclass(frozen=True, slots=True)
class Growth:
    """Seconds per step at each size, and the exponent that fits them."""

    name: str
    seconds: dict[int, float]

    @property
    def exponent(self) -> float:
        """The slope of log time over log size, by least squares; overheads make it smaller."""
        points = [(log(size), log(time)) for size, time in self.seconds.items()]
        x_mean = sum(x for x, _ in points) / len(points)
        y_mean = sum(y for _, y in points) / len(points)
        above = sum((x - x_mean) * (y - y_mean) for x, y in points)
        return above / sum((x - x_mean) ** 2 for x, _ in points)

    @property
    def last(self) -> float:
        """The exponent between the two largest sizes."""
        (small, early), (large, late) = sorted(self.seconds.items())[-2:]
        return log(late / early) / log(large / small)


def growths() -> list[Growth]:
    """The growth with nodes, with the steps of a loop, then with draws."""
    sizes = (1, 4, 16, 64, 256)
    return [
        measured("nodes, normal", {size: chains.normal(size, True).step for size in sizes}),
        measured("nodes, Bernoulli", {size: chains.bernoulli(size, True).step for size in sizes}),
        measured("steps, ancestral", letters(generator.ANCESTRAL)),
        measured("steps, without replacement", letters(generator.JOINT)),
        measured("draws, score function", draws("ScoreFunction")),
        measured("draws, batch average", draws("ScoreFunction", ", baseline=batch_average")),
    ]


def letters(method: str) -> dict[int, Callable[[], None]]:
    """A step of the sequence generator for each number of letters."""
    return {steps: generator.stepping(steps, method) for steps in (2, 8, 32, 128, 512)}


def draws(name: str, options: str = "") -> dict[int, Callable[[], None]]:
    """A step of the discrete VAE for each number of draws."""
    steps = {}
    for n in (2, 4, 8, 16, 32):
        model, x = discrete_vae.build(f"{name}(n={n}{options})")
        steps[n] = lambda model=model, x=x: model(x).backward()
    return steps


def measured(name: str, steps: Mapping[int, Callable[[], None]]) -> Growth:
    """Time the steps of all sizes, interleaved."""
    times = interleaved({str(size): step for size, step in steps.items()}, rounds=15)
    return Growth(name, {size: times.median(str(size)) for size in steps})
