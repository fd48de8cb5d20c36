"""`without_credit`: differentiated at the values drawn, credited to nobody (LOSS.md §12)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Bernoulli

import storchc

X = torch.tensor([[0.3, -0.8, 0.1]], dtype=torch.float64)
HEAD = """
story T
plate data
input x[data, 3]
param w[3] = tensor([0.2, -0.1, 0.4])
param v[3] = tensor([0.5, 0.3, -0.2])
"""
CHAIN = (
    HEAD
    + """
sample a ~ Categorical(logits=x + w) with ScoreFunction(n=2, baseline=batch_average)
sample b ~ Categorical(logits=x * a + v) with ScoreFunction() in a
cost c = (a - 0.7) ** 2 * (b + 0.5) + sum(w * v) * a
cost u = without_credit(entropy(Categorical(logits=x * a + v)) * sum(w ** 2) + b * v[0])
"""
)


def _model(story: str) -> Any:
    return storchc.load(text=story)().double()


def _mean(model: Any, outcomes: list[tuple[dict[str, Tensor], Tensor]]) -> list[Tensor]:
    """The mean gradient over all outcomes, each with its probability."""
    weights = list(model.parameters())
    found = [torch.zeros_like(w) for w in weights]
    for given, probability in outcomes:
        loss = model(X, given=given).loss
        gradient = torch.autograd.grad(loss, weights, allow_unused=True)
        found = [
            f if g is None else f + probability * g for f, g in zip(found, gradient, strict=True)
        ]
    return found


def _laws(w: Tensor, v: Tensor, a: int) -> tuple[Tensor, Tensor]:
    """The probabilities of a, and of b below this a."""
    return (X[0] + w).softmax(0), (X[0] * a + v).softmax(0)


def _exact(w: Tensor, v: Tensor, unpaid: Callable[..., Tensor]) -> Tensor:
    total = torch.zeros((), dtype=torch.float64)
    for a, b in product(range(3), repeat=2):
        first, second = _laws(w, v, a)
        probability = first[a] * second[b]
        cost = (a - 0.7) ** 2 * (b + 0.5) + (w * v).sum() * a
        total = total + probability * cost + probability.detach() * unpaid(a, b, second)
    return total


def _outcomes(model: Any) -> list[tuple[dict[str, Tensor], Tensor]]:
    w, v = model.w.detach(), model.v.detach()
    pairs = []
    for a, b in product(range(3), repeat=2):
        first, second = _laws(w, v, a)
        pairs.append((a, b, first[a] * second[b]))
    return [
        (
            {"a": torch.tensor([[a], [c]]), "b": torch.tensor([[b], [d]])},
            p * q,
        )
        for (a, b, p), (c, d, q) in product(pairs, repeat=2)
    ]


def test_a_chain_with_leave_one_out_is_exact() -> None:
    model = _model(CHAIN)
    w, v = (p.detach().requires_grad_() for p in (model.w, model.v))

    def unpaid(a: int, b: int, second: Tensor) -> Tensor:
        return -(second * second.log()).sum() * (w**2).sum() + b * v[0]

    wanted = torch.autograd.grad(_exact(w, v, unpaid), [w, v])
    found = _mean(model, _outcomes(model))
    torch.testing.assert_close(found, list(wanted), rtol=0, atol=1e-12)
    credited = _mean(_model(CHAIN.replace("without_credit", "")), _outcomes(model))
    assert max((f - g).abs().max() for f, g in zip(found, credited, strict=True)) > 0.01
    assert model.order == 1


def test_names_carry_it_and_cuts_inside_stay() -> None:
    story = (
        HEAD
        + """
sample a ~ Categorical(logits=x + w) with ScoreFunction(n=2, baseline=batch_average)
sample b ~ Categorical(logits=x * a + v) with ScoreFunction() in a
cost c = (a - 0.7) ** 2 * (b + 0.5) + sum(w * v) * a
compute q = Categorical(logits=x * a + v)
compute kept = without_credit(stop_gradient(b * w[0] + 1) * log_prob(q, b))
cost u = -2 * kept + 0.5 * kept
"""
    )
    model = _model(story)
    w, v = (p.detach().requires_grad_() for p in (model.w, model.v))

    def unpaid(a: int, b: int, second: Tensor) -> Tensor:
        return -1.5 * (b * w[0] + 1).detach() * second[b].log()

    wanted = torch.autograd.grad(_exact(w, v, unpaid), [w, v])
    found = _mean(model, _outcomes(model))
    torch.testing.assert_close(found, list(wanted), rtol=0, atol=1e-12)


def test_what_learns_through_it_is_scored_where_it_shapes_a_draw() -> None:
    story = (
        HEAD
        + """
sample a ~ Categorical(logits=x + w) with ScoreFunction()
sample b ~ Categorical(logits=without_credit(x * a + v)) with ScoreFunction()
cost c = (b + 0.5) ** 2 * x[0]
"""
    )
    model = _model(story)
    w, v = (p.detach().requires_grad_() for p in (model.w, model.v))
    total, outcomes = torch.zeros((), dtype=torch.float64), []
    for a, b in product(range(3), repeat=2):
        first, second = _laws(w, v, a)
        total = total + first[a].detach() * second[b] * (b + 0.5) ** 2 * X[0, 0]
        given = {"a": torch.tensor([[a]]), "b": torch.tensor([[[b]]])}
        outcomes.append((given, (first[a] * second[b]).detach()))
    (wanted,) = torch.autograd.grad(total, [v])
    found = dict(zip(dict(model.named_parameters()), _mean(model, outcomes), strict=True))
    torch.testing.assert_close(found["v"], wanted, rtol=0, atol=1e-12)
    assert wanted.abs().max() > 0.01 and not found["w"].any()


LOOP = """
story T
plate data
input x[data, 3]
param w[2] = tensor([0.2, -0.4])
for t in range(2) from s = 0.0:
    sample z ~ Bernoulli(logits=w[0] + w[1] * s + x[0]) with ScoreFunction()
    compute s = s + z + 1
    cost c = (z - 0.3) ** 2
    cost bonus = -0.5 * without_credit(entropy(Bernoulli(logits=w[0] + w[1] * s)) * (z + 1))
    {}
"""


@pytest.mark.parametrize("stop", ["", "stop when z == 1"])
def test_a_bonus_credits_no_step_and_no_end(stop: str) -> None:
    model = _model(LOOP.format(stop).rstrip() + "\n")
    w = model.w.detach().requires_grad_()
    exact = torch.zeros((), dtype=torch.float64)
    outcomes = []
    for values in product((0, 1), repeat=2):
        ended = bool(stop) and values[0] == 1
        if ended and values[1] == 0:
            continue  # what has stopped keeps its value
        s, alive = torch.zeros((), dtype=torch.float64), True
        probability, cost, bonus = torch.ones((), dtype=torch.float64), 0.0, 0.0
        for z in values:
            if not alive:
                break
            law = Bernoulli(logits=w[0] + w[1] * s + X[0, 0])
            probability = probability * law.log_prob(torch.tensor(float(z)).double()).exp()
            s = s + z + 1
            cost = cost + (z - 0.3) ** 2
            bonus = bonus - 0.5 * Bernoulli(logits=w[0] + w[1] * s).entropy() * (z + 1)
            alive = not (stop and z == 1)
        exact = exact + probability * cost + probability.detach() * bonus
        given = {"z": torch.tensor(values, dtype=torch.float64).view(1, 1, 2)}
        outcomes.append((given, probability.detach()))
    (wanted,) = torch.autograd.grad(exact, [w])
    (found,) = _mean(model, outcomes)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (
            "sample a ~ Normal(w, 1)\ncompute s = seen(a)\n"
            "cost d = sum(a ** 2) + without_credit(sum(s))",
            "S523",
        ),
        (
            "sample a ~ Categorical(logits=w) with ScoreFunction()\n"
            "cost u = a * (x[0] + without_credit(a * v[0]))",
            "S518",
        ),
        (
            "sample a ~ Categorical(logits=w) with ScoreFunction()\n"
            "compute k = without_credit(a * v[0])\ncost u = k * a",
            "S518",
        ),
    ],
)
def test_what_is_not_right_is_refused(body: str, code: str) -> None:
    text = f"{HEAD}function seen stateful: [3] -> [3]\n{body}\nreport shown = x\n"
    assert [i.code for i in storchc.check(text=text) if i.severity == "error"] == [code]


def test_methods_that_look_elsewhere_leave_it_out() -> None:
    """A method that looks at other values leaves out what credits nobody."""
    story = """
story T
plate data
input x[data, 3]
param w[3] = tensor([0.2, -0.1, 0.4])
sample b ~ Bernoulli(logits=w + x) with {}
cost c = sum(b * w) ** 2
cost u = without_credit(sum(b * w ** 2))
"""
    w = torch.tensor([0.2, -0.1, 0.4], dtype=torch.float64, requires_grad=True)
    total = torch.zeros((), dtype=torch.float64)
    for values in product((0.0, 1.0), repeat=3):
        b = torch.tensor(values, dtype=torch.float64)
        probability = Bernoulli(logits=w + X[0]).log_prob(b).sum().exp()
        total = total + probability * (b * w).sum() ** 2 + probability.detach() * (b * w**2).sum()
    (wanted,) = torch.autograd.grad(total, [w])
    for method in ("DisARM(n=1)", "LocalExpectation(n=1)", "ARM(n=1)"):
        model = _model(story.format(method))
        assert "u" in model(X).costs
        torch.manual_seed(0)
        draws = [
            torch.autograd.grad(model(X.expand(2000, 3)).loss, [model.w])[0] for _ in range(20)
        ]
        each = torch.stack(draws)
        error = each.std(0) / len(draws) ** 0.5
        assert ((each.mean(0) - wanted).abs() < 5 * error + 1e-9).all(), method
