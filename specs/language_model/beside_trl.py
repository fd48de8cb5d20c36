"""TRL's losses beside the story's, on rollouts that TRL has drawn.

`RLOOTrainer` and `GRPOTrainer` of the package `trl` are made as their users make them; they draw,
reward and weigh the rollouts, and their own losses are differentiated. The story is given the same
rollouts. Two things are measured of the divergence from the reference. `RLOOTrainer` counts it as
a part of the reward, a number, as the story does where it asks the policy under a frozen name; the
story as it stands differentiates it too, along its path, whose mean is 0.
`GRPOTrainer` adds another estimate of it to the loss, whose gradient is not that of the divergence.
Run `python specs/language_model/beside_trl.py` (needs `transformers` and `trl`).
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models
from torch import Tensor, nn
from train import BETA, HERE, METHODS, RATE, tuned
from transformers import PreTrainedTokenizerFast
from trl import GRPOConfig, GRPOTrainer, RLOOConfig, RLOOTrainer
from writer import END, LENGTH, LETTERS, Writer, new_model, prompts, reward, teach

import storchc

COUNT = 4  # rollouts of a prompt
COMMON = {
    "num_generations": COUNT,
    "per_device_train_batch_size": COUNT * len(prompts()),
    "max_completion_length": LENGTH,
    "report_to": "none",
    "use_cpu": True,
    "bf16": False,
    "gradient_checkpointing": False,
    "save_strategy": "no",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured."""

    distance: float  # of RLOO's gradients, the divergence a number in both: the largest element
    largest: float  # element of the gradient
    path: float  # the length of the divergence's path over that of the gradient, in one estimate
    variance: float  # of the story's gradient over that of TRL's
    divergence: float  # of the policy from the reference, nats
    cosine: float  # of the mean of GRPO's divergence term and the divergence's gradient
    along: float  # what that term has in the gradient's direction, over the gradient's length


class Beside:
    """A trainer of TRL, as its users make it, with a copy of ``policy``."""

    def __init__(self, made: type[Any], config: Any, policy: Writer) -> None:
        letters = [{"prompt": LETTERS[first]} for first in prompts()[:, 0].tolist()]
        self.asked = [row for row in letters for _ in range(COUNT)]
        self.policy = deepcopy(policy)
        self.trainer = made(
            model=self.policy.model,
            reward_funcs=rewarded,
            args=config,
            train_dataset=Dataset.from_list(letters),
            processing_class=tokenizer(),
        )
        self.policy.eval()  # nothing is accumulated over steps

    def rollouts(self) -> dict[str, Tensor]:
        """What TRL draws, rewards and weighs: what its loss takes."""
        return self.trainer._generate_and_score_completions(self.asked)

    def gradient(self, rollouts: dict[str, Tensor]) -> Tensor:
        """Of TRL's loss."""
        return flat(self.trainer._compute_loss(self.policy.model, rollouts), self.policy)


def trainers(policy: Writer, taught: Writer, beta: float, folder: str) -> tuple[Beside, Beside]:
    """RLOO, and GRPO with a price of 1; both load the reference from ``folder``."""
    taught.model.save_pretrained(folder)
    policy = deepcopy(policy)
    policy.model.config._name_or_path = folder
    common = {**COMMON, "output_dir": f"{folder}/out"}
    return (
        Beside(RLOOTrainer, RLOOConfig(beta=beta, **common), policy),
        Beside(GRPOTrainer, GRPOConfig(beta=1.0, loss_type="dr_grpo", **common), policy),
    )


def rewarded(prompts: list[str], completion_ids: list[list[int]], **_: Any) -> list[float]:
    """The program's reward, as TRL asks for it."""
    first = torch.tensor([[LETTERS.index(letter)] for letter in prompts])
    return reward(first, padded([torch.tensor(ids) for ids in completion_ids])).tolist()


def tokenizer() -> PreTrainedTokenizerFast:
    """A token a letter; the end sign is a space."""
    letters = {letter: index for index, letter in enumerate(LETTERS)}
    bare = Tokenizer(models.BPE(vocab=letters, merges=[]))
    end = LETTERS[END]
    return PreTrainedTokenizerFast(
        tokenizer_object=bare, eos_token=end, pad_token=end, padding_side="left"
    )


def padded(written: Sequence[Tensor]) -> Tensor:
    """``[N, LENGTH]``, with end signs behind."""
    rows = nn.utils.rnn.pad_sequence(list(written), batch_first=True, padding_value=END)
    return nn.functional.pad(rows, (0, LENGTH - rows.shape[1]), value=END)


def flat(loss: Tensor, policy: nn.Module) -> Tensor:
    """The gradient, flattened."""
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(policy.parameters()))])


def given(rollouts: dict[str, Tensor]) -> dict[str, Tensor]:
    """TRL's rollouts as the story takes them: ``[n, prompts, T]``."""
    written = padded(list(rollouts["completion_ids"]))
    return {"written": written.view(-1, COUNT, LENGTH).transpose(0, 1)}


def as_number(policy: Writer, taught: Writer) -> nn.Module:
    """The story with the divergence as a number: it asks the policy under a frozen name."""
    text = (HERE / "language_model.story").read_text()
    named = "distribution now discrete frozen: [P]: int -> [T]: int\ndistribution reference"
    text = text.replace("distribution reference", named)
    text = text.replace("log_prob(policy(prompt)", "log_prob(now(prompt)")
    policy = deepcopy(policy)
    return storchc.load(text=text)(policy=policy, now=policy, reference=taught, reward=reward)


def as_cost(policy: Writer, taught: Writer) -> nn.Module:
    """The story, whose divergence is differentiated along its path too."""
    model = tuned(METHODS["RLOO"], taught)
    model.policy = deepcopy(policy)
    return model


def main(arguments: list[str] | None = None) -> Figures:
    """Teach, tune, measure; hand out the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--taught", type=int, default=60, help="steps of teaching")
    parser.add_argument("--steps", type=int, default=60, help="steps of tuning")
    parser.add_argument("--repeats", type=int, default=100, help="sets of rollouts")
    parser.add_argument("--beta", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    taught = Writer(new_model())
    teach(taught, options.taught)
    policy = deepcopy(taught)
    learn(policy, taught, options.steps)
    figures = measured(policy, taught, options.beta, options.repeats)
    print(
        f"RLOO, the divergence a number: gradients differ by {figures.distance:.1e}, "
        f"their largest element is {figures.largest:.2g}\n"
        f"its path: {figures.path:.0%} of a gradient's length; "
        f"the variance of the gradient is {figures.variance:.3f} times TRL's\n"
        f"GRPO's divergence term, {figures.divergence:.2f} nats away: cosine {figures.cosine:.2f} "
        f"with the divergence's gradient, {figures.along:.2f} of its length in its direction"
    )
    return figures


def learn(policy: Writer, taught: Writer, steps: int) -> None:
    """Tune ``policy`` by the story."""
    model = tuned(METHODS["RLOO"], taught)
    model.policy = policy
    optimiser = torch.optim.Adam(policy.parameters(), lr=RATE)
    for _ in range(steps):
        optimiser.zero_grad()
        model(prompts(), BETA).backward()
        optimiser.step()


def measured(policy: Writer, taught: Writer, beta: float, repeats: int) -> Figures:
    """On as many sets of rollouts."""
    with TemporaryDirectory() as folder:
        rloo, grpo = trainers(policy, taught, beta, folder)
    unpathed, cost = as_number(policy, taught), as_cost(policy, taught)
    divergence = as_cost(policy, taught)
    divergence.reward = lambda prompt, _: torch.zeros(len(prompt))
    rows, away = [], []
    for _ in range(repeats):
        drawn = rloo.rollouts()
        written = given(drawn)
        apart = divergence(prompts(), 1.0, given=written)
        away.append(apart.costs["kl"].mean().item())
        rows.append(
            (
                rloo.gradient(drawn),
                flat(unpathed(prompts(), beta, given=written).loss, unpathed.policy),
                flat(cost(prompts(), beta, given=written).loss, cost.policy),
                flat(apart.loss, divergence.policy),
                LENGTH * grpo.gradient(unrewarded(grpo.rollouts())),  # a mean over tokens
            )
        )
    columns = zip(*rows, strict=True)
    theirs, number, path, exact, term = (torch.stack(column).double() for column in columns)
    return Figures(
        distance=(theirs - number).abs().max().item(),
        largest=theirs.abs().max().item(),
        path=((path - theirs).norm(dim=1) / theirs.norm(dim=1)).mean().item(),
        variance=(path.var(0).sum() / theirs.var(0).sum()).item(),
        divergence=sum(away) / repeats,
        cosine=(inner(term, exact) / (inner(term, term) * inner(exact, exact)).sqrt()).item(),
        along=(inner(term, exact) / inner(exact, exact)).item(),
    )


def unrewarded(rollouts: dict[str, Tensor]) -> dict[str, Tensor]:
    """The rollouts without advantages: GRPO's loss is the divergence's term alone."""
    return {**rollouts, "advantages": torch.zeros_like(rollouts["advantages"])}


def inner(left: Tensor, right: Tensor) -> Tensor:
    """The product of the means of two gradients, ``[repeats, weights]``: of different repeats."""
    count = len(left)
    both = (left.sum(0) * right.sum(0)).sum() - (left * right).sum()
    return both / (count * (count - 1))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
