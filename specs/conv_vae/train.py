"""A convolutional auto-encoder with binary latent variables, on scikit-learn's handwritten digits.

`Conv2d` takes one batch dimension, and here there are two plates, four draws for each digit: the
generated module folds them into one for each call and unfolds the result, so no module needs a
wrapper. Run `python specs/conv_vae/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

import storchc

STORY = Path(__file__).with_name("conv_vae.story")


def encoder() -> nn.Module:
    """From a digit to the logits of its binary code."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(128, 24),
    )


def decoder() -> nn.Module:
    """From a code to the logits of a digit's pixels."""
    return nn.Sequential(
        nn.Linear(24, 128),
        nn.ReLU(),
        nn.Unflatten(1, (32, 2, 2)),
        nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1),
    )


def main(arguments: list[str] | None = None) -> float:
    """Train; hand out the last evidence lower bound, averaged over all digits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    images = torch.tensor(load_digits().images / 16, dtype=torch.float32).unsqueeze(1)

    model = storchc.load(STORY)(encoder=encoder(), decoder=decoder())
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(1, options.steps + 1):
        x = images[torch.randint(len(images), (options.batch,))]
        optimiser.zero_grad()
        model(x).backward()
        optimiser.step()
        if step % 500 == 0 or step == options.steps:
            with torch.no_grad():
                elbo = -model(images).cost.item()
            print(f"step {step:5d}   ELBO {elbo:7.2f}")
    return elbo


if __name__ == "__main__":
    main()
