"""A variational auto-encoder with a transformed posterior, on scikit-learn's handwritten digits.

A normal variable goes through a sigmoid, and that to a power which the encoder gives as well; the
prior is uniform between 0 and 1. A value knows the normal one that it was drawn with, so that its
density is right where the sigmoid is flat. What the divergence is after training, quadrature tells
too; `by_hand` is the bound in plain PyTorch. Run `python specs/flow/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.distributions import (
    Bernoulli,
    Independent,
    Normal,
    PowerTransform,
    SigmoidTransform,
    TransformedDistribution,
)
from torch.nn.functional import logsigmoid

import storchc

STORY = Path(__file__).with_name("flow.story")


class Figures(NamedTuple):
    """What came out, averaged over all digits."""

    elbo: float
    divergence: float  # of the posteriors from the prior, from draws
    quadrature: float  # the same, integrated numerically


def main(arguments: list[str] | None = None) -> Figures:
    """Train, then compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    images = torch.tensor(load_digits().data / 16, dtype=torch.float32)

    model = storchc.load(STORY)()
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(1, options.steps + 1):
        optimiser.zero_grad()
        estimate = model(images[torch.randint(len(images), (options.batch,))])
        cost = estimate.backward().item()
        optimiser.step()
        if step % 500 == 0:
            print(f"step {step:5d}   ELBO of the batch {-cost:7.2f}")
    return judge(model.double(), images.double())


@torch.no_grad()
def judge(model: Any, images: Tensor) -> Figures:
    """The bound on all digits, from 20 draws each, and its divergence in two ways."""
    model.methods["z"].n = 20
    estimate = model(images)
    drawn = estimate.costs["divergence"].mean().item()
    figures = Figures(-estimate.cost.item(), drawn, quadrature(model, images))
    print(f"ELBO {figures.elbo:.2f}")
    print(f"divergence from the prior: {drawn:.3f} by draws, {figures.quadrature:.3f} integrated")
    return figures


def quadrature(model: Any, x: Tensor, nodes: int = 60) -> float:
    """The mean divergence from the uniform prior, by Gauss-Hermite quadrature.

    With z = s(u)^a the density of z is that of u over the slope a s(u)^a s(-u), and the entropy of
    u is known.
    """
    places, weights = (torch.tensor(each) for each in np.polynomial.hermite_e.hermegauss(nodes))
    mean, log_scale, log_power = model.encoder(x).chunk(3, dim=-1)
    u = mean + log_scale.exp() * places[:, None, None]  # [nodes, data, L]
    log_slope = log_power + log_power.exp() * logsigmoid(u) + logsigmoid(-u)
    expected = torch.tensordot(weights / weights.sum(), log_slope, 1)
    return (-Normal(mean, log_scale.exp()).entropy() - expected).sum(-1).mean().item()


def by_hand(model: Any, x: Tensor, noise: Tensor) -> Tensor:
    """The negative bound with ``torch.distributions``, at given noise [n, data, L]."""
    mean, log_scale, log_power = model.encoder(x).chunk(3, dim=-1)
    bends = [SigmoidTransform(), PowerTransform(log_power.exp())]
    posterior = Independent(TransformedDistribution(Normal(mean, log_scale.exp()), bends), 1)
    z = (mean + log_scale.exp() * noise).sigmoid() ** log_power.exp()
    pixels = Independent(Bernoulli(logits=model.decoder(z), validate_args=False), 1)
    return (posterior.log_prob(z) - pixels.log_prob(x)).mean()  # the prior's density is 1


def distance(model: Any, x: Tensor) -> float:
    """The largest difference in loss and gradient between the story and `by_hand`."""
    model.methods["z"].n = 3
    torch.manual_seed(1)
    estimate = model(x)
    mean, log_scale, log_power = model.encoder(x).chunk(3, dim=-1)
    u = (estimate.samples["z"] ** (-log_power).exp()).logit()
    noise = ((u - mean) / log_scale.exp()).detach()
    found = differentiated(estimate.loss, model)
    wanted = differentiated(by_hand(model, x, noise), model)
    return max((a - b).abs().max().item() for a, b in zip(found, wanted, strict=True))


def differentiated(loss: Tensor, model: Any) -> list[Tensor]:
    """A loss, then its derivatives by all that learns."""
    return [loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))]


if __name__ == "__main__":
    main()
