"""Methods whose draws carry weights: every outcome, against the exact expectation.

By themselves, with a law and a loss as generated code writes it, and in stories.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime import Draw, Method
from storch_runtime.distributions import (
    Bernoulli,
    Binomial,
    Categorical,
    Distribution,
    OneHotCategorical,
)
from tests.certification.harness import (
    Uncertified,
    case,
    derivatives,
    hessian_rows,
    parameters,
)
from tests.certification.outcomes import Enumerated, enumerate_estimates, flat
from tests.exact.interpreter import interpret

DATA = torch.tensor([0.7, -1.2], dtype=torch.float64)
ONE = DATA[:1].reshape(())
LEAF = torch.tensor([0.4, -0.9, 0.2], dtype=torch.float64)

Law = Callable[[Tensor, Tensor], Distribution]  # of the leaf and the data
LAWS: dict[str, Law] = {
    "bits": lambda v, x: Bernoulli(logits=x[..., None] * v + v[0], event=1),
    "bits by probs": lambda v, x: Bernoulli(probs=torch.sigmoid(x[..., None] * v), event=1),
    "class": lambda v, x: Categorical(logits=x[..., None] * v.repeat(2) * LEAF.repeat(2).exp()),
    "one-hot by probs": lambda v, x: OneHotCategorical(probs=torch.softmax(x[..., None] * v, -1)),
    "two classes": lambda v, x: OneHotCategorical(
        logits=x[..., None, None] * torch.outer(v[:2], v), event=1
    ),
    "count": lambda v, x: Binomial(total_count=3, logits=x + v[0] * v[1]),
}


def cost(value: Tensor, v: Tensor, x: Tensor, law: Distribution) -> Tensor:
    """A cost that no place is apart in, and that depends on the leaf by itself."""
    rank = len(law.event_shape)
    flat = value.double().flatten(-rank) if rank else value.double().unsqueeze(-1)
    numbers = torch.arange(1, flat.shape[-1] + 1, dtype=torch.float64)
    y = (flat * numbers.sqrt()).sum(-1)
    return (y - x) ** 2 * (1 + v[1] * y) + torch.sin(3 * y) - v[2] * x


@dataclass(frozen=True)
class Moments:
    """The expected gradient and Hessian by the leaf, and the variance of the gradient."""

    value: Tensor
    gradient: Tensor
    hessian: Tensor
    variance: float


def both_derivatives(value: Tensor, leaf: Tensor) -> tuple[Tensor, Tensor]:
    first = derivatives(value, {"v": leaf})
    return first["v"].detach(), hessian_rows(first, {"v": leaf}).detach()


def loss_of(method: Method, draw: Draw, paid: Tensor) -> Tensor:
    """The loss as generated code writes it, of one sample and one cost."""
    draw.score = method.gradient_function(draw)
    return (draw.weight * draw.box * paid).sum(0).mean()


def expected(method: Method, law: Law, x: Tensor, **values: Any) -> Moments:
    """Over every outcome of the method."""
    leaf = LEAF.clone().requires_grad_()
    made = law(leaf, x)
    total, mass = [torch.zeros(()).double() for _ in range(4)], 0.0
    for outcome, probability in method.outcomes(made, **values):
        draw = method.propose(made, method.n, outcome=outcome, **values)
        loss = loss_of(method, draw, cost(draw.value, leaf, x, made))
        first, second = both_derivatives(loss, leaf)
        for i, part in enumerate((loss.detach(), first, second, first.square().sum())):
            total[i] = total[i] + probability * part
        mass += probability
    assert mass == pytest.approx(1, abs=1e-12)
    value, gradient, hessian, square = total
    return Moments(value, gradient, hessian, float(square - gradient.square().sum()))


def exact(law: Law, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The expected cost with its gradient and Hessian, by enumeration."""
    leaf = LEAF.clone().requires_grad_()
    made = law(leaf, x)
    support = made.enumerate_support()
    rank = support.dim() - 1
    spread = support.reshape(len(support), *(1,) * x.dim(), *support.shape[1:])
    values = spread.expand(len(support), *x.shape, *support.shape[1 : 1 + rank])
    total = (made.joint_log_prob(support).exp() * cost(values, leaf, x, made)).sum(0).mean()
    return (total.detach(), *both_derivatives(total, leaf))


def agree(method: Method, law: Law, x: Tensor, **values: Any) -> Moments:
    """Certify value, gradient and Hessian."""
    found = expected(method, law, x, **values)
    for got, wanted in zip(
        (found.value, found.gradient, found.hessian), exact(law, x), strict=True
    ):
        if not torch.allclose(got, wanted, rtol=0, atol=1e-9):
            raise Uncertified(f"got {got}, expected {wanted}")
    return found


def agree_in_story(
    text: str,
    method: str,
    inputs: dict[str, Any],
    *,
    prepare: Callable[[Any], None] = lambda model: None,
    hessian: bool = False,
    **others: str,
) -> Enumerated:
    """Certify a module with ``method`` at ``{}``, over every outcome of all its methods."""
    story = case(text.format(method, **others), inputs)
    model = story.model()
    prepare(model)
    found = enumerate_estimates(model, story, hessian=hessian)
    single = dict.fromkeys(others, "ScoreFunction()")
    read = text.format("ScoreFunction()", **single)
    own = parameters(model)
    exact = interpret(read, story.inputs, own, {})
    leaves = {n: leaf for n, leaf in {**own, **story.inputs}.items() if leaf.requires_grad}
    first = derivatives(exact.value, leaves)
    pairs = [(found.cost, exact.value), (found.gradient, flat(first))]
    if hessian:
        assert found.hessian is not None
        pairs.append((found.hessian, hessian_rows(first, leaves)))
    for got, wanted in pairs:
        if not torch.allclose(got, wanted.detach(), rtol=0, atol=1e-9):
            raise Uncertified(f"got {got}, expected {wanted}")
    return found
