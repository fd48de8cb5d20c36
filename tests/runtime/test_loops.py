"""Generated loops at work: averages by step, early ends, compilation, what the caller sees."""

from __future__ import annotations

import sys
from typing import Any

import pytest
import torch

import storchc
from storch_runtime import Draw, Drawn, Estimate, StoryShapeError, StoryTypeError
from storch_runtime.generated import Steps

WALK = """
story Walk
dim T
plate data
input x[data, T]
param w = 0.3
for t in range(T - 1) from h = 0.0, z = 0:
    compute h = h + w * x[t] + z
    compute q = Bernoulli(logits=h)
    sample z ~ q with ScoreFunction(n=3, baseline=moving_average)
    cost c = (z - h) ** 2
    report seen = z + h
"""
STOPS = """
story Stops
param w = 0.3
for t in range(4) from h = 0.0:
    sample z ~ Bernoulli(logits=w + h) with ScoreFunction(n={n}, baseline=moving_average)
    compute h = h + z
    cost c = 1.0 + t
    stop when z == 1
cost d = sum(sequence(z)) + h
"""


def steps_of(estimate: Estimate) -> list[Drawn]:
    """The draws of `z`, step by step."""
    draw = estimate.draws["z"]
    assert isinstance(draw, Steps)
    return list(draw.draws)


def walk() -> Any:
    return storchc.load(text=WALK)()


def test_the_number_of_steps_comes_with_the_call() -> None:
    model = walk()
    for steps in (2, 5):
        estimate = model(torch.randn(2, steps))
        assert estimate.samples["z"].shape == (3, 2, steps - 1)
        assert estimate.log_probs["z"].shape == (3, 2)
        assert estimate.weights["z"].sum(0).allclose(torch.ones(2))
        assert estimate.costs["c"].shape == (3, 2)
        assert estimate.reports["seen"].shape == (3, 2, steps - 1)
        assert estimate.plates["seen"] == ("z", "data")
        estimate.backward()
    with pytest.raises(StoryShapeError, match="the loop has 0 steps"):
        model(torch.randn(2, 1))


def test_gradients_of_parameters_are_kept_by_step() -> None:
    model = walk()
    estimate = model(torch.randn(2, 5), keep_param_grads=True)
    estimate.backward()
    assert estimate.param_grads["z"]["logits"].shape == (3, 2, 4)


def test_every_step_has_its_own_average() -> None:
    model = storchc.load(text=STOPS.format(n=2))()
    ends = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]])
    draws = iter(ends.unbind(1))
    method: Any = model.methods["z"]
    method.sampler.draw = lambda law, n, **_: Draw(next(draws), law)
    average = method.average
    assert average.shape == (4,)
    estimate = model()
    assert len(steps_of(estimate)) == 3  # all have stopped
    # what a draw is credited with: the costs of later steps, and the one at the end
    assert (estimate.costs["c"].tolist(), estimate.costs["d"].tolist()) == ([6, 3], [3, 4])
    wanted = [(2 + 3 + 3 + 2 + 4) / 2, (3 + 3 + 4) / 2, 3, 0]
    torch.testing.assert_close(average, 0.05 * torch.tensor(wanted))


def test_an_early_end_changes_nothing_but_the_time() -> None:
    model = storchc.load(text=STOPS.format(n=5))()
    given = {"z": torch.tensor([[1.0, 1, 1, 1], [0, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 1]])}
    early = model(given=given)
    assert len(steps_of(early)) == 2
    assert early.samples["z"].equal(given["z"])
    assert early.costs["c"].tolist() == [1, 3, 1, 3]
    vars(sys.modules[type(model).__module__])["all_stopped"] = lambda alive: False
    late = model(given=given)
    assert len(steps_of(late)) == 4
    torch.testing.assert_close(late.loss, early.loss)
    (ours,), (theirs,) = (
        torch.autograd.grad(e.loss, list(model.parameters())) for e in (late, early)
    )
    torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("text", [WALK, STOPS.format(n=3)], ids=["walk", "stops"])
def test_a_loop_compiles_whole(text: str) -> None:
    torch.compiler.reset()
    model = storchc.load(text=text)()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    inputs = () if text != WALK else (torch.randn(2, 4),)
    estimate = compiled(*inputs)
    estimate.backward()
    given = {"z": estimate.samples["z"].detach()}
    torch.testing.assert_close(model(*inputs, given=given).costs["c"], estimate.costs["c"])


@pytest.mark.parametrize(
    "method",
    [
        "ScoreFunction(n=3, baseline=batch_average)",
        "ScoreFunction(baseline=0.5 * h)",
        "ScoreFunction() using ImportanceSampling(n=3, proposal=Bernoulli(probs=0.4))",
        "ScoreFunction() using Antithetic(n=4)",
        "ScoreFunction() using Stratified(n=3)",
        "ScoreFunction() using QuasiMonteCarlo(n=3)",
        "ScoreFunctionWOR(k=2)",
        "UnorderedSetEstimator(k=2)",
        "RaoBlackwellSF(k=2)",
    ],
)
@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
def test_a_loop_that_stops_compiles_whole_with_every_method(method: str) -> None:
    torch.compiler.reset()
    text = STOPS.replace("ScoreFunction(n={n}, baseline=moving_average)", method)
    model = storchc.load(text=text)()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    found = []
    for call in (compiled, model):
        torch.manual_seed(0)
        model.zero_grad()
        found.append((call().backward(), model.w.grad))
    torch.testing.assert_close(*found)


def test_a_temperature_is_that_of_the_whole_loop() -> None:
    model = storchc.load(
        text="""
story Annealed
param w = 0.3
for t in range(3) from h = 0.0:
    sample z ~ Bernoulli(logits=w + h) with GumbelSoftmax(temperature=2.0, annealing_rate=0.5)
    compute h = h + z
cost c = h ** 2
"""
    )()
    method: Any = model.methods["z"]
    seen = []
    for training in (True, False, True):
        model.train(training)
        seen.append(float(method.current_temperature()))
        model().backward()
    assert seen == [2.0, 1.0, 1.0]
    assert method.current_temperature() == 0.5


def test_a_condition_on_the_counter_evaluates_one_side_only() -> None:
    """The other side may be out of range, of another type, of other plates and other sizes."""
    model = storchc.load(
        text="""
story Neighbours
dim T
plate data
plate group
input x[data, T]
input y[group]
input k[data]: int
param w = 0.5
for t in range(T) from h = w:
    compute before = x[t - 1] if t > 0 else w
    compute after = x[t + 1] if t + 1 < T and not t == 7 else 0
    compute wide = x[0:2] if logical_xor(t < 1, t > 1) else ones([1])
    compute count = k if t == 1 else 0.5
    compute h = h + before * after + sum(wide) + count
    cost c = h * (y if t % 2 == 0 else 1)
"""
    )().double()
    x, y = torch.randn(3, 4).double(), torch.randn(2).double()
    k = torch.tensor([1, 2, 3])
    estimate = model(x, y, k)
    h, total = model.w[None].expand(3), torch.zeros(3, 2)
    for t in range(4):
        before, after = (x[:, t - 1] if t > 0 else model.w), (x[:, t + 1] if t < 3 else 0)
        wide = torch.ones(3) * 2 if t == 1 else x[:, :2].sum(1)
        h = h + before * after + wide + (k if t == 1 else 0.5)
        total = total + h[:, None] * (y if t % 2 == 0 else 1)
    torch.testing.assert_close(estimate.costs["c"], total)
    torch.testing.assert_close(
        torch.autograd.grad(estimate.loss, model.w), torch.autograd.grad(total.mean(), model.w)
    )


def test_what_has_stopped_is_safe_where_its_cost_is_not() -> None:
    model = storchc.load(
        text="""
story Safe
param w = 0.3
for t in range(3):
    sample z ~ Bernoulli(logits=w) with ScoreFunction()
    cost c = z / (1 - t) if t == 1 else w * z
    stop when t == 0
"""
    )()
    estimate = model()
    estimate.backward()
    assert estimate.cost.isfinite()
    assert model.w.grad.isfinite()


@pytest.mark.parametrize("step", ["", "    "])
@pytest.mark.parametrize("law", ["Bernoulli(logits=w)", "Categorical(logits=stack([w, 0]))"])
def test_given_values_become_what_is_drawn(step: str, law: str) -> None:
    loop = "for t in range(2):\n" if step else ""
    text = f"story S\nparam w = 0.3\n{loop}{step}sample z ~ {law}\n{step}cost c = z * w\n"
    model = storchc.load(text=text)()
    drawn = model().samples["z"]
    whole = torch.ones_like(drawn, dtype=torch.int32)
    seen = model(given={"z": whole}).samples["z"]
    assert seen.dtype == drawn.dtype
    assert seen.equal(torch.ones_like(drawn))
    if not drawn.is_floating_point():
        with pytest.raises(StoryTypeError, match="float32, but classes are integers"):
            model(given={"z": whole.float()})


def test_a_step_reports_what_stands_outside_its_loop() -> None:
    text = """
story Shown
plate data
input x[data]
param w = 0.5
for t in range(2) from h = w:
    report before = h
    report outside = w
    report given = x
    compute h = h * w
    for s in range(3):
        report inside = w
        report behind = h
cost c = h
"""
    shown = storchc.load(text=text)()(torch.tensor([1.0, 2.0])).reports
    assert shown["before"].tolist() == [0.5, 0.25]
    assert shown["outside"].tolist() == [0.5, 0.5]
    assert shown["given"].tolist() == [[1.0, 1.0], [2.0, 2.0]]
    assert shown["inside"].tolist() == [[0.5] * 3] * 2
    assert shown["behind"].tolist() == [[0.25] * 3, [0.125] * 3]
