"""What each story of the folder ``by_hand`` is made of and called with, and its loss by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tests.published.programs import language, latent, noise, policies


def nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True)
class Program:
    """``loss(model, *inputs(), **samples)`` has the gradients that the story's estimate has.

    ``parts`` are what the constructor of the story's class takes.
    """

    loss: Callable[..., Tensor]
    inputs: Callable[[], tuple[Any, ...]]
    parts: Callable[[], Mapping[str, Any]] = nothing


def answering() -> Mapping[str, Any]:
    before, reference = nn.Linear(5, 4), nn.Linear(5, 4)
    return {"reward": language.answered_well, "old": before, "reference": reference}


def playing() -> Mapping[str, Any]:
    critic = nn.Sequential(nn.Linear(4, 1), nn.Flatten(0))
    return {"env": policies.env, "critic": critic, "reached": critic}


def digits(*shape: int, of: int) -> Tensor:
    return torch.randint(of, shape)


def counts() -> Tensor:
    return torch.poisson(torch.ones(5, 5)) + torch.eye(5)


PROGRAMS = {
    "a2c": Program(policies.a2c, lambda: (torch.randn(5, 4), 0.9), playing),
    "bayes_by_backprop": Program(
        noise.bayes_by_backprop, lambda: (torch.randn(5, 4), digits(5, of=3), 10.0)
    ),
    "beta_tcvae": Program(latent.beta_tcvae, lambda: (*[torch.rand(5, 6).round()] * 2, 100.0, 6.0)),
    "concrete_dropout": Program(
        noise.concrete_dropout, lambda: (torch.randn(5, 4), torch.randn(5))
    ),
    "diffusion": Program(
        noise.diffusion, lambda: (torch.randn(5, 5), torch.linspace(0.99, 0.01, 10))
    ),
    "flipout": Program(noise.flipout, lambda: (torch.randn(5, 4), digits(5, of=3))),
    "grpo": Program(
        language.grpo,
        lambda: (torch.randn(5, 5),),
        lambda: {"reward": language.written_well, "reference": nn.Linear(5, 6)},
    ),
    "grpo_clipped": Program(language.grpo_clipped, lambda: (torch.randn(5, 5),), answering),
    "lax_policy": Program(
        policies.lax_policy,
        lambda: (torch.randn(5, 4),),
        lambda: {"critic": policies.Critic(), "env": policies.rolled},
    ),
    "masked_vae": Program(latent.masked_vae, lambda: (torch.randn(5, 6), torch.rand(5, 6) < 0.6)),
    "mixture_density": Program(
        latent.mixture_density, lambda: (torch.randn(5, 4), torch.randn(5, 2))
    ),
    "mixture_toy": Program(latent.mixture_toy, lambda: ()),
    "sac": Program(
        policies.sac,
        lambda: (torch.randn(5, 4), 0.2),
        lambda: {"q_1": policies.Critic(), "q_2": policies.Critic()},
    ),
    "scanvi": Program(latent.scanvi, lambda: (counts(), digits(5, of=3), counts(), 0.1)),
    "squashed_policy": Program(
        policies.squashed_policy,
        lambda: (torch.randn(5, 4),),
        lambda: {"reward": policies.swung_up},
    ),
}
