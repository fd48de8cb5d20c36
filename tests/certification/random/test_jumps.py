"""Random stories that jump and bend: derivatives are those of the expectation, or refused.

The expectation over a normal sample is a mean over its quantiles; its derivatives are differences
of two or three such means, which know nothing of scores and paths.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from hypothesis import note
from torch import Tensor

import storchc
from storchc.catalogue import functions
from storchc.catalogue.functions.smooth import SMOOTH
from tests.random_stories.jumping import Jumping, jumping_stories
from tests.random_stories.running import on_each

POINTS = 20_001
QUANTILES = torch.special.ndtri((torch.arange(POINTS).double() + 0.5) / POINTS)


def estimates(model: Any, story: Jumping) -> list[tuple[Tensor, Any]]:
    """The estimates at every value of ``b``, each with its probability."""
    given = {"z": (_location(model, story) + QUANTILES).detach()}
    if not story.scored:
        return [(torch.ones(()).double(), model(given=given))]
    chance = torch.sigmoid(model.th.detach())
    worlds = ((chance, 1.0), (1 - chance, 0.0))
    return [(p, model(given={**given, "b": torch.tensor([b]).double()})) for p, b in worlds]


def _location(model: Any, story: Jumping) -> Tensor:
    text = story.text.partition("Normal(")[2].partition(", 1)")[0].replace("stop_gradient", "")
    found: Tensor = eval(text, {"m": model.m.detach(), "th": model.th.detach()})
    return torch.as_tensor(found).double()


def expected(model: Any, story: Jumping) -> float:
    with torch.no_grad():
        return float(sum(p * e.cost for p, e in estimates(model, story)))


def derivatives(model: Any, story: Jumping, second: bool) -> dict[str, list[Tensor]]:
    """What the estimates expect: by each param, the first derivative and the second."""
    loss = sum(p * e.loss for p, e in estimates(model, story))
    found: dict[str, list[Tensor]] = {}
    for name in ("m", "th"):
        param = model.get_parameter(name)
        given = torch.autograd.grad(
            loss, param, create_graph=second, retain_graph=True, allow_unused=True
        )
        first = torch.zeros(()) if given[0] is None else given[0]
        found[name] = [first.detach()]
        if second:
            found[name].append(_again(first, param))
    return found


def _again(first: Tensor, param: Tensor) -> Tensor:
    if not first.requires_grad:
        return torch.zeros(())
    (found,) = torch.autograd.grad(first, param, retain_graph=True, allow_unused=True)
    return torch.zeros(()) if found is None else found


def differences(model: Any, story: Jumping, name: str, step: float) -> list[float]:
    """The derivatives of the expectation."""
    param, at = model.get_parameter(name), []
    start = param.detach().clone()
    for shift in (-step, 0.0, step):
        param.data = start + shift
        at.append(expected(model, story))
    param.data = start
    return [(at[2] - at[0]) / (2 * step), (at[2] - 2 * at[1] + at[0]) / step**2]


STEPS = ((0.02, 0.014), (0.1, 0.07))


def settled(model: Any, story: Jumping, name: str, order: int) -> float | None:
    """A derivative of the expectation, if two differences agree on it.

    They do not where a step in a param alone, or a cusp, happens to stand close by.
    """
    coarse, fine = (differences(model, story, name, step)[order] for step in STEPS[order])
    return fine if abs(coarse - fine) < 0.02 + 0.03 * abs(fine) else None


def compare(story: Jumping, seen: Counter[str]) -> None:
    """Compare one story, or count it as refused."""
    try:
        model: Any = storchc.load(text=story.text)().double()
    except storchc.StoryError as error:
        seen.update({d.code for d in error.diagnostics if d.severity == "error"})
        seen["refused"] += 1
        return
    second = model.order is None or model.order > 1
    held = "stop_gradient(m)" in story.text
    got = derivatives(model, story, second)
    for name in ("th",) if held else ("m", "th"):
        for order in range(1 + second):
            exact = settled(model, story, name, order)
            if exact is None or not bool(torch.isfinite(got[name][order])):
                seen["rough"] += 1
                continue
            off = abs(float(got[name][order]) - exact)
            assert off < (0.03, 0.1)[order] + 0.04 * abs(exact), (name, order, got, exact)
            seen[("once", "twice")[order]] += 1
    seen["certified"] += 1


def _noted(seen: Counter[str], story: Jumping) -> None:
    note(story.text)
    compare(story, seen)


def many(examples: int, part: int) -> Counter[str]:
    seen: Counter[str] = Counter()
    on_each(jumping_stories(), examples, part, partial(_noted, seen))
    return seen


pytestmark = [
    pytest.mark.filterwarnings("ignore::storch_runtime.StoryWarning"),
    pytest.mark.filterwarnings("ignore::storchc.StoryWarning"),
]


def test_stories_that_jump_are_right_or_refused() -> None:
    seen = many(60, 700)
    assert seen["certified"] > 20 and seen["refused"] > 15 and seen["twice"] > 10, seen


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(part, marks=pytest.mark.certify if part < 2 else pytest.mark.certify_all)
        for part in range(10)
    ],
)
def test_more_stories_that_jump(part: int) -> None:
    seen = many(500, 701 + part)
    assert seen["certified"] > 200 and seen["refused"] > 120 and seen["twice"] > 120, seen


@pytest.mark.parametrize(
    ("function", "cost"),
    [
        ("sign", "sign(z + th)"),
        ("less", "1 if z < th else 0"),
        ("divide", "tanh(1 / (z + th))"),
        ("atan2", "atan2(z + th, -1)"),
        ("relu", "relu(z + th)"),
        ("maximum", "maximum(z, th)"),
    ],
)
def test_one_smoothness_less_is_found(
    function: str, cost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = Jumping(
        "story Jumping\nparam m = 0.37\nparam th = 0.23\n"
        f"sample z ~ Normal(m, 1) with ScoreFunction()\ncost c = {cost}\n",
        scored=False,
    )
    compare(story, Counter())
    rows, broken = functions.row, replace(functions.row(function), smoothness=SMOOTH)
    monkeypatch.setattr(functions, "row", lambda name: broken if name == function else rows(name))
    with pytest.raises(AssertionError):
        compare(story, Counter())
