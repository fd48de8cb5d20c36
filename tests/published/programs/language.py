"""Losses on what a model has written."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def written_well(prompt: Tensor, tokens: Tensor) -> Tensor:
    return (tokens == 2).double().sum(1) - 0.3 * (tokens[:, 0] - prompt[:, 0]) ** 2


def grpo(model: Any, prompt: Tensor, *, y: Tensor) -> Tensor:
    group, prompts, steps = y.shape
    h, last = prompt.repeat(group, 1), torch.zeros(group * prompts, dtype=torch.long)
    kl, log_p = torch.zeros(group * prompts).double(), torch.zeros(group * prompts).double()
    for t in range(steps):
        h = model.cell(F.one_hot(last, 6).double(), h)
        last = y[:, :, t].flatten()
        step = model.out(h).log_softmax(-1).gather(1, last[:, None])[:, 0]
        reference = model.reference(h).log_softmax(-1).gather(1, last[:, None])[:, 0].detach()
        kl = kl + (reference - step).exp() - (reference - step) - 1
        log_p = log_p + step
    r = written_well(prompt.repeat(group, 1), y.flatten(0, 1)).view(group, prompts)
    advantage = (r - r.mean(0)) / (r.std(0) + 1e-4 * (group - 1) / group)
    return (0.04 * kl).mean() - (advantage.flatten() * log_p).mean()


def answered_well(prompt: Tensor, answer: Tensor) -> Tensor:
    return prompt[:, 0] * answer + (answer == 1)


def grpo_clipped(model: Any, prompt: Tensor, *, o: Tensor) -> Tensor:
    r = torch.stack([answered_well(prompt, each) for each in o])
    advantage = (r - r.mean(0)) / (r.std(0, unbiased=False) + 1e-4)

    def log_p(net: nn.Module) -> Tensor:
        return net(prompt).log_softmax(-1).expand(len(o), -1, -1).gather(2, o[..., None])[..., 0]

    ratio = (log_p(model.policy) - log_p(model.old).detach()).exp()
    surrogate = torch.min(ratio * advantage, ratio.clamp(0.8, 1.2) * advantage)
    away = log_p(model.reference).detach() - log_p(model.policy)
    return (-surrogate + 0.04 * (away.exp() - away - 1)).mean()
