"""Deliberately broken loops: each must fail the certification that the right one passes."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

import storchc
from tests.certification.harness import case, certify, fails

STORY = """
story T
param w = 0.4
param u = -0.3
for t in range(3) from h = u, z = 0:
    compute h = h * w + z + 0.3
    sample z ~ Bernoulli(logits=h + u * t) with ScoreFunction(n=1, baseline=moving_average)
    cost c = (z - h) ** 2 + 0.5
    stop when z == 1
cost d = h ** 2 * w + sum(sequence(z))
"""
BROKEN = {
    "a score without those of earlier steps": ("z_steps.score.cumsum(0)", "z_steps.score"),
    "a cost at the end that credits the last step": ("z_steps.score.sum(0)", "z_steps.score[-1]"),
    "a draw that is its own baseline": (
        'methods["z"].control_variate(z_steps, z_downstream)',
        "after_z * (1 - z_steps.box)",
    ),
    "an element that goes on after it has stopped": ("z_draw = held(z_draw, alive, z)", ""),
    "costs after the end": ("c = torch.where(alive, (z - h) ** 2 + 0.5, 0.0)", "c = (z - h) ** 2"),
    "a state that is not held": ("h = torch.where(alive, h * self.w + z + 0.3, h)", "h = h + z"),
}


def altered(old: str, new: str) -> Any:
    """The module with a line of its source replaced, run to the last step in every world."""
    source = storchc.compile(text=STORY).replace("if all_stopped(alive):", "if False:")
    assert old in source
    module = ModuleType("altered")
    vars(module)["__file__"] = "altered.py"
    exec(source.replace(old, new), vars(module))
    sys.modules["altered"] = module
    return module.T().double()


def test_the_right_one_passes() -> None:
    certify(case(STORY), model=altered("", ""), hessian=True)


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_one_fails(what: str) -> None:
    fails(lambda: certify(case(STORY), model=altered(*BROKEN[what]), hessian=True))
