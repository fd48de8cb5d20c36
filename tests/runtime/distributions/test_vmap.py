"""Gradients that are asked for from outside of `torch.vmap` go through the laws within it."""

from __future__ import annotations

import pytest
import torch

import storchc
from storch_runtime import StoryModule

POWER = "TransformedDistribution(Normal(w, 1), [ExpTransform(), PowerTransform(exp(w))])"
STORY = """story Batched
param w = 0.0
sample z ~ {law} with {method}
cost c = z ** 2
"""


@pytest.mark.parametrize(
    ("law", "method"), [(POWER, "ScoreFunction()"), (POWER, "Reparameterization()")]
)
def test_each_element_has_its_own_gradient(law: str, method: str) -> None:
    model: StoryModule = storchc.load(text=STORY.format(law=law, method=method))()
    z = torch.tensor([1.7])

    def loss(w: torch.Tensor) -> torch.Tensor:
        estimate = torch.func.functional_call(model, {"w": w}, (), {"given": {"z": z}})
        found: torch.Tensor = estimate.loss
        return found

    model.validate = "never"
    several = torch.tensor([-0.2, 0.1, 0.4], requires_grad=True)
    (together,) = torch.autograd.grad(torch.vmap(loss)(several).sum(), several)
    each = [w.requires_grad_() for w in several.detach().clone().unbind()]
    apart = [torch.autograd.grad(loss(w), w)[0] for w in each]
    torch.testing.assert_close(together, torch.stack(apart))
    assert bool((together != 0).all())
