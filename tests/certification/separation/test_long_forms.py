"""Each function of the catalogue takes factors apart wherever its long form does.

A story that calls a function and one that writes out what it computes have the same value and the
same gradient, over twelve factors, of which no joint support can be built; over three of them both
are what an enumeration of all outcomes gives.
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from tests.certification.harness import derivatives
from tests.certification.separation.test_factors_apart import separated

pytestmark = pytest.mark.filterwarnings("ignore:There is a performance drop")
HEAD = """
story T
dim K = {K}
dim H = 6
input x[2]
input y[K] : int
input other[K] : int
param v[K] = 0.3
param w[4, H] = 0.1
param a[5, H] = 0.2
sample z ~ OneHotCategorical(logits=outer(v, stack([x[0], 0.3, x[1], -0.4]))) with Expect()
sample k ~ Categorical(logits=outer(v, stack([0.2, x[0], -0.3, 0.5, x[1], 0.1]))) with Expect()
compute e = z @ w + unsqueeze(v, -1)
compute one = tensor([0.9, -0.3, 0.5, 0.4, -0.8, 0.1])
compute rows = a * one
compute classes = softmax(a * one)
"""
MOMENTS = "unsqueeze(mean(e, dim=-1), -1)"
LONG = {  # what the function computes, in functions that keep factors apart for all to see
    "sum(cross_entropy(e, y) * v)": "sum(sum(-log_softmax(e) * one_hot(y, H), dim=-1) * v)",
    "sum(cross_entropy(e, k) * v)": (
        "sum((logsumexp(e, dim=-1) - sum(e * one_hot(k, H), dim=-1)) * v)"
    ),
    "sum(nll_loss(log_softmax(e), y) ** 2)": (
        "sum(sum(log_softmax(e) * one_hot(y, H), dim=-1) ** 2)"
    ),
    "sum(cross_entropy(rows[0], classes[0] + mean(e, dim=0)))": (
        "sum(-log_softmax(rows[0]) * (classes[0] + mean(e, dim=0)))"
    ),
    "sum(nll_loss(transpose(e, 0, 1), y[:H] % 3))": (
        "-sum(e * transpose(one_hot(y[:H] % 3, K), 0, 1))"
    ),
    "sum(layer_norm(e, [H]) ** 3 * one)": (
        f"sum(((e - {MOMENTS}) / sqrt(unsqueeze(var(e, dim=-1, correction=0), -1) + 0.00001)) ** 3"
        " * one)"
    ),
    "sum(rms_norm(e, [H], 0.01) ** 2 * one)": (
        "sum((e / sqrt(unsqueeze(mean(e ** 2, dim=-1), -1) + 0.01)) ** 2 * one)"
    ),
    "sum(glu(e) ** 2)": "sum((e[:, :3] * sigmoid(e[:, 3:])) ** 2)",
    "sum(glu(e, 0) ** 2)": "sum((e[:{half}] * sigmoid(e[{half}:])) ** 2)",
    "sum(cosine_similarity(e, one) ** 2)": ("sum((e @ one / (norm(e, dim=-1) * norm(one))) ** 2)"),
    "sum(cosine_similarity(e[1:], e[:-1]) * v[1:])": (
        "sum(sum(e[1:] * e[:-1], dim=-1) / (norm(e[1:], dim=-1) * norm(e[:-1], dim=-1)) * v[1:])"
    ),
    "sum(gather(e, -1, unsqueeze(y, -1)) ** 2)": "sum(sum(e * one_hot(y, H), dim=-1) ** 2)",
    "sum(gather(e, 1, unsqueeze(y[:2], -1)) ** 2)": (
        "sum(sum(e[:2] * one_hot(y[:2], H), dim=-1) ** 2)"
    ),
    "sum(gather(e, 0, unsqueeze(other, -1)) * 2)": "2 * sum(one_hot(other, K) @ e[:, 0])",
    "sum(gather(outer(v, one), 1, unsqueeze(k, -1)) ** 2)": "sum((v * one[k]) ** 2)",
    "sum(gather(e, 1, unsqueeze(k, -1)) ** 2)": "sum(sum(e * one_hot(k, H), dim=-1) ** 2)",
    "sum(cdist(e, rows) ** 3)": ("sum(sqrt(sum((unsqueeze(e, 1) - rows) ** 2, dim=-1)) ** 3)"),
    "sum(cdist(rows, e) * 2)": "sum(sqrt(sum((unsqueeze(rows, 1) - e) ** 2, dim=-1)) * 2)",
    "sum(cdist(e[:1], e[1:]) ** 3)": "sum(sqrt(sum((e[0] - e[1:]) ** 2, dim=-1)) ** 3)",
    "sum(cdist(transpose(e, 0, 1), outer(one, v), 1) * 2)": (
        "sum(abs(unsqueeze(transpose(e, 0, 1), 1) - outer(one, v))) * 2"
    ),
    "norm(e[:, 0], 1) * v[0]": "sum(abs(e[:, 0])) * v[0]",
    "count_nonzero(k - 2) * v[0]": "sum(k != 2) * v[0]",
    "dot(e[:, 0], e[:, 1])": "sum(e[:, 0] * e[:, 1])",
    "sum((transpose(e, 0, 1) @ e) * outer(one, one))": (
        "sum(sum(unsqueeze(e, -1) * unsqueeze(e, 1), dim=0) * outer(one, one))"
    ),
    'einsum("kh,kg,h->", e, e, one)': "sum(unsqueeze(e * one, -1) * unsqueeze(e, 1))",
    "sum(linear(transpose(e, 0, 1), transpose(e, 0, 1), one))": (
        "sum(sum(unsqueeze(e, -1) * unsqueeze(e, 1), dim=0) + one)"
    ),
    "sum(tanh(take(e, 1)))": "sum(tanh(e[1]))",
    "sum(tanh(embedding(1, e)))": "sum(tanh(e[1]))",
    "sum(tanh(concat([e, outer(v, one)], 1)))": "sum(tanh(e)) + sum(tanh(outer(v, one)))",
    "sum(stack([e, e * one], 1) ** 2)": "sum(e ** 2) + sum((e * one) ** 2)",
    "sum(tanh(diag_embed(e)))": "sum(tanh(e))",
    "sum(diagonal(unsqueeze(e, -1) * outer(one, one)) ** 2)": "sum((e * one ** 2) ** 2)",
    "sum(tril(e, -1) ** 2)": "sum((e * tril(outer(v * 0 + 1, one * 0 + 1), -1)) ** 2)",
    "sum(broadcast_to(e, [2, K, H]) ** 2)": "2 * sum(e ** 2)",
    "sum(full([3], e[1, 0]) ** 2)": "3 * e[1, 0] ** 2",
    "sum(cross(e[:, :3], e[:, 3:]) ** 2)": (
        "sum((e[:, 1] * e[:, 5] - e[:, 2] * e[:, 4]) ** 2"
        " + (e[:, 2] * e[:, 3] - e[:, 0] * e[:, 5]) ** 2"
        " + (e[:, 0] * e[:, 4] - e[:, 1] * e[:, 3]) ** 2)"
    ),
    "sum(binary_cross_entropy_with_logits(one, sum(e, dim=0)))": (
        "sum(softplus(one) - sum(e, dim=0) * one)"
    ),
    "sum(poisson_nll_loss(one, sum(e, dim=0)))": "sum(exp(one) - sum(e, dim=0) * one)",
    "sum(kl_div(sum(e, dim=0), classes[0]))": (
        "sum(classes[0] * (log(classes[0]) - sum(e, dim=0)))"
    ),
    "sum(lerp(sum(e, dim=0), one, 0.3))": "sum(0.7 * sum(e, dim=0) + 0.3 * one)",
    "sum(xlogy(sum(e, dim=0), exp(one)))": "sum(sum(e, dim=0) * one)",
}


def story(count: int, *costs: str) -> str:
    costs = tuple(cost.replace("{half}", str(count // 2)) for cost in costs)
    lines = (f"cost c{i} = {cost}" for i, cost in enumerate(costs))
    return HEAD.format(K=count) + "\n".join(lines)


def prepared(text: str, count: int) -> tuple[Any, dict[str, Tensor]]:
    """The module in double precision, with random parameters, and its inputs."""
    generator = torch.Generator().manual_seed(1)
    model = storchc.load(text=text)().double()
    for parameter in model.parameters():
        with torch.no_grad():
            parameter.copy_(torch.randn(parameter.shape, generator=generator).double())
    inputs = {
        "x": torch.tensor([0.7, -1.2], dtype=torch.float64, requires_grad=True),
        "y": torch.arange(count) * 5 % 6,
        "other": torch.arange(count) * 7 % count,
    }
    return model, inputs


def derived(model: Any, inputs: dict[str, Tensor], value: Tensor) -> list[Tensor]:
    """The value and its gradients."""
    leaves = {**dict(model.named_parameters()), "x": inputs["x"]}
    return [value, *derivatives(value, leaves).values()]


def estimated(text: str, count: int) -> list[Tensor]:
    model, inputs = prepared(text, count)
    return derived(model, inputs, model(**inputs).loss)


def agree(ours: list[Tensor], theirs: list[Tensor]) -> None:
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("short", LONG)
def test_twelve_factors_stand_apart_as_in_the_long_form(short: str) -> None:
    both = "sum(e) + sum(k)"
    texts = story(12, short, both), story(12, LONG[short], both)
    for text in texts:
        assert separated(text, ("z", "k")), text
    agree(*(estimated(text, 12) for text in texts))


# --- against all outcomes ------------------------------------------------------------------------

DRAWN = {
    "z": ("OneHotCategorical", "input z[K, 4]"),
    "k": ("Categorical", "input k[K] : int"),
}


def enumerated(text: str, count: int, names: tuple[str, ...]) -> list[Tensor]:
    """The expectation, outcome by outcome: the story with inputs in place of its samples."""
    lines = text.splitlines()
    for name, (_, declared) in DRAWN.items():
        at = next(i for i, line in enumerate(lines) if line.startswith(f"sample {name} "))
        del lines[at]
        lines.insert(3, declared)
    model, inputs = prepared("\n".join(lines), count)
    x, v = inputs["x"], model.v
    columns = {
        "z": (x[0], 0.3, x[1], -0.4),
        "k": (0.2, x[0], -0.3, 0.5, x[1], 0.1),
    }
    logs = {n: (v[:, None] * stacked(columns[n])).log_softmax(-1) for n in DRAWN}
    found = {n: list(product(range(logs[n].shape[1]), repeat=count)) for n in names}
    worlds = torch.tensor([sum(each, ()) for each in product(*found.values())])
    chosen = dict(zip(names, worlds.split(count, dim=1), strict=True))
    chosen |= {n: torch.zeros_like(worlds[:, :count]) for n in DRAWN if n not in names}
    chances = [logs[n].gather(1, chosen[n].T).sum(0) for n in names]
    outcomes = {"z": torch.nn.functional.one_hot(chosen["z"], 4).double(), "k": chosen["k"]}
    costs = torch.vmap(lambda given: model(**inputs, **given).loss)(outcomes)
    return derived(model, inputs, (sum(chances).exp() * costs).sum())


def stacked(numbers: tuple[Any, ...]) -> Tensor:
    return torch.stack([torch.as_tensor(n, dtype=torch.float64) for n in numbers])


@pytest.mark.parametrize("short", LONG)
def test_they_are_what_all_outcomes_give(short: str) -> None:
    names = tuple(n for n in DRAWN if {"z": "e", "k": "k"}[n] in re.findall(r"\w+", short))
    count = 6 if "[:H]" in short else 2 if len(names) == 2 or "0)" in short else 3
    text = story(count, short)
    agree(estimated(text, count), enumerated(text, count, names))


# --- where factors coincide ----------------------------------------------------------------------

COINCIDE = [  # with twelve factors there is no joint support, and so no estimate
    "sum(cross_entropy(transpose(e, 0, 1), y[:H] % 3))",
    "sum(layer_norm(transpose(e, 0, 1), [K]) ** 3)",
    "sum(glu(e[:, 0] * sum(e[:, 1])))",
    "sum(cdist(e, e) ** 3)",
    "sum(cdist(e[1:], e[:-1]) ** 3)",
    "sum(cosine_similarity(e, e[0]) ** 2)",
    "sum(cosine_similarity(e, outer(v, one), 0) ** 2)",
    "sum(gather(e, 0, unsqueeze(other, -1)) ** 2)",
    "sum(gather(e, 0, unsqueeze(k, -1)) ** 2 * sum(k))",
    "sum(take(e, other[0]) ** 2)",
    "sum(outer(e[:, 0], e[:, 1]))",
    "sum(e @ transpose(e, 0, 1))",
    "sum(tanh(stop_gradient(e)))",
    "sum(concat([e, e], 0) ** 2)",
    "dot(e[1:, 0], e[:-1, 0]) ** 2",
]


@pytest.mark.parametrize("cost", COINCIDE)
def test_where_factors_meet_themselves_or_others_they_are_joined(cost: str) -> None:
    assert "S405" in [d.code for d in storchc.check(text=story(12, cost))]


def test_a_linear_function_of_many_factors_evaluates_each_by_itself() -> None:
    listed = ", ".join(f"e[{i}, {i % 6}] ** 2" for i in range(12))
    for cost in (f"sum(stack([{listed}]) * v)", "sum(concat([e[:6], e[6:]], 1) * one[0])"):
        assert separated(story(12, cost, "sum(e) + sum(k)"), ("z", "k"))


def test_a_call_is_not_repeated() -> None:
    """A gate of what a module has made: its two halves would be two calls."""
    text = story(12, "sum(glu(e[:, 0] * f(v)))").replace("param w", "module f: [K] -> [K]\nparam w")
    assert "S405" in [d.code for d in storchc.check(text=text)]
    once = text.replace("cost c0", "compute made = f(v)\ncost c0").replace("* f(v)", "* made")
    assert "S405" not in [d.code for d in storchc.check(text=once)]
