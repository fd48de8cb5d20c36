"""The magic box and weighted reductions."""

from __future__ import annotations

import torch

from storch_runtime.generated import log_weighted_mean_exp, magic_box, weighted_sum

INF = torch.inf


def test_the_box_has_value_one_and_the_derivatives_of_exp() -> None:
    score = torch.tensor(-3.0, requires_grad=True)
    value = magic_box(score)
    for _ in range(3):
        assert value.item() == 1
        (value,) = torch.autograd.grad(value, score, create_graph=True)


def test_nothing_of_weight_zero_counts() -> None:
    weight = torch.tensor([0.5, 0.0, 0.0, 0.5], requires_grad=True)
    value = torch.tensor([1.0, INF, torch.nan, 3.0], requires_grad=True)
    total = weighted_sum(weight, value, (0,))
    total.backward()
    assert total.item() == 2
    assert value.grad.tolist() == [0.5, 0, 0, 0.5]
    assert weight.grad.tolist() == [1, 0, 0, 3]


def test_the_derivative_by_a_zero_weight_is_the_value() -> None:
    weight = torch.tensor([1.0, 0.0], requires_grad=True)
    weighted_sum(weight, torch.tensor([2.0, 5.0]), (0,)).backward()
    assert weight.grad.tolist() == [2, 5]


def test_infinite_values_of_positive_weight_stay() -> None:
    assert weighted_sum(torch.tensor([0.5, 0.5]), torch.tensor([INF, 0.0]), (0,)).item() == INF


def test_log_mean_exp_without_weights() -> None:
    value = torch.randn(4, 3, dtype=torch.float64)
    torch.testing.assert_close(log_weighted_mean_exp(value, None, (0,)), value.exp().mean(0).log())
    torch.testing.assert_close(log_weighted_mean_exp(value, None, (0, 1)), value.exp().mean().log())
    large = torch.tensor([1000.0, 1000.0])
    torch.testing.assert_close(log_weighted_mean_exp(large, None, (0,)), torch.tensor(1000.0))


def test_log_weighted_mean_exp_and_its_derivatives() -> None:
    value = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.rand(4, 1, dtype=torch.float64, requires_grad=True)
    ours = log_weighted_mean_exp(value, weight, (0,))
    plain = (weight * value.exp()).sum(0).log()
    torch.testing.assert_close(ours, plain)
    for a, b in zip(
        torch.autograd.grad(ours.sum(), (value, weight)),
        torch.autograd.grad(plain.sum(), (value, weight)),
        strict=True,
    ):
        torch.testing.assert_close(a, b)
    assert torch.autograd.gradgradcheck(
        lambda v, w: log_weighted_mean_exp(v, w, (0,)), (value, weight)
    )


def test_log_weighted_mean_exp_at_the_edges() -> None:
    weight = torch.tensor([0.0, 1.0], requires_grad=True)
    value = torch.tensor([2.0, 1.0], requires_grad=True)
    log_weighted_mean_exp(value, weight, (0,)).backward()
    torch.testing.assert_close(weight.grad, torch.tensor([torch.e, 1.0]))
    nowhere = torch.tensor([-INF, -INF], requires_grad=True)
    total = log_weighted_mean_exp(nowhere, torch.tensor([0.5, 0.5]), (0,))
    total.backward()
    assert total.item() == -INF
    assert not bool(nowhere.grad.isnan().any())
    beside = log_weighted_mean_exp(torch.tensor([INF, 1.0]), torch.tensor([0.0, 1.0]), (0,))
    assert beside.item() == 1
    far = log_weighted_mean_exp(torch.tensor([-2000.0, 500.0]), torch.tensor([1.0, 0.0]), (0,))
    assert far.item() == -2000
