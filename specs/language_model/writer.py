"""The language model, what it is taught, and the program that rewards what it writes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from transformers import GPT2Config, GPT2LMHeadModel

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
KNOWN = frozenset(WORDS)
END = 0
LENGTH = 8  # of what is written: the end sign stands within
LETTERS = " " + "".join(sorted(set("".join(WORDS))))


class Writer(nn.Module):
    """A language model as a distribution of what follows a prompt, as far as its end sign."""

    def __init__(self, model: GPT2LMHeadModel) -> None:
        super().__init__()
        self.model = model

    def sample(self, prompt: Tensor) -> Tensor:
        """``[N, P]`` to ``[N, LENGTH]``: drawn by ``generate``, as the model's law is."""
        written: Tensor = self.model.generate(
            prompt,
            attention_mask=torch.ones_like(prompt),
            max_new_tokens=LENGTH,
            do_sample=True,
            top_k=0,
            eos_token_id=END,
            pad_token_id=END,
        )[:, prompt.shape[1] :]
        return nn.functional.pad(written, (0, LENGTH - written.shape[1]), value=END)

    def log_prob(self, written: Tensor, prompt: Tensor) -> Tensor:
        """``[N]``: of the letters up to the end sign, which counts, in one pass over all."""
        text = torch.cat([prompt, written], 1)
        logits = self.model(text[:, :-1]).logits[:, prompt.shape[1] - 1 :]
        chosen = logits.log_softmax(-1).gather(-1, written[..., None])[..., 0]
        ended = (written == END).cumsum(1)
        counts = ended - (written == END).long() == 0
        return torch.where(counts, chosen, 0.0).sum(1)


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


def teach(writer: Writer, steps: int) -> None:
    """Teach the words, all of them in each step."""
    rows = [spelled(word) for word in WORDS]
    text = torch.tensor([row + [END] * (LENGTH + 1 - len(row)) for row in rows])
    optimiser = torch.optim.Adam(writer.parameters(), lr=3e-3)
    for _ in range(steps):
        optimiser.zero_grad()
        (-writer.log_prob(text[:, 1:], text[:, :1]).mean()).backward()
        optimiser.step()


def spelled(word: str) -> list[int]:
    """The letters of a word, its end sign, and no more."""
    return [LETTERS.index(letter) for letter in word] + [END]


def prompts() -> Tensor:
    """``[N, 1]``: the first letters that words have."""
    return torch.tensor(sorted({spelled(word)[0] for word in WORDS}))[:, None]


def reward(prompt: Tensor, written: Tensor) -> Tensor:
    """1 for each word of the list."""
    return torch.tensor([float(row in KNOWN) for row in texts(prompt, written)])


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
