"""Straight-through methods: exact on quadratic costs, their own formula on others, and biased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime.methods import GappedStraightThrough, GumbelRao, ReinMax, gumbel_rao
from storch_runtime.methods.zgr import ZGR
from tests.certification.harness import (
    Uncertified,
    case,
    certify,
    certify_statistically,
    fails,
    replicate,
)
from tests.exact.interpreter import interpret

QUADRATIC = ["ReinMax", "ZGR"]
OTHERS = [
    ("ScoreFunction()", [0.7, -1.2]),
    ("ScoreFunction(n=2, baseline=batch_average)", [0.7]),
    ("Expect()", [0.7]),
]


def agree(text: str, method: str, inputs: dict[str, Any] | None = None) -> None:
    """Certify ``text`` with the method against the same story with a score function."""
    name, _, options = method.partition("(")
    count = options.partition("n=")[2].rstrip(")") or "1"
    story = case(text.format(method if options else f"{name}()"), inputs)
    certify(story, interpreted=text.format(f"ScoreFunction(n={count})"))


@pytest.mark.parametrize("method", [*QUADRATIC, "ReinMax(n=2)", "ZGR(n=2)"])
@pytest.mark.parametrize(
    "family",
    [
        "Bernoulli(logits=v)",
        "Bernoulli(probs=sigmoid(v))",
        "OneHotCategorical(logits=v)",
        "OneHotCategorical(probs=softmax(v))",
        "OneHotCategorical(logits=outer(v, v))",
    ],
)
def test_it_is_exact_on_quadratic_costs(method: str, family: str) -> None:
    text = f"""
story T
param v[2] = tensor([0.4, -0.9])
param u = 0.3
sample z ~ {family} with {{}}
cost c = (sum(z * v) - u) ** 2
"""
    agree(text, method)


@pytest.mark.parametrize("method", QUADRATIC)
@pytest.mark.parametrize(("other", "data"), OTHERS)
def test_it_is_exact_above_and_below_others(method: str, other: str, data: list[float]) -> None:
    text = f"""
story T
plate data
input x[data]
param v[3] = tensor([0.4, -0.9, 0.2])
sample a ~ Bernoulli(logits=v[0] * x) with {other}
sample z ~ OneHotCategorical(logits=v * (x + a)) with {{}}
sample b ~ Bernoulli(logits=v[1] * x) with {other}
cost c = (z[0] + 2 * z[1] * b - a * x) ** 2
cost d = a * z[2] + v[2] * z[0]
"""
    agree(text, method, {"x": data})


@pytest.mark.parametrize("method", [f"{name}(n=2)" for name in QUADRATIC])
def test_it_is_exact_where_its_plate_is_mixed(method: str) -> None:
    text = """
story T
param v[2] = tensor([0.4, -0.9])
sample z ~ Bernoulli(logits=v) with {}
cost c = (sum(mean(z, over=z) * v) - 0.3) ** 2
"""
    agree(text, method)


# --- formulas, on a cubic cost, and how far from the truth they lie -------------------------------

LOGITS = torch.tensor([0.4, -0.9, 0.2], dtype=torch.float64)
WEIGHTS = torch.tensor([0.0, 1.0, 0.5], dtype=torch.float64)
CUBIC = """
story T
input v[3]
sample z ~ OneHotCategorical(logits=v) with {}
compute y = z[1] + 0.5 * z[2]
cost c = (y - 0.3) ** 2 * (1 + y)
"""


def jacobian(p: Tensor) -> Tensor:
    return p.diag() - p.outer(p)


def rein_max(p: Tensor, x: Tensor, tau: float = 1.0) -> Tensor:
    middle = (torch.softmax(LOGITS / tau, 0) + x) / 2
    return 2 * jacobian(middle) - jacobian(p) / 2


def zgr(p: Tensor, x: Tensor) -> Tensor:
    return (jacobian(p) + (x - p).outer(x - p)) / 2


def gapped(p: Tensor, x: Tensor, tau: float, gap: float | None) -> Tensor:
    drawn, top = int(x.argmax()), LOGITS.max()
    wide = -torch.log(1 - p[drawn]) / p[drawn] if gap is None else gap
    moved = torch.minimum(LOGITS, top - wide)
    moved[drawn] = top
    return jacobian(torch.softmax(moved / tau, 0)) / tau


Formula = Callable[[Tensor, Tensor], Tensor]
FORMULAS: dict[str, tuple[Formula, float]] = {
    "ReinMax()": (rein_max, 0.443),
    "ReinMax(temperature=2.0)": (lambda p, x: rein_max(p, x, 2.0), 0.227),
    "ZGR()": (zgr, 0.443),
    "GappedStraightThrough()": (lambda p, x: gapped(p, x, 1.0, 1.0), 0.336),
    "GappedStraightThrough(temperature=0.5, gap=0.3)": (lambda p, x: gapped(p, x, 0.5, 0.3), 0.816),
    "GappedStraightThrough(adaptive=true)": (lambda p, x: gapped(p, x, 1.0, None), 0.343),
}


def of_formula(formula: Formula) -> Tensor:
    """Its expected gradient on the cubic cost, by enumeration."""
    p = LOGITS.softmax(0)
    slope = 2 * (WEIGHTS - 0.3) * (1 + WEIGHTS) + (WEIGHTS - 0.3) ** 2
    corners = torch.eye(3, dtype=torch.float64)
    terms = [p[i] * slope[i] * formula(p, corners[i]) @ WEIGHTS for i in range(3)]
    return torch.stack(terms).sum(0)


def of_module(method: str) -> tuple[Tensor, Tensor]:
    """The expected gradient of the module on the cubic cost, and the true one."""
    story = case(CUBIC.format(method), {"v": LOGITS})
    model, leaf = story.model(), story.inputs["v"]
    exact = interpret(CUBIC.format("ScoreFunction()"), story.inputs, {}, {})
    parts = [model(leaf, given={"z": z}).loss for z in exact.samples["z"]]
    got = torch.autograd.grad((exact.probability.detach() * torch.stack(parts)).sum(), leaf)[0]
    return got, torch.autograd.grad(exact.value, leaf)[0]


@pytest.mark.parametrize("method", FORMULAS)
def test_it_is_its_formula_and_biased_on_a_cubic_cost(method: str) -> None:
    formula, bias = FORMULAS[method]
    got, true = of_module(method)
    torch.testing.assert_close(got, of_formula(formula), rtol=1e-12, atol=1e-12)
    found = float((got - true).norm() / true.norm())
    assert found == pytest.approx(bias, abs=0.0005)


@pytest.mark.parametrize("method", QUADRATIC)
def test_the_harness_sees_the_bias_on_a_cubic_cost(method: str) -> None:
    story = case(CUBIC.format(f"{method}()"), {"v": LOGITS})
    words = fails(lambda: certify(story, interpreted=CUBIC.format("ScoreFunction()")))
    assert "gradient of v" in words


def test_a_second_derivative_raises() -> None:
    story = case(CUBIC.format("ZGR()"), {"v": LOGITS})
    leaf = story.inputs["v"]
    model = story.model()
    assert model.order == 1
    (first,) = torch.autograd.grad(model(leaf).loss, leaf, create_graph=True)
    with pytest.raises(RuntimeError, match="beyond order 1"):
        first.sum().backward()


# --- Gumbel-Rao, statistically: the mean of the straight-through Gumbel-softmax -------------------

LOGIT, TEMPERATURE = 0.4, 0.7
BITS = """
story T
plate data
input v[data, 2]
sample z ~ OneHotCategorical(logits=v) with {}
cost c = (z[1] - 0.3) ** 2 * (1 + z[1])
"""
VALUES = {"v": [0.1, 0.1 + LOGIT]}
RAO = BITS.format("GumbelRao(samples=4, temperature=0.7)")


def straight_through() -> Tensor:
    """The mean gradient of the straight-through Gumbel-softmax, at midpoints of its noise."""
    u = (torch.arange(400_000, dtype=torch.float64) + 0.5) / 400_000
    z = torch.sigmoid((LOGIT + torch.logit(u)) / TEMPERATURE)
    hard = (z > 0.5).double().requires_grad_()
    (slope,) = torch.autograd.grad(((hard - 0.3) ** 2 * (1 + hard)).sum(), hard)
    own = (slope * z * (1 - z) / TEMPERATURE).mean()
    return torch.stack([-own, own])


def model_of(text: str) -> Any:
    torch.manual_seed(0)
    return case(text).model()


@pytest.mark.certify
def test_gumbel_rao_has_the_mean_of_straight_through_with_less_variance() -> None:
    found = certify_statistically(model_of(RAO), VALUES, {"v": straight_through()})
    plain = replicate(
        model_of(BITS.format("GumbelSoftmax(temperature=0.7, straight_through=true)")),
        VALUES,
        ["v"],
    )
    assert bool((found.error["v"] < 0.9 * plain.error["v"]).all())
    p = torch.sigmoid(torch.tensor(LOGIT, dtype=torch.float64))
    true = p * (1 - p) * (0.7**2 * 2 - 0.3**2)
    assert float((found.mean["v"][1] - true).abs() / true) == pytest.approx(0.448, abs=0.02)


# --- broken variants ------------------------------------------------------------------------------

Break = Callable[[pytest.MonkeyPatch], None]


def half_missing(patch: pytest.MonkeyPatch) -> None:
    """Plain straight-through."""
    patch.setattr(ZGR, "path", lambda self, q, value: q.mean)


def score_only(patch: pytest.MonkeyPatch) -> None:
    right = ReinMax.path
    patch.setattr(ReinMax, "path", lambda self, q, value: right(self, q, value) + q.mean / 2)


def no_gap(patch: pytest.MonkeyPatch) -> None:
    right = GappedStraightThrough.path

    def wrong(self: Any, *args: Any, **keywords: Any) -> Any:
        self.gap = 0.0
        return right(self, *args, **keywords)

    patch.setattr(GappedStraightThrough, "path", wrong)


def unconditional(patch: pytest.MonkeyPatch) -> None:
    def wrong(log_probs: Tensor, value: Tensor, samples: int) -> Tensor:
        return -value.new_empty((samples, *value.shape)).exponential_().log()

    patch.setattr(gumbel_rao, "conditional_noise", wrong)


def formula_of(method: str) -> None:
    got, _ = of_module(method)
    if not torch.allclose(got, of_formula(FORMULAS[method][0]), rtol=1e-9, atol=1e-9):
        raise Uncertified(f"{method}: {got}")


def statistical() -> None:
    assert GumbelRao.order == 1
    certify_statistically(model_of(RAO), VALUES, {"v": straight_through()}, replicates=200_000)


@pytest.mark.parametrize(
    ("broken", "method"),
    [(half_missing, "ZGR()"), (score_only, "ReinMax()"), (no_gap, "GappedStraightThrough()")],
)
def test_a_broken_formula_fails(
    broken: Break, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    formula_of(method)
    broken(monkeypatch)
    assert fails(lambda: formula_of(method))


@pytest.mark.certify
def test_noise_that_does_not_know_the_value_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    statistical()
    unconditional(monkeypatch)
    assert fails(statistical)
