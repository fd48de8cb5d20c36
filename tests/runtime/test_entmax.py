"""The entmax map and the relaxations that stand on it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from storch_runtime.distributions import OneHotCategorical
from storch_runtime.methods import GumbelEntmax, GumbelSparseMax
from storch_runtime.methods._entmax import entmax

ALPHAS = [1.01, 1.2, 1.5, 1.9, 2.0, 3.0]
SCORES = torch.randn(40, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2
LOGITS = SCORES[:2, :3]


def reference(x: Tensor, alpha: float) -> Tensor:
    """By bisection alone, on the threshold of the definition, one row at a time."""
    scaled, power = (alpha - 1) * x, 1 / (alpha - 1)
    low, high = scaled.max() - 1, scaled.max()
    for _ in range(200):
        middle = (low + high) / 2
        heavy = (scaled - middle).clamp(min=0).pow(power).sum() >= 1
        low, high = (middle, high) if heavy else (low, middle)
    return (scaled - low).clamp(min=0).pow(power)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_it_is_its_definition(alpha: float) -> None:
    got = entmax(SCORES, alpha)
    expected = torch.stack([reference(row, alpha) for row in SCORES])
    torch.testing.assert_close(got, expected, atol=1e-10, rtol=0)
    torch.testing.assert_close(got.sum(-1), torch.ones(40, dtype=torch.float64))
    single = entmax(SCORES.float(), alpha)
    torch.testing.assert_close(single, expected.float(), atol=2e-5, rtol=0)


def test_known_values() -> None:
    x = torch.tensor([1.0, 0.5, -1.0], dtype=torch.float64)
    torch.testing.assert_close(entmax(x, 2.0), torch.tensor([0.75, 0.25, 0.0]).double())
    torch.testing.assert_close(entmax(x, 1.01), x.softmax(-1), atol=5e-3, rtol=0)
    assert torch.equal(entmax(x * 0, 1.5), entmax(x * 0, 2.0))


@pytest.mark.parametrize("alpha", ALPHAS)
def test_its_derivative_is_that_of_the_definition(alpha: float) -> None:
    x = SCORES[:6].clone().requires_grad_()
    a = torch.tensor(alpha, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: entmax(x, alpha), (x,), atol=1e-5)
    assert torch.autograd.gradcheck(lambda x, a: entmax(x, a), (x, a), atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("alpha", ALPHAS)
def test_extreme_scores(alpha: float, dtype: torch.dtype) -> None:
    x = torch.tensor([[1e4, -1e4, 9999.9], [-1e30, 0, -3]], dtype=dtype, requires_grad=True)
    a = torch.tensor(alpha, dtype=dtype, requires_grad=True)
    for value in (entmax(x, alpha), entmax(x, a)):
        torch.testing.assert_close(value.sum(-1), torch.ones(2, dtype=dtype))
        gradients = torch.autograd.grad(value.square().sum(), [x, a], allow_unused=True)
        assert all(g is None or bool(torch.isfinite(g).all()) for g in gradients)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_values_are_sparse_points_of_the_simplex(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    law = OneHotCategorical(logits=LOGITS.to(dtype))
    for method in (GumbelEntmax(500, temperature=0.5), GumbelSparseMax(500, temperature=0.5)):
        value = method.draw(law).value
        assert value.dtype == dtype
        torch.testing.assert_close(value.sum(-1), torch.ones(500, 2, dtype=dtype))
        assert 0.1 < float((value == 0).to(dtype).mean()) < 0.67


def test_it_is_the_formula_and_sparse_max_is_entmax_at_two() -> None:
    noise = torch.randn(5, 2, 3, dtype=torch.float64)
    law = OneHotCategorical(logits=LOGITS)
    scores = (LOGITS.log_softmax(-1) + noise) / 0.5
    drawn = GumbelEntmax(5, temperature=0.5).propose(law, 5, noise=noise).value
    torch.testing.assert_close(drawn, entmax(scores, 1.5))
    two = GumbelEntmax(5, temperature=0.5, alpha=2.0).propose(law, 5, noise=noise).value
    sparse = GumbelSparseMax(5, temperature=0.5).propose(law, 5, noise=noise).value
    assert torch.equal(two, sparse)


def test_straight_through_has_the_derivative_of_the_relaxed_value() -> None:
    logits, noise = LOGITS.clone().requires_grad_(), torch.randn(4, 2, 3, dtype=torch.float64)
    law, weights = OneHotCategorical(logits=logits), torch.randn(4, 2, 3, dtype=torch.float64)
    hard, soft = (
        GumbelEntmax(4, straight_through=flag).propose(law, 4, noise=noise).value
        for flag in (True, False)
    )
    (a,) = torch.autograd.grad((hard * weights).sum(), logits, retain_graph=True)
    (b,) = torch.autograd.grad((soft * weights).sum(), logits)
    assert torch.equal(a, b)


def alpha_of(method: GumbelEntmax) -> float:
    return float(torch.as_tensor(method.current_alpha()).detach())


def test_an_adaptive_alpha_starts_where_it_is_told_and_can_always_move() -> None:
    method = GumbelEntmax(50, alpha=1.3, adaptive=True)
    assert [name for name, _ in method.named_parameters()] == ["a"]
    assert alpha_of(method) == pytest.approx(1.3)
    assert not list(GumbelEntmax().parameters())
    assert method.a is not None
    for start in (-20.0, 0.3, 20.0):
        torch.nn.init.constant_(method.a, start)
        method.a.grad = None
        method.draw(OneHotCategorical(logits=LOGITS)).value.square().sum().backward()
        assert method.a.grad is not None and bool(torch.isfinite(method.a.grad))
    torch.nn.init.constant_(method.a, -20.0)
    assert alpha_of(method) == pytest.approx(1.01)


def test_annealing_is_that_of_relaxations() -> None:
    method = GumbelSparseMax(temperature=2.0, annealing_rate=0.5, min_temperature=0.3)
    law = OneHotCategorical(logits=LOGITS)
    seen = []
    for training in (True, False, True, True, True):
        method.train(training)
        seen.append(float(method.current_temperature()))
        method.draw(law)
        method.advance()
    torch.testing.assert_close(torch.tensor(seen), torch.tensor([2.0, 1.0, 1.0, 0.5, 0.3]))


@pytest.mark.parametrize("method", [GumbelEntmax(2), GumbelSparseMax(2, annealing_rate=0.1)])
def test_it_compiles_whole(method: GumbelEntmax) -> None:
    torch.compiler.reset()

    def step(logits: Tensor) -> Tensor:
        value = method.draw(OneHotCategorical(logits=logits)).value
        return (value * torch.arange(3)).square().sum()

    logits = LOGITS.clone().requires_grad_()
    torch.compile(step, fullgraph=True, backend="eager")(logits).backward()
    assert logits.grad is not None and bool(torch.isfinite(logits.grad).all())
