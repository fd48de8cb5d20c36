"""A discrete variational auto-encoder on handwritten digits, with the method that you name.

Run `python specs/discrete_vae/train.py --method 'Expect()'`. `demo.py` beside it compares four.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import nn

import storchc

STORY = Path(__file__).with_name("discrete_vae.story")


def main(arguments: list[str] | None = None) -> float:
    """Train; hand out the last evidence lower bound, averaged over all digits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--method", default="ScoreFunction(n=10, baseline=batch_average)")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    images = torch.tensor(load_digits().data / 16, dtype=torch.float32)

    encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 20))
    decoder = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 64))
    model = storchc.load(STORY, methods={"z": options.method})(encoder=encoder, decoder=decoder)
    exact = storchc.load(STORY, methods={"z": "Expect()"})(encoder=encoder, decoder=decoder)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for step in range(1, options.steps + 1):
        x = images[torch.randint(len(images), (options.batch,))]
        optimiser.zero_grad()
        model(x).backward()
        optimiser.step()
        if step % 500 == 0 or step == options.steps:
            with torch.no_grad():
                elbo = -exact(images).cost.item()
            print(f"step {step:5d}   ELBO {elbo:7.2f}")
    return elbo


if __name__ == "__main__":
    main()
