"""The steps that are timed against each other compute the same, and leave nothing behind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.bench import chains, discrete_vae, estimators, generator, introduction
from tests.bench.case import Case
from tests.bench.memory import grown
from tests.bench.processes import starts
from tests.bench.scaling import growths


def cases() -> list[Case]:
    groups = (introduction, discrete_vae, estimators, generator)
    found = [case for group in groups for case in group.cases(torch.float64)]
    for shared in (False, True):
        found += [build(16, shared, torch.float64) for build in (chains.normal, chains.bernoulli)]
    return found


def test_both_steps_compute_the_same() -> None:
    torch.manual_seed(0)
    assert len([case.check() for case in cases()]) == 19


def test_steps_leave_nothing_behind() -> None:
    case = chains.bernoulli(4, shared=True)
    assert grown(case.step, steps=200, warm_up=50).tensors == 0


@pytest.mark.parametrize("method", [generator.ANCESTRAL, generator.JOINT])
def test_what_a_loop_keeps_for_its_gradient_grows_with_its_steps(method: str) -> None:
    sizes = {steps: kept_bytes(*generator.build(steps, method)) for steps in (8, 32, 128)}
    assert sizes[128] - sizes[32] < 4.2 * (sizes[32] - sizes[8])


def kept_bytes(model: Any, x: Tensor) -> int:
    """The size of the tensors that a forward pass keeps, each as often as it is kept."""
    total = 0

    def pack(tensor: Tensor) -> Tensor:
        nonlocal total
        total += tensor.numel() * tensor.element_size()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        model(x)
    return total


@pytest.mark.bench
def test_memory_stays_flat() -> None:
    for case in list(introduction.cases())[::3]:
        found = grown(case.step)
        assert found.tensors == 0
        assert found.resident < 4 * 2**20


@pytest.mark.bench
def test_time_grows_linearly_at_most() -> None:
    found = growths()
    assert {growth.name: growth.last for growth in found if growth.last > 1.15} == {}


@pytest.mark.bench
def test_a_check_starts_quickly() -> None:
    found = starts()
    assert found.times.ratio("check", "bare") < 12
    assert found.long < 5
