"""Constructs of the language in plates, loops and joint samples: every outcome, all derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.certification.harness import Case, Uncertified, case, derivatives, fails
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret


class Curve(nn.Module):
    """A small smooth function of one number, with parameters that nothing may train."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.8, dtype=torch.float64))

    def forward(self, value: Tensor) -> Tensor:
        """``[N]``."""
        return (self.slope * value).tanh() + 0.3 * value**2


HEAD = """
story T
plate data
input x[data]
param w[2] = tensor([0.4, -0.7])
param u[2] = tensor([-0.3, 0.5])
module curve frozen: [] -> []
"""
CONSTRUCTS = {
    "kept event": 'sum(tanh(log_prob(Normal(u * y, 1), w * v, reduction="none")) * u) * (y + 1)',
    "scatter": "sum(scatter(w * x, 0, long(y), u[0] * v + 0.2) ** 3)",
    "index_put": "sum(index_put(outer(w, u), [long(v), 1], u[1] * y - x) ** 2)",
    "frozen": "curve(u[0] * y + w[1] * v * x) ** 2 + curve(w[0])",
    "a bit as an index": "(w[long(y)] - u[long(v)] * x) ** 2",
    "casts": "float(y + v > 1) * w[0] * u[1] + float(bool(y)) * x * u[0] + w[1] * float(long(v))",
}
BROKEN = {
    "kept event": ("u * y", "stop_gradient(u) * y"),
    "scatter": ("long(y)", "1"),
    "index_put": ("long(v)", "0"),
    "frozen": ("curve(u[0]", "curve(stop_gradient(u[0])"),
    "a bit as an index": ("w[long(y)]", "w[long(v)]"),
    "casts": ("bool(y)", "bool(v)"),
}
PLATE = """
sample z ~ Bernoulli(logits=stack([u[0] + w[0] * x, w[1]])) with {}
compute y = z[0]
compute v = z[1]
cost c = {}
"""
LOOP = """
for t in range(2) from y = w[0]:
    sample v ~ Bernoulli(logits=w[1] * y) with {}
    compute y = 1 * v
    cost c = {}
"""
PLACES: dict[str, Callable[[str], tuple[str, str]]] = {
    "plate": lambda cost: (
        PLATE.format("ScoreFunction(baseline=moving_average)", cost),
        PLATE.format("ScoreFunction(n=1)", cost),
    ),
    "joint": lambda cost: (
        PLATE.format("UnorderedSetEstimator(k=2)", cost),
        PLATE.format("ScoreFunction(n=1)", cost),
    ),
    "loop": lambda cost: (
        LOOP.format("ScoreFunction()", cost),
        LOOP.format("ScoreFunction()", cost),
    ),
}


def prove(text: str, plain: str) -> None:
    """The mean over all outcomes, its gradient and its Hessian, or ``Uncertified``."""
    this: Case = case(text, {"x": [0.7]}, curve=Curve())
    model: Any = this.model()
    leaves = {**{n: p for n, p in model.named_parameters() if "." not in n}, **this.inputs}
    found = enumerate_estimates(model, this, leaves=leaves, hessian=True)
    assert found.hessian is not None
    exact = interpret(plain, this.inputs, {n: leaves[n] for n in ("w", "u")}, this.modules)
    gradient = flat(derivatives(exact.value, leaves))
    rows = torch.stack([flat(derivatives(entry, leaves)) for entry in gradient])
    wanted = {"cost": exact.value, "gradient": gradient, "Hessian": rows}
    got = {"cost": found.cost, "gradient": found.gradient, "Hessian": found.hessian}
    for name, value in wanted.items():
        if not torch.allclose(got[name], value.detach(), rtol=0, atol=1e-9):
            raise Uncertified(f"{name} {got[name]}, exact {value.detach()}")


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_exact(construct: str, place: str) -> None:
    text, plain = PLACES[place](CONSTRUCTS[construct])
    prove(HEAD + text, HEAD + plain)


@pytest.mark.parametrize("construct", BROKEN)
def test_another_story_fails(construct: str) -> None:
    text, plain = PLACES["plate"](CONSTRUCTS[construct])
    old, new = BROKEN[construct]
    assert old in text
    fails(lambda: prove(HEAD + text.replace(old, new), HEAD + plain))
