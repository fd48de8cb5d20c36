"""Networks with noise in their weights, their inputs and their masks."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from tests.published.programs.normal import again


def flipout(model: Any, x: Tensor, y: Tensor, *, shift: Tensor, s: Tensor, r: Tensor) -> Tensor:
    assert s.shape == (1, *x.shape)
    sigma = F.softplus(model.rho)
    delta = again(shift[0], torch.zeros_like(sigma), sigma)
    total = torch.zeros(()).double()
    for row, label, left, right in zip(x, y, 2 * r[0] - 1, 2 * s[0] - 1, strict=True):
        weight = model.mu + delta * torch.outer(left, right)
        total = total + F.cross_entropy(weight @ row, label)
    return total / len(x) + kl_divergence(Normal(model.mu, sigma), Normal(0, 1)).sum() / 100


def concrete_dropout(model: Any, x: Tensor, y: Tensor, *, dropped: Tensor) -> Tensor:
    assert dropped.shape == (1, *x.shape)
    p, z = model.p_logit.sigmoid(), dropped[0]
    noise = (0.1 * z.logit() - model.p_logit).detach()
    z = ((model.p_logit + noise) / 0.1).sigmoid()
    mse = (y - (x * (1 - z) / (1 - p) * model.w).sum(1)) ** 2
    rate = 4 * (p * p.log() + (1 - p) * (1 - p).log())
    return mse.mean() + 1e-3 * ((model.w**2).sum() / (1 - p) + rate)


def bayes_by_backprop(
    model: Any, x: Tensor, y: Tensor, batches: float, *, w_1: Tensor, w_2: Tensor
) -> Tensor:
    total = torch.zeros(()).double()
    for drawn in zip(w_1, w_2, strict=True):
        weights, kl = [], torch.zeros(()).double()
        for value, mu, rho in zip(
            drawn, (model.mu_1, model.mu_2), (model.rho_1, model.rho_2), strict=True
        ):
            w = again(value, mu, F.softplus(rho))
            wide, narrow = ((-0.5 * (w / s) ** 2).exp() / (s * math.tau**0.5) for s in (1, 0.1))
            kl = kl + Normal(mu, F.softplus(rho)).log_prob(w).sum()
            kl = kl - (0.25 * wide + 0.75 * narrow).log().sum()
            weights.append(w)
        scores = (x @ weights[0].T).relu() @ weights[1].T
        total = total + kl / batches + F.cross_entropy(scores, y)
    return total / len(w_1)


def diffusion(model: Any, x: Tensor, alpha_bar: Tensor, *, t: Tensor, eps: Tensor) -> Tensor:
    assert t.shape == (1, len(x))
    assert len(t.unique()) > 1
    t, eps = t[0], eps[0]
    noisy = alpha_bar[t, None].sqrt() * x + (1 - alpha_bar[t, None]).sqrt() * eps
    return F.mse_loss(model.net(torch.cat([noisy, t[:, None] / 10], 1)), eps) * x.shape[1]
