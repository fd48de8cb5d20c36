"""One model whose gradient is estimated again and again, and what was seen of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil, prod
from statistics import median
from time import perf_counter
from zlib import crc32

import torch
from torch import Tensor

from storch_runtime.comparison.memory import peak_memory
from storch_runtime.comparison.moments import Moments
from storch_runtime.comparison.verdict import Truth
from storch_runtime.drawn import Drawn
from storch_runtime.elsewhere import Elsewhere
from storch_runtime.estimate import Estimate
from storch_runtime.observing import Inputs, called, learning, random_state
from storch_runtime.steps import Steps
from storch_runtime.story import StoryModule

__all__ = ["Contender"]

COLD = 3
"""Steps that are not timed: the first ones do what is done once."""


@dataclass(slots=True, eq=False)
class Contender:
    """A model, by its ``name``, called with ``inputs``; ``restore`` sets its buffers back.

    ``seconds`` are those of its steps, ``failure`` what made it give up. It is ``random`` where it
    draws, and ``scored`` where its gradient is made of scores or weights.
    """

    name: str
    model: StoryModule
    inputs: Inputs
    restore: Callable[[], None]
    parameters: dict[str, Tensor] = field(init=False)
    moments: Moments = field(init=False)
    seconds: list[float] = field(default_factory=list)
    memory: int | None = None
    evaluations: int | None = None
    random: bool = False
    scored: bool = False
    failure: str = ""

    def __post_init__(self) -> None:
        self.parameters = learning(self.model)
        if not self.parameters:
            raise ValueError(f"`{self.name}` has no parameter that is trained: nothing to compare")
        places, start = {}, 0
        for name, value in self.parameters.items():
            places[name] = slice(start, start + value.numel())
            start += value.numel()
        self.moments = Moments.none(places, torch.empty(start, device=self.device))

    @property
    def device(self) -> torch.device:
        """Where its parameters are."""
        return next(iter(self.parameters.values())).device

    @property
    def count(self) -> int:
        """Estimates so far."""
        return self.moments.count

    def truth(self, farther: float) -> Truth:
        """What was seen of its gradient; one of scores may lie ``farther`` off than that."""
        precision = next(iter(self.parameters.values())).dtype
        rare = self.scored and self.random
        return Truth(self.moments, self.random, precision, farther if rare else 0.0)

    @property
    def milliseconds(self) -> float:
        """The median of a step; of few steps that of all but the first."""
        timed = self.seconds[COLD:] or self.seconds[1:] or self.seconds
        return median(timed) * 1000 if timed else float("nan")

    def run(self, size: int, seed: int, stop: Callable[[], bool] | None = None) -> bool:
        """Add a batch of ``size`` estimates, unless told to ``stop``; one that fails gives up."""
        stream = crc32(f"{seed} {self.name} {self.count}".encode())
        torch.manual_seed(stream)
        try:
            if self.memory is None:
                self._look()
                torch.manual_seed(stream)
            batch = []
            for _ in range(size):
                if stop is not None and stop():
                    return False
                batch.append(self._gradient())
            self.moments = self.moments.added(batch)
        except Exception as error:
            self.failure = f"{type(error).__name__}: {error}".splitlines()[0]
        return True

    def _look(self) -> None:
        """One step beside the others: what it draws, evaluates and holds."""
        before = random_state(self.parameters.values())
        looked: list[int] = []
        Elsewhere.looked = looked
        try:
            estimate = called(self.model, self.inputs)
        finally:
            Elsewhere.looked = None
        after = random_state(self.parameters.values())
        self.random = not _same(before, after)
        self.scored = any(_is_scored(draw) for draw in estimate.draws.values())
        self.evaluations = _evaluations(estimate, sum(looked))
        del estimate
        self.restore()
        self.memory = peak_memory(self._step, self.device)
        self.restore()

    def _gradient(self) -> Tensor:
        """One estimate ``[P]``."""
        for parameter in self.model.parameters():
            parameter.grad = None
        self._wait()
        began = perf_counter()
        self._step()
        self._wait()
        self.seconds.append(perf_counter() - began)
        found = [
            (torch.zeros_like(value) if value.grad is None else value.grad).flatten()
            for value in self.parameters.values()
        ]
        self.restore()
        return torch.cat(found)

    def _step(self) -> None:
        """What a step of training does, apart from the optimiser's."""
        called(self.model, self.inputs).backward()

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)


def _same(
    one: tuple[Tensor, dict[torch.device, Tensor]], other: tuple[Tensor, dict[torch.device, Tensor]]
) -> bool:
    states = zip(one[1].values(), other[1].values(), strict=True)
    return torch.equal(one[0], other[0]) and all(torch.equal(a, b) for a, b in states)


def _is_scored(draw: Drawn) -> bool:
    """Whether a draw has a score, or weights of its own."""
    parts = draw.draws if isinstance(draw, Steps) else [draw]
    return any(
        getattr(part, "score", None) is not None or getattr(part, "weight", None) is not None
        for part in parts
    )


def _evaluations(estimate: Estimate, looked: int) -> int:
    """How often the costs were evaluated for each element of the data plates."""
    sizes = estimate.plate_sizes()
    plates = {plate for named in estimate.plates.values() for plate in named}
    data = prod(sizes[plate] for plate in plates - estimate.draws.keys())
    drawn = max(
        prod(sizes[plate] for plate in estimate.plates[cost] if plate in estimate.draws)
        for cost in estimate.layout.costs
    )
    return drawn + ceil(looked / data)
