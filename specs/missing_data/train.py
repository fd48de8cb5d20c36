"""A variational auto-encoder of digits of which half the pixels are missing.

The likelihood of the pixels is kept apart (`reduction="none"`), so that a mask can say which of
them count. Missing ones may have any value, NaN included. The trained model fills them in, better
than the mean of the pixels that were seen in the same place; `by_hand` is the bound in plain
PyTorch, image by image, without what is missing. Run `python specs/missing_data/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.distributions import Normal, kl_divergence

import storchc

STORY = Path(__file__).with_name("missing_data.story")


class Figures(NamedTuple):
    """Errors on the pixels that were not seen, of 0 to 1: roots of mean squares."""

    model: float
    mean: float  # of the mean of what was seen in the same place


def main(arguments: list[str] | None = None) -> Figures:
    """Hide pixels, train on the others, then fill in."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--missing", type=float, default=0.5, help="share of the pixels")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    images = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    seen = torch.rand_like(images) > options.missing
    left = images.masked_fill(~seen, torch.nan)

    model = storchc.load(STORY)()
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(1, options.steps + 1):
        chosen = torch.randint(len(images), (options.batch,))
        optimiser.zero_grad()
        cost = model(left[chosen], seen[chosen]).backward().item()
        optimiser.step()
        if step % 500 == 0:
            print(f"step {step:5d}   bound on log p of the pixels seen {-cost:7.2f}")
    return judge(model, images, left, seen)


@torch.no_grad()
def judge(model: Any, images: Tensor, left: Tensor, seen: Tensor) -> Figures:
    """How far from the hidden pixels are those that are filled in."""
    model.methods["z"].n = 20
    filled = model(left, seen).reports["imputed"].mean(0)
    mean = left.nanmean(0).expand_as(images)
    errors = [(guess - images)[~seen].square().mean().sqrt().item() for guess in (filled, mean)]
    figures = Figures(*errors)
    print(f"error on hidden pixels: {figures.model:.3f}, of their mean {figures.mean:.3f}")
    return figures


def by_hand(model: Any, x: Tensor, seen: Tensor, noise: Tensor) -> Tensor:
    """The negative bound at given noise [n, data, L], from the pixels that were seen alone."""
    bounds = []
    for image, mask, each in zip(x, seen, noise.unbind(1), strict=True):
        known = torch.zeros_like(image)
        known[mask] = image[mask]
        h = model.encoder(torch.stack([known, mask.to(x.dtype)])[None])[0]
        posterior = Normal(*posterior_of(h))
        pixels = model.decoder(posterior.loc + posterior.scale * each)[:, mask]
        fit = Normal(pixels, model.log_scale.exp()).log_prob(image[mask]).sum(-1)
        divergence = kl_divergence(posterior, Normal(torch.zeros_like(posterior.loc), 1.0)).sum(-1)
        bounds.append(fit.mean() - divergence)
    return -torch.stack(bounds).mean()


def posterior_of(h: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and scale of z, from what the encoder gives."""
    mean, log_scale = h.chunk(2, dim=-1)
    return mean, log_scale.exp()


def distance(model: Any, x: Tensor) -> float:
    """The largest difference in loss and gradient between the story and `by_hand`."""
    model.methods["z"].n = 3
    torch.manual_seed(1)
    seen = torch.rand_like(x) > 0.5
    left = x.masked_fill(~seen, torch.nan)
    estimate = model(left, seen)
    inputs = torch.stack([x.where(seen, torch.zeros_like(x)), seen.to(x.dtype)], dim=1)
    mean, scale = posterior_of(model.encoder(inputs))
    noise = ((estimate.samples["z"] - mean) / scale).detach()
    found = differentiated(estimate.loss, model)
    wanted = differentiated(by_hand(model, left, seen, noise), model)
    return max((a - b).abs().max().item() for a, b in zip(found, wanted, strict=True))


def differentiated(loss: Tensor, model: Any) -> list[Tensor]:
    """A loss, then its derivatives by all that learns."""
    return [loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))]


if __name__ == "__main__":
    main()
