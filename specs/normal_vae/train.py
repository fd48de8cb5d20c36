"""A variational auto-encoder with a normal latent variable, on scikit-learn's handwritten digits.

Encoder and decoder are written in the story; the weight of the divergence is an input, so that it
can grow while the model trains (a warm-up). Run `python specs/normal_vae/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_digits

import storchc

STORY = Path(__file__).with_name("normal_vae.story")


def main(arguments: list[str] | None = None) -> float:
    """Train; hand out the last evidence lower bound, averaged over all digits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--warm-up", type=int, default=500, help="steps until beta is 1")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    images = torch.tensor(load_digits().data / 16, dtype=torch.float32)

    model = storchc.load(STORY)()
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(1, options.steps + 1):
        x = images[torch.randint(len(images), (options.batch,))]
        optimiser.zero_grad()
        model(x, min(1.0, step / options.warm_up)).backward()
        optimiser.step()
        if step % 500 == 0 or step == options.steps:
            elbo = -evaluate(model, images)
            print(f"step {step:5d}   ELBO {elbo:7.2f}")
    return elbo


@torch.no_grad()
def evaluate(model: torch.nn.Module, images: torch.Tensor) -> float:
    """The cost of all digits with the whole divergence."""
    return model(images, 1.0).cost.item()


if __name__ == "__main__":
    main()
