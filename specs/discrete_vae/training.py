"""The training that the demo does once for each method."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

import storchc

STORY = Path(__file__).with_name("discrete_vae.story")
EXACT = "Expect()"


@dataclass(slots=True)
class Networks:
    """Encoder and decoder: what a story of any method is built with."""

    encoder: nn.Module
    decoder: nn.Module

    def model(self, method: str) -> nn.Module:
        """The story with ``method`` for its latent variable, around these networks."""
        story = storchc.load(STORY, methods={"z": method})
        return story(encoder=self.encoder, decoder=self.decoder)


Tell = Callable[[str, int, float], None]
"""Hears the name of a method, the step that its training has reached, and the ELBO there."""


@dataclass(slots=True)
class Run:
    """One training: the networks at its end and halfway, the ELBO as it rose.

    ``times`` are the seconds of training before each ELBO, without those that it took itself.
    """

    networks: Networks
    halfway: Networks
    steps: list[int] = field(default_factory=list)
    elbo: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


def networks(pixels: int, seed: int) -> Networks:
    """The same for every method; wider where the images are larger."""
    torch.manual_seed(seed)
    wide, narrow = (128, 64) if pixels <= 256 else (512, 256)
    return Networks(
        nn.Sequential(
            *(nn.Linear(pixels, wide), nn.ReLU()),
            *(nn.Linear(wide, narrow), nn.ReLU()),
            nn.Linear(narrow, 20),
        ),
        nn.Sequential(
            *(nn.Linear(20, narrow), nn.ReLU()),
            *(nn.Linear(narrow, wide), nn.ReLU()),
            nn.Linear(wide, pixels),
        ),
    )


def batches(images: Tensor, size: int, seed: int) -> Callable[[], Tensor]:
    """Draws a batch at each call, the same ones for every method."""
    generator = torch.Generator().manual_seed(seed)
    return lambda: images[torch.randint(len(images), (size,), generator=generator)]


def train(
    method: str,
    parts: Networks,
    batch: Callable[[], Tensor],
    test: Tensor,
    steps: int,
    every: int,
    tell: Callable[[int, float], None],
) -> Run:
    """The plain loop; ``tell`` hears the step and the exact ELBO of the test images."""
    model, exact = parts.model(method), parts.model(EXACT)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    run, spent = Run(parts, parts), 0.0
    for step in range(steps + 1):
        if step == steps // 2:
            run.halfway = deepcopy(parts)
        if step % every == 0 or step == steps:
            run.steps.append(step)
            run.elbo.append(elbo(exact, test))
            run.times.append(spent)
            tell(step, run.elbo[-1])
        if step < steps:
            x = batch()
            began = time.perf_counter()
            optimiser.zero_grad()
            model(x).backward()
            optimiser.step()
            spent += time.perf_counter() - began
    return run


@torch.no_grad()
def elbo(exact: nn.Module, x: Tensor) -> float:
    """The exact evidence lower bound, averaged over images."""
    return -exact(x).cost.item()
