"""Moving averages of loops whose number of steps comes with the call: one a step, however many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime import Draw, gradient_statistics
from storch_runtime.methods import ScoreFunction
from tests.certification.harness import Uncertified, case, derivatives, differentiable, fails
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

WALK = """
story Walk
dim T
input x[T]
param w = 0.3
for t in range(T) from h = 0.2:
    sample z ~ Bernoulli(logits=h * w + x[t]) with ScoreFunction(n=1, baseline=moving_average)
    compute h = h * 0.5 + z
    cost c = (z - h) ** 2 + w * z
    {stop}
cost d = h ** 2
"""
STATES = {"empty": [], "shorter": [0.7], "as long": [0.7, -1.1], "longer": [0.7, -1.1, 5.0]}


def exactly(text: str, state: list[float], steps: int = 2) -> None:
    """The expected gradient is right, whatever the averages are before the pass."""
    story = case(text, {"x": [0.7, -0.4, 0.2][:steps]})
    model = story.model()
    model.methods["z"].average = torch.tensor(state, dtype=torch.float64)
    found = enumerate_estimates(model, story)
    leaves = differentiable(model, story)
    known = text.replace("dim T", f"dim T = {steps}")
    exact = interpret(known, story.inputs, {"w": leaves["w"]}, {})
    wanted = flat(derivatives(exact.value, leaves)).detach()
    if not bool(((found.gradient - wanted).abs() <= 1e-9).all()):
        raise Uncertified(f"gradient {found.gradient.tolist()}, exact {wanted.tolist()}")


@pytest.mark.parametrize("stop", ["", "stop when z == 1"])
@pytest.mark.parametrize("state", STATES)
def test_it_is_exact_whatever_was_averaged_before(state: str, stop: str) -> None:
    exactly(WALK.format(stop=stop), STATES[state])


def test_an_average_that_knows_this_pass_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    right = ScoreFunction.moving_average

    def wrong(self: Any, draw: Any, downstream: Any) -> Tensor:
        right(self, draw, downstream)
        return right(self, draw, downstream)

    monkeypatch.setattr(ScoreFunction, "moving_average", wrong)
    assert "gradient" in fails(lambda: exactly(WALK.format(stop=""), []))


# --- what is kept -------------------------------------------------------------------------------


def walk(stop: str = "") -> Any:
    return storchc.load(text=WALK.format(stop=stop))()


def told(model: Any, *values: float) -> None:
    """Let the next pass draw these values, one a step."""
    draws = iter(values)
    model.methods["z"].sampler.draw = lambda law, n, **_: Draw(torch.full((1,), next(draws)), law)


def test_longer_loops_make_place_for_their_steps() -> None:
    model = walk()
    method = model.methods["z"]
    assert method.average.shape == (0,)
    model(torch.zeros(2))
    known = method.average.clone()
    assert known.shape == (2,) and bool((known != 0).all())
    model.eval()
    model(torch.zeros(5))
    assert torch.equal(method.average, known)
    model.train()
    model(torch.zeros(5), given={"z": torch.ones(1, 5)})
    assert torch.equal(method.average, known)
    model(torch.zeros(4))
    assert method.average.shape == (4,)
    kept = method.average.clone()
    model(torch.zeros(1))
    assert torch.equal(method.average[1:], kept[1:]) and method.average[0] != kept[0]


def test_steps_that_were_not_taken_average_nothing() -> None:
    model = walk("stop when z == 1")
    told(model, 0.0, 1.0)
    model(torch.zeros(4))
    average = model.methods["z"].average
    assert average.shape == (2,)
    told(model, 1.0)
    before = average.clone()
    model(torch.zeros(4))
    assert torch.equal(model.methods["z"].average[1:], before[1:])


@pytest.mark.parametrize(("ours", "saved"), [(2, 5), (5, 2), (0, 3), (3, 0)])
def test_averages_are_saved_and_loaded_whatever_their_number(ours: int, saved: int) -> None:
    one, other = walk(), walk()
    for model, steps in ((one, ours), (other, saved)):
        if steps:
            model(torch.zeros(steps))
    one.load_state_dict(other.state_dict())
    assert torch.equal(one.methods["z"].average, other.methods["z"].average)
    one(torch.zeros(4)).backward()
    assert one.methods["z"].average.shape == (max(4, saved),)


def test_looking_at_the_variance_leaves_them_as_they_were() -> None:
    model = walk()
    model(torch.zeros(2))
    method = model.methods["z"]
    buffer, before = method.average, method.average.clone()
    gradient_statistics(model, (torch.zeros(4),), repeats=3)
    assert method.average is buffer and torch.equal(buffer, before)


def test_growing_compiles_whole() -> None:
    torch.compiler.reset()
    model = walk()
    compiled: Callable[..., Any] = torch.compile(model, fullgraph=True, backend="eager")
    for steps in (2, 3, 2):
        compiled(torch.zeros(steps)).backward()
    average = model.methods["z"].average
    assert average.shape == (3,) and bool((average != 0).all())


END = """
story End
param w = 0.3
for t in range(3) from h = 0.2:
    sample z ~ Bernoulli(logits=h * w) with {method}
    compute h = h * 0.5 + z
cost d = 1 + h
"""


@pytest.mark.parametrize("sampler", ["", " using BeamSearch(k=2)"])
def test_what_is_paid_behind_the_loop_enters_the_average_of_every_step(sampler: str) -> None:
    method = f"ScoreFunction(baseline=moving_average){sampler}"
    model = storchc.load(text=END.format(method=method))()
    estimate = model()
    average = model.methods["z"].average
    weight, cost = estimate.weights["z"], estimate.costs["d"]
    expected = 0.05 * (cost.mean() if weight is None else (weight * cost).sum() / weight.sum())
    torch.testing.assert_close(average, expected.detach().expand(3))
