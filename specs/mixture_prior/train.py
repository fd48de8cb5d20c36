"""A variational auto-encoder that learns its prior too, a mixture of ten normal distributions.

The same story is trained with the mixture, and with all its components held at the standard normal
distribution. A mixture has no divergence in closed form, so the story takes `log_prob(q, z) -
log_prob(prior, z)` at the draw. `by_hand` is that bound in plain PyTorch, for comparison. Run
`python specs/mixture_prior/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.distributions import Bernoulli, Categorical, Independent, MixtureSameFamily, Normal

import storchc

STORY = Path(__file__).with_name("mixture_prior.story")


class Row(NamedTuple):
    """What came out with a prior."""

    elbo: float  # averaged over all digits, after training
    components: float  # of the mixture, as many equally probable ones have its entropy


def main(arguments: list[str] | None = None) -> dict[str, Row]:
    """Train with both priors; hand out what came of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    images = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    rows = {}
    for prior in ("standard normal", "mixture"):
        torch.manual_seed(options.seed)
        model = storchc.load(STORY)()
        if prior == "standard normal":
            hold_at_standard_normal(model)
        train(model, images, options.steps, options.batch)
        rows[prior] = judge(model, images)
        elbo, components = rows[prior]
        print(f"{prior:16s} ELBO {elbo:7.2f}   components in use {components:5.1f}")
    apart = distance(model.double(), images[:64].double())
    print(f"farthest from plain PyTorch, on the same noise: {apart:.0e}")
    return rows


@torch.no_grad()
def hold_at_standard_normal(model: Any) -> None:
    """Ten components in the same place are one, which is not trained."""
    for parameter in (model.weights, model.means, model.log_scales):
        parameter.zero_()
        parameter.requires_grad_(False)


def train(model: Any, images: Tensor, steps: int, batch: int) -> None:
    """Raise the bound."""
    prior = [model.weights, model.means, model.log_scales]
    networks = [*model.encoder.parameters(), *model.decoder.parameters()]
    optimiser = torch.optim.Adam([{"params": prior, "lr": 2e-2}, {"params": networks}], lr=2e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        model(images[torch.randint(len(images), (batch,))]).backward()
        optimiser.step()


@torch.no_grad()
def judge(model: Any, images: Tensor) -> Row:
    """The bound on all digits, from 20 draws each, and how much of the mixture is in use."""
    model.methods["z"].n = 20
    return Row(-model(images).cost.item(), Categorical(logits=model.weights).entropy().exp().item())


def by_hand(model: Any, x: Tensor, noise: Tensor) -> Tensor:
    """The negative bound with ``torch.distributions``, at given noise [n, data, L]."""
    components = Independent(Normal(model.means, model.log_scales.exp()), 1)
    prior = MixtureSameFamily(Categorical(logits=model.weights), components)
    mean, log_scale = model.encoder(x).chunk(2, dim=-1)
    z = mean + log_scale.exp() * noise
    posterior = Independent(Normal(mean, log_scale.exp()), 1)
    pixels = Independent(Bernoulli(logits=model.decoder(z), validate_args=False), 1)
    return (posterior.log_prob(z) - prior.log_prob(z) - pixels.log_prob(x)).mean()


def distance(model: Any, x: Tensor) -> float:
    """The largest difference in loss and gradient between the story and `by_hand`."""
    model.methods["z"].n = 3
    torch.manual_seed(1)
    estimate = model(x)
    mean, log_scale = model.encoder(x).chunk(2, dim=-1)
    noise = ((estimate.samples["z"] - mean) / log_scale.exp()).detach()
    found = differentiated(estimate.loss, model)
    wanted = differentiated(by_hand(model, x, noise), model)
    return max((a - b).abs().max().item() for a, b in zip(found, wanted, strict=True))


def differentiated(loss: Tensor, model: Any) -> list[Tensor]:
    """A loss, then its derivatives by all that learns."""
    learning = [parameter for parameter in model.parameters() if parameter.requires_grad]
    return [loss.detach(), *torch.autograd.grad(loss, learning)]


if __name__ == "__main__":
    main()
