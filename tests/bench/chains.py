"""Chains of samples, each depending on the one before, and each with a cost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from tests.bench.case import Case, Samples, drawn, load

NODES = 64


def cases(dtype: torch.dtype = torch.float32) -> Iterator[Case]:
    """Normal and Bernoulli, each sample in a plate of its own, and all in one plate."""
    for shared in (False, True):
        yield normal(NODES, shared, dtype)
        yield bernoulli(NODES, shared, dtype)


def normal(nodes: int, shared: bool, dtype: torch.dtype = torch.float32) -> Case:
    """A chain of reparameterized normals."""
    model = load(normal_story(nodes, shared)).to(dtype)
    return Case(titled("normal", nodes, shared), model, (), NormalByHand(model, nodes), flat)


def bernoulli(nodes: int, shared: bool, dtype: torch.dtype = torch.float32) -> Case:
    """A chain of Bernoulli samples with the score function."""
    model = load(bernoulli_story(nodes, shared)).to(dtype)
    return Case(titled("Bernoulli", nodes, shared), model, (), BernoulliByHand(model, nodes), flat)


def titled(family: str, nodes: int, shared: bool) -> str:
    """The name of a chain."""
    return f"chain of {nodes} {family} nodes, {'one plate' if shared else 'a plate each'}"


def normal_story(nodes: int, shared: bool) -> str:
    """The text of a chain of normals."""
    lines = ["story NormalChain", "param start = 0.5"]
    for index in range(nodes):
        before = f"x{index - 1}" if index else "start"
        how = method("Reparameterization", index, shared, "x")
        lines.append(f"sample x{index} ~ Normal(0.9 * {before}, 1) with {how}")
        lines.append(f"cost c{index} = x{index} ** 2")
    return "\n".join(lines) + "\n"


def bernoulli_story(nodes: int, shared: bool) -> str:
    """The text of a chain of Bernoulli samples."""
    lines = ["story BernoulliChain", "param bias = 0.1", "param slope = 0.7"]
    for index in range(nodes):
        logit = f"bias + slope * b{index - 1}" if index else "bias"
        how = method("ScoreFunction", index, shared, "b")
        lines.append(f"sample b{index} ~ Bernoulli(logits={logit}) with {how}")
        lines.append(f"cost c{index} = (b{index} - 0.3) ** 2")
    return "\n".join(lines) + "\n"


def method(name: str, index: int, shared: bool, letter: str) -> str:
    """The method of one sample, and where it stands."""
    return f"{name}() in {letter}0" if shared and index else f"{name}(n=1)"


def flat(estimate: Any) -> Samples:
    """The samples with one dimension each."""
    return {name: value.reshape(1) for name, value in drawn(estimate).items()}


class NormalByHand:
    """The chain of normals by hand."""

    def __init__(self, model: Any, nodes: int) -> None:
        self.start, self.nodes = model.start, nodes

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        x, costs = self.start, []
        for index in range(self.nodes):
            mean = 0.9 * x
            if samples is None:
                x = mean + torch.randn(1, dtype=mean.dtype)
            else:
                x = mean + (samples[f"x{index}"] - mean).detach()
            costs.append(x**2)
        loss = torch.cat(costs).sum()
        return loss, loss


class BernoulliByHand:
    """The chain of Bernoulli samples by hand: each cost credits the scores so far."""

    def __init__(self, model: Any, nodes: int) -> None:
        self.bias, self.slope, self.nodes = model.bias, model.slope, nodes

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        score, costs, scores = self.bias.new_zeros(1), [], []
        b = None
        for index in range(self.nodes):
            logit = self.bias.expand(1) if b is None else self.bias + self.slope * b
            if samples is None:
                with torch.no_grad():
                    b = torch.bernoulli(logit.sigmoid())
            else:
                b = samples[f"b{index}"]
            score = score - F.binary_cross_entropy_with_logits(logit, b, reduction="none")
            scores.append(score)
            costs.append((b - 0.3) ** 2)
        cost = torch.cat(costs)
        return (torch.cat(scores) * cost).sum(), cost.sum()
