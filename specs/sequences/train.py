"""Estimators for a generator whose sequences a program scores.

A recurrent cell spells the numbers from zero to nine. What it wrote is compared with the number's
name by sacrebleu's chrF, an F-score of letter n-grams without a gradient. Every method looks at
four sequences a number: drawn independently, each with the others as its baseline, or as four
different sequences, drawn without replacement by stochastic beam search. Importance weights make
these unbiased at the price of heavy tails; normalised, they are biased; the unordered set is
unbiased without them. Printed are the variances of the gradients at the same generators, untrained
and half trained, and the scores in trainings that start alike. Run
`python specs/sequences/train.py`.
"""

from __future__ import annotations

import argparse
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import torch
from sacrebleu.metrics import CHRF
from torch import Tensor, nn

import storchc
from storch_runtime import gradient_statistics

STORY = Path(__file__).with_name("sequences.story")
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
END = 0
LETTERS = " " + "".join(sorted(set("".join(WORDS))))  # the end sign first
METHODS = {
    "leave one out": "ScoreFunction(n=4, baseline=batch_average)",
    "without replacement": "ScoreFunctionWOR(k=4)",
    "the same, normalised": "ScoreFunctionWOR(k=4, biased=true)",
    "unordered set": "UnorderedSetEstimator(k=4)",
}
JUDGE = "ScoreFunction(n=50)"  # draws as many sequences, to see how good they are


@dataclass(slots=True)
class Row:
    """What was measured of a method: variances of its gradient, scores while it trained."""

    untrained: float
    halfway: float
    scores: list[float]
    milliseconds: float


def main(arguments: list[str] | None = None) -> dict[str, Row]:
    """Compare the methods; hand out a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=300, help="gradients for a variance")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)

    untrained = parts()
    halfway = deepcopy(untrained)
    train(METHODS["leave one out"], halfway, options.steps // 2, options.seed)
    rows = {}
    quarters = [options.steps * quarter // 4 for quarter in range(5)]
    print("variance of the gradient: untrained, half trained; mean score after so many steps")
    print(" " * 40 + " ".join(f"{count:>6}" for count in quarters))
    for name, method in METHODS.items():
        row = Row(
            variance(method, untrained, options.repeats, options.seed),
            variance(method, halfway, options.repeats, options.seed),
            *train(method, deepcopy(untrained), options.steps, options.seed),
        )
        scores = " ".join(f"{score:6.3f}" for score in row.scores)
        figures = f"{row.untrained:8.4f} {row.halfway:8.4f}"
        print(f"{name:20} {figures}   {scores}   {row.milliseconds:5.1f} ms a step", flush=True)
        rows[name] = row
    return rows


def parts() -> dict[str, nn.Module]:
    """A new generator: its start for each number, its cell, its letters."""
    model = build(JUDGE)
    return {name: getattr(model, name) for name in ("start", "cell", "out")}


def build(method: str, **modules: nn.Module) -> nn.Module:
    """The story with ``method``."""
    return storchc.load(STORY, methods={"y": method})(score=score, **modules)


def score(letters: Tensor, number: Tensor) -> Tensor:
    """How near each sequence of letters comes to the name of its number, from 0 to 1."""
    pairs = zip(letters.tolist(), number.tolist(), strict=True)
    scores = [CHR_F.sentence_score(spelled(row), [WORDS[which]]).score for row, which in pairs]
    return torch.tensor(scores, device=letters.device) / 100


CHR_F = CHRF()


def spelled(letters: list[int]) -> str:
    """The letters before the end sign."""
    end = letters.index(END) if END in letters else len(letters)
    return "".join(LETTERS[letter] for letter in letters[:end])


def variance(method: str, generator: dict[str, nn.Module], repeats: int, seed: int) -> float:
    """The variance of a method's gradient, all parameters together."""
    torch.manual_seed(seed)
    numbers = torch.arange(len(WORDS))
    return gradient_statistics(build(method, **generator), numbers, repeats).total_variance


def train(
    method: str, generator: dict[str, nn.Module], steps: int, seed: int
) -> tuple[list[float], float]:
    """Train; hand out the scores before, after each quarter, and milliseconds a step."""
    torch.manual_seed(seed)
    model, judge = build(method, **generator), build(JUDGE, **generator)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    numbers = torch.arange(len(WORDS))
    scores, spent = [judged(judge)], 0.0
    for step in range(1, steps + 1):
        began = time.process_time()
        optimiser.zero_grad()
        model(numbers).backward()
        optimiser.step()
        spent += time.process_time() - began
        if step * 4 // steps > (step - 1) * 4 // steps:
            scores.append(judged(judge))
    return scores, 1000 * spent / steps


@torch.no_grad()
def judged(judge: nn.Module) -> float:
    """The mean score of many sequences as they are drawn."""
    return -judge(torch.arange(len(WORDS))).cost.item()


if __name__ == "__main__":
    main()
