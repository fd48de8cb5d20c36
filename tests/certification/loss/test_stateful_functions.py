"""Functions with a memory, certified exactly: later calls depend on what earlier ones were given.

The interpreter reads the same story with the memory written out, or knows the function's rule.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storchc.analysis.facts.dependence import _Finding
from tests.certification.harness import Case, Uncertified, certify
from tests.certification.loops.test_loops import METHODS, story
from tests.certification.outcomes import enumerate_estimates
from tests.random_stories.memory import declaration, keepers, watched

WALK = "function walk batched nondiff stateful: [], []: int -> []"
RECALL = "function walk batched nondiff stateful: [] -> []"


class Walk:
    """Where each element has come to; at time 0 it starts anew."""

    place: Tensor

    def __call__(self, step: Tensor, time: Tensor) -> Tensor:
        self.place = 0.5 * self.place + step if time.any() else step
        return self.place


class Recall:
    """What it is given, times the mean of what it was given before; it is called twice."""

    def __init__(self) -> None:
        self.means: list[Tensor] = []

    def __call__(self, value: Tensor) -> Tensor:
        if self.means:
            return value * self.means.pop()
        self.means.append(value.mean())
        return value


def prove(told: str, written: str, function: Callable[..., Any]) -> None:
    """Certify the module of the story that is told as the one that is written out."""
    certify(
        Case(told, {}, {"walk": function}),
        interpreted=written,
        vectorised=False,
        hessian=True,
    )


def loop(method: str, more: str = "") -> tuple[str, str]:
    steps = f"""
    sample a ~ Bernoulli(logits=w + u * t) with {METHODS[method]}
    compute s = WALK
    cost c = s ** 2
    compute last = last * u + s
{more}
cost d = last
"""
    told = "for t in range(3) from last = 0:" + steps.replace("WALK", "walk(a, t)")
    written = "for t in range(3) from last = 0, s = 0:" + steps.replace("WALK", "0.5 * s + a")
    return story(told, WALK), story(written)


@pytest.mark.parametrize("method", ["none", "moving", "others"])
def test_a_walk_in_a_loop(method: str) -> None:
    prove(*loop(method), Walk())


@pytest.mark.parametrize("method", ["none", "others"])
def test_a_walk_that_stops(method: str) -> None:
    prove(*loop(method, "    stop when s > 1"), Walk())


def test_a_walk_that_goes_on_in_an_inner_loop() -> None:
    steps = """
    sample a ~ Bernoulli(logits=w) with ScoreFunction(baseline=none)
    compute p = FIRST
    cost c = p ** 2
    for r in range(2)FROM:
        sample b ~ Bernoulli(logits=u + p) with ScoreFunction(baseline=none) in a
        compute q = THEN
        cost d = q ** 2
"""
    told, written = steps.replace("FROM", ""), steps.replace("FROM", " from q = p")
    told = told.replace("FIRST", "walk(a, t)").replace("THEN", "walk(b, 1)")
    written = written.replace("FIRST", "0.5 * k + a").replace("THEN", "0.5 * q + b")
    prove(
        story(f"for t in range(2):{told}", WALK),
        story(f"for t in range(2) from k = 0:{written}    compute k = q\n"),
        Walk(),
    )


@pytest.mark.parametrize("method", ["none", "moving"])
def test_a_call_in_the_header_of_a_loop_is_remembered(method: str) -> None:
    steps = f"""
sample a ~ Bernoulli(logits=w) with {METHODS[method]}
for t in range(2) from h = HEADER:
    compute h = h * u + t
cost c = (BEHIND - w) ** 2
"""
    told = steps.replace("HEADER", "walk(a, 0)").replace("BEHIND", "walk(0.5, 1)")
    written = steps.replace("HEADER", "a").replace("BEHIND", "mean(0.5 * a + 0.5, over=a)")
    assert "S506" not in {d.code for d in storchc.check(text=story(told, WALK))}
    prove(story(told, WALK), story(written), Walk())


def test_a_function_sees_what_stopped_elements_hold() -> None:
    text = story(
        """
sample a ~ Bernoulli(logits=u) with ScoreFunction(n=2)
for t in range(3):
    compute y = w * t + a
    report r = walk(1.0 * y)
    stop when a == 1
cost c = walk(1.0 * u) + u
""",
        declaration("walk"),
    )
    functions = keepers(text)
    this = Case(text, {}, functions)
    model = watched(this.model(), functions)
    vars(sys.modules[type(model).__module__])["all_stopped"] = lambda alive: False
    certify(this, model=model, vectorised=False, hessian=True)


def test_two_samples_of_one_plate() -> None:
    steps = """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
cost first = {first}
sample b ~ Bernoulli(logits=u) with ScoreFunction() in a
cost second = {second} ** 2
"""
    told = story(steps.format(first="walk(a, 0)", second="walk(b, 1)"), WALK)
    prove(told, story(steps.format(first="a", second="(0.5 * a + b)")), Walk())


def test_two_plates() -> None:
    steps = """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
cost first = {first}
sample b ~ Bernoulli(logits=u) with ScoreFunction(n=2)
cost second = {second} ** 2
"""
    told = story(steps.format(first="walk(a)", second="walk(b)"), RECALL)
    prove(told, story(steps.format(first="a", second="(b * mean(a, over=a))")), Recall())


# --- what a later call brings to mind says nothing about an earlier one ---------------------------

DRAW = """sample b ~ Bernoulli(logits=u) with ScoreFunction() \
using ImportanceSampling(proposal=Bernoulli(probs=0.3)) in a"""
LATER = [("b", "m"), ("m", "b")]


def remembering(order: tuple[str, ...], cost: str) -> str:
    """A mean of calls, above or below a sample that is weighted, which a later call is given."""
    steps = {"b": DRAW, "m": "compute m = mean(walk(a), over=a)"}
    told = "\n".join(steps[step] for step in order)
    return f"""
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
{told}
compute v = walk(b)
cost c = {cost}
"""


@pytest.mark.parametrize("order", LATER, ids="-".join)
def test_a_mean_of_ones_is_one(order: tuple[str, ...]) -> None:
    text = story(remembering(order, "(m - 1) ** 2") + "cost d = v", RECALL)
    this = Case(text, {}, {"walk": torch.ones_like})
    found = enumerate_estimates(this.model(), this)
    torch.testing.assert_close(found.cost, torch.ones(()).double())
    torch.testing.assert_close(found.gradient, torch.zeros(2).double())


@pytest.mark.parametrize("cost", ["(m - 1) ** 2", "v + m", "v * m"])
@pytest.mark.parametrize("order", LATER, ids="-".join)
def test_a_mean_is_weighted_with_what_it_was_made_of(order: tuple[str, ...], cost: str) -> None:
    text = story(remembering(order, cost), declaration("walk"))
    functions = keepers(text)
    this = Case(text, {}, functions)
    certify(this, model=watched(this.model(), functions), hessian=True)


@pytest.mark.parametrize("first", ["compute k = walk(a)", "compute k = a"])
@pytest.mark.parametrize("initial", ["walk(a)", "walk(w)", "w"])
def test_what_a_loop_begins_with_is_a_call_like_any_other(first: str, initial: str) -> None:
    steps = f"""
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
{first}
for t in range(2) from h = {initial}:
    cost c = h ** 2
    compute h = h * w + 0.1
cost d = k + walk(u) ** 2
"""
    text = story(steps, declaration("walk"))
    functions = keepers(text)
    certify(Case(text, {}, functions), model=watched(Case(text, {}, functions).model(), functions))


@pytest.mark.parametrize(
    ("function", "given"), [("count", "z"), ("walk", "round(z)")], ids=["nondiff", "jump"]
)
def test_a_path_that_breaks_on_its_way_into_the_memory(function: str, given: str) -> None:
    """What a later call has in mind of `z` moves with it, and no gradient flows there."""
    steps = f"""
sample z ~ Normal(w, 1) with Reparameterization()
compute r = {function}({given})
cost c = {function}(u) + z
"""
    with pytest.raises(storchc.StoryError, match="S402"):
        storchc.compile(text=story(steps, declaration(function)))


# --- broken variants -----------------------------------------------------------------------------


def test_forgetting_the_memory_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_Finding, "_with_memory", lambda self, call, ancestors: ancestors)
    with pytest.raises(Uncertified, match="gradient of"):
        prove(*loop("none"), Walk())
