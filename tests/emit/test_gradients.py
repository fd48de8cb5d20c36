"""In a validated call `backward` names where a gradient stops being finite."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

import storchc
from storch_runtime import NonFiniteCost, NonFiniteGradient

PADDED = """\
story Padded
plate data
input x[data, 2]
input ok[data]: bool
module f: [2] -> [3] = nn.Linear(2, 3)
compute h = f(x) if ok else 0
sample k ~ Categorical(logits=h) with ScoreFunction(n=2)
cost c = k ** 2
"""
X, OK = torch.tensor([[1.0, 2.0], [math.nan, math.nan]]), torch.tensor([True, False])


def slope(model: Any) -> Any:
    return model.f.weight.grad


def test_padding_that_is_not_finite_behind_a_choice() -> None:
    model: Any = storchc.load(text=PADDED)()
    with pytest.raises(NonFiniteGradient, match=r":7: .* `f\.weight` .* `logits` of `k`"):
        model(X, OK).backward()
    assert slope(model) is None  # it is found before it arrives
    model(X, OK).backward()  # only the first call looks
    assert slope(model).isnan().any()
    model.validate = "always"
    for _ in range(2):
        with pytest.raises(NonFiniteGradient):
            model(X, OK).backward()
    assert model(X.nan_to_num(), OK).backward().isfinite()


@pytest.mark.parametrize(
    "method",
    ["UnorderedSetEstimator(k=2)", "ScoreFunctionWOR(k=2)", "RaoBlackwellSF(k=1)", "Expect()"],
)
def test_logits_that_are_no_numbers(method: str) -> None:
    text = f"story S\nparam w[3] = zeros()\nsample k ~ OneHotCategorical(logits=w) with {method}\n"
    model: Any = storchc.load(text=f"{text}cost c = k[0]\n")()
    model.w.data[0] = math.nan
    with pytest.raises((NonFiniteGradient, NonFiniteCost), match="`logits` of `k` is not a number"):
        model().backward()


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("sample z ~ Normal(w, 1)\ncost c = sqrt(w) * z", r":4: .* `SqrtBackward0` .* for `c`"),
        ("sample z ~ Normal(sqrt(w), 1)\ncost c = z", r":3: .* `SqrtBackward0` .* `loc` of `z`"),
        (
            "for t in range(3) from s = 0.0:\n    sample z ~ Normal(s, 1)\n"
            "    compute s = z * sqrt(w) * t\n    cost c = s",
            r":[46]: .* `SqrtBackward0`",
        ),
    ],
)
def test_slopes_without_end(body: str, found: str) -> None:
    """0 · inf is NaN in the gradient, whatever the cost comes to."""
    model: Any = storchc.load(text=f"story S\nparam w = 0.0\n{body}\n")()
    with pytest.raises(NonFiniteGradient, match=found):
        model().backward()


def test_what_is_cut_off_further_up_is_no_fault() -> None:
    """The slope of the root is infinite, and that of the ramp before it 0, which ends it."""
    text = "story S\nparam w = 0.0\nsample z ~ Normal(w, 1)\ncost c = z + sqrt(relu(-exp(w)))\n"
    model: Any = storchc.load(text=text)()
    model().backward()
    assert float(model.w.grad) == 1.0
