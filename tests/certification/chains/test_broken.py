"""Deliberately broken sums over sequences: each must fail the proof that the right one passes."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import pytest

import storchc
from tests.certification.chains.sums import certify_sums
from tests.certification.harness import case, fails

STORY = """
story T
param w = 0.4
param u = -0.3
for t in range(3) from z = 0, h = 0.5:
    cost early = z ** 2 * w
    sample z ~ Categorical(logits=tensor([0.2, -0.1, 0.4]) * z + stack([w, u, h])) with Expect()
    cost c = (z - h) ** 2 + early
    compute h = z * u
cost d = h ** 2 * w + z
"""
BROKEN = {
    "masses that are not carried on": ("z_mass = z_next", "z_mass = z_next.roll(1, 0)"),
    "masses without their gradient": ("z_mass = z_next", "z_mass = z_next.detach()"),
    "pairs that forget the step before": (
        "pairs(z_mass[None], z",
        "pairs(z_mass.detach()[None], z",
    ),
    "a last value that weighs the same": (
        "Last(z_draw, z_mass)",
        "Last(z_draw, z_mass * 0 + 1 / 3)",
    ),
    "an early cost after the step": ("weighted_sum(z_mass, early", "weighted_sum(z_mass**2, early"),
}

WHOLE = """
story T
param w = 0.4
param u = -0.3
for t in range(3) from h = u:
    sample z ~ Bernoulli(logits=h + u * t) with Expect()
    compute h = h * w + z
    cost c = (z - h) ** 2
cost d = h * sum(sequence(z))
"""
BROKEN_WHOLE = {
    "outcomes of another step": ("EverySequence(steps=(t,)", "EverySequence(steps=(0,)"),
    "weights of the last step alone": ("Sequences(z_draws, 3)", "Sequences(z_draws[2:], 3)"),
    "weights without their gradient": (
        "weighted_sum(z_steps.weight, d",
        "weighted_sum(z_steps.weight.detach(), d",
    ),
}


def altered(old: str, new: str, story: str = STORY) -> Any:
    """The module with a line of its source replaced."""
    source = storchc.compile(text=story)
    assert old in source
    module = ModuleType("altered")
    vars(module)["__file__"] = "altered.py"
    exec(source.replace(old, new), vars(module))
    sys.modules["altered"] = module
    return module.T().double()


def test_the_right_one_passes() -> None:
    certify_sums(case(STORY), model=altered("", ""))


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_one_fails(what: str) -> None:
    fails(lambda: certify_sums(case(STORY), model=altered(*BROKEN[what])))


def test_the_right_whole_sequences_pass() -> None:
    certify_sums(case(WHOLE), model=altered("", "", WHOLE))


@pytest.mark.parametrize("what", BROKEN_WHOLE)
def test_broken_whole_sequences_fail(what: str) -> None:
    fails(lambda: certify_sums(case(WHOLE), model=altered(*BROKEN_WHOLE[what], WHOLE)))
