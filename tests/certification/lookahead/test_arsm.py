"""ARSM: two classes exactly, by its noise; more by a million draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime import Downstream, Elsewhere
from storch_runtime.distributions import Bernoulli, Categorical, OneHotCategorical
from storch_runtime.methods import ARM, ARSM, arsm
from tests.certification.lookahead.test_by_hand import joint, leaf
from tests.certification.written_loss import (
    Law,
    Written,
    gradient,
    sampled_moments,
    true_gradient,
)


def of_classes(value: Tensor) -> Tensor:
    return joint(value.double())


def of_one_hot(value: Tensor) -> Tensor:
    return joint(value[..., 0, :]) * (1 + value[..., 1, 0])


def of_mixed(value: Tensor) -> Tensor:
    """Both elements of the second plate together."""
    return of_classes(value).mean(2, keepdim=True) * value.double().prod(2, keepdim=True)[..., 0]


SCALE = torch.tensor([[[0.7]], [[-1.2]]], dtype=torch.float64)
AT = leaf([0.4, -1.1, 0.2], [0.3, 0.8, -0.5])
CASES: dict[str, tuple[Law, Any, tuple[int, ...]]] = {
    "logits": (lambda v: Categorical(logits=v, event=1), of_classes, ()),
    "probs": (lambda v: Categorical(probs=v.softmax(-1), event=1), of_classes, ()),
    "one hot": (lambda v: OneHotCategorical(logits=v, event=1), of_one_hot, ()),
    "mixed": (lambda v: Categorical(logits=v.unsqueeze(-3) * SCALE, event=1), of_mixed, (2,)),
}


def exact(case: str) -> Tensor:
    """By enumeration; the plate of the replicates has one element."""
    law, cost, mixed = CASES[case]
    at = AT.detach()[None].clone().requires_grad_()
    return true_gradient(Written(law, cost, mixed), at)[0]


def deviation(case: str, draws: int = 1_000_000) -> float:
    """How many standard errors the mean lies from the true gradient, at most."""
    torch.manual_seed(2)
    law, cost, mixed = CASES[case]
    found, error = sampled_moments(Written(law, cost, mixed), ARSM(), AT, draws=draws)
    return float(((found - exact(case)).abs() / error).max())


@pytest.mark.certify
@pytest.mark.parametrize("case", CASES)
def test_a_million_draws(case: str) -> None:
    assert deviation(case) <= 5


def test_many_draws() -> None:
    assert deviation("logits", 250_000) <= 5


def test_two_classes_are_arm_for_every_noise() -> None:
    u = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    at = leaf(0.4)
    bits = Written(lambda v: Bernoulli(logits=v.expand(1000)), lambda z: (z - 0.3) ** 2)
    classes = Written(
        lambda v: Categorical(logits=torch.stack([0 * v, v], -1).expand(1000, 2)),
        lambda z: (z.double() - 0.3) ** 2,
    )
    one = ARM().draw(bits.law(at), noise=u[None])
    two = ARSM().draw(classes.law(at), noise=torch.stack([1 - u, u], -1)[None, :, None])
    assert torch.equal(one.value, two.value.double())
    for k in range(0, 1000, 37):  # each of them by itself, not only their mean
        pick = torch.zeros(1000, dtype=torch.float64)
        pick[k] = 1
        found = [
            torch.autograd.grad(
                (
                    m.control_variate(d, Downstream(w.cost(d.value), elsewhere=Elsewhere(w.cost)))[
                        0
                    ]
                    * pick
                ).sum(),
                at,
                retain_graph=True,
            )[0]
            for m, d, w in ((ARM(), one, bits), (ARSM(), two, classes))
        ]
        torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=1e-12)


def test_the_noise_of_a_given_value_is_drawn_given_it() -> None:
    torch.manual_seed(0)
    law = Categorical(logits=leaf(0.4, -1.1, 0.2).detach().expand(200_000, 3))
    fresh = ARSM().draw(law)
    again = ARSM().draw(law, fresh.value)
    assert again.points is not None and fresh.points is not None
    chances = law.probs[:, None]
    assert torch.equal(arsm._winners(chances, again.points)[..., 0], fresh.value)
    for k in range(3):
        ours = again.points.log()[fresh.value == k].mean(0)
        theirs = fresh.points.log()[fresh.value == k].mean(0)
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0.05)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("key", ["logits", "probs"])
def test_certain_classes_are_finite(dtype: torch.dtype, key: str) -> None:
    numbers = [1e4, -1e4, -torch.inf] if key == "logits" else [0.0, 1.0, 0.0]
    at = torch.tensor(numbers, dtype=dtype).requires_grad_()
    written = Written(
        lambda v: Categorical(**dict[str, Any]({key: v})), lambda z: (z.to(dtype) - 0.5) ** 2
    )
    for draw in (None, ARSM().draw(written.law(at), written.law(at).sample(1))):
        assert bool(gradient(written, ARSM(), at, draw).isfinite().all())


def test_another_family_is_refused() -> None:
    with pytest.raises(ValueError, match="is made for"):
        ARSM().draw(Bernoulli(logits=torch.zeros(2)))


def another_noise(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(arsm, "exponential", lambda like, shape: like.new_empty(shape).uniform_())


def one_exchange(patch: pytest.MonkeyPatch) -> None:
    right = arsm._exchanges

    def wrong(classes: int, device: Any) -> Any:
        swaps, which = right(classes, device)
        return swaps, which.clamp(max=1)

    patch.setattr(arsm, "_exchanges", wrong)


@pytest.mark.parametrize("broken", [another_noise, one_exchange])
def test_a_broken_variant_fails(
    broken: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    assert deviation("logits", 250_000) > 5
