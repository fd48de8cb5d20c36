"""The interpreter by itself: against closed forms and sums written by hand."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.exact.interpreter import Exact, TooManyWorlds, interpret

F64 = torch.float64


def leaf(*numbers: float) -> Tensor:
    value = torch.tensor(numbers if len(numbers) > 1 else numbers[0], dtype=F64)
    return value.requires_grad_()


def story(steps: str, declarations: str = "") -> str:
    return f"story T\n{declarations}\n{steps}\n"


def bernoulli(p: Tensor, b: float) -> Tensor:
    return p if b else 1 - p


def agree(exact: Exact, expected: Tensor, *leaves: Tensor) -> None:
    """Value, gradient and Hessian."""
    torch.testing.assert_close(exact.value, expected, rtol=0, atol=1e-12)
    assert abs(float(exact.probability.sum()) - 1) < 1e-12
    for value in leaves:
        ours = torch.autograd.grad(exact.value, value, create_graph=True)[0]
        theirs = torch.autograd.grad(expected, value, create_graph=True)[0]
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
        if ours.requires_grad and theirs.requires_grad:
            second = [
                torch.autograd.grad(g.sum(), value, retain_graph=True)[0] for g in (ours, theirs)
            ]
            torch.testing.assert_close(second[0], second[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "method", ["ScoreFunction(n=1)", "ScoreFunction(n=3)", "Expect()", "Infer(2)"]
)
def test_one_bernoulli(method: str) -> None:
    w = leaf(0.7)
    text = story(
        f"sample z ~ Bernoulli(logits=w) with {method}\ncost c = w * (z - 3) ** 2", "param w = 0.7"
    )
    p = torch.sigmoid(w)
    agree(interpret(text, {}, {"w": w}), p * w * 4 + (1 - p) * w * 9, w)


def test_data_plates_are_averaged_or_summed_and_a_cost_without_them_counts_once() -> None:
    x = leaf(0.5, -1.0)
    for reduction, scale in (("", 0.5), (" sum", 1.0)):
        declarations = f"plate data{reduction}\ninput x[data]\nparam w = 0.7"
        w = leaf(0.7)
        text = story(
            "sample z ~ Bernoulli(logits=x) with ScoreFunction()\ncost a = z * x\ncost b = w * w",
            declarations,
        )
        expected = scale * (torch.sigmoid(x) * x).sum() + w * w
        agree(interpret(text, {"x": x}, {"w": w}), expected, x, w)


def test_nested_samples_by_hand() -> None:
    w = leaf(0.4)
    steps = """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
sample b ~ Bernoulli(logits=w * a - 0.3) with Expect()
cost c = (a + 2 * b) * w
"""
    p, expected = torch.sigmoid(w), torch.zeros((), dtype=F64)
    for a, b in product((0.0, 1.0), repeat=2):
        share = bernoulli(p, a) * bernoulli(torch.sigmoid(w * a - 0.3), b)
        expected = expected + share * (a + 2 * b) * w
    agree(interpret(story(steps, "param w = 0.4"), {}, {"w": w}), expected, w)


def test_a_nonlinear_reduction_of_two_draws_by_hand() -> None:
    w = leaf(0.4)
    steps = (
        "sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)\ncost c = logmeanexp(w * a, over=a)"
    )
    p, expected = torch.sigmoid(w), torch.zeros((), dtype=F64)
    for first, second in product((0.0, 1.0), repeat=2):
        mean = ((w * first).exp() + (w * second).exp()) / 2
        expected = expected + bernoulli(p, first) * bernoulli(p, second) * mean.log()
    agree(interpret(story(steps, "param w = 0.4"), {}, {"w": w}), expected, w)
    enumerated = steps.replace("ScoreFunction(n=2)", "Expect()")
    expected = (p * w.exp() + 1 - p).log()
    agree(interpret(story(enumerated, "param w = 0.4"), {}, {"w": w}), expected, w)


def test_a_mixed_data_plate_by_hand() -> None:
    x = leaf(0.5, -1.0)
    steps = (
        "sample a ~ Bernoulli(logits=x) with ScoreFunction()\ncost c = mean(a * x, over=data) ** 2"
    )
    p, expected = torch.sigmoid(x), torch.zeros((), dtype=F64)
    for a in product((0.0, 1.0), repeat=2):
        share = bernoulli(p[0], a[0]) * bernoulli(p[1], a[1])
        expected = expected + share * ((a[0] * x[0] + a[1] * x[1]) / 2) ** 2
    agree(interpret(story(steps, "plate data\ninput x[data]"), {"x": x}, {}), expected, x)


def test_a_shared_plate_keeps_its_particles_together() -> None:
    w = leaf(0.4)
    steps = """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
sample b ~ Bernoulli(logits=2 * w) with ScoreFunction() in a
cost c = mean(a * b, over=a) ** 2
"""
    p, q, expected = torch.sigmoid(w), torch.sigmoid(2 * w), torch.zeros((), dtype=F64)
    for a1, b1, a2, b2 in product((0.0, 1.0), repeat=4):
        share = bernoulli(p, a1) * bernoulli(p, a2) * bernoulli(q, b1) * bernoulli(q, b2)
        expected = expected + share * ((a1 * b1 + a2 * b2) / 2) ** 2
    exact = interpret(story(steps, "param w = 0.4"), {}, {"w": w})
    assert exact.samples["b"].shape == (16, 2)
    agree(exact, expected, w)


def test_importance_weights_stay_attached_inside_a_reduction() -> None:
    w = leaf(0.4)
    sampler = "ScoreFunction() using ImportanceSampling(n=1, proposal=Bernoulli(probs=0.3))"
    declarations = "param w = 0.4"
    linear = story(f"sample a ~ Bernoulli(logits=w) with {sampler}\ncost c = w * a", declarations)
    p = torch.sigmoid(w)
    agree(interpret(linear, {}, {"w": w}), p * w, w)
    nonlinear = linear.replace("w * a", "logmeanexp(w * a, over=a)")
    expected = 0.3 * (p / 0.3 * w.exp()).log() + 0.7 * ((1 - p) / 0.7).log()
    agree(interpret(nonlinear, {}, {"w": w}), expected, w)


@pytest.mark.parametrize(
    ("family", "values"),
    [
        ("Bernoulli(logits=v)", [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]),
        ("OneHotCategorical(logits=v)", [(1.0, 0.0), (0.0, 1.0)]),
    ],
)
def test_joint_events(family: str, values: list[tuple[float, float]]) -> None:
    v = leaf(0.4, -0.9)
    text = story(
        f"sample z ~ {family} with Expect()\ncost c = (sum(v * z) - 1) ** 2", "param v[2] = zeros()"
    )
    name = family.split("(")[0]
    law = getattr(torch.distributions, name)(logits=v)
    expected = torch.zeros((), dtype=F64)
    for value in values:
        point = torch.tensor(value, dtype=F64)
        expected = expected + law.log_prob(point).sum().exp() * ((v * point).sum() - 1) ** 2
    agree(interpret(text, {}, {"v": v}), expected, v)


def test_categorical_binomial_and_indexing() -> None:
    v = leaf(0.4, -0.9)
    steps = """
sample k ~ Categorical(logits=v) with ScoreFunction()
sample m ~ Binomial(total_count=2, logits=v[0]) with ScoreFunction()
cost c = v[k] * m
"""
    p = torch.softmax(v, 0)
    expected = (p * v).sum() * 2 * torch.sigmoid(v[0])
    agree(interpret(story(steps, "param v[2] = zeros()"), {}, {"v": v}), expected, v)


@pytest.mark.parametrize("family", ["Bernoulli", "Categorical", "OneHotCategorical"])
def test_divergence_and_entropy_are_torchs(family: str) -> None:
    v, u = leaf(0.4, -0.9), leaf(0.1, 1.2)
    steps = f"""
compute q = {family}(logits=v)
cost a = kl_divergence(q, {family}(logits=u))
cost b = entropy(q)
"""
    text = story(steps, "param v[2] = zeros()\nparam u[2] = zeros()")
    make: Any = getattr(torch.distributions, family)
    q, p = make(logits=v), make(logits=u)
    expected = torch.distributions.kl_divergence(q, p).sum() + q.entropy().sum()
    agree(interpret(text, {}, {"v": v, "u": u}), expected, v, u)


def test_a_normal_by_quadrature() -> None:
    m, s = leaf(0.4), leaf(0.8)
    steps = """
sample z ~ Normal(m, s) with Reparameterization()
cost c = z ** 3
observe z2 = 1.0 ~ Normal(z, 2)
"""
    expected = m**3 + 3 * m * s**2 + ((m - 1) ** 2 + s**2) / 8
    expected = (
        expected
        + torch.log(torch.tensor(2.0, dtype=F64))
        + torch.log(torch.tensor(2 * torch.pi, dtype=F64)) / 2
    )
    agree(
        interpret(story(steps, "param m = 0.4\nparam s = 0.8"), {}, {"m": m, "s": s}),
        expected,
        m,
        s,
    )


def test_stop_gradient_cuts_path_and_credit() -> None:
    w = leaf(0.4)
    steps = "sample z ~ Bernoulli(logits=w) with {}\ncost c = w * stop_gradient(z * w)"
    for method in ("ScoreFunction()", "Expect()"):
        exact = interpret(story(steps.format(method), "param w = 0.4"), {}, {"w": w})
        p = torch.sigmoid(w)
        torch.testing.assert_close(exact.value, p * w * w)
        (gradient,) = torch.autograd.grad(exact.value, w)
        torch.testing.assert_close(gradient, (p * w).detach())


def test_too_many_worlds_are_refused() -> None:
    text = story(
        "sample z ~ Bernoulli(logits=w) with ScoreFunction(n=40)\ncost c = z", "param w = 0"
    )
    with pytest.raises(TooManyWorlds):
        interpret(text, {}, {"w": leaf(0.0)})


class Sums:
    """Says what it has been given before of an element, and keeps that and what it is given."""

    def __init__(self) -> None:
        self.calls: list[tuple[tuple[str, ...], tuple[str, ...]]] = []

    def expect(self, plates: tuple[str, ...], every: tuple[str, ...]) -> None:
        self.calls.append((plates, every))

    def says(self, kept: Tensor, x: Tensor) -> Tensor:
        return kept * x

    def keeps(self, kept: Tensor, x: Tensor) -> Tensor:
        return kept + x


def test_a_memory_is_what_it_is_written_out_to_be() -> None:
    told = """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
compute first = f(a + 1)
sample b ~ Bernoulli(logits=w) with ScoreFunction(n=2)
cost c = f(b + f(w)) if a > 0 else first
for t in range(2) from h = 0:
    compute h = h + f(a + t)
cost d = h
"""
    written = """
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
sample b ~ Bernoulli(logits=w) with ScoreFunction(n=2)
compute m = mean(a + 1, over=a) * w
compute k = mean(a + 1, over=a) + w
cost c = k * (b + m) if a > 0 else 0
compute e = mean(a + 1 + w + b + m, over=b)
cost d = e * a + (e + a) * (a + 1)
"""
    function, w = Sums(), leaf(0.4)
    functions: dict[str, Any] = {"f": function}
    exact = interpret(
        story(told, "function f stateful: [] -> []\nparam w = 0.4"), {}, {"w": w}, functions
    )
    assert function.calls == [
        (("a",), ("a",)),
        ((), ("a",)),
        (("b",), ("b", "a")),
        (("a",), ("b", "a")),
        (("a",), ("b", "a")),
    ]
    agree(exact, interpret(story(written, "param w = 0.4"), {}, {"w": w}).value, w)
