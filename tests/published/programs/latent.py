"""Bounds of models with latent variables, and likelihoods of mixtures."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from torch.nn import functional as F

from tests.published.programs.normal import again, halves


def mixture_toy(model: Any, *, z: Tensor) -> Tensor:
    def mixture(weights: Tensor, m: Tensor, s: Tensor) -> Tensor:
        return (weights.log() + Normal(m, s).log_prob(z[:, None])).logsumexp(1)

    log_q = mixture(model.w.softmax(0), model.m, model.s.exp())
    target = torch.tensor([0.3, 0.7]).double(), torch.tensor([-2.0, 1.0]).double()
    cost = (log_q - mixture(*target, torch.tensor(0.5).double())).detach()
    others = (cost.sum() - cost) / (len(z) - 1)
    return ((cost - others) * log_q + log_q - log_q.detach()).mean()


def zinb(x: Tensor, mu: Tensor, theta: Tensor, gate: Tensor) -> Tensor:
    """The negative log-likelihood as scVI writes it, ``gate`` being logits."""
    away = theta * (theta.log() - (theta + mu).log())
    zero = F.softplus(away - gate) - F.softplus(-gate)
    more = -F.softplus(-gate) - gate + away + x * (mu.log() - (theta + mu).log())
    more = more + torch.lgamma(x + theta) - torch.lgamma(theta) - torch.lgamma(x + 1)
    return -torch.where(x == 0, zero, more).sum(-1)


def scanvi(
    model: Any, x: Tensor, y: Tensor, u: Tensor, alpha: float, *, z: Tensor, v: Tensor, c: Tensor
) -> Tensor:
    def bound(rows: Tensor, label: Tensor, drawn: Tensor) -> Tensor:
        hot = F.one_hot(label, 3).double()
        loc, scale = halves(model.encode(torch.cat([rows.log1p(), hot], 1)))
        code = torch.cat([again(drawn, loc, scale), hot], 1)
        mu, theta = rows.sum(1, keepdim=True) * model.scale(code), model.log_theta.exp()
        kl = kl_divergence(Normal(loc, scale), Normal(0, 1)).sum(1)
        return zinb(rows, mu, theta, model.drop(code)) + kl

    known = bound(x, y, z[0]) + alpha * F.cross_entropy(
        model.classify(x.log1p()), y, reduction="none"
    )
    guess = model.classify(u.log1p()).softmax(1)
    unknown = (guess * (guess.log() + math.log(3))).sum(1)
    for label in range(3):
        unknown = unknown + guess[:, label] * bound(u, torch.full((len(u),), label), v[0, label])
    return known.mean() + unknown.mean()


def beta_tcvae(model: Any, x: Tensor, same: Tensor, n: float, beta: float, *, z: Tensor) -> Tensor:
    loc, scale = halves(model.encode(x))
    z = again(z[0], loc, scale)
    pairs = Normal(loc, scale).log_prob(z[:, None])  # [data, others, L]
    size = math.log(n * len(x))
    log_q = pairs.sum(2).logsumexp(1) - size
    log_marginals = (pairs.logsumexp(1) - size).sum(1)
    information = Normal(loc, scale).log_prob(z).sum(1) - log_q
    dimensions = log_marginals - Normal(0, 1).log_prob(z).sum(1)
    pixels = F.binary_cross_entropy_with_logits(model.decode(z), x, reduction="none").sum(1)
    return (information + beta * (log_q - log_marginals) + dimensions + pixels).mean()


def masked_vae(model: Any, x: Tensor, seen: Tensor, *, z: Tensor) -> Tensor:
    loc, scale = halves(model.encode(torch.cat([x * seen, seen.double()], 1)))
    z = again(z, loc, scale)
    away = (x - model.decode(z)) / model.log_scale.exp()
    likelihood = -0.5 * away**2 - model.log_scale - 0.5 * math.log(2 * math.pi)
    kl = (0.5 * (loc**2 + scale**2 - 1) - scale.log()).sum(1)
    return kl.mean() - (likelihood * seen).sum(-1).mean()


def mixture_density(model: Any, x: Tensor, y: Tensor) -> Tensor:
    h = model.net(x).view(len(x), 3, 4)
    away = ((y[:, None] - h[..., 2:]) / h[..., 1:2].exp()).square().sum(-1)
    log_density = -0.5 * away - 2 * h[..., 1] - math.log(2 * math.pi)
    return -(h[..., 0].log_softmax(1) + log_density).logsumexp(1).mean()
