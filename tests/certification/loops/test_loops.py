"""Loops, certified exactly: every sequence of outcomes of small stories, value and derivatives."""

from __future__ import annotations

import pytest
from torch import nn

from tests.certification.harness import case, certify

METHODS = {
    "none": "ScoreFunction(n=1)",
    "moving": "ScoreFunction(n=1, baseline=moving_average)",
    "others": "ScoreFunction(n=2, baseline=batch_average)",
    "learned": "ScoreFunction(n=1, baseline=0.3 * u + h)",
}


def story(steps: str, declarations: str = "") -> str:
    return f"story T\n{declarations}\nparam w = 0.4\nparam u = -0.3\n{steps}\n"


@pytest.mark.parametrize("method", METHODS)
def test_a_carried_state_costs_in_every_step_and_at_the_end(method: str) -> None:
    text = story(
        f"""
for t in range(3) from h = u, z = 0:
    cost early = (h - z) ** 2
    compute h = h * w + z
    sample z ~ Bernoulli(logits=h + u * t) with {METHODS[method]}
    cost late = z * h - w
cost last = (sum(sequence(z) * stack([1.0, 0.5, 2.0])) - h) ** 2 + z
"""
    )
    certify(case(text), hessian=True)


@pytest.mark.parametrize("method", METHODS)
def test_a_carried_name_is_a_cost_before_it_is_defined_again(method: str) -> None:
    text = story(
        f"""
for t in range(3) from h = w:
    sample z ~ Bernoulli(logits=u) with {METHODS[method]}
    cost h
    compute h = z * w
    cost c = h ** 2
cost d = h * u
"""
    )
    certify(case(text), hessian=True)


@pytest.mark.parametrize("first", METHODS)
@pytest.mark.parametrize("second", METHODS)
def test_two_samples_in_a_step(first: str, second: str) -> None:
    text = story(
        f"""
for t in range(2) from h = 0.5:
    sample a ~ Bernoulli(logits=h + w) with {METHODS[first]}
    sample b ~ Bernoulli(logits=u * a) with {METHODS[second]}
    cost c = a + 2 * b * h
    compute h = h * u + b
cost d = h ** 2 - mean(sequence(a)) * w
"""
    )
    if first == second == "others":
        pytest.skip("too many outcomes")
    certify(case(text), hessian=True)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("reduction", ["", " sum"])
def test_data_plates_and_inputs_by_step(method: str, reduction: str) -> None:
    text = story(
        f"""
for t in range(2) from h = 0, y = 0.2:
    compute h = h + w * x[t] + y
    sample y ~ Bernoulli(logits=h) with {METHODS[method]}
    cost c = (y - x[t]) ** 2 * u
cost d = y * h
""",
        f"plate data{reduction}\ninput x[data, 2]",
    )
    certify(case(text, {"x": [[0.7, -0.4], [0.3, 1.1]]}), hessian=True)


@pytest.mark.parametrize("options", ["", "baseline=moving_average", "baseline=batch_average"])
def test_particles_of_a_plate_opened_before(options: str) -> None:
    text = story(
        f"""
sample s ~ Bernoulli(logits=w) with ScoreFunction(n=2)
for t in range(2) from z = s:
    sample z ~ Bernoulli(logits=u + 0.5 * z) with ScoreFunction({options}) in s
    cost c = (z - 0.3) ** 2 * w
cost d = z + s
"""
    )
    certify(case(text), hessian=True)


def test_an_enumerated_sample_above() -> None:
    text = story(
        """
sample e ~ Bernoulli(logits=w) with Expect()
for t in range(2) from h = 0:
    sample z ~ Bernoulli(logits=u + h) with ScoreFunction(n=1, baseline=moving_average)
    compute h = h + z * e
    cost c = h * x
cost d = h ** 2 + e
""",
        "plate data\ninput x[data]",
    )
    certify(case(text, {"x": [0.7, -0.4]}), hessian=True)


def test_samples_before_in_and_behind() -> None:
    text = story(
        """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=1, baseline=moving_average)
for t in range(2) from h = a:
    sample z ~ Bernoulli(logits=u + h) with ScoreFunction(n=1, baseline=moving_average)
    compute h = h * 0.5 + z
    cost c = h * w
sample b ~ Bernoulli(logits=h) with ScoreFunction(n=1, baseline=moving_average)
cost d = (h - b) ** 2 + a
"""
    )
    certify(case(text), hessian=True)


@pytest.mark.parametrize("method", ["none", "moving", "learned"])
def test_a_state_that_mixes_particles(method: str) -> None:
    text = story(
        f"""
for t in range(2) from h = u, z = 0.0:
    compute h = w * h + mean(z, over=z)
    sample z ~ Bernoulli(logits=h + u * z) with {METHODS[method].replace("n=1", "n=2")}
    cost c = z * h - logmeanexp(z * w, over=z)
cost d = (z - h) ** 2
"""
    )
    certify(case(text), hessian=True)


@pytest.mark.parametrize("method", METHODS)
def test_nested_loops(method: str) -> None:
    text = story(
        f"""
for t in range(2) from g = u:
    for s in range(2) from h = g:
        sample z ~ Bernoulli(logits=h + 0.2 * t - 0.1 * s) with {METHODS[method]}
        compute h = h * w + z
        cost c = h * (1 + t) + s * z
    compute many = sequence(z)
    compute g = w * h + sum(many)
    cost e = g ** 2
cost d = sum(sequence(many)) + g
"""
    )
    certify(case(text), hessian=True)


def test_two_loops_one_behind_the_other() -> None:
    text = story(
        """
for t in range(2) from h = 0.1:
    sample a ~ Bernoulli(logits=h + w) with ScoreFunction(n=1, baseline=moving_average)
    compute h = h + a
for t in range(2) from g = h:
    sample b ~ Bernoulli(logits=g * u) with ScoreFunction(n=1, baseline=moving_average)
    compute g = g - b
    cost c = g * sum(sequence(a)) * w
cost d = g ** 2
"""
    )
    certify(case(text), hessian=True)


def test_a_module_runs_in_every_step() -> None:
    text = story(
        """
for t in range(2) from h = zeros([2]), y = zeros([3]):
    compute h = tanh(cell(concat([y, h])))
    sample y ~ OneHotCategorical(logits=out(h)) with ScoreFunction(n=1, baseline=moving_average)
    cost c = sum(y * h[0]) + y[1] * u
cost d = sum(sequence(y)[..., 0]) * w
""",
        "module cell: [5] -> [2]\nmodule out: [2] -> [3]",
    )
    certify(case(text, cell=nn.Linear(5, 2).double(), out=nn.Linear(2, 3).double()))
