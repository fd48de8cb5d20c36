"""`RaoBlackwellSF` of whole sequences: all but the last weighed by their probability.

An outcome is k sequences in the order in which they were drawn without replacement, and every one
is replayed, weighted by its probability. Truth is the same story with a plain score function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations, product
from math import prod

import pytest
import torch
from torch import Tensor

from storch_runtime.joint import Joint
from storch_runtime.methods import RaoBlackwellSF
from tests.certification.harness import (
    Case,
    Uncertified,
    case,
    derivatives,
    differentiable,
    fails,
    hessian_rows,
)
from tests.certification.joint.test_loops import (
    STOP,
    STORIES,
    WALK,
    placed,
    public,
    story_of,
    truth,
    values,
)
from tests.certification.joint.test_stories import PAIR, pair_law, true
from tests.certification.outcomes import flat

METHOD = "RaoBlackwellSF(k={})"


def in_order(probabilities: Sequence[float]) -> float:
    """Of drawing these without replacement one after another."""
    total, left = 1.0, 1.0
    for p in probabilities:
        total *= p / left
        left -= p
    return total


def over_orders(
    story: Case,
    chances: Sequence[Sequence[float]],
    k: int,
    given: Callable[[Sequence[Sequence[int]]], dict[str, Tensor]],
) -> Tensor:
    """The expected gradient over all ordered choices of ``k`` sequences, data elements independent.

    ``given`` are the values of the sequences that are numbered for each element.
    """
    model = story.model()
    leaves = differentiable(model, story)
    total = torch.zeros(sum(leaf.numel() for leaf in leaves.values()), dtype=torch.float64)
    orders = list(permutations(range(len(chances[0])), k))
    for world in product(orders, repeat=len(chances)):
        share = prod(in_order([chances[i][s] for s in o]) for i, o in enumerate(world))
        loss = model(**story.inputs, given=given(world)).loss
        total += share * flat(derivatives(loss, leaves)).detach()
    return total


def agree(got: Tensor, expected: Tensor) -> None:
    if not torch.allclose(got, expected, rtol=0, atol=1e-9):
        raise Uncertified(f"got {got}, expected {expected}")


def prove_loop(name: str, k: int) -> None:
    text, steps = STORIES[name]
    size = 2 if name == "walk" and k < 3 else 1
    expected, chances = truth(text, steps, size)
    story, listed = story_of(text, METHOD.format(k), size), values(text, steps)

    def given(world: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        each = [placed(story, [listed[order[j]] for order in world]) for j in range(k)]
        return {"y": torch.stack(each)}

    agree(over_orders(story, chances, k, given), expected)


@pytest.mark.parametrize("name", STORIES)
@pytest.mark.parametrize("k", [1, 2, 3])
def test_sequences_of_a_loop(name: str, k: int) -> None:
    if (name, k) == ("joint", 3):
        pytest.skip("too many orders")
    prove_loop(name, k)


def prove_pair(k: int, reduction: str) -> None:
    text = PAIR.format(reduction, k).replace("UnorderedSetEstimator", "RaoBlackwellSF")
    story = case(text, {"x": [0.7, -1.2]})
    model = story.model()
    leaves = {n: v.detach() for n, v in differentiable(model, story).items()}
    laws = [pair_law(leaves, i) for i in range(2)]
    rows = list(laws[0])

    def given(world: Sequence[Sequence[int]]) -> dict[str, Tensor]:
        chosen = torch.tensor([[rows[s] for s in o] for o in world], dtype=torch.float64)
        return {name: chosen[..., i].T for i, name in enumerate(("a", "b"))}

    chances = [list(law.values()) for law in laws]
    agree(over_orders(story, chances, k, given), true(story, "RaoBlackwellSF"))


@pytest.mark.parametrize("reduction", ["", " sum"])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_two_variables_share_a_joint_sample(k: int, reduction: str) -> None:
    prove_pair(k, reduction)


@pytest.mark.parametrize("name", STORIES)
def test_all_sequences_have_no_variance(name: str) -> None:
    """Nor have their second derivatives, however many elements hold no sequence."""
    text, steps = STORIES[name]
    size = 1 if name == "joint" else 2
    expected, chances = truth(text, steps, size)
    found = []
    for more in (0, 2):
        story = story_of(text, METHOD.format(len(chances[0]) + more), size)
        model = story.model()
        leaves = differentiable(model, story)
        first = derivatives(model(**story.inputs).loss, leaves)
        agree(flat(first).detach(), expected)
        found.append(hessian_rows(first, leaves))
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", STORIES)
def test_what_is_drawn_is_what_is_replayed(name: str) -> None:
    """The sequences come in the order in which they were drawn: the last one is from the rest."""
    story = story_of(STORIES[name][0], METHOD.format(2), 1 if name == "joint" else 2)
    model = story.model()
    leaves = differentiable(model, story)
    torch.manual_seed(0)
    for _ in range(20):
        drawn = model(**story.inputs)
        again = model(**story.inputs, given={"y": drawn.samples["y"].detach()})
        for one, other in zip(public(drawn, leaves), public(again, leaves), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


@pytest.mark.parametrize("text", [WALK, STOP])
def test_orders_come_as_often_as_they_should(text: str) -> None:
    """What was drawn first, second and third, over many elements of the data plate."""
    steps, k, count = 2 if text is WALK else 3, 2, 40_000
    _, chances = truth(text, steps, 1)
    story, listed = story_of(text, METHOD.format(k), 1), values(text, steps)
    torch.manual_seed(0)
    drawn = story.model()(torch.full((count,), 0.7, dtype=torch.float64)).samples["y"]
    numbers = torch.stack(
        [(drawn == row).flatten(2).all(-1) for row in listed]
    ).to(torch.uint8).argmax(0)  # fmt: skip
    for order in permutations(range(len(listed)), k):
        hits = (numbers == torch.tensor(order).unsqueeze(1)).all(0).sum().item()
        p = in_order([chances[0][s] for s in order])
        assert abs(hits - count * p) <= 5 * (count * p * (1 - p)) ** 0.5


# --- broken variants ------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", ["own probability", "first for last"])
@pytest.mark.parametrize("where", ["loop", "pair"])
def test_other_weights_fail(broken: str, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: RaoBlackwellSF, joint: Joint) -> Tensor:
        masses, rest = joint.masses, joint.rest.unsqueeze(0)
        if broken == "own probability":
            return masses.exp()
        return torch.cat([torch.logaddexp(masses[:1], rest), masses[1:]]).exp()

    monkeypatch.setattr(RaoBlackwellSF, "weigh", wrong)
    fails(lambda: prove_loop("walk", 2) if where == "loop" else prove_pair(2, ""))
