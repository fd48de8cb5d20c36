"""Methods that draw a discrete value and let a gradient through it, on their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from storch_runtime import Method
from storch_runtime.distributions import Bernoulli, Normal, OneHotCategorical
from storch_runtime.methods import (
    ZGR,
    GappedStraightThrough,
    GumbelEntmax,
    GumbelRao,
    GumbelSparseMax,
    ReinMax,
)
from storch_runtime.methods.gumbel_rao import conditional_noise
from storch_runtime.place import In

LOGITS = torch.tensor([[0.3, -0.2, 1.1], [0.0, 0.5, -0.7]], dtype=torch.float64)
REPLAYED: dict[str, Callable[[], Method]] = {
    "ReinMax": lambda: ReinMax(2),
    "ReinMax at 2": lambda: ReinMax(2, temperature=2.0),
    "ZGR": lambda: ZGR(2),
    "GappedStraightThrough": lambda: GappedStraightThrough(2, temperature=0.5),
    "adaptive gap": lambda: GappedStraightThrough(2, adaptive=True),
}
DISCRETE = {
    **REPLAYED,
    "GumbelRao": lambda: GumbelRao(2, samples=3, temperature=0.5),
    "GumbelEntmax": lambda: GumbelEntmax(2, straight_through=True),
    "learned alpha": lambda: GumbelEntmax(2, alpha=1.3, adaptive=True, straight_through=True),
    "GumbelSparseMax": lambda: GumbelSparseMax(2, straight_through=True, annealing_rate=0.1),
}
BINARY = {name: REPLAYED[name] for name in ("ReinMax", "ReinMax at 2", "ZGR")}


def pulled(value: Tensor, leaf: Tensor) -> Tensor:
    """The gradient of a fixed linear function of ``value``."""
    weights = torch.linspace(-1, 2, value.numel(), dtype=value.dtype).reshape(value.shape)
    return torch.autograd.grad((value * weights).sum(), leaf, retain_graph=True)[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", DISCRETE)
def test_values_are_one_hot_to_the_bit_and_follow_the_distribution(
    name: str, dtype: torch.dtype
) -> None:
    torch.manual_seed(0)
    method, law = DISCRETE[name](), OneHotCategorical(logits=LOGITS.to(dtype))
    method.n = 20_000
    value = method.draw(law).value.detach()
    assert value.dtype == dtype and value.shape == (20_000, 2, 3)
    assert bool((((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)).all())
    error = (law.probs * (1 - law.probs) / 20_000).sqrt()
    assert bool(((value.mean(0) - law.probs).abs() < 5 * error).all())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", BINARY)
def test_bits_are_bits_and_agree_with_two_classes(name: str, dtype: torch.dtype) -> None:
    method = BINARY[name]()
    logits = LOGITS.to(dtype).clone().requires_grad_()
    bits = method.draw(Bernoulli(logits=logits, event=1))
    assert bool(((bits.value == 0) | (bits.value == 1)).all())
    pair = torch.stack([torch.zeros_like(logits), logits], -1)
    given = torch.stack([1 - bits.value, bits.value], -1).detach()
    classes = method.draw(OneHotCategorical(logits=pair, event=1), given)
    torch.testing.assert_close(pulled(bits.value, logits), pulled(classes.value[..., 1], logits))


@pytest.mark.parametrize("name", REPLAYED)
def test_a_replayed_value_has_the_same_gradient(name: str) -> None:
    logits = LOGITS.clone().requires_grad_()
    method, law = REPLAYED[name](), OneHotCategorical(logits=logits)
    drawn = method.draw(law)
    replayed = method.draw(law, drawn.value.detach())
    assert replayed.replayed
    assert torch.equal(drawn.value, replayed.value)
    assert torch.equal(pulled(drawn.value, logits), pulled(replayed.value, logits))


@pytest.mark.parametrize("name", [name for name in DISCRETE if name not in REPLAYED])
def test_what_a_value_does_not_tell_is_not_replayed(name: str) -> None:
    first = torch.eye(3)[0].expand(2, 2, 3)
    with pytest.raises(ValueError, match="cannot be given"):
        DISCRETE[name]().draw(OneHotCategorical(logits=LOGITS), first)


def test_zgr_is_rein_max_at_temperature_one() -> None:
    logits = LOGITS.clone().requires_grad_()
    law = OneHotCategorical(logits=logits)
    value = ZGR(3).draw(law).value
    same = ReinMax(3).draw(law, value.detach()).value
    torch.testing.assert_close(pulled(value, logits), pulled(same, logits))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", DISCRETE)
def test_extreme_parameters_give_finite_gradients(name: str, dtype: torch.dtype) -> None:
    method = DISCRETE[name]()
    far = torch.tensor([1e4, -1e4, 0.0], dtype=dtype, requires_grad=True)
    never = torch.tensor([0.5, -torch.inf, 0.0], dtype=dtype, requires_grad=True)
    certain = torch.tensor([0.0, 1.0, 0.0], dtype=dtype, requires_grad=True)
    laws = [OneHotCategorical(logits=far), OneHotCategorical(probs=certain)]
    if name != "ZGR":
        laws.append(OneHotCategorical(logits=never))
    for law, leaf, wanted in zip(laws, (far, certain, never), (0, 1, None), strict=False):
        value = method.draw(law).value
        assert bool(torch.isfinite(pulled(value, leaf)).all())
        assert wanted is None or bool((value.argmax(-1) == wanted).all())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", BINARY)
def test_extreme_bits_give_finite_gradients(name: str, dtype: torch.dtype) -> None:
    logits = torch.tensor([1e4, -1e4], dtype=dtype, requires_grad=True)
    probs = torch.tensor([1.0, 0.0], dtype=dtype, requires_grad=True)
    for law, leaf in ((Bernoulli(logits=logits), logits), (Bernoulli(probs=probs), probs)):
        value = BINARY[name]().draw(law).value
        assert torch.equal(value.detach(), torch.tensor([[1.0, 0.0]] * 2, dtype=dtype))
        assert bool(torch.isfinite(pulled(value, leaf)).all())


@pytest.mark.parametrize("name", DISCRETE)
def test_one_value_for_each_element_of_an_open_plate(name: str) -> None:
    draw = DISCRETE[name]().draw(OneHotCategorical(logits=LOGITS, event=1), place=In(0))
    assert draw.value.shape == (2, 3)
    assert draw.score is None


def test_a_temperature_of_the_story_trains_on_nothing() -> None:
    logits, tau = LOGITS.clone().requires_grad_(), torch.tensor(0.7, requires_grad=True)
    for method in (ReinMax(2), GappedStraightThrough(2), GumbelRao(2)):
        law = OneHotCategorical(logits=logits)
        method.draw(law, temperature=tau).value.square().sum().backward()
    assert tau.grad is None


@pytest.mark.parametrize("name", DISCRETE)
def test_it_refuses_other_families(name: str) -> None:
    with pytest.raises(ValueError, match="not for `Normal`"):
        DISCRETE[name]().draw(Normal(torch.zeros(2), 1.0))


def test_conditional_noise_is_gumbel_noise_that_makes_the_value_win() -> None:
    torch.manual_seed(0)
    logits = LOGITS.log_softmax(-1)
    value = OneHotCategorical(logits=logits).sample(1000)
    noise = conditional_noise(logits, value, 50)
    assert bool(((logits + noise).argmax(-1) == value.argmax(-1)).all())
    rest = (-noise).exp().reshape(-1, 2, 3)  # exponential again, on the average over the values
    torch.testing.assert_close(rest.mean(0), torch.ones_like(LOGITS), atol=0.1, rtol=0)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", DISCRETE)
def test_it_compiles_whole(name: str) -> None:
    torch.compiler.reset()
    method = DISCRETE[name]()

    def step(logits: Tensor) -> Tensor:
        draw = method.draw(OneHotCategorical(logits=logits))
        return (draw.value * torch.arange(3)).square().sum()

    logits = LOGITS.clone().requires_grad_()
    torch.compile(step, fullgraph=True, backend="eager")(logits).backward()
    assert logits.grad is not None and bool(torch.isfinite(logits.grad).all())
