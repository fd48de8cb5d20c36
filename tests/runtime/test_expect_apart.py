"""``Expect`` with the factors of a sample apart: shapes, extreme probabilities, compilation."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime.distributions import (
    Bernoulli,
    Binomial,
    Categorical,
    Distribution,
    OneHotCategorical,
)
from storch_runtime.methods import Expect
from storch_runtime.place import FactorsApart

PLATES = (3, 2)
LAWS = {
    "Bernoulli": (lambda: Bernoulli(logits=torch.randn(*PLATES, 5), event=1), 2, ()),
    "Binomial": (lambda: Binomial(total_count=3, logits=torch.randn(*PLATES, 5), event=1), 4, ()),
    "Categorical": (lambda: Categorical(logits=torch.randn(*PLATES, 5, 4), event=1), 4, ()),
    "OneHot": (lambda: OneHotCategorical(probs=torch.rand(*PLATES, 5, 4), event=1), 4, (4,)),
    "matrix": (lambda: Bernoulli(probs=torch.rand(*PLATES, 5, 6), event=2), 2, (6,)),
}


@pytest.mark.parametrize("law", LAWS)
def test_a_row_for_each_outcome_of_one_factor(law: str) -> None:
    make, outcomes, own = LAWS[law]
    distribution: Distribution = make()
    batch = (5, 6) if law == "matrix" else (5,)
    draw = Expect().draw(distribution, place=FactorsApart())
    assert draw.value.shape == (outcomes, *distribution.event_shape)
    assert distribution.event_shape == (5, *own)
    assert draw.weight is not None and draw.weight.shape == (outcomes, *PLATES, *batch)
    torch.testing.assert_close(draw.weight.sum(0), torch.ones(*PLATES, *batch))
    value = draw.value.reshape(outcomes, 1, 1, *distribution.event_shape)
    spread = value.expand(outcomes, *PLATES, *distribution.event_shape)
    torch.testing.assert_close(draw.weight.log(), distribution.apart().log_prob(spread))


def test_the_budget_holds_at_run_time_too() -> None:
    method = Expect(budget=9)
    with pytest.raises(ValueError, match="enumerate 10 values"):
        method.draw(Bernoulli(logits=torch.zeros(5), event=1), place=FactorsApart())


STORY = """
story T
param p[4] = 0.5
param k[4, 3] = 0.0
sample z ~ Bernoulli(probs=p) with Expect()
sample y ~ OneHotCategorical(logits=k) with Expect()
cost c = sum(log(z)) * 2 + sum(y @ tensor([1.0, 2.0, -3.0])) + z[0] * z[1]
"""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_probabilities_of_0_and_1_and_huge_logits(dtype: torch.dtype) -> None:
    """Only the value of an outcome that cannot happen may be infinite."""
    model = storchc.load(text=STORY)().to(dtype)
    hot = [[1e4, -1e4, 0.0], [0.0, 0.0, -torch.inf], [1.0, 2.0, 3.0], [0.0, -1e4, 1e4]]
    with torch.no_grad():
        model.p.fill_(1)
        model.k.copy_(torch.tensor(hot))
    estimate = model()
    estimate.backward()
    three = torch.tensor(hot[2], dtype=dtype).softmax(0) @ torch.tensor([1.0, 2, -3], dtype=dtype)
    torch.testing.assert_close(estimate.cost, 1 + 1.0 + 1.5 + three - 3.0)
    for gradient in (model.p.grad, model.k.grad):
        assert isinstance(gradient, Tensor) and bool(gradient.isfinite().all())


def test_it_compiles_as_one_graph() -> None:
    model = storchc.load(text=STORY.replace("log(z)", "z"))()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled().loss, model().loss)
