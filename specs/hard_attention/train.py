"""Hard attention on handwritten digits: where to look, and when to stop looking.

A recurrent network sees one of nine overlapping pieces of an image at a time. Each step draws where
it looks, and whether that was enough; a look has a price. Both draws are discrete: they learn from
the score function, each with a critic for its baseline, while what the network makes of what it saw
learns from the gradient of the cross-entropy. Run `python specs/hard_attention/train.py`, with
`--price 0.02`
for instance to let it look more often.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn

import storchc

STORY = Path(__file__).with_name("hard_attention.story")
SIDE, STRIDE = 4, 2  # of a piece: three times three of them cover the image
TRAINED_ON = 1400


@dataclass(frozen=True, slots=True)
class Judged:
    """Which share of unseen digits is named correctly, after how many looks."""

    accuracy: float
    looks: float


def main(arguments: list[str] | None = None) -> Judged:
    """Train; hand out accuracy and looks on digits that were not trained on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--price", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)

    pieces, digits = data()
    model = storchc.load(STORY)()
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    for step in range(1, options.steps + 1):
        rows = torch.randint(TRAINED_ON, (options.batch,))
        optimiser.zero_grad()
        model(pieces[rows], digits[rows], options.price).backward()
        optimiser.step()
        if step % 250 == 0 or step == options.steps:
            found = judge(model, pieces[TRAINED_ON:], digits[TRAINED_ON:])
            print(
                f"step {step:5d}   accuracy {found.accuracy:.3f}   looks {found.looks:.2f}",
                flush=True,
            )
    return judge(model, pieces[TRAINED_ON:], digits[TRAINED_ON:])


def data() -> tuple[Tensor, Tensor]:
    """Scikit-learn's handwritten digits, mixed: nine pieces of each image, and what it shows."""
    digits = load_digits()
    order = torch.randperm(len(digits.target), generator=torch.Generator().manual_seed(0))
    images = torch.from_numpy(digits.images).float()[order] / 16
    pieces = images.unfold(1, SIDE, STRIDE).unfold(2, SIDE, STRIDE)
    return pieces.flatten(3).flatten(1, 2), torch.from_numpy(digits.target)[order]


@torch.no_grad()
def judge(model: nn.Module, pieces: Tensor, digits: Tensor) -> Judged:
    """Look at digits as in training, at a price of 1 a look."""
    estimate = model(pieces, digits, 1.0)
    correct, looks = estimate.reports["correct"], estimate.costs["effort"]
    return Judged(correct.float().mean().item(), looks.mean().item())


if __name__ == "__main__":
    main()
