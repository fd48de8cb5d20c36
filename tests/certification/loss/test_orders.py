"""A method says truthfully how many derivatives of its loss are estimates."""

import pytest
import torch

import storchc

STORY = """
story T
param w[3] = tensor([0.2, -0.4, 0.1])
sample z ~ OneHotCategorical(logits=w) with GumbelSoftmax({options})
cost c = sum(z * tensor([1.0, -2.0, 0.5])) ** 2
"""


@pytest.mark.parametrize(
    ("options", "order"), [("", None), ("straight_through=true", 1), ("n=2", None)]
)
def test_straight_through_is_right_to_first_order_only(options: str, order: int | None) -> None:
    model = storchc.load(text=STORY.format(options=options))()
    assert model.order == order
    (gradient,) = torch.autograd.grad(model().loss, model.w, create_graph=True)
    if order is None:
        torch.autograd.grad(gradient.sum(), model.w)
    else:
        with pytest.raises(RuntimeError, match="beyond order 1"):
            torch.autograd.grad(gradient.sum(), model.w)
