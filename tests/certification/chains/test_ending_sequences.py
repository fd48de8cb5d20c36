"""`Expect` of whole sequences that stop at different steps: they share the weight of their end."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

import storch_runtime.sequences
from storch_runtime.draw import Draw
from storch_runtime.place import EverySequence
from tests.certification.chains.sums import certify_sums
from tests.certification.harness import Case, Uncertified, case

LETTERS = """story Letters
dim V = 2
dim T = 3
plate data
input x[data]
param w[V] = 0.3
param u[V, V] = normal(0, 1)
for t in range(T) from z = one_hot(0, V), s = 0.0:
    sample z ~ OneHotCategorical(logits=z @ u + w * x) with Expect()
    compute s = s + z[1] * (t + 1) * x
    cost step = s * w[0] + 0.1
    stop when {condition}
cost c = {cost}
"""
CONDITIONS = ["z[0] > 0", "s > 0.6", "x > 0", "x > 0 and z[1] > 0", "t == 0", "z[0] > 2"]
COSTS = [
    "s ** 2",
    "sum(sequence(alive)) * s + z[0]",
    "max(sequence(s)) + sequence(z)[T - 1, 0] * s",
]

TWO = """story Two
param p = 0.2
param q[2] = normal(0, 1)
for t in range(3) from a = 0, b = 0, total = 0.0:
    sample a ~ Bernoulli(logits=p + q[0] * b - total) with Expect()
    sample b ~ Bernoulli(logits=q[1] * a + p) with Expect()
    compute total = total + 0.5 * a - b * p
    cost step = total * p
    stop when a == 1 and b == 0
cost c = total ** 2 * b
"""


NESTED = """story Nested
param p = 0.2
param q[2] = normal(0, 1)
for i in range(2) from b = 0, sum_so_far = 0.0:
    for j in range(2) from a = b, total = sum_so_far:
        sample a ~ Bernoulli(logits=p + q[0] * a - total) with Expect()
        compute total = total + (0.5 + a) * (i + 1)
        cost step = total * p
        stop when a == 1
    compute b = a
    compute sum_so_far = total
cost c = sum_so_far ** 2 * b
"""


def letters(condition: str = CONDITIONS[0], cost: str = COSTS[0]) -> Case:
    text = LETTERS.format(condition=condition, cost=cost)
    return case(text, {"x": [0.7, -1.2]})


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("cost", COSTS)
def test_sequences_that_end_at_different_steps(condition: str, cost: str) -> None:
    certify_sums(letters(condition, cost))


def test_two_samples_that_end_together() -> None:
    certify_sums(case(TWO, {}))


def nested(p: Tensor, q: Tensor, i: int, j: int, a: float, total: Tensor) -> Tensor:
    """What is still to be paid in `NESTED` before step j of step i, every outcome weighed."""
    if i == 2:
        return total**2 * a
    chance = torch.sigmoid(p + q[0] * a - total)
    longer = [total + (0.5 + value) * (i + 1) for value in range(2)]
    ends = nested(p, q, i + 1, 0, 1.0, longer[1])
    goes_on = nested(p, q, i + j, 1 - j, 0.0, longer[0])
    return chance * (longer[1] * p + ends) + (1 - chance) * (longer[0] * p + goes_on)


def test_inner_loops_that_stop() -> None:
    model = case(NESTED, {}).model()
    leaves = model.p, model.q
    expected = nested(*leaves, 0, 0, 0.0, torch.zeros((), dtype=torch.float64))
    found, true = (torch.autograd.grad(value, leaves) for value in (model().loss, expected))
    for got, exact in zip(found, true, strict=True):
        torch.testing.assert_close(got, exact, rtol=0, atol=1e-9)


SAME_LAW = """story Same
plate data sum
input x[data, 3]
param w = 0.4
for t in range(3) from h = w, z = 0:
    compute h = 0.5 * tanh(x[t]) + h
    sample z ~ Bernoulli(logits=w - 0.3) with Expect()
    stop when {condition}
cost end = {cost}
"""
MATRIX = [[0.3, -0.8, 0.8], [-0.9, 0.2, 0.1]]


@pytest.mark.parametrize("condition", ["z == 1 and h > 0", "z == 1 and x[t] > 0", "x[t] > 0"])
@pytest.mark.parametrize("cost", ["(sum(sequence(z)) - z) + h", "z", "h * z"])
def test_ends_that_differ_along_a_plate_that_the_law_lacks(condition: str, cost: str) -> None:
    certify_sums(case(SAME_LAW.format(condition=condition, cost=cost), {"x": MATRIX}))


def ends_by_hand(w: Tensor, x: Tensor, *, joined: bool) -> Tensor:
    """The cost of `SAME_LAW`, of one element: ``h + z``, or its `logmeanexp` over all sequences."""
    total = torch.zeros((), dtype=torch.float64)
    for outcomes in product((0, 1), repeat=3):
        h, z, share, alive = w, 0, torch.ones((), dtype=torch.float64), True
        for outcome, step in zip(outcomes, x, strict=True):
            share = share * torch.sigmoid((w - 0.3) if outcome else (0.3 - w))
            if alive:
                h, z = 0.5 * torch.tanh(step) + h, outcome
                alive = not (z == 1 and h.item() > 0)
        total = total + share * (torch.exp(h + z) if joined else h + z)
    return total.log() if joined else total


@pytest.mark.parametrize("joined", [True, False])
def test_such_ends_by_hand(joined: bool) -> None:
    cost = "logmeanexp(h + z, over=z)" if joined else "h + z"
    story = case(SAME_LAW.format(condition="z == 1 and h > 0", cost=cost), {"x": MATRIX})
    model, x = story.model(), story.inputs["x"]
    expected = sum(ends_by_hand(model.w, row, joined=joined) for row in x)
    assert isinstance(expected, Tensor)
    loss = model(**story.inputs).loss
    torch.testing.assert_close(loss, expected)
    found, true = (torch.autograd.grad(value, (model.w, x)) for value in (loss, expected))
    torch.testing.assert_close(found, true)


BESIDE = """story Beside
plate data
input x[data, 2]
param w = 0.4
for t in range(2) from a = 0, b = 0, h = 0.1:
    sample a ~ Bernoulli(logits={first}) with Expect()
    sample b ~ Bernoulli(logits={second}) with Expect()
    compute h = h + w * a - b
    stop when {condition}
cost end = a * h
"""


@pytest.mark.parametrize("first", ["w", "w * b"])
@pytest.mark.parametrize("second", ["w", "w * a", "x[t]"])
@pytest.mark.parametrize("condition", ["a == 1 and b == 0", "b == 1 and x[t] > 0", "x[t] > 0"])
def test_ends_that_differ_along_another_sample(first: str, second: str, condition: str) -> None:
    text = BESIDE.format(first=first, second=second, condition=condition)
    certify_sums(case(text, {"x": [[0.3, -0.8], [-0.9, 0.2]]}))


WITHIN = """story Within
plate data
input x[data]
param w = 0.4
for i in range(2) from k = 0, s = 0.1:
    for j in range(2) from z = k, h = s:
        sample z ~ Bernoulli(logits=w) with Expect()
        compute h = h + w * z * (j + 1)
        stop when {inner}
    compute k = z
    compute s = h + i
    stop when {outer}
cost end = s * (k + 1)
"""


@pytest.mark.parametrize(
    ("inner", "outer"),
    [("z == 1 and x > 0", "s > 9"), ("z == 1", "x > 0"), ("h > 0.3", "x + s > 1")],
)
def test_such_ends_of_inner_loops(inner: str, outer: str) -> None:
    certify_sums(case(WITHIN.format(inner=inner, outer=outer), {"x": [0.3, -0.9]}))


def test_a_single_step() -> None:
    certify_sums(case(letters().text.replace("dim T = 3", "dim T = 1"), {"x": [0.7, -1.2]}))


def test_what_the_estimate_shows() -> None:
    story = letters()
    model = story.model()
    estimate = model(**story.inputs)
    z, weight = estimate.samples["z"], estimate.weights["z"]
    assert z.shape == (8, 2, 3, 2)
    ended = z[..., 0].cummax(2).values[:, :, :-1]
    assert bool((z[:, :, 1:][ended > 0] == z[:, :, :-1][ended > 0]).all())
    torch.testing.assert_close(weight.sum(0), torch.ones(2, dtype=weight.dtype))
    shared = estimate.log_probs["z"].exp() * 0.5 ** (ended > 0).sum(-1)
    torch.testing.assert_close(weight, shared)
    replayed = model(**story.inputs, given={"z": z})
    torch.testing.assert_close(replayed.loss, estimate.loss)
    with pytest.raises(ValueError, match="only its own values"):
        model(**story.inputs, given={"z": 1 - z})


def broken_whole_weight(draw: Draw, place: EverySequence) -> Draw:
    """Elements that go on behind the end of one sequence count as so many sequences."""
    ended = UNTIL_END(draw, place)
    assert ended.weight is not None and place.held is not None
    ended.weight = torch.where(place.held.alive, ended.weight, 1.0)
    return ended


def broken_new_values(draw: Draw, place: EverySequence) -> Draw:
    """Values are not kept."""
    assert place.held is not None
    held = place.held._replace(value=torch.ones_like(place.held.value))
    return UNTIL_END(draw, place._replace(held=held))


UNTIL_END = storch_runtime.sequences.outcomes_until_end


@pytest.mark.parametrize("broken", [broken_whole_weight, broken_new_values])
def test_broken_variants_fail(monkeypatch: pytest.MonkeyPatch, broken: Any) -> None:
    story = letters("z[0] > 0", "s ** 2 + z[1]")
    certify_sums(story)
    monkeypatch.setattr("storch_runtime.methods.expect.outcomes_until_end", broken)
    with pytest.raises(Uncertified):
        certify_sums(story)
