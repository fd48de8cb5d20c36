"""An importance-weighted auto-encoder: the bound tightens with the number of draws.

`logmeanexp(..., over=z)` joins all draws of z in one cost; credit follows from that, so the same
story is right with any estimator of z. Run `python specs/iwae/train.py`, or with
`--method "DReG(n=8)"`, `"VIMCO(n=8)"`, `"STL(n=8)"`, which are made for such a bound.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_digits

import storchc

STORY = Path(__file__).with_name("iwae.story")


def main(arguments: list[str] | None = None) -> dict[int, float]:
    """Train with a few draws, then look at the bound with more of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--method", default="Reparameterization(n=8)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    images = torch.tensor(load_digits().data / 16, dtype=torch.float32)

    model = storchc.load(STORY, methods={"z": options.method})()
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    for _ in range(options.steps):
        x = images[torch.randint(len(images), (options.batch,))]
        optimiser.zero_grad()
        model(x).backward()
        optimiser.step()
    judged = storchc.load(STORY)()
    judged.load_state_dict(model.state_dict(), strict=False)  # what its method keeps is not judged
    return {n: bound(judged, images, n) for n in (1, 8, 64)}


@torch.no_grad()
def bound(model: torch.nn.Module, images: torch.Tensor, n: int) -> float:
    """The bound on log p(x) with ``n`` draws: an option of a method can change between calls."""
    model.methods["z"].n = n
    value = -model(images).cost.item()
    print(f"{n:3d} draws   log p(x) >= {value:7.2f}")
    return value


if __name__ == "__main__":
    main()
