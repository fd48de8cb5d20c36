"""`torch.compile(fullgraph=True)` takes every story of the gallery and computes the same."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import Any

import pytest
import torch
from torch import nn

import storchc
from tests.gallery.conftest import SPECS, Script

TOLERANCE: dict[str, Any] = {"rtol": 1e-4, "atol": 1e-6}
DIGITS = torch.rand(4, 64, generator=torch.Generator().manual_seed(0))


def networks() -> dict[str, nn.Module]:
    encoder = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 20))
    decoder = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 64))
    return {"encoder": encoder, "decoder": decoder}


def build(name: str, method: str, script: Script) -> tuple[Any, tuple[Any, ...]]:
    """The model of a story, and inputs."""
    parts: dict[str, Any] = {}
    inputs: tuple[Any, ...] = (DIGITS,)
    sample = "z"
    match name:
        case "introduction":
            inputs, sample = (), "e"
        case "bernoulli_toy":
            inputs, sample = (0.45,), "b"
        case "discrete_vae":
            parts = networks()
        case "normal_vae":
            inputs = (DIGITS, 0.5)
        case "conv_vae":
            train = script("conv_vae/train")
            parts = {"encoder": train.encoder(), "decoder": train.decoder()}
            inputs = (DIGITS.reshape(4, 1, 8, 8),)
        case "bandit":
            casino = script("bandit/train").Casino()
            critic = nn.Sequential(nn.Linear(6, 1), nn.Flatten(start_dim=0))
            parts = {"policy": nn.Linear(6, 4), "critic": critic, "reward": casino.reward}
            inputs = (casino.contexts(4),)
        case "missing_data":
            inputs = (DIGITS, DIGITS < 0.5)
        case "hidden_markov":
            inputs = (DIGITS[:, :4],)
        case "soft_actor_critic":
            train = script("soft_actor_critic/train")
            learner = train.Learner(0.1)
            parts = {"policy": learner.policy, "first": learner.critics[0]}
            parts["second"] = learner.critics[1]
            inputs = (DIGITS[:, :2], 0.1)
        case "custom_method":
            script("custom_method/train")
            inputs = (DIGITS[:, :12].round(),)
    story = SPECS / name / f"{name}.story"
    return storchc.load(story, methods={sample: method} if method else {})(**parts), inputs


STORIES = [
    ("introduction", ""),
    ("introduction", "ScoreFunction(n=3, baseline=moving_average)"),
    ("bernoulli_toy", ""),
    ("discrete_vae", ""),
    ("discrete_vae", "Expect()"),
    ("normal_vae", ""),
    ("conv_vae", ""),
    ("iwae", ""),
    ("bandit", ""),
    ("custom_method", ""),
    pytest.param("mixture_prior", "", marks=pytest.mark.certify_all),
    pytest.param("flow", "", marks=pytest.mark.certify_all),
    pytest.param("missing_data", "", marks=pytest.mark.certify_all),
    pytest.param("hidden_markov", "", marks=pytest.mark.certify_all),
    pytest.param("soft_actor_critic", "", marks=pytest.mark.certify_all),
]


@pytest.mark.parametrize(("name", "method"), STORIES)
@pytest.mark.filterwarnings("ignore")  # torch's own, while it compiles
def test_compiled_agrees_with_eager(name: str, method: str, script: Script) -> None:
    agree(*build(name, method, script), "aot_eager")


@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")
def test_inductor_agrees_with_eager(script: Script) -> None:
    agree(*build("introduction", "ScoreFunction(n=3)", script), "inductor")


@pytest.mark.filterwarnings("ignore")
def test_a_relaxation_compiles(script: Script) -> None:
    """It cannot be replayed, so both draw from the same seed."""
    model, inputs = build("discrete_vae", "GumbelSoftmax(temperature=0.5)", script)
    found = []
    for call in (torch.compile(model, fullgraph=True, backend="aot_eager"), model):
        torch.manual_seed(1)
        found.append(outcome(model, call(*inputs)))
    torch.testing.assert_close(*found, **TOLERANCE)


def agree(model: Any, inputs: tuple[Any, ...], backend: str) -> None:
    """On the same samples: cost and gradients, eager and compiled."""
    torch.compiler.reset()
    given = drawn(model(*inputs))
    model.eval()  # so that the estimate above leaves nothing unsettled
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    expected = outcome(model, model(*inputs, given=given))
    torch.testing.assert_close(
        outcome(model, compiled(*inputs, given=given)), expected, **TOLERANCE
    )


def drawn(estimate: Any) -> dict[str, torch.Tensor]:
    """The samples, but for those that were summed out."""
    given = {}
    for name in estimate.samples:
        with suppress(KeyError):
            given[name] = estimate.samples[name].detach()
    return given


def outcome(model: Any, estimate: Any) -> list[torch.Tensor]:
    """The cost, then all gradients."""
    model.zero_grad()
    cost = estimate.backward()
    parameters = model.parameters()
    return [cost, *(torch.zeros(()) if p.grad is None else p.grad for p in parameters)]
