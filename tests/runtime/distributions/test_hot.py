"""The families written by hand: extremes, every order, enumeration, compilation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.distributions as td
from torch import Tensor

from storch_runtime.distributions import (
    Bernoulli,
    Binomial,
    Categorical,
    Normal,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
    kl_divergence,
)
from storch_runtime.distributions.enumeration import Finite

DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_logits_of_ten_thousand_do_no_harm(dtype: torch.dtype) -> None:
    logits = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, 1e4]], dtype=dtype, requires_grad=True)
    for made in (Bernoulli(logits=logits), OneHotCategorical(logits=logits)):
        value = made.sample(20)
        total = made.log_prob(value).sum() + made.entropy().sum()
        total = total + kl_divergence(made, type(made)(logits=-logits)).sum()
        assert total.isfinite()
        assert _gradient(total, logits).isfinite().all()
    impossible = torch.tensor([[0.0, 1.0, 1.0]], dtype=dtype)
    expected = torch.tensor([[-1e4, -1e4, -math.log(2)], [0.0, -1e4, 0.0]], dtype=dtype)
    torch.testing.assert_close(Bernoulli(logits=logits).log_prob(impossible), expected)


def _gradient(total: Tensor, leaf: Tensor) -> Tensor:
    return torch.autograd.grad(total, leaf, retain_graph=True)[0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_probabilities_of_exactly_0_and_1_are_drawn_and_weighed_right(dtype: torch.dtype) -> None:
    probs = torch.tensor([0.0, 1.0, 0.25, 0.0], dtype=dtype, requires_grad=True)
    coin = Bernoulli(probs=probs)
    values = coin.sample(1000)
    assert (values[:, 0] == 0).all() and (values[:, 1] == 1).all()
    log_prob = coin.log_prob(values)
    assert (log_prob[:, [0, 1, 3]] == 0).all()
    assert _gradient(log_prob.sum() + coin.entropy().sum(), probs).isfinite().all()
    die = OneHotCategorical(probs=probs)
    values = die.sample(1000)
    assert (values[:, [0, 3]] == 0).all()
    assert _gradient(die.log_prob(values).sum() + die.entropy().sum(), probs).isfinite().all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_expectation_keeps_its_gradient_where_a_probability_is_0(dtype: torch.dtype) -> None:
    probs = torch.tensor([0.0, 1.0], dtype=dtype, requires_grad=True)
    coin = Bernoulli(probs=probs)
    weights = coin.joint_log_prob(coin.enumerate_support()).exp()
    cost = torch.tensor([3.0, 5.0], dtype=dtype)[:, None]
    gradient = _gradient((weights * cost).sum(), probs)
    torch.testing.assert_close(gradient, torch.full_like(probs, 2.0), rtol=1e-4, atol=0)


def test_classes_of_probability_0_are_never_drawn() -> None:
    probs = torch.tensor([0.0, 0.3, 0.0, 0.7, 0.0]).expand(200, 5)
    for made in (Categorical(probs=probs), Categorical(logits=probs.log())):
        drawn = made.sample(500)
        assert set(drawn.unique().tolist()) == {1, 3}
        assert abs((drawn == 3).double().mean().item() - 0.7) < 0.01
    edges = torch.tensor([0.0, 1.0 - 2**-24])
    one = Categorical(probs=probs[0])
    assert one.sample(2, noise=edges).tolist() == [1, 3]


def test_logits_of_minus_infinity_are_masked_classes() -> None:
    logits = torch.tensor([0.0, -math.inf, 1.0], dtype=torch.double, requires_grad=True)
    made = OneHotCategorical(logits=logits)
    value = made.sample(100)
    assert (value[:, 1] == 0).all()
    total = made.log_prob(value).sum() + made.entropy() + kl_divergence(made, made)
    assert total.isfinite()
    assert _gradient(total, logits).isfinite().all()
    assert kl_divergence(OneHotCategorical(logits=torch.zeros(3).double()), made) == math.inf


@pytest.mark.parametrize("family", [Bernoulli, Categorical, OneHotCategorical])
@pytest.mark.parametrize("dtype", DTYPES)
def test_divergence_where_support_is_missing(
    family: type[Bernoulli | Categorical | OneHotCategorical], dtype: torch.dtype
) -> None:
    p = torch.tensor([0.0, 1.0], dtype=dtype, requires_grad=True)
    q = torch.tensor([0.5, 0.5], dtype=dtype)
    missing, inside = (
        kl_divergence(family(probs=q), family(probs=p)),
        kl_divergence(family(probs=p), family(probs=q)),
    )
    assert (missing == math.inf).all()
    torch.testing.assert_close(inside, torch.full_like(inside, math.log(2)))
    same = kl_divergence(family(probs=p), family(probs=p)).sum()
    assert same == 0
    assert _gradient(inside.sum() + same, p).isfinite().all()


def test_relaxed_values_weigh_the_log_probabilities() -> None:
    logits = torch.randn(3, 2, 4, dtype=torch.double, requires_grad=True)
    relaxed = torch.rand(5, 3, 2, 4, dtype=torch.double, requires_grad=True)
    die = OneHotCategorical(logits=logits, event=1)
    expected = (relaxed * logits.log_softmax(-1)).sum((-1, -2))
    torch.testing.assert_close(die.log_prob(relaxed), expected)
    probs = logits[..., 0].sigmoid()
    for coin in (Bernoulli(probs=probs, event=1), Bernoulli(logits=logits[..., 0], event=1)):
        for value in (relaxed[..., 0], relaxed[0, ..., 0]):
            expected = (value * probs.log() + (1 - value) * (1 - probs).log()).sum(-1)
            torch.testing.assert_close(coin.log_prob(value), expected)
            gradient = torch.autograd.grad(coin.log_prob(value).sum(), relaxed, retain_graph=True)
            check = torch.autograd.grad(expected.sum(), relaxed, retain_graph=True)
            torch.testing.assert_close(gradient, check)


X = torch.randn(2, 3, dtype=torch.double)
ANY_ORDER: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "normal log_prob": lambda a, b: Normal(a, b.exp(), event=1).log_prob(X),
    "normal entropy": lambda a, b: Normal(a, b.exp(), event=1).entropy(),
    "normal kl": lambda a, b: kl_divergence(Normal(a, b.exp()), Normal(b, a.exp())),
    "normal rsample": lambda a, b: Normal(a, b.exp()).rsample(noise=X),
    "coin log_prob": lambda a, b: Bernoulli(logits=a, event=1).log_prob(b.sigmoid()),
    "coin log_prob, several": lambda a, b: Bernoulli(logits=a).log_prob(b.sigmoid()[None]),
    "coin probs log_prob": lambda a, b: Bernoulli(probs=a.sigmoid()).log_prob(b.sigmoid()),
    "coin entropy": lambda a, b: Bernoulli(logits=a).entropy(),
    "coin kl": lambda a, b: kl_divergence(Bernoulli(logits=a), Bernoulli(probs=b.sigmoid())),
    "coin joint": lambda a, b: Bernoulli(logits=a, event=1).joint_log_prob(X),
    "die log_prob": lambda a, b: OneHotCategorical(logits=a).log_prob(b.softmax(-1)),
    "die entropy": lambda a, b: OneHotCategorical(logits=a).entropy(),
    "die kl": lambda a, b: kl_divergence(
        OneHotCategorical(logits=a), OneHotCategorical(probs=b.exp())
    ),
    "die joint": lambda a, b: Categorical(logits=a, event=1).joint_log_prob(X),
    "index log_prob": lambda a, b: Categorical(logits=a).log_prob(torch.tensor([0, 2])),
}


@pytest.mark.parametrize("name", ANY_ORDER)
def test_derivatives_of_the_first_three_orders(name: str) -> None:
    formula = ANY_ORDER[name]
    torch.manual_seed(0)
    a, b = (torch.randn(2, 3, dtype=torch.double, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(formula, (a, b))
    assert torch.autograd.gradgradcheck(formula, (a, b))

    def slope(a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        total = formula(a, b).pow(2).sum()
        return torch.autograd.grad(total, (a, b), create_graph=True, materialize_grads=True)

    assert torch.autograd.gradgradcheck(slope, (a, b))


def _finite(event: int) -> list[Finite]:
    logits = torch.randn(3, 2, 2, 3, dtype=torch.double)
    return [
        Bernoulli(logits=logits[..., 0], event=event),
        Bernoulli(probs=logits[..., 0].sigmoid(), event=event),
        Categorical(logits=logits, event=event),
        OneHotCategorical(probs=logits.exp(), event=event),
        Binomial(total_count=2, logits=logits[..., 0], event=event),
        OneHotCategoricalStraightThrough(logits=logits, event=event),
    ]


@pytest.mark.parametrize("event", [0, 1, 2])
def test_enumeration_lists_every_joint_outcome_once(event: int) -> None:
    for made in _finite(event):
        support = made.enumerate_support()
        assert support.shape == (made.support_size(), *made.event_shape)
        assert len(support.reshape(len(support), -1).unique(dim=0)) == len(support)
        aligned = support.reshape(len(support), *(1,) * len(made.plates), *support.shape[1:])
        table = made.joint_log_prob(support)
        torch.testing.assert_close(table, made.log_prob(aligned))
        torch.testing.assert_close(table.exp().sum(0), torch.ones(made.plates).double())
        assert made.sample().dtype == support.dtype


@pytest.mark.parametrize("event", [0, 1, 2])
def test_places_are_the_batch_event_in_one_row(event: int) -> None:
    for made in _finite(event):
        table = made.place_log_probs()
        assert table.shape == (made.outcomes, *made.plates, made.places)
        value = made.sample(4)
        indices = made.place_indices(value)
        assert indices.shape == (4, *made.plates, made.places)
        back = made.place_values(indices)
        assert back.dtype == value.dtype and torch.equal(back, value)
        each = table.movedim(0, -1).expand(*indices.shape, -1).gather(-1, indices[..., None])
        torch.testing.assert_close(each[..., 0].sum(-1), made.log_prob(value))


def test_the_last_place_changes_fastest() -> None:
    support = Categorical(logits=torch.zeros(2, 3), event=1).enumerate_support()
    assert support[:4].tolist() == [[0, 0], [0, 1], [0, 2], [1, 0]]


def test_a_binomial_with_a_tensor_of_totals_cannot_be_listed() -> None:
    with pytest.raises(TypeError, match="total_count"):
        Binomial(total_count=torch.ones(2), probs=torch.rand(2)).enumerate_support()


def test_noise_of_classes_is_uniform() -> None:
    made = OneHotCategorical(probs=torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.0, 0.9]]))
    noise = torch.tensor([[0.0, 0.05], [0.5, 0.1], [0.99, 0.5]])
    assert made.sample(3, noise=noise).argmax(-1).tolist() == [[0, 0], [1, 2], [2, 2]]
    assert made.sample(noise=noise[1]).argmax(-1).tolist() == [1, 2]
    coin = Bernoulli(probs=torch.tensor([0.0, 0.5, 1.0]))
    assert coin.sample(noise=torch.tensor([0.0, 0.4, 0.999])).tolist() == [0, 1, 1]


@pytest.mark.parametrize("word", ["logits", "probs"])
def test_what_is_looked_at_without_gradient_has_one_later(word: str) -> None:
    given = torch.rand(2, 3, requires_grad=True)
    made = Categorical(**dict[str, Any]({word: given}))
    with torch.no_grad():
        assert not made.logits.requires_grad and not made.probs.requires_grad
    assert made.logits.requires_grad and made.probs.requires_grad


def test_a_normal_of_numbers_alone() -> None:
    prior = Normal(0.0, 1.0)
    assert prior.sample(3).shape == (3,)
    assert prior.entropy().shape == ()
    assert prior.expand((2, 3)).plates == (2, 3)
    assert Normal(0, 1).expand((2,)).sample(3).shape == (3, 2)
    assert kl_divergence(prior, Normal(1.0, 1.0)).item() == pytest.approx(0.5)
    wide = Normal(torch.randn(4, 3), 2.0, event=1)
    expected = td.kl_divergence(td.Normal(wide.loc, wide.scale), td.Normal(0.0, 1.0)).sum(-1)
    torch.testing.assert_close(kl_divergence(wide, prior), expected)
    assert wide.entropy().shape == (4,)


def test_nan_logits_are_drawn_without_a_crash_and_seen_in_the_log_probability() -> None:
    made = OneHotCategorical(logits=torch.full((2, 3), math.nan))
    assert made.log_prob(made.sample(2)).isnan().all()


def _step(logits: Tensor, loc: Tensor) -> Tensor:
    die = OneHotCategorical(logits=logits, event=1)
    uniform = OneHotCategorical(probs=torch.full_like(logits, 0.25), event=1)
    total = die.log_prob(die.sample(3)).sum() + kl_divergence(die, uniform).sum()
    total = total + die.joint_log_prob(die.enumerate_support()).logsumexp(0).sum()
    normal = Normal(loc, 1.0, event=1)
    total = total + normal.log_prob(normal.rsample(2)).sum() + normal.entropy().sum()
    total = total + kl_divergence(normal, Normal(0.0, 1.0)).sum()
    coin = Bernoulli(logits=loc, event=1)
    total = total + coin.log_prob(coin.sample(3)).sum() + coin.log_prob(coin.sample()).sum()
    index = Categorical(logits=logits, event=1)
    return total + index.log_prob(index.sample()).sum() + normal.replay(loc.detach()).sum()


def test_a_step_compiles_whole() -> None:
    logits = torch.randn(5, 3, 4, requires_grad=True)
    loc = torch.randn(5, 3, requires_grad=True)
    compiled = torch.compile(_step, fullgraph=True, backend="aot_eager")
    torch.manual_seed(0)
    eager = _step(logits, loc)
    torch.manual_seed(0)
    total = compiled(logits, loc)
    torch.testing.assert_close(total, eager)
    total.backward()
    assert logits.grad is not None and loc.grad is not None
