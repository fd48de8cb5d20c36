"""Loops whose samples are drawn without replacement: whole sequences, none twice.

Truth is the same story with a plain score function, summed over every sequence. Sets of sequences
are replayed and weighted by their probability; draws are compared with their replay, as values that
are given follow nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, product
from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from tests.certification.harness import Case, case, derivatives, differentiable
from tests.certification.joint.breaking import kept, steps_kept
from tests.certification.joint.test_stories import chance
from tests.certification.outcomes import flat

UNORDERED, RATIOS = "UnorderedSetEstimator(k={})", "ScoreFunctionWOR(k={})"
WALK = """
story Walk
plate data
input x[data]
param u = 0.4
param w[2] = tensor([0.3, -0.2])
for t in range(2) from h = x, y = one_hot(0, 2):
    compute h = tanh(0.7 * h + sum(w * y))
    cost early = h * u
    sample y ~ OneHotCategorical(logits=stack([u * h, h])) with METHOD
    cost late = (sum(y * w) - h) ** 2 * x
    report seen = h + y[0]
cost whole = (sum(sequence(y) * w) - u) ** 2 + h
"""
STOP = """
story Stop
plate data
input x[data]
param u = 0.4
param w[2] = tensor([0.3, -0.2])
for t in range(3) from h = x:
    sample y ~ Bernoulli(logits=u * h) with METHOD
    compute h = tanh(0.7 * h + w[0] * y + w[1])
    cost step = (y - h) ** 2 * x
    stop when y > 0.5
cost length = 0.3 * sum(sequence(alive)) * h
"""
JOINT = """
story Joint
param v[2] = tensor([0.4, -0.9])
for t in range(2) from h = v:
    sample y ~ Bernoulli(logits=h) with METHOD
    compute h = v * sum(y) - 0.5 * y
    cost c = (sum(y * v) - 0.3) ** 2
"""
STORIES = {"walk": (WALK, 2), "stop": (STOP, 3), "joint": (JOINT, 2)}


def story_of(text: str, method: str, size: int) -> Case:
    inputs = {"x": [0.7, -1.2][:size]} if "input x" in text else {}
    return case(text.replace("METHOD", method), inputs)


def values(text: str, steps: int) -> list[Tensor]:
    """Every sequence of one element, ``[T, *event]``; what has stopped repeats its last value."""
    bits = [torch.tensor(b) for b in ((0.0,), (1.0,))]
    if "OneHot" in text:
        each = [torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])]
    elif "h = v" in text:
        each = [torch.tensor(b) for b in product((0.0, 1.0), repeat=2)]
    else:
        each = [b[0] for b in bits]
    found = [torch.stack(s).double() for s in product(each, repeat=steps)]
    if "stop when" not in text:
        return found
    return [s for s in found if all(s[t + 1] == 1 for t in range(steps - 1) if s[t] == 1)]


def placed(story: Case, sequences: Iterable[Tensor]) -> Tensor:
    """The sequences of the data elements, ``[data, T, *event]``, or that of the only one."""
    stacked = torch.stack(list(sequences))
    return stacked if "plate data" in story.text else stacked[0]


def truth(text: str, steps: int, size: int) -> tuple[Tensor, list[list[float]]]:
    """The exact gradient, and the probability of every sequence at every data element."""
    story = story_of(text, "ScoreFunction()", size)
    model = story.model()
    leaves = differentiable(model, story)
    total = torch.zeros(sum(leaf.numel() for leaf in leaves.values()), dtype=torch.float64)
    chances: list[list[float]] = [[] for _ in range(size)]
    listed = values(text, steps)
    for world in product(listed, repeat=size):
        given = {"y": placed(story, world)[None]}
        estimate = model(**story.inputs, given=given)
        logs = estimate.log_probs["y"].detach().reshape(-1)
        share = float(logs.sum().exp())
        total += share * flat(derivatives(estimate.loss, leaves)).detach()
        for i, log in enumerate(logs):
            if all(other is listed[0] for j, other in enumerate(world) if j != i):
                chances[i].append(float(log.exp()))
    return total, chances


def of_sets(text: str, steps: int, size: int, k: int) -> Tensor:
    """The expected gradient over all sets of ``k`` sequences."""
    story = story_of(text, UNORDERED.format(k), size)
    model = story.model()
    leaves = differentiable(model, story)
    _, chances = truth(text, steps, size)
    listed = values(text, steps)
    total = torch.zeros(sum(leaf.numel() for leaf in leaves.values()), dtype=torch.float64)
    choices = list(combinations(range(len(listed)), k))
    for world in product(choices, repeat=size):
        share = prod(chance(tuple(chances[i][s] for s in c)) for i, c in enumerate(world))
        sets = [placed(story, [listed[c[j]] for c in world]) for j in range(k)]
        loss = model(**story.inputs, given={"y": torch.stack(sets)}).loss
        total += share * flat(derivatives(loss, leaves)).detach()
    return total


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("k", [1, 2, 3])
def test_sets_of_sequences(name: str, k: int) -> None:
    text, steps = STORIES[name]
    size = 2 if name == "walk" and k < 3 else 1
    expected, _ = truth(text, steps, size)
    torch.testing.assert_close(of_sets(text, steps, size, k), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("method", [UNORDERED, RATIOS])
def test_all_sequences_have_no_variance(name: str, method: str) -> None:
    """Elements that hold no sequence count nothing: there are more of them than sequences."""
    text, steps = STORIES[name]
    size = 1 if name == "joint" else 2
    expected, chances = truth(text, steps, size)
    story = story_of(text, method.format(len(chances[0]) + 2), size)
    model = story.model()
    for _ in range(3):
        estimate = model(**story.inputs)
        gradient = flat(derivatives(estimate.loss, differentiable(model, story))).detach()
        torch.testing.assert_close(gradient, expected, rtol=0, atol=1e-9)
        assert not any(value.isnan().any() for value in estimate.costs.values())


@pytest.mark.parametrize("name", STORIES)
def test_what_is_drawn_is_what_is_replayed(name: str) -> None:
    text, _ = STORIES[name]
    story = story_of(text, UNORDERED.format(2), 1 if name == "joint" else 2)
    model = story.model()
    leaves = differentiable(model, story)
    torch.manual_seed(0)
    for _ in range(20):
        drawn = model(**story.inputs)
        again = model(**story.inputs, given={"y": drawn.samples["y"].detach()})
        for one, other in zip(public(drawn, leaves), public(again, leaves), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


def public(estimate: Any, leaves: dict[str, Tensor]) -> list[Tensor]:
    tables = (estimate.costs, estimate.weights, estimate.log_probs, estimate.reports)
    seen = [value.detach() for table in tables for value in table.values()]
    return [flat(derivatives(estimate.loss, leaves)).detach(), *seen]


BARE = "ScoreFunctionWOR(k=3, use_baseline=false)"
LONG = WALK.replace("range(2)", "range(3)")


@pytest.mark.certify
@pytest.mark.parametrize(("text", "method"), [(WALK, BARE), (STOP, BARE), (LONG, RATIOS.format(4))])
def test_ratios_are_right_on_average(text: str, method: str) -> None:
    """The score function with p / q, at many draws, where these have a variance."""
    expected, _ = truth(text, 2 if text is WALK else 3, 1)
    story = story_of(text, method, 1)
    model, count = story.model().double(), 50_000
    sums = torch.zeros(2, dtype=torch.float64)
    torch.manual_seed(0)
    for _ in range(20):
        x = torch.full((count,), 0.7, dtype=torch.float64, requires_grad=True)
        model(x).loss.backward()
        assert x.grad is not None
        each = x.grad * count
        sums += torch.stack([each.sum(), each.square().sum()])
    mean, square = sums / (20 * count)
    error = ((square - mean**2) / (20 * count)).sqrt()
    assert abs(float(mean - expected[-1])) <= 5 * float(error)


# --- broken variants, and what is refused ---------------------------------------------------------


@pytest.mark.parametrize("broken", ["values", "lines"])
def test_what_does_not_follow_fails(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if broken == "values":
        kept(monkeypatch, "value", "sequence")
    else:
        steps_kept(monkeypatch)
    with pytest.raises(AssertionError):
        test_what_is_drawn_is_what_is_replayed("walk")


def test_another_plate_along_the_sequences_is_refused() -> None:
    text = WALK.replace("METHOD", UNORDERED.format(2)).replace(
        "    cost late",
        "    sample z ~ Bernoulli(logits=h) with ScoreFunction(n=2)\n"
        "    cost more = z\n    cost late",
    )
    assert [d.code for d in storchc.check(text=text)] == ["S434"]


def test_time_grows_with_the_number_of_steps() -> None:
    """One gather a step, however long the history is: the graph has a node count linear in T."""
    text = WALK.replace("range(2)", "range(T - 1)").replace("input x[data]", "dim T\ninput x[data]")
    text = text.replace("param u", "input mask[data, T]\nparam u")
    counts = []
    for steps in (9, 17, 33):
        model = storchc.load(text=text.replace("METHOD", UNORDERED.format(2)))()
        loss = model(torch.tensor([0.7]), torch.ones(1, steps)).loss
        seen, stack = set(), [loss.grad_fn]
        while stack:
            node = stack.pop()
            if node is not None and node not in seen:
                seen.add(node)
                stack += [parent for parent, _ in node.next_functions]
        counts.append(len(seen))
    assert counts[2] - counts[1] <= 2.1 * (counts[1] - counts[0])
