"""A hidden Markov model of scikit-learn's handwritten digits, read row by row.

Each row of 8 pixels, black or white, is written by one of 32 hidden states. Given an image and
the state before, the logits of a state are those of the transition plus something that depends on
the image: the posterior of the story has that form, so that its bound (ELBO) can come close to
log p(x), which sums over all 32 ** 8 sequences of states and is shown beside it.

Run `python specs/state_space/train.py`, or with another estimator of the states:
`--method "ScoreFunction(n=1)"` falls behind, `"GumbelSoftmax(temperature=0.5)"` keeps up, and
`"Expect()"` has the exact gradient: the compiler sums the chain step by step.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.distributions import OneHotCategorical
from torch.nn.functional import binary_cross_entropy_with_logits

import storchc

STORY = Path(__file__).with_name("state_space.story")
ROWS, STATES = 8, 32


def main(arguments: list[str] | None = None) -> tuple[float, float]:
    """Train, draw new digits; hand out the last bound and log p(x), averaged over all digits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--warm-up", type=int, default=500, help="steps until beta is 1")
    parser.add_argument("--method", default="ScoreFunction(n=10, baseline=batch_average)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    images = torch.tensor(load_digits().images > 7, dtype=torch.float32)

    model = storchc.load(STORY, methods={"z": options.method})()
    judged = storchc.load(STORY)()  # relaxed states are no states: all are judged by this one
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(1, options.steps + 1):
        x = images[torch.randint(len(images), (options.batch,))]
        optimiser.zero_grad()
        model(x, min(1.0, step / options.warm_up)).backward()
        optimiser.step()
        if step % 100 == 0 or step == options.steps:
            judged.load_state_dict(model.state_dict(), strict=False)
            bound, evidence = elbo(judged, images), log_likelihood(judged, images)
            print(f"step {step:5d}   ELBO {bound:7.2f}   log p(x) {evidence:7.2f}", flush=True)
    print("digits drawn from the model:", *drawn(judged, 8), sep="\n")
    return bound, evidence


@torch.no_grad()
def elbo(model: nn.Module, images: Tensor) -> float:
    """The bound on log p(x), estimated."""
    return -model(images, 1.0).cost.item()


@torch.no_grad()
def log_likelihood(model: nn.Module, images: Tensor) -> float:
    """The exact log p(x): the forward algorithm."""
    pixels = model.pixels.expand(len(images), ROWS, -1, -1)
    target = images[:, :, None].expand_as(pixels)
    seen = -binary_cross_entropy_with_logits(pixels, target, reduction="none").sum(-1)
    forward = model.first.log_softmax(-1) + seen[:, 0]
    for t in range(1, ROWS):
        forward = (forward[:, :, None] + model.next.log_softmax(-1)).logsumexp(1) + seen[:, t]
    return forward.logsumexp(-1).mean().item()


@torch.no_grad()
def drawn(model: nn.Module, count: int) -> list[str]:
    """New digits side by side, a line for each row."""
    logits, lines = model.first.expand(count, -1), []
    for _ in range(ROWS):
        state = OneHotCategorical(logits=logits).sample()
        logits, rows = state @ model.next, state @ model.pixels > 0
        lines.append("   ".join("".join(" #"[pixel] for pixel in row) for row in rows.tolist()))
    return lines


if __name__ == "__main__":
    main()
