"""Discrete stories, certified exactly: every world, value, gradient and Hessian."""

from __future__ import annotations

from itertools import product

import pytest
from torch import nn

from tests.certification.harness import case, certify

METHODS = {
    "none": "ScoreFunction(n=1)",
    "moving": "ScoreFunction(n=1, baseline=moving_average)",
    "others": "ScoreFunction(n=2, baseline=batch_average)",
    "learned": "ScoreFunction(n=1, baseline=0.3 * u - 0.5)",
    "expect": "Expect()",
}
BINARY = ["Bernoulli(logits={})", "OneHotCategorical(logits=stack([0.2, {}]))"]


def story(declarations: str, steps: str) -> str:
    return f"story T\n{declarations}\n{steps}\n"


@pytest.mark.parametrize(("first", "second"), list(product(METHODS, METHODS)))
def test_every_pair_of_methods_on_two_nodes(first: str, second: str) -> None:
    text = story(
        "plate data\ninput x[data]\nparam w = 0.4\nparam u = -0.3",
        f"""
sample a ~ Bernoulli(logits=w * x) with {METHODS[first]}
sample b ~ Bernoulli(logits=u + 0.8 * a) with {METHODS[second]}
cost c = (a + 2 * b - w) ** 2
cost d = a * x + u
""",
    )
    certify(case(text, {"x": [0.7, -1.2]}), hessian=True)


FAMILIES = [
    "Bernoulli(logits=v)",
    "Bernoulli(probs=sigmoid(v))",
    "OneHotCategorical(logits=v)",
    "OneHotCategorical(probs=softmax(v))",
    "OneHotCategorical(logits=outer(v, v))",
    "Binomial(total_count=2, logits=v)",
]


@pytest.mark.parametrize(
    ("family", "method"), list(product(FAMILIES, ["none", "others", "expect"]))
)
def test_families_with_events(family: str, method: str) -> None:
    text = story(
        "param v[2] = tensor([0.4, -0.9])\nparam u = 0.3",
        f"sample z ~ {family} with {METHODS[method]}\ncost c = (sum(z * v) - u) ** 2",
    )
    certify(case(text), hessian=True)


@pytest.mark.parametrize("method", METHODS)
def test_a_categorical_indexes(method: str) -> None:
    text = story(
        "param v[3] = tensor([0.4, -0.9, 0.1])\nparam u = 0.3",
        f"sample k ~ Categorical(logits=v) with {METHODS[method]}\ncost c = v[k] ** 2 + u * k",
    )
    certify(case(text), hessian=True)


@pytest.mark.parametrize("reduction", ["", " sum"])
@pytest.mark.parametrize(
    ("first", "second"), list(product(["moving", "others", "expect"], repeat=2))
)
def test_nested_plates(first: str, second: str, reduction: str) -> None:
    text = story(
        f"plate data{reduction}\nplate sites sum\ninput x[data]\ninput y[sites]\nparam u = 0.4",
        f"""
sample a ~ Bernoulli(logits=u * x) with {METHODS[first]}
sample b ~ Bernoulli(logits=a * y) with {METHODS[second]}
cost near = a * u
cost far = (b - 0.3) ** 2 * x
cost globally = u * u
""",
    )
    certify(case(text, {"x": [0.7], "y": [-1.2, 0.5]}), hessian=True)


@pytest.mark.parametrize(
    "options", ["", "baseline=moving_average", "baseline=batch_average", "baseline=u - 0.5"]
)
@pytest.mark.parametrize("outer", ["none", "moving", "others", "expect"])
def test_a_shared_plate(outer: str, options: str) -> None:
    first = METHODS[outer].replace("n=1", "n=2")
    text = story(
        "param w = 0.4\nparam u = -0.3",
        f"""
sample a ~ Bernoulli(logits=w) with {first}
sample b ~ Bernoulli(logits=u + 0.5 * a) with ScoreFunction({options}) in a
sample c ~ Bernoulli(logits=u * b - a) with ScoreFunction({options}) in a
cost d = (a + 2 * b - c - w) ** 2
""",
    )
    if outer == "expect" and "batch" in options:
        pytest.skip("an enumerated plate has no other particles")
    certify(case(text), hessian=True)


def test_particles_of_a_shared_plate_over_data() -> None:
    text = story(
        "plate data\ninput x[data]\nparam w = 0.4",
        """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2, baseline=batch_average)
sample b ~ Bernoulli(logits=a * x) with ScoreFunction(baseline=moving_average) in a
cost c = a * w + (b - a) * x
""",
    )
    certify(case(text, {"x": [0.7, -0.6]}), hessian=True)


# --- mixed plates --------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["none", "moving", "others", "learned"])
@pytest.mark.parametrize(
    "cost",
    [
        "mean(a * x, over=data) ** 2",
        "logmeanexp(a * x, over=data)",
        "sum(a * x, over=data) ** 2 + a * u",
        "(a - mean(a, over=data)) ** 2 * x",
    ],
)
def test_a_mixed_data_plate(method: str, cost: str) -> None:
    text = story(
        "plate data\ninput x[data]\nparam u = 0.4",
        f"sample a ~ Bernoulli(logits=u * x) with {METHODS[method]}\ncost c = {cost}",
    )
    certify(case(text, {"x": [0.7, -1.2]}), hessian=True)


@pytest.mark.parametrize(
    "method",
    [
        "ScoreFunction(n=2)",
        "ScoreFunction(n=2, baseline=moving_average)",
        "ScoreFunction(n=2, baseline=u + 0.2)",
        "Expect()",
    ],
)
@pytest.mark.parametrize(
    "cost",
    [
        "logmeanexp(a * u, over=a)",
        "mean(a * x, over=a) ** 2",
        "(a - mean(a, over=a)) ** 2 * x",
        "logmeanexp(tanh(a * x - log_prob(q, a)), over=a) + a * u",
    ],
)
def test_a_mixed_sample_plate(method: str, cost: str) -> None:
    text = story(
        "plate data\ninput x[data]\nparam u = 0.4",
        f"""
compute q = Bernoulli(logits=u * x)
sample a ~ q with {method}
cost c = {cost}
""",
    )
    certify(case(text, {"x": [0.7, -1.2]}), hessian=True)


@pytest.mark.parametrize("first", ["ScoreFunction(n=2)", "Expect()"])
@pytest.mark.parametrize("second", ["none", "moving", "others", "expect"])
def test_a_parameter_that_mixes_the_plate_above(first: str, second: str) -> None:
    text = story(
        "param w = 0.4\nparam u = -0.3",
        f"""
sample a ~ Bernoulli(logits=w) with {first}
compute m = mean(a, over=a) ** 2
sample b ~ Bernoulli(logits=u + m) with {METHODS[second]}
cost c = (b - w) ** 2
cost d = a * b
""",
    )
    certify(case(text), hessian=True)


def test_two_plates_mixed_at_once() -> None:
    text = story(
        "plate data\ninput x[data]\nparam u = 0.4",
        """
sample a ~ Bernoulli(logits=u * x) with ScoreFunction(n=2, baseline=moving_average)
cost c = logmeanexp(a * x, over=[data, a])
cost d = logmeanexp(a * x, over=a) ** 2
cost e = a * x
""",
    )
    certify(case(text, {"x": [0.7, -1.2]}), hessian=True)


# --- samplers and the rest -----------------------------------------------------------------------

PROPOSAL = "using ImportanceSampling(n={}, proposal=Bernoulli(probs=0.4))"


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("baseline", ["", "baseline=moving_average", "baseline=u"])
@pytest.mark.parametrize(
    "cost", ["(a - u) ** 2", "logmeanexp(a * x, over=a)", "mean(a * x, over=a) ** 2 + a * x"]
)
def test_importance_sampling(n: int, baseline: str, cost: str) -> None:
    text = story(
        "plate data\ninput x[data]\nparam u = 0.4",
        f"""
sample a ~ Bernoulli(logits=u * x) with ScoreFunction({baseline}) {PROPOSAL.format(n)}
cost c = {cost}
""",
    )
    certify(case(text, {"x": [0.7, -1.2]}), hessian=True)


def test_importance_weights_of_one_plate_multiply() -> None:
    text = story(
        "param w = 0.4\nparam u = -0.3",
        f"""
sample a ~ Bernoulli(logits=w) with ScoreFunction() {PROPOSAL.format(2)}
sample b ~ Bernoulli(logits=u + a) with ScoreFunction() \
using ImportanceSampling(proposal=Bernoulli(probs=0.3)) in a
cost c = (a + 2 * b - w) ** 2
""",
    )
    certify(case(text), hessian=True)


def test_a_proposal_that_depends_on_what_was_drawn() -> None:
    text = story(
        "param w = 0.4\nparam u = -0.3",
        """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=1, baseline=moving_average)
sample b ~ Bernoulli(logits=u + a) with ScoreFunction() \
using ImportanceSampling(n=2, proposal=Bernoulli(probs=0.2 + 0.5 * a))
cost c = (a + 2 * b - w) ** 2
""",
    )
    certify(case(text), hessian=True)


@pytest.mark.parametrize("method", ["", "with Infer()", "with Infer(n=2)"])
def test_infer_on_a_discrete_sample(method: str) -> None:
    text = story("param w = 0.4", f"sample a ~ Bernoulli(logits=w) {method}\ncost c = (a - w) ** 2")
    certify(case(text), hessian=True)


def test_a_learned_baseline_from_a_module() -> None:
    text = story(
        "plate data\ninput x[data, 2]\nparam v[2] = tensor([0.4, -0.9])\nmodule value: [2] -> []",
        """
sample a ~ Bernoulli(logits=sum(x * v)) with ScoreFunction(n=2, baseline=value(x))
cost c = (a - sum(x)) ** 2
""",
    )
    value = nn.Sequential(nn.Linear(2, 1), nn.Flatten(0))
    certify(case(text, {"x": [[0.7, -1.2], [0.1, 0.4]]}, value=value.double()))


def test_a_module_on_a_sample() -> None:
    text = story(
        "plate data\ninput x[data, 2]\nparam v[2] = tensor([0.4, -0.9])\nmodule f: [2] -> [1]",
        """
sample a ~ Bernoulli(logits=x * v) with ScoreFunction(n=1, baseline=moving_average)
sample b ~ Bernoulli(logits=sum(a)) with Expect()
cost c = tanh(sum(f(a * x))) * (b - 0.4)
""",
    )
    module = nn.Linear(2, 1).double()
    certify(case(text, {"x": [[0.7, -1.2], [0.1, 0.4]]}, f=module), hessian=True)


def test_costs_of_divergences_and_observations() -> None:
    text = story(
        "plate data\ninput x[data]\nparam v[2] = tensor([0.4, -0.9])\nparam u = 0.3",
        """
compute q = OneHotCategorical(logits=v * x)
sample z ~ q with ScoreFunction(n=2, baseline=batch_average)
cost kl = kl_divergence(q, OneHotCategorical(probs=full([2], 0.5)))
cost h = -0.1 * entropy(Bernoulli(logits=u * x))
observe x ~ Normal(sum(z * v), 1.5)
observe again = x * u ~ Normal(u, 1)
report seen = sum(z)
""",
    )
    certify(case(text, {"x": [0.7, -1.2]}), hessian=True)


def test_enumerated_samples_above_and_below_each_other() -> None:
    text = story(
        "plate data\ninput x[data]\nparam u = 0.4",
        """
sample a ~ Bernoulli(logits=u * x) with Expect()
sample b ~ Bernoulli(logits=a - u) with ScoreFunction(n=1, baseline=moving_average)
sample c ~ Bernoulli(logits=b * u + a) with Expect()
cost d = (a + 2 * b - c) ** 2 * x
cost e = a * x
cost f = b * u
""",
    )
    certify(case(text, {"x": [0.7, -1.2]}), hessian=True)


@pytest.mark.parametrize("method", ["none", "others", "expect"])
def test_stop_gradient_cuts_path_and_credit(method: str) -> None:
    text = story(
        "param u = 0.4",
        f"""
sample a ~ Bernoulli(logits=u) with {METHODS[method]}
cost c = u * stop_gradient(a * u) + a * stop_gradient(u)
""",
    )
    certify(case(text), hessian=True)
