"""Methods that look at the costs of values that were not drawn, with a loss written by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime import Downstream, Elsewhere, Method
from storch_runtime.distributions import (
    Bernoulli,
    Categorical,
    Exponential,
    Gamma,
    Normal,
    OneHotCategorical,
    Poisson,
)
from storch_runtime.methods import ARM, DisARM, LocalExpectation, MeasureValued, _weak
from storch_runtime.methods._pairs import AntitheticPairs
from storch_runtime.place import In
from tests.certification.written_loss import (
    Cost,
    Law,
    Written,
    exact_moments,
    gradient,
    sampled_moments,
    true_gradient,
)

PAIRED: list[type[Method]] = [ARM, DisARM]
LOCAL: list[type[Method]] = [LocalExpectation, MeasureValued]
WEIGHTS = torch.tensor([1.3, -0.7, 0.4], dtype=torch.float64)


def joint(value: Tensor) -> Tensor:
    """A cost of the last dimension that no sum of terms of one coordinate is."""
    terms = (value * WEIGHTS[: value.shape[-1]]).sum(-1)
    return (terms - 0.45) ** 3 + 2 * value.prod(-1)


def leaf(*numbers: Any) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64).requires_grad_()


def check(written: Written, method: Method, at: Tensor) -> Tensor:
    """The mean is the true gradient; the variance."""
    mean, variance = exact_moments(written, method, at)
    torch.testing.assert_close(mean, true_gradient(written, at), rtol=1e-9, atol=1e-9)
    return variance


BERNOULLI: dict[str, Law] = {
    "logits": lambda v: Bernoulli(logits=v, event=1),
    "probs": lambda v: Bernoulli(probs=torch.sigmoid(v), event=1),
    "probs themselves": lambda v: Bernoulli(probs=v.abs() / 2, event=1),
}


@pytest.mark.parametrize("method", [*PAIRED, *LOCAL])
@pytest.mark.parametrize("law", BERNOULLI)
def test_vectors_of_bits(method: type[Method], law: str) -> None:
    at = leaf(0.4, -1.1, 0.9)
    check(Written(BERNOULLI[law], joint), method(), at)


@pytest.mark.parametrize("method", [*PAIRED, *LOCAL])
def test_n_draws_with_a_data_plate(method: type[Method]) -> None:
    at = leaf([0.4, -1.1])
    scale = torch.tensor([[0.7], [-1.2]], dtype=torch.float64)
    written = Written(lambda v: Bernoulli(logits=v * scale, event=1), joint)
    once = check(written, method(), at)
    single = Written(lambda v: Bernoulli(logits=v, event=1), joint)
    twice = check(single, method(n=2), leaf(0.4, -1.1))
    assert bool((once >= 0).all()) and bool((twice >= 0).all())


@pytest.mark.parametrize("method", [*PAIRED, *LOCAL])
def test_a_scalar_and_a_matrix(method: type[Method]) -> None:
    check(Written(lambda v: Bernoulli(logits=v), lambda z: (z - 0.3) ** 2), method(), leaf(0.4)[0])
    matrix = leaf([0.4, -0.3], [0.9, 0.1])

    def cost(value: Tensor) -> Tensor:
        return joint(value.flatten(-2)[..., :3]) * value[..., 1, 1]

    check(Written(lambda v: Bernoulli(logits=v, event=2), cost), method(), matrix)


@pytest.mark.parametrize("method", PAIRED)
def test_a_mixed_plate(method: type[Method]) -> None:
    def mean_of_data(value: Tensor) -> Tensor:
        return joint(value.mean(1, keepdim=True))

    scale = torch.tensor([[0.7], [-1.2]], dtype=torch.float64)
    written = Written(lambda v: Bernoulli(logits=v * scale, event=1), mean_of_data, mixed=(1,))
    check(written, method(), leaf(0.4, -1.1))


CLASSES: dict[str, Law] = {
    "logits": lambda v: Categorical(logits=v, event=1),
    "probs": lambda v: Categorical(probs=v.softmax(-1), event=1),
    "unnormalised": lambda v: Categorical(probs=v.exp(), event=1),
}


@pytest.mark.parametrize("method", LOCAL)
@pytest.mark.parametrize("law", CLASSES)
def test_classes(method: type[Method], law: str) -> None:
    at = leaf([0.4, -1.1, 0.2], [0.3, 0.8, -0.5])
    check(Written(CLASSES[law], lambda z: joint(z.double())), method(), at)


@pytest.mark.parametrize("method", LOCAL)
@pytest.mark.parametrize("key", ["logits", "probs"])
def test_one_hot_classes_with_a_data_plate(method: type[Method], key: str) -> None:
    def law(v: Tensor) -> OneHotCategorical:
        logits = torch.stack([v, -2 * v])
        given = {"logits": logits} if key == "logits" else {"probs": logits.softmax(-1)}
        return OneHotCategorical(**given, event=1)

    def cost(z: Tensor) -> Tensor:
        return joint(z.sum(-2)) * (1 + z[..., 0, 1])

    check(Written(law, cost), method(), leaf([0.4, -1.1, 0.2], [0.3, 0.8, -0.5]))


def test_a_cost_of_separate_coordinates_has_no_variance() -> None:
    written = Written(BERNOULLI["logits"], lambda z: (z * WEIGHTS).sum(-1))
    assert float(check(written, LocalExpectation(), leaf(0.4, -1.1, 0.9)).abs().max()) < 1e-15


# --- variances ------------------------------------------------------------------------------------


@pytest.mark.parametrize("logit", [-2.0, -0.4, 0.0, 0.7, 3.0])
def test_the_variance_of_one_bit(logit: float) -> None:
    """The closed forms of Dong et al. 2020."""
    at = leaf(logit)[0]
    p = torch.sigmoid(at.detach())
    v, most = p * (1 - p), torch.maximum(p, 1 - p)
    written = Written(lambda v: Bernoulli(logits=v), lambda z: 3 * z - 1)
    found = check(written, DisARM(), at)
    torch.testing.assert_close(found, 9 * v * (most / 2 - v), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("logit", [-2.0, 0.0, 0.7])
def test_the_variance_of_one_bit_under_arm(logit: float) -> None:
    """Over a fine grid of its noise, which is all that it has."""
    at, points = leaf(logit)[0], 40_000
    written = Written(lambda v: Bernoulli(logits=v), lambda z: 3 * z - 1)
    u = (torch.arange(points, dtype=torch.float64) + 0.5) / points
    leaves = at.detach().expand(points).clone().requires_grad_()
    draw = ARM().draw(Bernoulli(logits=leaves), noise=u[None])
    each = torch.autograd.grad(written.loss(draw, ARM()), leaves)[0] * points
    p = torch.sigmoid(at.detach())
    v, gap = p * (1 - p), (p - 0.5).abs()
    exact = 9 * (2 / 3 * (1 / 8 - gap**3) - v**2)
    torch.testing.assert_close(each.var(), exact, rtol=1e-3, atol=1e-4)


def test_dis_arm_has_no_more_variance_than_arm() -> None:
    """Below the variance of ARM's means over the pieces of its noise, too."""
    for law in BERNOULLI.values():
        at = leaf(0.4, -1.1, 0.9)
        written = Written(law, joint)
        ours, theirs = check(written, DisARM(), at), check(written, ARM(), at)
        assert bool((ours <= theirs + 1e-12).all())


# --- given values, extremes -----------------------------------------------------------------------


@pytest.mark.parametrize("method", PAIRED)
def test_the_partner_of_a_given_value_is_drawn_given_it(method: type[Method]) -> None:
    torch.manual_seed(0)
    many = 200_000
    law = Bernoulli(logits=torch.tensor([0.4, -1.1], dtype=torch.float64).expand(many, 2), event=1)
    fresh = method().draw(law)
    again = method().draw(law, fresh.value)
    for draw in (fresh, again):
        assert draw.points is not None
        partner = law.sample(noise=draw.points)
        both = torch.stack([fresh.value, partner]).mean((1, 2))
        torch.testing.assert_close(both[0], law.probs[0], atol=0.006, rtol=0)
        torch.testing.assert_close(both[1], law.probs[0], atol=0.006, rtol=0)
        together = (fresh.value * partner).mean((0, 1))
        torch.testing.assert_close(together, (2 * law.probs[0] - 1).relu(), atol=0.006, rtol=0)
        assert float(draw.points.mean()) == pytest.approx(0.5, abs=0.005)


@pytest.mark.parametrize("method", [*PAIRED, *LOCAL])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("key", ["logits", "probs"])
def test_certain_bits_are_finite(method: type[Method], dtype: torch.dtype, key: str) -> None:
    numbers = [1e4, -1e4, torch.inf, -torch.inf] if key == "logits" else [0.0, 1.0, 0.0, 1.0]
    at = torch.tensor(numbers, dtype=dtype).requires_grad_()
    written = Written(lambda v: Bernoulli(**{key: v}, event=1), lambda z: (z.sum(-1) - 0.5) ** 2)
    for draw in (None, method().draw(written.law(at), written.law(at).sample(1))):
        found = gradient(written, method(), at, draw)
        assert bool(found.isfinite().all())
        if key == "logits":
            assert float(found.abs().max()) == 0
        elif method in LOCAL:
            assert found.tolist() == pytest.approx([4.0, 2.0, 4.0, 2.0], rel=1e-5)


@pytest.mark.parametrize("method", LOCAL)
def test_what_is_impossible_may_cost_anything(method: type[Method]) -> None:
    at = leaf(0.4, -torch.inf, 0.3)

    def cost(value: Tensor) -> Tensor:
        return torch.where(value == 1, torch.inf, value.double())

    found = gradient(Written(lambda v: Categorical(logits=v), cost), method(), at)
    p = at.detach().softmax(-1)
    expected = p * (torch.tensor([0.0, 0.0, 2.0]).double() - 2 * p[2])
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", [*PAIRED, *LOCAL, MeasureValued])
def test_another_family_is_refused(method: type[Method]) -> None:
    from storch_runtime.distributions import Laplace

    with pytest.raises(ValueError, match="is made for"):
        method().draw(Laplace(loc=torch.zeros(()), scale=torch.ones(())))


@pytest.mark.parametrize("method", [*PAIRED, *LOCAL])
def test_one_value_for_each_element_of_an_open_plate(method: type[Method]) -> None:
    at = leaf([0.4, -1.1], [0.2, 0.3])
    law = Bernoulli(logits=at, event=1)
    draw = method().draw(law, place=In(0))
    assert draw.value.shape == (2, 2)
    term = method().control_variate(draw, Downstream(joint(draw.value), elsewhere=Elsewhere(joint)))
    assert term is not None and term.shape == (2,)


# --- measure-valued derivatives of other families -------------------------------------------------


def test_poisson_by_its_series() -> None:
    at = leaf(1.3, 0.4)
    written = Written(lambda v: Poisson(rate=v, event=1), joint)
    law, most = Poisson(rate=at), 40
    table = law.log_prob(torch.arange(most, dtype=torch.float64)[:, None]).exp()
    total, mean = torch.zeros(()).double(), torch.zeros(2).double()
    for i in range(most):
        for j in range(most):
            chance = table[i, 0] * table[j, 1]
            value = torch.tensor([[i, j]]).double()
            draw = MeasureValued().draw(written.law(at), value)
            mean = mean + chance.detach() * gradient(written, MeasureValued(), at, draw)
            total = total + chance * joint(value)[0]
    exact = torch.autograd.grad(total, at)[0]
    torch.testing.assert_close(mean, exact, rtol=1e-9, atol=1e-9)


def smooth(value: Tensor) -> Tensor:
    """Of two coordinates; its expectation is a polynomial of moments."""
    return value[..., 0] ** 2 * value[..., 1] + value[..., 0] - value[..., 1] ** 2


def normal_mean(v: Tensor) -> Tensor:
    (a, b), (s, t) = v[..., 0, :].unbind(-1), v[..., 1, :].unbind(-1)
    return (a**2 + s**2) * b + a - b**2 - t**2


def exponential_mean(v: Tensor) -> Tensor:
    a, b = v.unbind(-1)
    return 2 / a**2 / b + 1 / a - 2 / b**2


SHAPE = torch.tensor([1.7, 0.6], dtype=torch.float64)


def gamma_mean(v: Tensor) -> Tensor:
    a, b = v.unbind(-1)
    k, m = SHAPE
    return k * (k + 1) / a**2 * m / b + k / a - m * (m + 1) / b**2


CONTINUOUS: dict[str, tuple[Law, Callable[[Tensor], Tensor], Tensor]] = {
    "Normal": (
        lambda v: Normal(v[..., 0, :], v[..., 1, :], event=1),
        normal_mean,
        leaf([0.4, -0.7], [0.8, 1.1]),
    ),
    "Exponential": (lambda v: Exponential(rate=v, event=1), exponential_mean, leaf(1.2, 0.8)),
    "Gamma": (lambda v: Gamma(concentration=SHAPE, rate=v, event=1), gamma_mean, leaf(1.2, 0.8)),
}


def deviation(family: str, draws: int = 1_000_000) -> float:
    """How many standard errors the mean lies from the true gradient, at most."""
    law, mean, at = CONTINUOUS[family]
    torch.manual_seed(1)
    found, error = sampled_moments(Written(law, smooth), MeasureValued(), at, draws=draws)
    exact = torch.autograd.grad(mean(at), at)[0]
    return float(((found - exact).abs() / error).max())


@pytest.mark.parametrize("family", CONTINUOUS)
def test_continuous_families(family: str) -> None:
    assert deviation(family) <= 5


def test_a_concentration_that_learns_is_refused() -> None:
    law = Gamma(concentration=leaf(1.0), rate=leaf(2.0), event=1)
    draw = MeasureValued().draw(law)
    with pytest.raises(ValueError, match="concentration"):
        MeasureValued().control_variate(
            draw, Downstream(draw.value.sum(-1), elsewhere=Elsewhere(smooth))
        )


def test_parameters_that_do_not_learn_cost_nothing() -> None:
    law = Normal(leaf(0.3), 1.0, event=1)
    seen: list[int] = []

    def downstream(value: Tensor) -> Tensor:
        seen.append(len(value))
        return value.sum(-1)

    draw = MeasureValued().draw(law)
    term = MeasureValued().control_variate(
        draw, Downstream(draw.value.sum(-1), elsewhere=Elsewhere(downstream))
    )
    assert seen == [2] and term is not None
    fixed = MeasureValued().draw(Normal(torch.zeros(1), 1.0, event=1))
    term = MeasureValued().control_variate(fixed, Downstream(fixed.value.sum(-1)))
    assert term.tolist() == [0.0]


# --- broken variants ------------------------------------------------------------------------------

Break = Callable[[pytest.MonkeyPatch], None]


def wrong_sign(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DisARM, "factor", lambda self, d, other, v: (other - d.value) * v.abs().sigmoid())


def no_factor(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(DisARM, "factor", lambda self, d, other, v: d.value - other)


def noise_without_sign(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ARM, "factor", lambda self, d, other, v: (2 * d.points - 1).abs())


def independent_partner(patch: pytest.MonkeyPatch) -> None:
    right = AntitheticPairs.propose

    def wrong(self: Any, *args: Any, **keywords: Any) -> Any:
        draw = right(self, *args, **keywords)
        assert draw.points is not None
        draw.points = torch.full_like(draw.points, 0.3)
        return draw

    patch.setattr(AntitheticPairs, "propose", wrong)


def one_outcome_less(patch: pytest.MonkeyPatch) -> None:
    from storch_runtime.methods import _local

    right = _local._others
    patch.setattr(_local, "_others", lambda index, outcomes: right(index, outcomes)[:-1])


@pytest.mark.parametrize(
    ("broken", "method"),
    [
        (wrong_sign, DisARM),
        (no_factor, DisARM),
        (noise_without_sign, ARM),
        (independent_partner, DisARM),
        (independent_partner, ARM),
    ],
)
def test_a_broken_pair_fails(
    broken: Break, method: type[Method], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    with pytest.raises(AssertionError):
        check(Written(BERNOULLI["logits"], joint), method(), leaf(0.4, -1.1, 0.9))


def test_a_forgotten_outcome_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    one_outcome_less(monkeypatch)
    at = leaf([0.4, -1.1, 0.2], [0.3, 0.8, -0.5])
    with pytest.raises(AssertionError):
        check(Written(CLASSES["logits"], lambda z: joint(z.double())), LocalExpectation(), at)


@pytest.mark.parametrize(
    ("family", "name", "wrong"),
    [
        ("Normal", "rayleigh", lambda like: torch.randn_like(like).abs()),
        ("Normal", "maxwell", torch.randn_like),
        ("Exponential", "waiting", torch.rand_like),
        ("Gamma", "waiting", torch.rand_like),
    ],
)
def test_another_law_of_the_pair_fails(
    family: str, name: str, wrong: Cost, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_weak, name, wrong)
    assert deviation(family, 250_000) > 5
