"""`Expect` in loops, summed out step by step: exact value, gradient and Hessian."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import nn

import storch_runtime
import storchc
from tests.certification.chains.sums import certify_sums
from tests.certification.harness import case

X = [[0.7, -0.4, 0.1], [0.3, 1.1, 0.2]]
ABOVE = {
    "none": "ScoreFunction(n=1)",
    "moving": "ScoreFunction(n=1, baseline=moving_average)",
    "others": "ScoreFunction(n=2, baseline=batch_average)",
    "learned": "ScoreFunction(n=1, baseline=0.3 * u + h)",
}


def story(steps: str, declarations: str = "") -> str:
    return f"story T\n{declarations}\nparam w = 0.4\nparam u = -0.3\n{steps}\n"


@pytest.mark.parametrize("reduction", ["", " sum"])
def test_a_chain_with_costs_everywhere(reduction: str) -> None:
    text = f"""
story T
plate data{reduction}
input x[data, 3]
param w[3, 3] = normal(0, 1)
param m[3] = normal(0, 1)
for t in range(3) from z = zeros([3]):
    compute q = OneHotCategorical(logits=w @ z + m * x[t])
    cost early = sum(z * m) ** 2
    sample z ~ q with Expect()
    cost c = (sum(z * m) - x[t]) ** 2 + early * sum(z * m)
    cost l = log_prob(q, z)
    observe o = x[t] ~ Normal(sum(z * m), 1.5)
cost d = sum(z * m) ** 3
"""
    certify_sums(case(text, {"x": X}))


def test_a_start_that_differs_between_elements() -> None:
    text = story(
        """
for t in range(3) from z = x[0]:
    sample z ~ Bernoulli(logits=w * z + u * x[t]) with Expect()
    cost c = (z - x[t]) ** 2 * w
cost d = z * u
""",
        "plate data\ninput x[data, 3]",
    )
    certify_sums(case(text, {"x": X}))


def test_functions_of_the_last_value_are_carried() -> None:
    text = story(
        """
for t in range(4) from z = 0, h = 0.1, g = u:
    sample z ~ Bernoulli(logits=w * h + u * t + z) with Expect()
    cost c = (z - h * w) ** 2
    compute g = g * w + 0.2
    compute h = tanh(z * u + g)
cost d = h * z + g
"""
    )
    certify_sums(case(text))


def test_a_sample_that_nothing_carries() -> None:
    text = story(
        """
for t in range(3) from h = u:
    compute h = tanh(h * w) + 0.1
    sample z ~ Categorical(logits=tensor([0.3, 1.0, -0.2]) * h) with Expect()
    cost c = (z - h) ** 2
""",
    )
    certify_sums(case(text))


def test_several_factors_at_once() -> None:
    text = story(
        """
for t in range(3) from z = zeros([2]):
    sample z ~ Bernoulli(logits=tensor([0.3, 1.0]) * u + w * stack([z[1], z[0]])) with Expect()
    cost c = sum(z) ** 2 * w
cost d = z[0] * z[1] + u * z[0]
""",
    )
    certify_sums(case(text))


@pytest.mark.parametrize("method", ABOVE)
def test_below_samples_of_the_same_loop(method: str) -> None:
    text = story(
        f"""
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=1, baseline=moving_average)
for t in range(2) from h = u + a, z = 0:
    sample s ~ Bernoulli(logits=h + 0.3 * w) with {ABOVE[method]}
    compute h = h * w + s
    sample z ~ Bernoulli(logits=u * z + w * h) with Expect()
    cost c = (z - h) ** 2 * (1 + t) + a * z
cost d = z * h + u
"""
    )
    certify_sums(case(text))


def test_a_sample_further_down_in_the_step() -> None:
    text = story(
        """
for t in range(2) from h = 0.3, z = 0:
    sample z ~ Bernoulli(logits=u * z + w * h) with Expect()
    sample s ~ Bernoulli(logits=0.3 * w * x[t]) with ScoreFunction(baseline=moving_average)
    compute h = h * w + s
    cost c = (z - h) ** 2 * (1 + t)
cost d = z * h + u
""",
        "plate data\ninput x[data, 3]",
    )
    certify_sums(case(text, {"x": X}))


def test_samples_behind_the_loop_see_its_last_value() -> None:
    """One is drawn for each outcome of the chain, as below any enumerated sample."""
    text = story(
        """
for t in range(3) from z = 0:
    sample z ~ Bernoulli(logits=u + 0.5 * z) with Expect()
    cost c = z * w
sample b ~ Bernoulli(logits=w * z) with ScoreFunction(n=1, baseline=moving_average)
for t in range(2) from y = z:
    sample y ~ Bernoulli(logits=u * y + b) with Expect()
    cost e = (y - b) * w
cost d = (b - z) ** 2 + y
"""
    )
    draws = [torch.tensor([pair]).double() for pair in product([0, 1], repeat=2)]
    certify_sums(case(text), given=[{"b": draw} for draw in draws])


def test_two_chains_side_by_side() -> None:
    text = story(
        """
for t in range(3) from a = 0, b = 1:
    sample a ~ Bernoulli(logits=u + 0.5 * a) with Expect()
    cost early = a * b
    sample b ~ Bernoulli(logits=w * b - 0.2 * t) with Expect()
    cost c = (a - b) ** 2 * w + a
cost d = a * b + u * b
"""
    )
    certify_sums(case(text))


def test_two_loops_and_one_between() -> None:
    text = story(
        """
for t in range(2) from z = 0:
    sample z ~ Bernoulli(logits=u + 0.5 * z) with Expect()
    for s in range(2) from g = w:
        compute g = g * u + 0.1
    cost c = z * g
    report r = g
for t in range(2) from k = 0.2:
    compute k = k * w
cost d = z * k
"""
    )
    certify_sums(case(text))


def test_impossible_outcomes() -> None:
    """What no sequence reaches counts nothing, be it infinite."""
    text = story(
        """
for t in range(3) from z = 1:
    sample z ~ Bernoulli(probs=where(z > 0, 1.0, sigmoid(w))) with Expect()
    cost c = u * z + log(z)
cost d = u * z + log(z)
"""
    )
    model = case(text).model()
    loss = model().loss
    torch.testing.assert_close(loss, 4 * model.u)
    gradient = torch.autograd.grad(loss, [model.w, model.u])
    torch.testing.assert_close(gradient, (model.w * 0, model.u * 0 + 4))


def test_modules_take_the_pairs() -> None:
    text = story(
        """
for t in range(3) from z = zeros([2]):
    compute q = OneHotCategorical(logits=net(concat([z, x[t, :]])))
    sample z ~ q with Expect()
    cost c = sum(out(z) * x[t, :])
cost d = sum(out(z)) * w
""",
        "plate data\ninput x[data, 3, 2]\nmodule net: [4] -> [2]\nmodule out: [2] -> [2]",
    )
    x = [[[0.7, -0.4], [0.1, 0.2], [0.5, 0.3]], [[0.3, 1.1], [0.2, -0.6], [0.1, -0.9]]]
    net = nn.Linear(4, 2).double()
    certify_sums(case(text, {"x": x}, net=net, out=nn.Linear(2, 2).double()))


LONG = """
story Long
dim V = 4
dim T
input x[T]
param w[V, V] = normal(0, 1)
for t in range(T) from z = zeros([V]):
    sample z ~ OneHotCategorical(logits=w @ z + x[t]) with Expect()
    cost c = sum(z * w[0]) * x[t]
cost d = sum(z * w[1])
"""


def test_the_number_of_steps_may_be_known_at_the_call() -> None:
    """Long sequences stay exact: the chain is near its stationary distribution all along."""
    model = storchc.load(text=LONG)().double()
    for steps in (1, 2, 512):
        loss = model(torch.ones(steps).double()).loss
        transitions = torch.softmax(model.w + 1, 0)  # of an outcome below each of those before
        state, total = torch.softmax(torch.ones(4).double(), 0), torch.zeros(())
        for t in range(steps):
            state = transitions @ state if t else state
            total = total + state @ model.w[0]
        total = total + state @ model.w[1]
        torch.testing.assert_close(loss, total)
        ours, theirs = (torch.autograd.grad(value, model.w)[0] for value in (loss, total))
        torch.testing.assert_close(ours, theirs)


def test_what_was_never_built_is_not_shown() -> None:
    model: Any = storchc.load(text=LONG)()
    estimate = model(torch.ones(5))
    assert estimate.plates["c"] == estimate.plates["d"] == ("z",)
    assert estimate.costs["c"].shape == estimate.costs["d"].shape == (4,)
    total = sum(storch_runtime.reduce_plates(estimate, name) for name in ("c", "d"))
    torch.testing.assert_close(total, estimate.cost)
    for view in (estimate.samples, estimate.weights, estimate.log_probs):
        with pytest.raises(KeyError, match="summed out step by step"):
            view["z"]
    with pytest.raises(ValueError, match="summed out step by step"):
        model(torch.ones(5), given={"z": torch.zeros(4, 5, 4)})
    model.methods["z"].budget = 15
    with pytest.raises(ValueError, match="16 values"):
        model(torch.ones(5))


def test_a_cost_that_sees_a_sample_behind_a_cut_alone() -> None:
    text = story(
        """
for t in range(3) from z = 0:
    sample z ~ Bernoulli(logits=u + w * z) with Expect()
    cost c = stop_gradient(z) * w
    cost e = z * u
cost d = stop_gradient(z) * u
"""
    )
    certify_sums(case(text))


def test_a_divergence_from_a_fixed_reference() -> None:
    """Costs see the step before behind a cut and without it: the step is credited all the same."""
    text = story(
        """
for t in range(3) from z = 0:
    compute q = Bernoulli(logits=u + w * z)
    compute seen = stop_gradient(z)
    cost kl = kl_divergence(q, Bernoulli(logits=0.4 * seen - 0.1))
    sample z ~ q with Expect()
    cost e = z * u + stop_gradient(z) * w
"""
    )
    certify_sums(case(text))


@pytest.mark.parametrize(
    "line",
    [
        "cost c = z * u * stop_gradient(before)",  # another step than the one that is credited
        "cost c = before * u * stop_gradient(z)",
        "cost c = u * stop_gradient(z) + w * older",
    ],
)
def test_a_cost_that_credits_other_steps_than_it_sees(line: str) -> None:
    text = story(
        f"""
for t in range(3) from z = 0, older = 0:
    compute before = z
    compute older = before
    sample z ~ Bernoulli(logits=u + w * z) with Expect()
    {line}
"""
    )
    assert [d.code for d in storchc.check(text=text) if d.severity == "error"] == ["S190"]
