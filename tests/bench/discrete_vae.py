"""The discrete VAE: 784-512-256-2x10 and back, batches of 64."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import log
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

import storchc
from tests.bench.case import Case, Samples, drawn

STORY = Path(__file__).parents[2] / "specs" / "discrete_vae" / "discrete_vae.story"
K, C, PIXELS, BATCH = 2, 10, 784, 64
TEMPERATURE = 0.5


def cases(dtype: torch.dtype = torch.float32) -> Iterator[Case]:
    """Four estimators of the same gradient."""
    average = "ScoreFunction(n=10, baseline=batch_average)"
    relaxation = f"GumbelSoftmax(n=1, temperature={TEMPERATURE})"
    yield case("score function, n=1", "ScoreFunction(n=1)", Score(1), dtype)
    yield case("batch average, n=10", average, BatchAverage(10), dtype)
    yield case("Gumbel-softmax, n=1", relaxation, Relaxed(1), dtype)
    yield case("exact expectation", "Expect()", Exact(), dtype)


def case(name: str, method: str, by_hand: Any, dtype: torch.dtype) -> Case:
    """A generated module, and the step by hand around the same networks."""
    model, x = build(method, dtype)
    by_hand.encoder, by_hand.decoder, by_hand.x = model.encoder, model.decoder, x
    return Case(f"discrete VAE, {name}", model, (x,), by_hand, drawn)


def build(method: str, dtype: torch.dtype = torch.float32) -> tuple[Any, Tensor]:
    """The compiled story with ``method``, and a batch."""
    encoder, decoder = networks()
    model = storchc.load(STORY, methods={"z": method})(encoder=encoder, decoder=decoder)
    x = torch.rand(BATCH, PIXELS, generator=torch.Generator().manual_seed(1))
    return model.to(dtype), x.to(dtype)


def networks() -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder."""
    torch.manual_seed(0)
    encoder = (nn.Linear(PIXELS, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU())
    decoder = (nn.Linear(K * C, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU())
    return (
        nn.Sequential(*encoder, nn.Linear(256, K * C)),
        nn.Sequential(*decoder, nn.Linear(512, PIXELS)),
    )


class ByHand:
    """What the steps by hand share."""

    encoder: nn.Module
    decoder: nn.Module
    x: Tensor

    def __init__(self, n: int = 1) -> None:
        self.n = n

    def encode(self) -> tuple[Tensor, Tensor, Tensor]:
        """Logits, log-probabilities and the divergence from the uniform prior."""
        logits = self.encoder(self.x).view(-1, K, C)
        log_q = logits.log_softmax(-1)
        divergence = (log_q.exp() * (log_q + log(C))).sum((-2, -1)).mean()
        return logits, log_q, divergence

    def reconstruct(self, code: Tensor, x: Tensor) -> Tensor:
        """What the decoder's pixels cost, ``[..., data]``."""
        x_hat = self.decoder(code)
        shape = torch.broadcast_shapes(x_hat.shape, x.shape)
        loss = F.binary_cross_entropy_with_logits(
            x_hat.expand(shape), x.expand(shape), reduction="none"
        )
        return loss.sum(-1)

    def draw(self, log_q: Tensor, samples: Samples | None) -> Tensor:
        """One-hot symbols, ``[n, data, K, C]``."""
        if samples is not None:
            return samples["z"]
        with torch.no_grad():
            race = torch.empty(self.n, *log_q.shape, dtype=log_q.dtype).exponential_()
            winner = (log_q - race.log()).argmax(-1, keepdim=True)
            return torch.zeros_like(race).scatter_(-1, winner, 1.0)


class Score(ByHand):
    """The score function."""

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        _, log_q, divergence = self.encode()
        z = self.draw(log_q, samples)
        cost = self.reconstruct(z.flatten(2), self.x)
        score = (z * log_q).sum((-2, -1))
        surrogate = cost + score * cost.detach()
        return divergence + surrogate.mean(), divergence + cost.mean()


class BatchAverage(ByHand):
    """The score function with the mean of the other draws subtracted."""

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        _, log_q, divergence = self.encode()
        z = self.draw(log_q, samples)
        cost = self.reconstruct(z.flatten(2), self.x)
        score = (z * log_q).sum((-2, -1))
        paid = cost.detach()
        advantage = (paid - paid.mean(0)) * (self.n / (self.n - 1))
        surrogate = cost + score * advantage
        return divergence + surrogate.mean(), divergence + cost.mean()


class Relaxed(ByHand):
    """Gumbel-softmax."""

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        logits, _, divergence = self.encode()
        if samples is None:
            noise = -torch.empty(self.n, *logits.shape, dtype=logits.dtype).exponential_().log()
        else:  # the noise that made the sample, up to a constant that softmax ignores
            noise = TEMPERATURE * samples["z"].log() - logits.detach()
        z = ((logits + noise) / TEMPERATURE).softmax(-1)
        loss = divergence + self.reconstruct(z.flatten(2), self.x).mean()
        return loss, loss


class Exact(ByHand):
    """All 100 codes; the decoder runs once for each."""

    def __init__(self) -> None:
        super().__init__()
        index = torch.tensor(list(product(range(C), repeat=K)))
        self.codes = F.one_hot(index, C).flatten(1)

    def __call__(self, samples: Samples | None = None) -> tuple[Tensor, Tensor]:
        """One step."""
        _, log_q, divergence = self.encode()
        q = log_q.exp()
        joint = (q[:, 0, :, None] * q[:, 1, None, :]).flatten(1)
        codes = self.codes.to(q.dtype)
        x_hat = self.decoder(codes).unsqueeze(1).expand(-1, BATCH, -1)
        pixels = F.binary_cross_entropy_with_logits(
            x_hat, self.x.expand(len(codes), -1, -1), reduction="none"
        )
        cost = (joint.T * pixels.sum(-1)).sum(0).mean()
        return divergence + cost, divergence + cost
