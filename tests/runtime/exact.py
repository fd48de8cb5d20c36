"""Expected gradients of the written modules, by all outcomes of their samplers and by hand."""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor

from storch_runtime import Estimate
from storch_runtime.distributions import Bernoulli
from tests.runtime.written import Toy, toy_cost

X = torch.tensor([[0.3, -0.2, 0.5], [0.1, 0.4, -0.6]], dtype=torch.float64)


def flat(tensors: list[Tensor]) -> Tensor:
    """All elements in one vector."""
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def derivatives(loss: Tensor, model: Toy) -> tuple[Tensor, Tensor]:
    """The gradient and the Hessian by the encoder's bias."""
    (first,) = torch.autograd.grad(loss, model.encoder.bias, create_graph=True)
    second = [torch.autograd.grad(part, model.encoder.bias, retain_graph=True)[0] for part in first]
    return first.detach(), torch.stack(second)


def true_loss(model: Toy, x: Tensor = X) -> Tensor:
    """The expected total cost of the toy, by summing over the four values of its two bits."""
    law = Bernoulli(logits=model.encoder(x), event=1)
    probs = law.probs
    total = torch.zeros((), dtype=x.dtype)
    for bits in product((0.0, 1.0), repeat=2):
        z = torch.tensor(bits, dtype=x.dtype)
        chance = (probs * z + (1 - probs) * (1 - z)).prod(-1)
        total = total + (chance * toy_cost(z.expand(len(x), 2), x)).mean()
    divergence = probs * (2 * probs).log() + (1 - probs) * (2 - 2 * probs).log()
    return total + divergence.sum(-1).mean()


def expected(model: Toy, x: Tensor = X) -> tuple[Tensor, Tensor]:
    """The expected gradient and Hessian of the estimates, over every outcome of the sampler."""
    law = Bernoulli(logits=model.encoder(x).detach(), event=1)
    outcomes = model.methods["z"].outcomes(law)
    gradient, hessian, mass = torch.zeros(2).double(), torch.zeros(2, 2).double(), 0.0
    for value, probability in outcomes:
        estimate: Estimate = model(x, given={"z": value})
        first, second = derivatives(estimate.loss, model)
        gradient, hessian = gradient + probability * first, hessian + probability * second
        mass += probability
    assert abs(mass - 1) < 1e-9
    return gradient, hessian
