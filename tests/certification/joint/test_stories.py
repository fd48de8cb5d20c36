"""Stories with samples without replacement: single ones, and several that share one joint sample.

The probabilities of whole sequences are written out by hand; every set of them is replayed, and
weighted by the sum over the orders in which it may have been drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations, permutations, product
from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime import reduce_plates
from storchc.lower import weights
from storchc.program.slots import Kind
from tests.certification.harness import Case, case, derivatives, differentiable, parameters
from tests.certification.joint.breaking import kept
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

Sequence = tuple[float, ...]
Law = Callable[[Mapping[str, Any], int], dict[Sequence, float]]
"""The probabilities of all sequences, given the parameters, at one element of the data plate."""


def chance(probabilities: tuple[float, ...]) -> float:
    """Of drawing these together without replacement, in whatever order."""
    total = 0.0
    for order in permutations(probabilities):
        left = 1.0
        one = 1.0
        for p in order:
            one *= p / left
            left -= p
        total += one
    return total


def worlds(law: dict[Sequence, float], k: int) -> list[tuple[tuple[Sequence, ...], float]]:
    """Every set of ``k`` sequences with its probability."""
    chosen = combinations(law, min(k, len(law)))
    return [(names, chance(tuple(law[s] for s in names))) for names in chosen]


def bernoulli(logit: Tensor | float, value: float) -> float:
    p = float(torch.sigmoid(torch.as_tensor(logit)))
    return p if value else 1 - p


def expected(story: Case, samples: tuple[str, ...], law: Law, k: int, size: int) -> Tensor:
    """The expected gradient over all sets, the data elements independent."""
    model = story.model()
    leaves = differentiable(model, story)
    values = {name: leaf.detach() for name, leaf in leaves.items()}
    lists = [worlds(law(values, i), k) for i in range(size)]
    total = torch.zeros(sum(leaf.numel() for leaf in leaves.values()), dtype=torch.float64)
    for world in product(*lists):
        share = prod(p for _, p in world)
        sets = torch.tensor([names for names, _ in world], dtype=torch.float64)  # [data, k, s]
        given = {s: sets[..., i].T for i, s in enumerate(samples)}
        if "data" not in story.text:
            given = {s: value[:, 0] for s, value in given.items()}
        loss = model(**story.inputs, given=given).loss
        total += share * flat(derivatives(loss, leaves)).detach()
    return total


def true(story: Case, method: str) -> Tensor:
    """The exact gradient, of the same story with score functions."""
    text = story.text
    for written in (f"{method}(k=1)", f"{method}(k=2)", f"{method}(k=3)", f"{method}(k=9)"):
        text = text.replace(written, "ScoreFunction()")
    text = text.replace(f"{method}()", "ScoreFunction()")
    model = story.model()
    exact = interpret(text, story.inputs, parameters(model))
    return flat(derivatives(exact.value, differentiable(model, story))).detach()


METHOD = "UnorderedSetEstimator"
PAIR = """
story T
plate data{}
input x[data]
param u = 0.4
param w = -0.3
sample a ~ Bernoulli(logits=u * x) with UnorderedSetEstimator(k={})
cost early = (a - 0.3) ** 2 * x
compute h = a * u + x
sample b ~ Bernoulli(logits=w + h) with UnorderedSetEstimator() in a
cost late = (b + 2 * a - w) ** 2 * h
cost both = a * b * u
"""


def pair_law(values: Mapping[str, Any], i: int) -> dict[Sequence, float]:
    u, w, x = values["u"], values["w"], values["x"][i]
    return {
        (a, b): bernoulli(u * x, a) * bernoulli(w + a * u + x, b)
        for a, b in product((0.0, 1.0), repeat=2)
    }


@pytest.mark.parametrize("reduction", ["", " sum"])
@pytest.mark.parametrize("k", [1, 2, 3, 9])
def test_two_variables_share_a_joint_sample(k: int, reduction: str) -> None:
    story = case(PAIR.format(reduction, k), {"x": [0.7, -1.2]})
    found = expected(story, ("a", "b"), pair_law, k, 2)
    torch.testing.assert_close(found, true(story, METHOD), rtol=0, atol=1e-9)


BESIDE = """
story T
param u = 0.4
param w = -0.3
sample a ~ Bernoulli(logits=u) with UnorderedSetEstimator(k=2)
sample b ~ Bernoulli(logits=w + a) with UnorderedSetEstimator() in a
compute q = Bernoulli(logits=w - a)
cost kl = kl_divergence(q, Bernoulli(probs=0.3))
sample c ~ q with UnorderedSetEstimator() in a
cost late = (c + 2 * b - a) ** 2 + u * b
cost tail = kl_divergence(q, Bernoulli(logits=u + b)) * c
report seen = a + b
"""


def test_three_variables_and_all_that_follows_them() -> None:
    def law(values: Mapping[str, Any], i: int) -> dict[Sequence, float]:
        u, w = values["u"], values["w"]
        return {
            (a, b, c): bernoulli(u, a) * bernoulli(w + a, b) * bernoulli(w - a, c)
            for a, b, c in product((0.0, 1.0), repeat=3)
        }

    story = case(BESIDE)
    found = expected(story, ("a", "b", "c"), law, 2, 1)
    torch.testing.assert_close(found, true(story, METHOD), rtol=0, atol=1e-9)


SHARING = {
    "pair": case(PAIR.format("", 2), {"x": [0.7, -1.2]}),
    "three": case(BESIDE),
}


@pytest.mark.parametrize("name", SHARING)
def test_what_is_drawn_is_what_is_replayed(name: str) -> None:
    """Values given need not follow anything: they tell that drawn ones have followed."""
    story = SHARING[name]
    model = story.model()
    leaves = differentiable(model, story)
    torch.manual_seed(0)
    for _ in range(20):
        drawn = model(**story.inputs)
        given = {s: value.detach() for s, value in drawn.samples.items()}
        again = model(**story.inputs, given=given)
        for one, other in zip(results(drawn, leaves), results(again, leaves), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


def results(estimate: Any, leaves: Mapping[str, Tensor]) -> list[Tensor]:
    tables = (estimate.costs, estimate.weights, estimate.log_probs, estimate.reports)
    public = [value.detach() for table in tables for value in table.values()]
    return [flat(derivatives(estimate.loss, leaves)).detach(), *public]


@pytest.mark.parametrize("k", [4, 9])
def test_whole_supports_have_no_variance(k: int) -> None:
    story = case(PAIR.format("", k), {"x": [0.7, -1.2]})
    model = story.model()
    found = flat(derivatives(model(**story.inputs).loss, differentiable(model, story))).detach()
    torch.testing.assert_close(found, true(story, METHOD), rtol=0, atol=1e-9)


def test_public_values_are_those_of_the_sequences() -> None:
    model = SHARING["three"].model()
    for _ in range(20):
        estimate = model()
        a, b = estimate.samples["a"], estimate.samples["b"]
        torch.testing.assert_close(estimate.reports["seen"], a + b)
        torch.testing.assert_close(estimate.weights["a"], estimate.weights["c"])
        torch.testing.assert_close(estimate.weights["a"], estimate.weights["b"])
        total = sum(reduce_plates(estimate, name) for name in estimate.costs)
        torch.testing.assert_close(total, estimate.cost)
        sequences = torch.stack([a, b, estimate.samples["c"]], -1)
        assert len(sequences.unique(dim=0)) == len(sequences)


# --- one variable, beside other methods -----------------------------------------------------------

OTHERS = ["ScoreFunction()", "ScoreFunction(baseline=moving_average)", "Expect()", "DisARM()"]
ABOVE = """
story T
param u = 0.4
param w = -0.3
sample a ~ Bernoulli(logits=u) with {}
sample z ~ Categorical(logits=stack([u, w * a, 0.2])) with UnorderedSetEstimator(k=2)
cost c = (z + a - w) ** 2 + u * z
"""
BELOW = """
story T
param u = 0.4
param w = -0.3
sample z ~ Categorical(logits=stack([u, w, 0.2])) with UnorderedSetEstimator(k=2)
sample a ~ Bernoulli(logits=u + w * z) with {}
cost c = (z + a - w) ** 2 + u * z
"""
ALONG = """
story T
param u = 0.4
param w = -0.3
sample z ~ Categorical(logits=stack([u, w, 0.2])) with UnorderedSetEstimator(k=2)
sample a ~ Bernoulli(logits=u + w * z) with {} in z
cost c = (z + a - w) ** 2 + u * z
"""


@pytest.mark.parametrize("method", OTHERS)
@pytest.mark.parametrize("text", [ABOVE, BELOW, ALONG], ids=["above", "below", "along"])
def test_beside_other_methods(text: str, method: str) -> None:
    if text is ALONG and method == "Expect()":
        pytest.skip("it opens a plate of its own")
    story = case(text.format(method))
    found = enumerate_estimates(story.model(), story)
    plain = text.replace("UnorderedSetEstimator(k=2)", "ScoreFunction()")
    plain = plain.format("Expect()" if method == "Expect()" else "ScoreFunction()")
    model = story.model()
    exact = interpret(plain, {}, parameters(model))
    wanted = flat(derivatives(exact.value, parameters(model))).detach()
    torch.testing.assert_close(found.gradient, wanted, rtol=0, atol=1e-9)


# --- broken variants ------------------------------------------------------------------------------


@pytest.mark.parametrize(("broken", "name"), [("value", "pair"), ("draw", "three")])
def test_what_does_not_follow_fails(
    broken: Kind, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOSS.md §6: a cost that is not re-indexed under the final weights is wrong."""
    kept(monkeypatch, broken)
    with pytest.raises((AssertionError, RuntimeError, AttributeError)):
        test_what_is_drawn_is_what_is_replayed(name)


def test_the_weights_of_the_first_part_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    right = weights.weights_of

    def wrong(*asked: Any) -> Any:
        found = right(*asked)
        return weights.Weights((), (asked[1],), found.cut) if found.samples else found

    monkeypatch.setattr(weights, "weights_of", wrong)
    story = case(PAIR.format("", 2), {"x": [0.7, -1.2]})
    found = expected(story, ("a", "b"), pair_law, 2, 2)
    assert float((found - true(story, METHOD)).abs().max()) > 1e-3
