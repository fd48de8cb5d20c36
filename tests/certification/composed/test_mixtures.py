"""Mixtures, and joined dimensions, certified exactly: every outcome, value and derivatives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

import storchc
from tests.certification.harness import Uncertified, case, certify

HEAD = """
story T
dim K = 3
{}
param w[K] = tensor([0.4, -0.3, 0.1])
param u[K] = tensor([0.2, 0.9, -0.5])
"""
X = [0.3, -0.8]
METHODS = [
    "ScoreFunction(n=1)",
    "ScoreFunction(n=2, baseline=batch_average)",
    "ScoreFunction(n=1, baseline=moving_average)",
    "Expect()",
]
COINS = "MixtureSameFamily(Categorical(logits=w), Bernoulli(logits=u))"


def story(steps: str, declarations: str = "") -> str:
    return HEAD.format(declarations) + steps


@pytest.mark.parametrize("method", METHODS)
def test_a_mixture_of_coins(method: str) -> None:
    text = story(f"""
sample z ~ {COINS} with {method}
cost c = (z - u[0]) ** 2 * w[1] + z
cost d = log_prob({COINS}, z) * w[2]
""")
    certify(case(text), hessian=True)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("reduction", ["", " sum"])
def test_in_a_plate_whose_data_tell_the_weights(method: str, reduction: str) -> None:
    text = story(
        f"""
compute q = MixtureSameFamily(Categorical(logits=w * x), Bernoulli(logits=u))
sample z ~ q with {method}
cost c = (z - x) ** 2 * u[1]
""",
        f"plate data{reduction}\ninput x[data]",
    )
    certify(case(text, {"x": X}), hessian=True)


def in_a_loop(law: str, method: str) -> str:
    return story(f"""
for t in range(2) from h = 0.0:
    sample z ~ {law} with {method}
    compute h = h + z * u[0]
    cost c = h ** 2
""")


STEP = "MixtureSameFamily(Categorical(logits=w + h), Bernoulli(logits=u * t))"


@pytest.mark.parametrize("method", METHODS[:3])
def test_in_a_loop(method: str) -> None:
    certify(case(in_a_loop(STEP, method)), hessian=True)


def test_every_sequence_of_a_loop() -> None:
    plain = "Bernoulli(probs=sum(softmax(w + h) * sigmoid(u * t)))"
    agree(in_a_loop(STEP, "Expect()"), in_a_loop(plain, "Expect()"))


def agree(text: str, other: str) -> None:
    """Both have the same value and gradient, in every call."""
    model, true = (storchc.load(text=t)().double() for t in (text, other))
    got, wanted = model().loss, true().loss
    assert torch.allclose(got, wanted, atol=1e-9)
    leaves = list(model.parameters()), list(true.parameters())
    for pair in zip(slopes(got, leaves[0]), slopes(wanted, leaves[1]), strict=True):
        assert torch.allclose(*pair, atol=1e-9)


@pytest.mark.parametrize("method", ["ScoreFunctionWOR", "UnorderedSetEstimator"])
def test_every_outcome_without_replacement_is_exact(method: str) -> None:
    text = story(f"""
sample y ~ Bernoulli(logits=w[0]) with {method}(k=4)
sample z ~ MixtureSameFamily(Categorical(logits=w + y), Bernoulli(logits=u)) with {method}() in y
cost c = (z - u[0] * y) ** 2
""")
    agree(text, enumerated(text))


def enumerated(text: str) -> str:
    """The same story, every outcome of it listed."""
    text = re.sub(r"with \w+\(k=4\)", "with Expect()", text)
    return re.sub(r"with \w+\(\) in y", "with Expect()", text)


def slopes(loss: Tensor, leaves: Sequence[Tensor]) -> tuple[Tensor, ...]:
    return torch.autograd.grad(loss, leaves)


@pytest.mark.parametrize("method", METHODS[::2] + METHODS[3:])
def test_a_mixture_of_classes_with_a_batch(method: str) -> None:
    text = story(
        f"""
sample z ~ MixtureSameFamily(Categorical(logits=w), OneHotCategorical(logits=v)) with {method}
cost c = (sum(z * v[:, 0] * w[0]) + u[1]) ** 2
""",
        "param v[2, K, 2] = normal(0, 1)",
    )
    certify(case(text), hessian=True)


def test_a_mixture_as_the_prior_of_a_pathwise_sample() -> None:
    text = story(
        """
compute prior = MixtureSameFamily(Categorical(logits=w), Independent(Normal(m, exp(u[:2])), 1))
sample z ~ Normal(x * u[:2], 0.7) with Reparameterization()
cost kl = log_prob(Normal(x * u[:2], 0.7), z) - log_prob(prior, z)
observe y ~ MixtureSameFamily(Categorical(logits=w), Normal(m[:, 0] * z[0], 1))
""",
        "plate data\ninput x[data]\ninput y[data]\nparam m[3, 2] = 0.4",
    )
    certify(case(text, {"x": X, "y": [1.0, 0.2]}), hessian=True)


def test_weights_of_another_sample_are_no_weights_of_this() -> None:
    text = story(f"""
sample z ~ {COINS} with ScoreFunction(n=1)
cost c = (z - u[0]) ** 2
""")
    broken = text.replace("logits=w), B", "logits=stop_gradient(w)), B")
    with pytest.raises(Uncertified):
        certify(case(broken), interpreted=text)


def test_a_mixture_of_normals_by_its_score() -> None:
    text = """
story T
param w[2] = tensor([0.4, -0.3])
param m[2] = tensor([-1.0, 0.5])
sample z ~ MixtureSameFamily(Categorical(logits=w), Normal(m, 0.7)) with ScoreFunction(n=200000)
cost c = z ** 2
"""
    torch.manual_seed(3)
    model = storchc.load(text=text)().double()
    model().backward()
    w, m = (p.detach().clone().requires_grad_() for p in (model.w, model.m))
    true = (w.softmax(0) * (m**2 + 0.49)).sum()
    for got, wanted in zip((model.w.grad, model.m.grad), slopes(true, [w, m]), strict=True):
        assert (got - wanted).abs().max() < 0.05  # 5 standard errors are 0.045


def test_the_other_form_of_the_language(tmp_path: Path) -> None:
    """The same expressions as data: the module is the same but for the lines it names."""
    laws = {
        "z": "MixtureSameFamily(Categorical(logits=w), Independent(Normal(zeros([2, 3]), 1), 1))",
        "a": "TransformedDistribution(Normal(w, 1), [TanhTransform(), AffineTransform(0, 2)])",
        "b": "ZeroInflated(0.2, Poisson(exp(w)))",
        "c": "Delta(w)",
    }
    steps = [f"sample {name} ~ {law}" for name, law in laws.items()]
    text = "\n".join(["story T", "param w[2] = 0.1", *steps, "cost d = sum(a + b + c) + sum(z)"])
    rows = [f'  - sample: {{name: {n}, from: "{law}"}}' for n, law in laws.items()]
    rows.append("  - cost: d = sum(a + b + c) + sum(z)")
    file = tmp_path / "t.yaml"
    file.write_text("\n".join(["story: T", 'params: {w: "[2] = 0.1"}', "steps:", *rows]))
    values = []
    for model in (storchc.load(text=text)(), storchc.load(file)()):
        torch.manual_seed(0)
        values.append(model().loss)
    assert torch.equal(values[0], values[1])
