"""Fine-tune a language model on the reward of a program: RLOO, GRPO, REINFORCE, PPO.

A small GPT-2 of `transformers` (its class, random weights) is first taught some words, letter by
letter: shown a first letter it writes on until the end sign. Then a program rewards what it writes,
a word of the list with 1, and the story tunes it: `policy` draws by the model's own `generate`,
with its cache; scores come from one pass over all that was written, and the divergence from the
model as it was taught is paid for. Leave-one-out (RLOO), normalised advantages (GRPO) and a moving
average (REINFORCE) are methods of the one sample; PPO takes several clipped steps on each set of
rollouts, in a story of its own. Printed are the gradients' variances, the share of words as the
training goes, and what a step takes beside the model's own passes. Run
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
from transformers import GPT2Config, GPT2LMHeadModel

import storchc
from storch_runtime import gradient_statistics

HERE = Path(__file__).parent
TEXT = """
able acid apple arch area bake band barn beach bell bird cake calm candle card cave dance date
dawn deer desk door earth east echo edge face fair farm field fire game gate gift gold grass habit
hall hand harbor heart idea inch iron island jacket jewel joke judge kettle key king kite lake
lamp leaf lemon line map maple market meal mirror moon name nest night noise north oak ocean olive
orange oven page paint path pearl pilot queen quiet rain rice ring river road sail salt sand
school seed table tail tea tower tree uncle union unit valley vase voice wall water wheat wind
year yellow zebra zone
"""
WORDS = TEXT.split()
END = 0
LENGTH = 8  # of what is written: the end sign stands within
LETTERS = " " + "".join(sorted(set("".join(WORDS))))
METHODS = {
    "RLOO": "ScoreFunction(n=4, baseline=batch_average)",
    "GRPO": "ScoreFunction(n=4, baseline=batch_average, normalize=true)",
    "REINFORCE": "ScoreFunction(n=4, baseline=moving_average)",
}
BETA = 0.02  # the price of the divergence
RATE = 5e-4


@dataclass(slots=True)
class Row:
    """What was measured of a method: the share of words as it trained, and its gradient."""

    shares: list[float]
    variance: float = float("nan")
    milliseconds: float = 0.0


class Writer(nn.Module):
    """A language model as a distribution of what follows a prompt, as far as its end sign."""

    def __init__(self, model: GPT2LMHeadModel) -> None:
        super().__init__()
        self.model = model
        self.seconds = 0.0

    def sample(self, prompt: Tensor) -> Tensor:
        """``[N, P]`` to ``[N, LENGTH]``: drawn by ``generate``, as the model's law is."""
        began = time.perf_counter()
        written: Tensor = self.model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=LENGTH,
            do_sample=True,
            top_k=0,
            eos_token_id=END,
            pad_token_id=END,
        )[:, prompt.shape[1] :]
        self.seconds += time.perf_counter() - began
        return nn.functional.pad(written, (0, LENGTH - written.shape[1]), value=END)

    def log_prob(self, written: Tensor, prompt: Tensor) -> Tensor:
        """``[N]``: of the letters up to the end sign, which counts."""
        began = time.perf_counter()
        text = torch.cat([prompt, written], 1)
        logits = self.model(text[:, :-1]).logits[:, prompt.shape[1] - 1 :]
        chosen = logits.log_softmax(-1).gather(-1, written[..., None])[..., 0]
        ended = (written == END).cumsum(1)
        counts = ended - (written == END).long() == 0
        self.seconds += time.perf_counter() - began
        return torch.where(counts, chosen, 0.0).sum(1)


def main(arguments: list[str] | None = None) -> dict[str, Row]:
    """Teach, then tune with each method; hand out a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taught", type=int, default=60, help="steps of teaching")
    parser.add_argument("--steps", type=int, default=120, help="steps of tuning")
    parser.add_argument("--repeats", type=int, default=30, help="gradients for a variance")
    parser.add_argument("--seed", type=int, default=0)
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
    return rows


def report(name: str, row: Row) -> None:
    """Print what was measured."""
    shares = " ".join(f"{share:4.0%}" for share in row.shares)
    print(
        f"{name:10} words {shares}   variance of the gradient {row.variance:8.4f}   "
        f"{row.milliseconds:6.1f} ms a step",
        flush=True,
    )


def new_model() -> GPT2LMHeadModel:
    """A GPT-2 of two layers for these letters."""
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=len(LETTERS),
            n_positions=16,
            n_embd=64,
            n_layer=2,
            n_head=4,
            bos_token_id=END,
            eos_token_id=END,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
        )
    )


def spelled(word: str) -> list[int]:
    """The letters of a word, its end sign, and no more."""
    return [LETTERS.index(letter) for letter in word] + [END]


def prompts() -> Tensor:
    """``[N, 1]``: the first letters that words have."""
    return torch.tensor(sorted({spelled(word)[:1][0] for word in WORDS}))[:, None]


def teach(writer: Writer, steps: int) -> None:
    """Teach the words, all of them in each step."""
    rows = [spelled(word) for word in WORDS]
    text = torch.tensor([row + [END] * (LENGTH + 1 - len(row)) for row in rows])
    optimiser = torch.optim.Adam(writer.parameters(), lr=3e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        (-writer.log_prob(text[:, 1:], text[:, :1]).mean()).backward()
        optimiser.step()


def reward(prompt: Tensor, written: Tensor) -> Tensor:
    """1 for each word of the list."""
    return torch.tensor([float(row in KNOWN) for row in texts(prompt, written)])


KNOWN = frozenset(WORDS)


def texts(prompt: Tensor, written: Tensor) -> list[str]:
    """What stands before the end sign."""
    rows = torch.cat([prompt, written], 1).tolist()
    ends = [row.index(END) if END in row else len(row) for row in rows]
    return ["".join(LETTERS[i] for i in row[:end]) for row, end in zip(rows, ends, strict=True)]


@torch.no_grad()
def share(writer: Writer) -> float:
    """The share of words among many rollouts."""
    many = prompts().repeat(20, 1)
    return reward(many, writer.sample(many)).mean().item()


def tuned(method: str, taught: Writer) -> nn.Module:
    """The story with ``method``, its policy a copy of the model as it was taught."""
    made = storchc.load(HERE / "language_model.story", methods={"written": method})
    return made(policy=deepcopy(taught), reference=taught, reward=reward)


def tune(method: str, taught: Writer, options: argparse.Namespace) -> Row:
    """Tune with a method of the story."""
    torch.manual_seed(options.seed)
    model = tuned(method, taught)
    start = gradient_statistics(model, (prompts(), BETA), options.repeats).total_variance
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)

    def step() -> None:
        optimiser.zero_grad()
        model(prompts(), BETA).backward()
        optimiser.step()

    row = followed(step, model.policy, options.steps)
    row.variance = start
    return row


def tune_clipped(taught: Writer, options: argparse.Namespace) -> Row:
    """PPO: each set of rollouts serves four steps."""
    torch.manual_seed(options.seed)
    policy = deepcopy(taught)
    model = storchc.load(HERE / "clipped.story")(policy=policy)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE)
    rollouts = Rollouts(policy, taught)

    def step() -> None:
        optimiser.zero_grad()
        model(*rollouts.next()).backward()
        optimiser.step()

    return followed(step, policy, options.steps)


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


def followed(step: Callable[[], None], policy: Writer, steps: int) -> Row:
    """Take the steps; hand out the share of words before, after each quarter, and the time."""
    shares, spent = [share(policy)], 0.0
    for number in range(1, steps + 1):
        began = time.perf_counter()
        step()
        spent += time.perf_counter() - began
        if number * 4 // steps > (number - 1) * 4 // steps:
            shares.append(share(policy))
    return Row(shares, milliseconds=1000 * spent / steps)


if __name__ == "__main__":
    main()
