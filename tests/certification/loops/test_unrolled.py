"""A loop is what its steps are, written out one by one: the same numbers, whatever the method."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import storchc

LOOP = """
story Loop
param w = 0.4
param u = -0.3
for t in range(3) from h = u, z = 0.0:
    compute h = h * w + z
    sample z ~ {family} with {method}
    cost c = (z - h) ** 2 * (t + 1)
    compute g = tanh(h * z)
cost d = h * z + sum(sequence(g))
"""
STEPS = """
story Steps
param w = 0.4
param u = -0.3
compute h0 = u * w
sample a ~ {first} with {method}
cost c0 = (a - h0) ** 2
compute h1 = h0 * w + a
sample b ~ {second} with {joined} in a
cost c1 = (b - h1) ** 2 * 2
compute h2 = h1 * w + b
sample e ~ {third} with {joined} in a
cost c2 = (e - h2) ** 2 * 3
cost d = h2 * e + tanh(h0 * a) + tanh(h1 * b) + tanh(h2 * e)
"""
PLACES = {"first": "h0", "second": "h1", "third": "h2"}
CASES = [
    ("Normal({}, softplus(w))", "Reparameterization"),
    ("Normal({}, softplus(w))", "Infer"),
    ("Gumbel({}, 1.5)", "Reparameterization"),
    ("Normal({}, softplus(w))", "ScoreFunction"),
    ("Bernoulli(logits={})", "GumbelSoftmax"),
    ("Bernoulli(logits={})", "ReinMax"),
]


def both(family: str, method: str) -> tuple[Any, Any]:
    """The two modules; the steps stand in one plate, as those of the loop do."""
    places = {name: family.format(h) for name, h in PLACES.items()}
    opens, joins = f"{method}(n=3)", f"{method}()"
    loop = LOOP.format(family=family.format("h"), method=opens)
    steps = STEPS.format(method=opens, joined=joins, **places)
    return storchc.load(text=loop)().double(), storchc.load(text=steps)().double()


def gradients(model: Any) -> list[Tensor]:
    torch.manual_seed(3)
    loss = model().loss
    return [loss, *torch.autograd.grad(loss, list(model.parameters()))]


@pytest.mark.parametrize(("family", "method"), CASES)
def test_a_loop_is_its_steps(family: str, method: str) -> None:
    loop, steps = both(family, method)
    for ours, theirs in zip(gradients(loop), gradients(steps), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_replaying_a_sequence_gives_the_estimate_again() -> None:
    loop, _ = both("Normal({}, softplus(w))", "Reparameterization")
    first = loop()
    assert first.samples["z"].shape == (3, 3)
    assert first.log_probs["z"].shape == (3,)
    again = loop(given={"z": first.samples["z"]})
    torch.testing.assert_close(again.loss, first.loss)
    two = loop(given={"z": first.samples["z"][:2]})
    assert two.samples["z"].shape == (2, 3)
    with pytest.raises(ValueError, match=r"numbers of steps \[3\]"):
        loop(given={"z": first.samples["z"][:, :2]})
