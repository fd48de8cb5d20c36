"""Toys for methods with control variates of their own: every world in one pass, as a plate.

Each world is an element of a plate of the law, so that one forward evaluates all of them; weighted
by their probabilities the loss has the exact expectation as value, and its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

import torch
from torch import Tensor, nn

from storch_runtime import Downstream, Draw, Elsewhere, Method
from storch_runtime.distributions import Bernoulli, Categorical, OneHotCategorical
from tests.certification.harness import TOLERANCE, Uncertified

Law = Any
Cost = Callable[[Tensor, Tensor], Tensor]  # of values [..., *event] and the scale, [...]
SCALE = 0.8


@dataclass(frozen=True)
class Toy:
    """A law made of one leaf, and a cost in which a scale stands too."""

    make: Callable[[Tensor], Law]
    start: Tensor
    cost: Cost

    def leaves(self) -> tuple[Tensor, Tensor]:
        """The parameters of the law, and the scale."""
        scale = torch.tensor(SCALE, dtype=torch.float64, requires_grad=True)
        return self.start.clone().requires_grad_(), scale


def bit_cost(bits: Tensor, scale: Tensor) -> Tensor:
    """A cost that joins the bits, smooth between them too."""
    weights = torch.tensor([0.9, -1.3, 0.4], dtype=bits.dtype)[: bits.shape[-1]]
    joined = (bits * weights).sum(-1)
    return (scale * joined - 0.45) ** 2 * (1 + joined) + bits.prod(-1)


def class_cost(values: Tensor, scale: Tensor) -> Tensor:
    """A cost of one-hot vectors ``[..., D, C]`` that joins them."""
    return bit_cost((values * torch.tensor([0.2, 1.1, -0.7], dtype=values.dtype)).sum(-1), scale)


def one_class_cost(values: Tensor, scale: Tensor) -> Tensor:
    """The same of one vector ``[..., C]``."""
    return class_cost(values.unsqueeze(-2), scale)


def index_cost(values: Tensor, scale: Tensor) -> Tensor:
    """The same of the index of a class."""
    return one_class_cost(torch.eye(3, dtype=scale.dtype)[values], scale)


BITS = torch.tensor([0.7, -0.4], dtype=torch.float64)
CLASSES = torch.tensor([0.3, -0.6, 0.9], dtype=torch.float64)
TWO_CLASSES = torch.stack([CLASSES, CLASSES.flip(0) * 0.5])
TOYS = {
    "logits of bits": Toy(lambda v: Bernoulli(logits=v, event=1), BITS, bit_cost),
    "probs of bits": Toy(lambda v: Bernoulli(probs=v, event=1), BITS.sigmoid(), bit_cost),
    "one bit": Toy(
        lambda v: Bernoulli(logits=v),
        BITS[0],
        lambda bits, scale: bit_cost(bits.unsqueeze(-1), scale),
    ),
    "logits of classes": Toy(lambda v: OneHotCategorical(logits=v), CLASSES, one_class_cost),
    "probs of classes": Toy(
        lambda v: OneHotCategorical(probs=v), CLASSES.softmax(-1), one_class_cost
    ),
    "two one-hot vectors": Toy(
        lambda v: OneHotCategorical(logits=v, event=1), TWO_CLASSES, class_cost
    ),
    "an index": Toy(lambda v: Categorical(logits=v), CLASSES, index_cost),
}


def worlds(law: Law, n: int) -> tuple[Tensor, Tensor]:
    """Every value ``[n, W, *event]`` of n draws of a law without plates, and its probability."""
    support = law.enumerate_support()
    index = torch.tensor(list(product(range(len(support)), repeat=n)))
    chance = law.joint_log_prob(support).detach().exp()[index].prod(-1)
    return support[index.movedim(-1, 0)], chance


def compare(
    toy: Toy,
    method: Method,
    values: Tensor,
    chance: Tensor,
    critic: nn.Module | None = None,
    elsewhere: Cost | None = None,
    arrange: Callable[[Draw], None] = lambda draw: None,
) -> None:
    """Certify the gradient over the worlds ``values`` ``[n, W, *event]``, or raise."""
    leaf, scale = toy.leaves()
    law = toy.make(leaf)
    draw = method.draw(law.expand(chance.shape), values)
    arrange(draw)
    cost = toy.cost(draw.value, scale)
    after = elsewhere or toy.cost
    downstream = Downstream(
        cost.detach(), elsewhere=Elsewhere(lambda points: after(points, scale)), critic=critic
    )
    control = method.control_variate(draw, downstream)
    assert control is not None and control.shape == cost.shape
    if bool((control != 0).any()):
        raise Uncertified("the control variate has a value of its own")
    loss = ((draw.box * cost + control).mean(0) * chance).sum()
    agree(loss, truth(toy, leaf, scale), (leaf, scale))


def truth(toy: Toy, leaf: Tensor, scale: Tensor) -> Tensor:
    """The expected cost of one draw."""
    law = toy.make(leaf)
    support = law.enumerate_support()
    exact: Tensor = (law.joint_log_prob(support).exp() * toy.cost(support, scale)).sum()
    return exact


def agree(
    loss: Tensor, exact: Tensor, leaves: tuple[Tensor, ...], tolerance: float = TOLERANCE
) -> None:
    """Raise where value or gradient differ."""
    pairs = [(loss, exact)]
    pairs += zip(*(torch.autograd.grad(v, leaves) for v in (loss, exact)), strict=True)
    for got, wanted in pairs:
        if not bool(((got - wanted).detach().abs() <= tolerance * (1 + wanted.abs())).all()):
            raise Uncertified(f"got {got.detach()}, expected {wanted.detach()}")


class Critic(nn.Module):
    """A smooth function of one value ``[N, *event]``, in double precision."""

    def __init__(self, features: int) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.first = nn.Linear(features, 5).double()
        self.last = nn.Linear(5, 1).double()

    def forward(self, value: Tensor) -> Tensor:
        """``[N]``."""
        hidden = self.first(value.reshape(len(value), -1)).sin()
        result: Tensor = self.last(hidden).squeeze(-1)
        return result


# --- quadrature ----------------------------------------------------------------------------------


def legendre(count: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights on (0, 1)."""
    k = torch.arange(1, count, dtype=torch.float64)
    off = k / (4 * k**2 - 1).sqrt()
    nodes, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return (nodes + 1) / 2, vectors[0] ** 2


def hermite(count: int) -> tuple[Tensor, Tensor]:
    """Nodes and weights of a standard normal."""
    off = torch.arange(1, count, dtype=torch.float64).sqrt()
    nodes, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return nodes, vectors[0] ** 2


def bit_clocks(law: Law, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Values ``[1, W, *event]`` and exponential noise for each, and the chance of both."""
    nodes, weights = legendre(count)
    support = law.enumerate_support()
    size = law.batch_event.numel()
    places = torch.tensor(list(product(range(count), repeat=size)))
    chance = law.joint_log_prob(support).detach().exp()[:, None] * weights[places].prod(-1)
    clocks = -torch.log1p(-nodes[places]).reshape(-1, *law.batch_event)
    values = support.repeat_interleave(len(places), 0)
    return values[None], clocks.repeat(len(support), *(1,) * law.event), chance.flatten()


def class_clocks(law: Law, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """The same for three classes: chosen first at 1, the others at ``p (1/r - 1)``.

    ``(r_i, r_j)`` covers the unit square as ``(ρ, ρ t)`` and ``(ρ t, ρ)``, where it is smooth.
    """
    nodes, weights = legendre(count)
    probs = law.probs.detach()
    rho, t = (grid.flatten() for grid in torch.meshgrid(nodes, nodes, indexing="ij"))
    area = (weights[:, None] * weights).flatten()
    clocks, chance = [], []
    for chosen in range(3):
        i, j = (k for k in range(3) if k != chosen)
        for first, second in ((i, j), (j, i)):
            p, q, rest = probs[first], probs[second], probs[chosen]
            density = 2 * p * q * t / (rho * t * rest + p * t + q) ** 3
            clock = torch.ones(len(rho), 3, dtype=torch.float64)
            clock[:, first], clock[:, second] = p * (1 / rho - 1), q * (1 / (rho * t) - 1)
            clocks.append(clock)
            chance.append(rest * density * area)
    values = torch.arange(3).repeat_interleave(2 * len(rho))
    return values[None], torch.cat(clocks), torch.cat(chance)
