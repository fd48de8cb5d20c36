"""Random stories whose samples are estimated in any way whose outcomes can be listed.

Every outcome is run, and held against the interpreter's reading of the story with score functions.
"""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
import torch
from hypothesis import note

import storchc
from tests.certification import outcomes
from tests.certification.harness import (
    Case,
    Model,
    Uncertified,
    case,
    derivatives,
    differentiable,
    hessian_rows,
    parameters,
    set_baselines,
)
from tests.certification.outcomes import TOO_MANY, enumerate_estimates, flat
from tests.exact import laws
from tests.exact.interpreter import TooManyWorlds, interpret
from tests.random_stories import samples
from tests.random_stories.estimators import Estimated, estimated_stories
from tests.random_stories.memory import keepers, watched
from tests.random_stories.running import on_each

TOLERANCE = 1e-8


def compare(this: Case, model: Model, plain: str, limit: int) -> None:
    """``Uncertified`` where an expected derivative is wrong, or there are too many outcomes."""
    set_baselines(model, 0.7)
    with torch.no_grad():
        for parameter in model.method_parameters():
            parameter.fill_(0.3)
    leaves = differentiable(model, this)
    any_order = model.order is None
    exact = interpret(plain, this.inputs, parameters(model), this.modules)
    found = enumerate_estimates(model, this, leaves=leaves, hessian=any_order, limit=limit)
    gradient = derivatives(exact.value, leaves)
    pairs = [(found.cost, exact.value), (found.gradient, flat(gradient))]
    if found.hessian is not None:
        pairs.append((found.hessian, hessian_rows(gradient, leaves)))
    for got, expected in pairs:
        if not torch.allclose(got, expected.detach(), rtol=TOLERANCE, atol=TOLERANCE):
            raise Uncertified(f"{got}, expected {expected.detach()}")


def many(
    examples: int, *, part: int = 0, limit: int = TOO_MANY, stateful: bool = False
) -> Counter[str]:
    """Compare ``examples`` random stories."""
    seen: Counter[str] = Counter()

    def check(estimated: Estimated) -> None:
        story = estimated.story
        note(f"{story.text}\n{story.inputs}")
        functions = keepers(story.text)
        this = case(story.text, story.inputs, **functions)
        try:
            model = watched(this.model(), functions)
        except storchc.StoryError:
            seen["refused"] += 1
            return
        try:
            compare(this, model, estimated.plain, limit)
        except Uncertified as error:
            if "more than" not in str(error):
                raise
            seen["too many outcomes"] += 1
        except TooManyWorlds:
            seen["too many outcomes"] += 1
        else:
            seen["certified"] += 1

    on_each(estimated_stories(stateful), examples, part, check)
    return seen


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few outcomes, and the nodes of the interpreter for normals."""
    monkeypatch.setattr(samples, "BITS", 4.5)
    nodes = partial(outcomes.standard_nodes, count=laws.NODES)
    monkeypatch.setattr(outcomes, "standard_nodes", nodes)


def test_estimators_agree_with_the_interpreter() -> None:
    seen = many(40, limit=60)
    assert seen["certified"] > 0.5 * seen.total(), seen


def test_estimators_above_functions_with_a_memory() -> None:
    seen = many(30, part=10, limit=40, stateful=True)
    assert seen["certified"] > 0.3 * seen.total(), seen


@pytest.mark.certify
@pytest.mark.parametrize("part", range(1, 3))
def test_more_estimators_agree_with_the_interpreter(part: int) -> None:
    seen = many(150, part=part, limit=60)
    assert seen["certified"] > 0.6 * seen.total(), seen


@pytest.mark.certify
def test_more_estimators_above_functions_with_a_memory() -> None:
    seen = many(150, part=11, limit=60, stateful=True)
    assert seen["certified"] > 0.3 * seen.total(), seen
