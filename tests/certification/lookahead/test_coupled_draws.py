"""Coupled draws that are compared with one another: ARMS and CARMS, every outcome."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime import Method
from storch_runtime.distributions import Bernoulli, Categorical, Distribution, OneHotCategorical
from storch_runtime.methods import ARMS, CARMS, DisARM, _coupled, _sticks
from storch_runtime.place import In
from tests.certification.harness import fails
from tests.certification.lookahead.test_by_hand import BERNOULLI, CLASSES, check, joint, leaf
from tests.certification.lookahead.test_in_stories import agree
from tests.certification.written_loss import Written, exact_moments, gradient


def of_classes(value: Tensor) -> Tensor:
    return joint(value.double())


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("law", BERNOULLI)
def test_bits(n: int, law: str) -> None:
    check(Written(BERNOULLI[law], joint), ARMS(n), leaf(0.4, -1.1))


@pytest.mark.parametrize("logits", [(0.0, 0.0), (5.0, -5.0), (1e4, 0.3), (40.0, -1e4)])
def test_bits_that_are_even_or_nearly_certain(logits: tuple[float, float]) -> None:
    for n in (2, 3):
        check(Written(BERNOULLI["logits"], joint), ARMS(n), leaf(*logits))


@pytest.mark.parametrize("n", [2, 3])
@pytest.mark.parametrize("law", CLASSES)
def test_classes(n: int, law: str) -> None:
    at = leaf([0.4, -1.1, 0.2], [0.3, 0.8, -0.5])
    check(Written(CLASSES[law], of_classes), CARMS(n), at)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_one_hot_classes(n: int) -> None:
    written = Written(
        lambda v: OneHotCategorical(logits=v), lambda z: joint(z[..., :3]) * (2 - z[..., 3])
    )
    check(written, CARMS(n), leaf(0.4, -1.1, 0.2, 1.3))


@pytest.mark.parametrize("method", [ARMS(2), ARMS(3)])
def test_a_mixed_data_plate(method: Method) -> None:
    scale = torch.tensor([[0.7], [-1.2]], dtype=torch.float64)
    written = Written(
        lambda v: Bernoulli(logits=v * scale, event=1),
        lambda z: joint(z.mean(1, keepdim=True)),
        mixed=(1,),
    )
    check(written, method, leaf([0.4]))


def test_two_draws_are_dis_arm() -> None:
    """The same draws, as often, with the same gradient: so is every moment."""
    for law in BERNOULLI.values():
        at = leaf(0.4, -1.1, 0.9)
        ours, theirs = (exact_moments(Written(law, joint), m, at) for m in (ARMS(2), DisARM()))
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_two_classes_are_arms() -> None:
    bits = Written(lambda v: Bernoulli(logits=v, event=1), joint)
    halves = Written(
        lambda v: Categorical(logits=torch.stack([torch.zeros_like(v), v], -1), event=1), of_classes
    )
    for n in (2, 3):
        at = leaf(0.4, -1.1)
        ours, theirs = exact_moments(bits, ARMS(n), at), exact_moments(halves, CARMS(n), at)
        torch.testing.assert_close(ours, theirs, rtol=1e-11, atol=1e-11)


def test_more_draws_have_less_variance_than_pairs() -> None:
    """Four draws that avoid one another, and two pairs of DisARM."""
    at = leaf(0.4, -1.1)
    written = Written(BERNOULLI["logits"], joint)
    four, pairs = exact_moments(written, ARMS(4), at)[1], exact_moments(written, DisARM(2), at)[1]
    assert float(four.sum()) < float(pairs.sum())


LAWS: dict[str, tuple[Callable[[Tensor], Distribution], Tensor, type[Method]]] = {
    "Bernoulli": (lambda v: Bernoulli(logits=v, event=1), leaf(0.4, -1.1), ARMS),
    "Categorical": (lambda v: Categorical(logits=v), leaf(0.4, -1.1, 0.2, 1.3), CARMS),
}


@pytest.mark.parametrize("n", [2, 3, 4])
@pytest.mark.parametrize("name", LAWS)
def test_the_outcomes_come_as_often_as_they_say(name: str, n: int) -> None:
    torch.manual_seed(0)
    of, at, made = LAWS[name]
    method, many = made(n), 40_000
    rows = {tuple(v.double().flatten().tolist()): p for v, p in method.outcomes(of(at))}
    value = method.draw(of(at.detach().expand(many, *at.shape))).value.double()
    drawn, counts = torch.unique(value.movedim(1, 0).flatten(1), dim=0, return_counts=True)
    assert sum(rows.values()) == pytest.approx(1)
    for one, count in zip(drawn.tolist(), counts.tolist(), strict=True):
        chance = rows[tuple(one)]
        assert abs(count / many - chance) < 5 * (chance * (1 - chance) / many) ** 0.5


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("key", ["logits", "probs"])
@pytest.mark.parametrize("n", [2, 3, 8])
def test_certain_values_are_finite(dtype: torch.dtype, key: str, n: int) -> None:
    numbers = [1e4, -1e4, torch.inf, -torch.inf] if key == "logits" else [0.0, 1.0, 0.0, 1.0]
    at = torch.tensor(numbers, dtype=dtype).requires_grad_()
    written = Written(lambda v: Bernoulli(**{key: v}, event=1), lambda z: (z.sum(-1) - 0.5) ** 2)
    assert bool(gradient(written, ARMS(n), at).isfinite().all())
    numbers = [1e4, -1e4, 1e4] if key == "logits" else [1.0, 0.0, 0.0]
    at = torch.tensor(numbers, dtype=dtype).requires_grad_()
    written = Written(
        lambda v: Categorical(**dict[str, Any]({key: v})), lambda z: (z.to(dtype) - 0.5) ** 2
    )
    assert bool(gradient(written, CARMS(n), at).isfinite().all())


@pytest.mark.parametrize("method", [ARMS(2), CARMS(2)])
def test_it_needs_several_draws_of_a_plate_of_its_own(method: Method) -> None:
    law = (
        Bernoulli(logits=torch.zeros(2))
        if isinstance(method, ARMS)
        else CLASSES["logits"](torch.zeros(2, 3))
    )
    with pytest.raises(ValueError, match="n of 2 or more"):
        method.draw(law, place=In(0))
    method.n = 1
    with pytest.raises(ValueError, match="n of 2 or more"):
        method.draw(law)


# --- in stories -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["ARMS(n=2)", "ARMS(n=3)"])
@pytest.mark.parametrize("other", ["ScoreFunction()", "Expect()"])
def test_above_and_below_others_with_a_data_plate(method: str, other: str) -> None:
    text = """
story T
plate data
input x[data]
param v[2] = tensor([0.4, -0.9])
sample a ~ Bernoulli(logits=v[0] * x) with {}
sample z ~ Bernoulli(logits=v[1] * (x + a)) with {}
sample b ~ Bernoulli(logits=v[1] * x + z) with {}
cost c = (z + 2 * z * b - a * x) ** 2
cost d = a * z + v[1] * z
"""
    agree(text, [other, method, other], {"x": [0.7]})


@pytest.mark.parametrize("family", ["Categorical(logits=v * x)", "OneHotCategorical(logits=v * x)"])
def test_classes_with_a_mixed_data_plate(family: str) -> None:
    value = "1.0 * z" if family.startswith("C") else "z[1] - z[2]"
    text = f"""
story T
plate data
input x[data]
param v[3] = tensor([0.4, -0.9, 0.2])
sample z ~ {family} with {{}}
cost c = (mean({value}, over=data) - 0.3) ** 3
"""
    agree(text, ["CARMS(n=2)"], {"x": [0.7, -1.2]})


REFUSED = {
    "S242": "sample z ~ Bernoulli(logits=v) with ARMS(n=1)\ncost c = z",
    "S407": "sample y ~ Normal(v, 1)\nsample z ~ Bernoulli(logits=y) with ARMS() in y\ncost c = z",
    "S430": "sample z ~ Bernoulli(logits=v) with ARMS(n=2)\ncost c = mean(z, over=z) ** 2",
    "S401": "sample z ~ Bernoulli(logits=v) with CARMS(n=2)\ncost c = z",
    "S408": "sample z ~ Bernoulli(logits=v) with ARMS() using Antithetic(n=2)\ncost c = z",
}


@pytest.mark.parametrize("code", REFUSED)
def test_what_would_be_wrong_is_refused(code: str) -> None:
    with pytest.raises(storchc.StoryError, match=code):
        storchc.load(text=f"story T\nparam v = 0.3\n{REFUSED[code]}\n")


# --- broken variants ------------------------------------------------------------------------------


def independent(ratio: Tensor) -> Tensor:
    return torch.ones_like(ratio)


def clipped(ratio: Tensor) -> Tensor:
    return ratio.clamp(0.01, 0.8)


@pytest.mark.parametrize("broken", [independent, clipped])
@pytest.mark.parametrize("n", [2, 3])
def test_another_ratio_fails(
    broken: Callable[[Tensor], Tensor], n: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = _sticks.ratios
    monkeypatch.setattr(_coupled, "ratios", lambda shares, n: broken(right(shares, n)))
    at = leaf([0.4, -1.1, 0.2], [0.3, 0.8, -0.5])
    with pytest.raises(AssertionError):
        check(Written(CLASSES["logits"], of_classes), CARMS(n), at)


def test_a_mean_that_counts_the_draw_itself_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ARMS.control_variate

    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        return right(self, draw, downstream) * (draw.value.shape[0] - 1) / draw.value.shape[0]

    monkeypatch.setattr(ARMS, "control_variate", wrong)
    text = "story T\nparam v = 0.4\nsample z ~ Bernoulli(logits=v) with {}\ncost c = (z - v) ** 2\n"
    assert fails(lambda: agree(text, ["ARMS(n=3)"]))
    with pytest.raises(AssertionError):
        check(Written(BERNOULLI["logits"], joint), ARMS(3), leaf(0.4, -1.1))


def test_one_class_has_no_gradient_and_no_error() -> None:
    text = (
        "story T\nparam w[2, 1] = zeros()\nsample z ~ OneHotCategorical(logits=w) with CARMS(n=3)\n"
    )
    model: Any = storchc.load(text=text + "cost c = sum(z) * (1 + sum(w))\n")()
    assert model().backward() == 2
    assert model.w.grad.tolist() == [[2.0], [2.0]]
