"""Fine-tune a language model on the reward of a program: RLOO, GRPO, REINFORCE, PPO.

A small GPT-2 of `transformers` (its class, random weights) is first taught some words, letter by
letter: shown a first letter it writes on until the end sign. Then a program rewards what it writes,
a word of the list with 1, and the story tunes it: `policy` draws by the model's own `generate`,
with its cache; scores come from one pass over all that was written, and the divergence from the
model as it was taught is paid for. Leave-one-out (RLOO), normalised advantages (GRPO) and a moving
average (REINFORCE) are methods of the one sample; PPO takes several clipped steps on each set of
rollouts, in a story of its own. Printed are the share of words as the training goes, and the
variance of the gradient before and after; `--picture FILE` draws the curves. Run
`python specs/language_model/train.py` (needs the package `transformers`).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from writer import LENGTH, Writer, new_model, prompts, reward, share, teach

import storchc
from storch_runtime import gradient_statistics

HERE = Path(__file__).parent
METHODS = {
    "RLOO": "ScoreFunction(n=4, baseline=batch_average)",
    "GRPO": "ScoreFunction(n=4, baseline=batch_average, normalize=true)",
    "REINFORCE": "ScoreFunction(n=4, baseline=moving_average)",
}
BETA = 0.02  # the price of the divergence
RATE = 5e-4


@dataclass(frozen=True, slots=True)
class Spread:
    """Of a gradient: its variance, summed over all weights, and the squared length of its mean."""

    variance: float
    squared_mean: float

    def __str__(self) -> str:
        if self.variance > 99 * self.squared_mean:  # what is left of the mean is noise
            return f"{self.variance:7.2f} (> 99 x)"
        return f"{self.variance:7.2f} ({self.variance / self.squared_mean:4.0f} x)"


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of a method: the share of words as it trained, and its gradient."""

    shares: dict[int, float]  # by the number of steps taken
    milliseconds: float
    start: Spread
    end: Spread


def main(arguments: list[str] | None = None) -> dict[str, Row]:
    """Teach, then tune with each method; hand out a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taught", type=int, default=60, help="steps of teaching")
    parser.add_argument("--steps", type=int, default=120, help="steps of tuning")
    parser.add_argument("--repeats", type=int, default=50, help="gradients for a variance")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", type=Path, help="where to draw the curves (matplotlib)")
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    taught = Writer(new_model())
    teach(taught, options.taught)
    print(f"taught for {options.taught} steps: {share(taught):.0%} of what it writes are words")
    rows = {}
    for name, method in METHODS.items():
        rows[name] = tune(method, taught, options)
        report(name, rows[name])
    rows["PPO"] = tune_clipped(taught, options)
    report("PPO", rows["PPO"])
    if options.picture:
        from picture import draw

        draw(options.picture, {name: row.shares for name, row in rows.items()})
    return rows


def report(name: str, row: Row) -> None:
    """Print what was measured; in brackets, the variance over the squared mean."""
    shares = list(row.shares.values())
    quarters = " ".join(f"{shares[round(i * (len(shares) - 1) / 4)]:4.0%}" for i in range(5))
    print(
        f"{name:10} words {quarters}   variance of the gradient {row.start}, then {row.end}   "
        f"{row.milliseconds:6.1f} ms a step",
        flush=True,
    )


def tuned(method: str, taught: Writer) -> nn.Module:
    """The story with ``method``, its policy a copy of the model as it was taught."""
    made = storchc.load(HERE / "language_model.story", methods={"written": method})
    return made(policy=deepcopy(taught), reference=taught, reward=reward)


def tune(method: str, taught: Writer, options: argparse.Namespace) -> Row:
    """Tune with a method of the story."""
    torch.manual_seed(options.seed)
    model = tuned(method, taught)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)

    def spread() -> Spread:
        for _ in range(options.repeats):  # a moving average comes near the mean
            model(prompts(), BETA)
        found = gradient_statistics(model, (prompts(), BETA), options.repeats)
        mean = sum(mean.square().sum().item() for mean in found.mean.values())
        return Spread(found.total_variance, mean - found.total_variance / options.repeats)

    def step() -> None:
        optimiser.zero_grad()
        model(prompts(), BETA).backward()
        optimiser.step()

    start = spread()
    shares, milliseconds = followed(step, model.policy, options.steps)
    return Row(shares, milliseconds, start, spread())


def tune_clipped(taught: Writer, options: argparse.Namespace) -> Row:
    """PPO: each set of rollouts serves four steps."""
    torch.manual_seed(options.seed)
    policy = deepcopy(taught)
    model = storchc.load(HERE / "clipped.story")(policy=policy)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    rollouts = Rollouts(policy, taught)

    def gradient() -> Tensor:
        found = torch.autograd.grad(model(*rollouts.fresh()).loss, list(policy.parameters()))
        return torch.cat([part.flatten() for part in found]).double()

    def spread() -> Spread:
        gradients = torch.stack([gradient() for _ in range(options.repeats)])
        variance, mean = gradients.var(0).sum().item(), gradients.mean(0).square().sum().item()
        return Spread(variance, mean - variance / options.repeats)

    def step() -> None:
        optimiser.zero_grad()
        model(*rollouts.next()).backward()
        optimiser.step()

    start = spread()
    shares, milliseconds = followed(step, policy, options.steps)
    return Row(shares, milliseconds, start, spread())


@dataclass(slots=True)
class Rollouts:
    """What the policy has written, with its advantages over the other rollouts of a prompt."""

    policy: Writer
    reference: Writer
    serves: int = 4
    count: int = 4
    taken: int = 0
    last: tuple[Tensor, ...] = field(default=())

    def next(self) -> tuple[Tensor, ...]:
        """``prompt [prompts, P], written [prompts, rollouts, T], before and advantage``."""
        if self.taken % self.serves == 0:
            self.last = self.fresh()
        self.taken += 1
        return self.last

    @torch.no_grad()
    def fresh(self) -> tuple[Tensor, ...]:
        """New ones."""
        prompt = prompts()
        each = prompt.repeat_interleave(self.count, 0)
        written = self.policy.sample(each)
        before = self.policy.log_prob(written, each)
        paid = reward(each, written) - BETA * (before - self.reference.log_prob(written, each))
        shape = len(prompt), self.count
        paid = paid.view(shape)
        advantage = (paid - paid.mean(1, keepdim=True)) / (paid.std(1, keepdim=True) + 1e-4)
        return prompt, written.view(*shape, LENGTH), before.view(shape), advantage


def followed(
    step: Callable[[], None], policy: Writer, steps: int
) -> tuple[dict[int, float], float]:
    """Take the steps; hand out the share of words by twelfths of them, and a step's time in ms."""
    shares, spent = {0: share(policy)}, 0.0
    for number in range(1, steps + 1):
        began = time.perf_counter()
        step()
        spent += time.perf_counter() - began
        if number * 12 // steps > (number - 1) * 12 // steps:
            shares[number] = share(policy)
    return shares, 1000 * spent / steps


if __name__ == "__main__":
    main()
