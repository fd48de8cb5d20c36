"""Relaxations in loops: the temperature is annealed once in a training forward, not once a step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime.methods._discrete import Relaxation

STORY = """
story Annealed
param w[3] = tensor([0.3, -0.2, 0.5])
for s in range(2) from h = w:
    sample z ~ OneHotCategorical(logits=w + h) with {method}(temperature={start}{more})
    for t in range(2) from g = h:
        sample y ~ OneHotCategorical(logits=w - g) with {method}(temperature={start}{more}) in z
        compute g = g * 0.5 + y * z
    compute h = h * 0.5 + z * g
    cost c = sum(h ** 2)
"""
METHODS = ["GumbelSoftmax", "GumbelEntmax", "GumbelSparseMax"]


def loaded(method: str, start: float, more: str = "") -> Any:
    return storchc.load(text=STORY.format(method=method, start=start, more=more))().double()


def gradient(model: Any) -> Tensor:
    """The gradient of one estimate, of the same noise each time."""
    torch.manual_seed(0)
    (found,) = torch.autograd.grad(model().loss, [model.w])
    return found


def mismatched(method: str) -> list[int]:
    """The forward passes in which an annealed model has not the temperature that it should."""
    model = loaded(method, 2.0, ", annealing_rate=0.5, min_temperature=0.625")
    wrong = []
    for forward, temperature in enumerate((2.0, 1.0, 0.625)):
        wanted = gradient(loaded(method, temperature))
        if not torch.allclose(gradient(model), wanted, rtol=1e-12, atol=1e-12):
            wrong.append(forward)
    return wrong


@pytest.mark.parametrize("method", METHODS)
def test_all_steps_of_a_forward_have_one_temperature(method: str) -> None:
    assert not mismatched(method)


def test_a_temperature_that_changes_from_step_to_step_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = Relaxation.current_temperature

    def stepping(self: Any) -> Any:
        temperature = right(self)
        self.advance()
        return temperature

    monkeypatch.setattr(Relaxation, "current_temperature", stepping)
    assert mismatched("GumbelSoftmax") == [0, 1]


def test_it_is_counted_in_training_only_and_compiles_whole() -> None:
    torch.compiler.reset()
    model = loaded("GumbelSoftmax", 2.0, ", annealing_rate=0.5").float()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    compiled().backward()
    assert [m.steps.item() for _, m in model.methods.items()] == [1, 1]
    model.eval()
    model()
    assert [m.steps.item() for _, m in model.methods.items()] == [1, 1]


def test_a_rate_that_is_set_later_anneals_once_as_well() -> None:
    model = loaded("GumbelSoftmax", 2.0)
    model.methods["z"].annealing_rate = 0.5
    model()
    assert float(model.methods["z"].current_temperature()) == 1.0
