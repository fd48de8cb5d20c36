"""A generated module, run for every outcome of its methods, whatever these are.

Each call of a method's `propose` is a choice among the outcomes that the method itself lists for
the distribution at hand; the runs are the leaves of the tree of these choices. Nested samples,
partners, sets without replacement and fresh draws within a control variate are all choices. So is
what a reservoir picks of the sequences of a loop. The noise of a Normal, transformed or not, is
taken from the nodes of a quadrature. A run that draws any other noise is refused: what is proved
here is proved of everything that is random.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from torch import Tensor

from storch_runtime.distributions import Delta, Distribution, Normal, TransformedDistribution
from storch_runtime.samplers import reservoir
from storch_runtime.samplers.sampler import Outcome
from storchc.certify.choices import Tree
from tests.certification.harness import Case, Model, Uncertified, derivatives, differentiable

TOO_MANY = 20_000
NODES = 24


def choosing(method: Any, tree: Tree) -> Callable[..., Any]:
    """The method's `propose`, told what to take."""
    propose = type(method).propose

    def told(distribution: Any, n: int | None, **values: Any) -> Any:
        given = {k: v for k, v in values.items() if k not in ("noise", "outcome")}
        if isinstance(source_of(distribution), Normal | Delta):
            noise = tree.take(lambda: standard_nodes(distribution, n))
            return propose(method, distribution, n, noise=noise, **given)
        outcome = tree.take(lambda: method.outcomes(distribution, each=n is None, **given))
        return propose(method, distribution, n, outcome=outcome, **given)

    return told


def source_of(distribution: Distribution) -> Distribution:
    """What is drawn, where it is transformed afterwards."""
    while isinstance(distribution, TransformedDistribution):
        distribution = distribution.base_distribution
    return distribution


def standard_nodes(distribution: Distribution, n: int | None, count: int = NODES) -> list[Outcome]:
    """Standard normal noise for n draws, by Gauss-Hermite quadrature in each of its places.

    A point has none: one outcome is certain.
    """
    own = () if n is None else (n,)
    shape = (*own, *distribution.plates, *distribution.event_shape)
    if isinstance(distribution, Delta):
        return [(torch.zeros(shape, dtype=torch.float64), 1.0)]
    points, weights = np.polynomial.hermite_e.hermegauss(count)
    nodes, shares = torch.from_numpy(points), weights / weights.sum()
    choices = product(range(count), repeat=math.prod(shape))
    return [
        (nodes[torch.tensor(places)].reshape(shape), math.prod(shares[i] for i in places))
        for places in choices
    ]


def picks(log_masses: Tensor) -> list[Outcome]:
    """Every choice of an index in each row, in proportion to the masses; the first if all are 0."""
    rows = log_masses.reshape(-1, log_masses.shape[-1])
    first = torch.zeros_like(rows)
    first[:, 0] = 1
    possible = (rows > -torch.inf).any(-1, keepdim=True)
    shares = torch.where(possible, rows, 0.0).softmax(-1).where(possible, first).tolist()
    each = [[i for i, share in enumerate(row) if share > 0] for row in shares]
    shape = log_masses.shape[:-1]
    return [
        (torch.tensor(choice).reshape(shape), math.prod(map(list.__getitem__, shares, choice)))
        for choice in product(*each)
    ]


@contextmanager
def told(model: Model, tree: Tree) -> Iterator[None]:
    """Every method of the model takes what the tree says, and so does every reservoir."""
    methods, pick = [method for _, method in model.methods.items()], reservoir.pick
    for method in methods:
        method.propose = choosing(method, tree)
    reservoir.pick = lambda log_masses: tree.take(lambda: picks(log_masses))
    try:
        yield
    finally:
        reservoir.pick = pick
        for method in methods:
            del method.propose


@contextmanager
def kept(model: Model) -> Iterator[Callable[[], None]]:
    """Yields a function that sets every buffer back to what it was."""
    buffers = [
        (module, name, buffer.clone())
        for module in model.modules()
        for name, buffer in module._buffers.items()
        if buffer is not None
    ]

    def restore() -> None:
        for module, name, buffer in buffers:
            module._buffers[name] = buffer.clone()
        model.watch.unsettled = False

    try:
        yield restore
    finally:
        restore()


@dataclass(frozen=True, slots=True)
class Enumerated:
    """The estimate over all outcomes; gradients by leaf, flattened one after another.

    ``variance`` is the exact variance of each coordinate of the gradient, ``runs`` the number of
    outcomes with their joint ``probability``.
    """

    runs: int
    probability: float
    cost: Tensor
    gradient: Tensor
    variance: Tensor
    hessian: Tensor | None
    leaves: tuple[str, ...]

    @property
    def total_variance(self) -> float:
        """The variances of all coordinates, summed."""
        return float(self.variance.sum())


def enumerate_estimates(
    model: Model,
    story: Case,
    *,
    leaves: Mapping[str, Tensor] | None = None,
    hessian: bool = False,
    limit: int = TOO_MANY,
) -> Enumerated:
    """Run ``model`` for every outcome; ``Uncertified`` where anything else is random.

    ``leaves`` are what the gradient is taken of, if not of every parameter and float input.
    """
    leaves = differentiable(model, story) if leaves is None else leaves
    size = sum(leaf.numel() for leaf in leaves.values())
    cost, moments = torch.zeros((), dtype=torch.float64), torch.zeros(2, size, dtype=torch.float64)
    second = torch.zeros(size, size, dtype=torch.float64) if hessian else None
    tree, runs, mass, noise = Tree(), 0, 0.0, torch.get_rng_state()
    with told(model, tree), kept(model) as restore:
        while True:
            loss = model(**story.inputs).loss
            first = flat(derivatives(loss, leaves, again=hessian))
            gradient, share = first.detach(), tree.probability
            cost += share * loss.detach()
            moments += share * torch.stack([gradient, gradient**2])
            if second is not None:
                rows = [flat(derivatives(entry, leaves)).detach() for entry in first]
                second += share * torch.stack(rows)
            runs, mass = runs + 1, mass + share
            restore()
            if not tree.advance():
                break
            if runs == limit:
                raise Uncertified(f"more than {limit} outcomes")
    if not torch.equal(noise, torch.get_rng_state()):
        raise Uncertified("the module draws noise that is no outcome of its methods")
    if abs(mass - 1) > 1e-9:
        raise Uncertified(f"the probabilities of the outcomes add up to {mass}")
    variance = moments[1] - moments[0] ** 2
    return Enumerated(runs, mass, cost, moments[0], variance, second, tuple(leaves))


def flat(gradients: Mapping[str, Tensor]) -> Tensor:
    """Gradients one after another."""
    return torch.cat([gradient.reshape(-1) for gradient in gradients.values()])
