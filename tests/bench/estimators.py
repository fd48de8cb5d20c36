"""Estimators that take more than a draw: sets without replacement, partners, relaxed values."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations, product
from math import log
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import storchc
from tests.bench.case import Case, Samples
from tests.bench.discrete_vae import BATCH, PIXELS, ByHand, C, K, build, networks

SET = 4
BITS = """story BinaryVAE
plate data
input x[data, 784]
module encoder: [784] -> [20]
module decoder: [20] -> [784]
compute q = Bernoulli(logits=encoder(x))
sample z ~ q with DisARM()
cost kl = kl_divergence(q, Bernoulli(probs=full([20], 0.5)))
cost reconstruction = sum(binary_cross_entropy_with_logits(decoder(z), x))
"""


def cases(dtype: torch.dtype = torch.float32) -> Iterator[Case]:
    """Four estimators, each beside the same step by hand."""
    yield case(f"without replacement, k={SET}", f"ScoreFunctionWOR(k={SET})", Ratios(), dtype)
    yield case(f"unordered set, k={SET}", f"UnorderedSetEstimator(k={SET})", Unordered(), dtype)
    yield case("REBAR", "REBAR()", Rebar(), dtype)
    yield binary(dtype)


def case(name: str, method: str, by_hand: ByHand, dtype: torch.dtype) -> Case:
    """A generated module, and the step by hand around the same networks."""
    model, x = build(method, dtype)
    return _beside(f"discrete VAE, {name}", model, x, by_hand)


def binary(dtype: torch.dtype) -> Case:
    """Twenty bits in the place of two symbols of ten."""
    encoder, decoder = networks()
    model = storchc.load(text=BITS)(encoder=encoder, decoder=decoder).to(dtype)
    x = torch.rand(BATCH, PIXELS, generator=torch.Generator().manual_seed(1), dtype=dtype)
    return _beside("discrete VAE of 20 bits, DisARM", model, x, Partners())


def _beside(name: str, model: Any, x: Tensor, by_hand: Any) -> Case:
    by_hand.encoder, by_hand.decoder, by_hand.x = model.encoder, model.decoder, x
    by_hand.method = model.methods["z"]
    return Case(name, model, (x,), by_hand, all_of)


def all_of(estimate: Any) -> Samples:
    """The values drawn, their weights, and the further points that the method looked at."""
    draw = estimate.draws["z"]
    found = {"z": draw.value.detach(), "weights": estimate.weights["z"].detach()}
    return found if draw.points is None else {**found, "points": draw.points.detach()}


class Sets(ByHand):
    """Four of the 100 codes, without replacement."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.tensor(list(product(range(C), repeat=K)))
        self.codes = F.one_hot(self.table, C).flatten(1)

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        _, log_q, divergence = self.encode()
        joint = (log_q[:, 0, :, None] + log_q[:, 1, None, :]).flatten(1)
        index, threshold = self.take(joint, samples)
        log_p = joint.gather(1, index)
        cost = self.reconstruct(self.codes[index].to(log_p.dtype), self.x[:, None])
        with torch.no_grad():
            weights, baseline = self.weigh(log_p, cost, threshold, samples)
            advantage = cost - baseline
        surrogate = (weights * (cost + log_p * advantage)).sum(1).mean()
        return divergence + surrogate, divergence + (weights * cost).sum(1).mean()

    def take(self, joint: Tensor, samples: Samples | None) -> tuple[Tensor, Tensor]:
        """The codes of the set, and the value of the first one that is not in it."""
        if samples is not None:
            place = samples["z"].argmax(-1).transpose(0, 1)
            return place[..., 0] * C + place[..., 1], joint.new_zeros(())
        with torch.no_grad():
            perturbed = joint - torch.empty_like(joint).exponential_().log()
            top = perturbed.topk(SET + 1, 1)
            return top.indices[:, :SET], top.values[:, SET:]

    def weigh(
        self, log_p: Tensor, cost: Tensor, threshold: Tensor, samples: Samples | None
    ) -> tuple[Tensor, Tensor]:
        """Weights and baselines, ``[data, k]``."""
        raise TypeError(f"{type(self).__name__} does not weigh")


class Ratios(Sets):
    """Importance weights, and the baseline of Kool et al."""

    def weigh(
        self, log_p: Tensor, cost: Tensor, threshold: Tensor, samples: Samples | None
    ) -> tuple[Tensor, Tensor]:
        """See `Sets.weigh`."""
        p = log_p.exp()
        weights = p / -torch.expm1(-torch.exp(log_p - threshold))
        if samples is not None:
            weights = samples["weights"].transpose(0, 1)
        weighed = weights * cost
        return weights, weighed.sum(1, keepdim=True) - weighed + p * cost


class Unordered(Sets):
    """Every order in which the set may have been drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.orders = torch.tensor(list(permutations(range(SET))))
        self.first = F.one_hot(self.orders[:, 0], SET)
        pairs = self.orders[:, 0] * SET + self.orders[:, 1]
        self.pairs = F.one_hot(pairs, SET * SET)

    def weigh(
        self, log_p: Tensor, cost: Tensor, threshold: Tensor, samples: Samples | None
    ) -> tuple[Tensor, Tensor]:
        """See `Sets.weigh`: who came first, and who second."""
        p = log_p.exp()
        ordered = p[:, self.orders]
        left = 1 - ordered.cumsum(-1)[..., :-1]
        chance = ordered.prod(-1) / left.prod(-1)
        chance = chance / chance.sum(-1, keepdim=True)
        weights = chance @ self.first.to(p.dtype)
        second = (chance @ self.pairs.to(p.dtype)).unflatten(-1, (SET, SET)) / weights[..., None]
        others = (second * cost[:, None, :]).sum(-1)
        return weights, p * cost + (1 - p) * others


class Partners(ByHand):
    """DisARM."""

    method: nn.Module

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        logits = self.encoder(self.x)
        log_one, log_zero = F.logsigmoid(logits), F.logsigmoid(-logits)
        q = log_one.exp()
        divergence = (q * log_one + (1 - q) * log_zero + log(2)).sum(-1).mean()
        with torch.no_grad():
            b, partner = self.pair(q, samples)
            other = self.reconstruct(partner, self.x)
        cost = self.reconstruct(b, self.x)
        with torch.no_grad():
            sign = 1 - 2 * partner
            factor = sign * (b != partner) * logits.abs().sigmoid()
            coefficient = 0.5 * (cost - other)[..., None] * factor
        surrogate = cost + (coefficient * logits).sum(-1)
        return divergence + surrogate.mean(), divergence + cost.mean()

    def pair(self, q: Tensor, samples: Samples | None) -> tuple[Tensor, Tensor]:
        """A value and its antithetic partner."""
        if samples is not None:
            return samples["z"], (samples["points"] < q).to(q.dtype)
        u = torch.rand(1, *q.shape, dtype=q.dtype)
        return (u > 1 - q).to(q.dtype), (u < q).to(q.dtype)


class Rebar(ByHand):
    """REBAR, its two numbers trained on the variance."""

    method: Any

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        _, log_q, divergence = self.encode()
        z = self.draw(log_q, samples)
        cost = self.reconstruct(z.flatten(2), self.x)
        points = self.relaxed(log_q, z, samples).requires_grad_()
        eta, temperature = self.method.eta, self.method.log_temperature.exp()
        soft = self.reconstruct((points / temperature).softmax(-1).flatten(3), self.x)
        (slopes,) = torch.autograd.grad(soft.sum(), points, create_graph=True)
        q = log_q.exp().detach()
        top = points[1].detach().amax(-1, keepdim=True)
        back = slopes[0] - (1 - (points[1].detach() - top).exp()) * slopes[1]
        paid = cost.detach() - eta * soft[1]
        inner = eta * back
        estimate = paid[..., None, None] * (z - q) + inner - q * inner.sum(-1, keepdim=True)
        variance = estimate.square().sum((-2, -1)).mean()
        own = (eta, self.method.log_temperature)
        pushes = torch.autograd.grad(variance, own)
        trained = sum(g * (p - p.detach()) for g, p in zip(pushes, own, strict=True))
        score = (z * log_q).sum((-2, -1))
        path = (inner.detach() * log_q).sum((-2, -1))
        surrogate = cost + score * paid.detach() + path
        return divergence + surrogate.mean() + trained, divergence + cost.mean()

    def relaxed(self, log_q: Tensor, z: Tensor, samples: Samples | None) -> Tensor:
        """Gumbel values that are largest at ``z``, and those once more: ``[2, n, data, K, C]``."""
        if samples is not None:
            return samples["points"].clone()
        with torch.no_grad():
            clock = torch.empty(2, *z.shape, dtype=z.dtype).exponential_()
            first = (clock * z).sum(-1, keepdim=True)
            return -torch.where(z > 0.5, first, clock / log_q.exp() + first).log()
