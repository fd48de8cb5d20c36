"""Loops whose samples keep the most probable sequences, alone or beside draws from the others.

Every choice of the reservoir is enumerated. Truth is the same story with independent draws, by the
exact interpreter.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime import samplers
from storch_runtime.joint_steps import JointSteps
from storch_runtime.samplers import reservoir
from storchc.lower import loops
from tests.certification.harness import (
    case,
    derivatives,
    differentiable,
    fails,
    parameters,
)
from tests.certification.joint.breaking import kept, steps_kept
from tests.certification.joint.test_loops import public
from tests.certification.loops.test_samplers import CARRIED, DATA, STOPPING, prove, told
from tests.certification.outcomes import flat
from tests.exact.interpreter import interpret

LETTERS = """
story Letters
param v[3] = tensor([0.4, -0.9, 0.1])
param u = -0.3
for t in range(STEPS) from h = 0.2, y = one_hot(0, 3):
    compute h = h * u + y[1]
    cost early = h * y[0] + u
    sample y ~ OneHotCategorical(logits=v * (1 + h + y[2])) with METHOD
    cost late = (h - y[2]) ** 2 + t * y[0]
    compute g = y[0] * 2 + h
    stop when y[1] + 0.5 * y[0] == 1
cost last = h ** 2 + sum(sequence(g)) * u + y[1]
"""
PLACES = """
story Places
param v[2] = tensor([0.4, -0.9])
for t in range(2) from h = v:
    sample y ~ Bernoulli(logits=h) with METHOD
    compute h = v * sum(y) - 0.5 * y
    cost c = (sum(y * v) - 0.3) ** 2
"""
SUMMED = "SumAndSample(sum_size={}, sample_size={})"
LEARNED = "ScoreFunction(baseline=0.3 * u + h) using "
MOVING = "ScoreFunction(baseline=moving_average) using "


# --- every choice of the reservoir ----------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(0, 1), (1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize(
    ("text", "steps"), [(CARRIED, 2), (CARRIED, 3), (STOPPING, 3), (LETTERS, 2), (PLACES, 2)]
)
def test_every_choice(text: str, steps: int, sizes: tuple[int, int]) -> None:
    if text is PLACES and sizes == (1, 2):
        pytest.skip("too many choices")
    prove(text, SUMMED.format(*sizes), steps)


@pytest.mark.parametrize("baseline", [LEARNED, MOVING])
@pytest.mark.parametrize(("text", "steps"), [(CARRIED, 3), (STOPPING, 3), (LETTERS, 2)])
def test_every_choice_below_a_baseline(text: str, steps: int, baseline: str) -> None:
    prove(text, baseline + SUMMED.format(1, 1), steps)


def test_data_have_their_own_sequences() -> None:
    prove(DATA, SUMMED.format(1, 1))
    prove(DATA, MOVING + SUMMED.format(2, 1), hessian=False)


BELOW = """
story Below
param w = 0.4
param u = -0.3
sample s ~ Bernoulli(logits=w) with ABOVE
for t in range(2) from h = s:
    sample z ~ Bernoulli(logits=u + h) with METHOD
    compute h = z * u - h
    cost c = (z - h) ** 2 * w
sample e ~ Bernoulli(logits=h) with ScoreFunction()
cost d = e * h + s
"""


@pytest.mark.parametrize("above", ["ScoreFunction()", "Expect()", SUMMED.format(1, 1)])
def test_every_choice_between_others(above: str) -> None:
    bare = BELOW.replace("ABOVE", "ScoreFunction()")
    prove(BELOW.replace("ABOVE", above), SUMMED.format(1, 1), bare=bare)


BESIDE = """
story Beside
param w = 0.4
param u = -0.3
for t in range(2) from h = u:
    sample z ~ Bernoulli(logits=u + h) with METHOD
    cost c = (z - h) ** 2 * w
    sample e ~ Bernoulli(logits=w - h) with ScoreFunction()
    compute h = 0.5 * h + e
cost d = sum(sequence(z)) ** 2 * h
"""


def test_elements_may_lie_behind_another_plate() -> None:
    prove(BESIDE, SUMMED.format(1, 1), hessian=False)


# --- all sequences --------------------------------------------------------------------------------

ALL = [
    SUMMED.format(20, 1),
    SUMMED.format(0, 20),
    "ScoreFunction() using BeamSearch(k=20)",
    "ScoreFunction(baseline=moving_average) using BeamSearch(k=20)",
]


@pytest.mark.parametrize("method", ALL)
@pytest.mark.parametrize(
    ("text", "steps"), [(CARRIED, 3), (STOPPING, 3), (LETTERS, 2), (PLACES, 2)]
)
def test_all_sequences_are_summed(text: str, steps: int, method: str) -> None:
    found = prove(text, method, steps)
    assert found.runs == 1


@pytest.mark.parametrize(("text", "steps"), [(STOPPING, 3), (LETTERS, 2)])
def test_all_sequences_without_replacement_are_summed(text: str, steps: int) -> None:
    story = told(text, "ScoreFunction() using WithoutReplacement(k=20)", steps)
    plain = told(text, "ScoreFunction(n=1)", steps)
    model = story.model()
    leaves = differentiable(model, story)
    exact = interpret(plain.text, {}, parameters(model))
    got = flat(derivatives(model().loss, leaves))
    torch.testing.assert_close(got, flat(derivatives(exact.value, leaves)), rtol=0, atol=1e-9)


# --- what is kept ---------------------------------------------------------------------------------


def sequences_of(text: str, steps: int, name: str) -> tuple[Tensor, Tensor]:
    """Every sequence that is possible, ``[worlds, T, *event]``, and its probability."""
    plain = told(text, "ScoreFunction(n=1)", steps)
    exact = interpret(plain.text, {}, parameters(plain.model()))
    possible = exact.probability > 0
    return exact.samples[name][possible][:, 0], exact.probability[possible].detach()


def best_of(listed: Tensor, shares: Tensor, k: int, room: int) -> list[int]:
    """The sequences that a beam of ``k`` is left with, by prefixes that are added up one by one.

    All are kept as long as there is ``room`` for all.
    """
    beams: set[tuple[float, ...]] = {()}
    whole = True
    for step in range(1, listed.shape[1] + 1):
        reached: dict[tuple[float, ...], float] = {}
        for row, share in zip(listed, shares, strict=True):
            prefix = tuple(row[:step].flatten().tolist())
            if tuple(row[: step - 1].flatten().tolist()) in beams:
                reached[prefix] = reached.get(prefix, 0.0) + float(share)
        whole = whole and len(reached) <= room
        ordered = sorted(reached, key=lambda prefix: -reached[prefix])
        beams = set(ordered if whole else ordered[:k])
    rows = [tuple(row.flatten().tolist()) for row in listed]
    return [i for i, row in enumerate(rows) if row in beams]


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(("text", "name"), [(CARRIED, "z"), (STOPPING, "z"), (LETTERS, "y")])
def test_a_beam_holds_the_most_probable_prefixes(text: str, name: str, k: int) -> None:
    listed, shares = sequences_of(text, 3, name)
    methods = (f"ScoreFunction() using BeamSearch(k={k})", k), (SUMMED.format(k, 1), k + 1)
    for method, room in methods:
        if room >= len(listed):
            continue  # then all of them are held, by elements of any kind
        best = best_of(listed, shares, k, room)
        estimate = told(text, method, 3).model()()
        values, weights = estimate.samples[name][:k], estimate.weights[name][:k]
        wanted = sorted(zip(shares[best].tolist(), listed[best].tolist(), strict=True), key=_share)
        drawn = zip(weights.tolist(), values.detach().tolist(), strict=True)
        held = sorted((row for row in drawn if row[0] > 0), key=_share)
        assert [row for _, row in held] == [row for _, row in wanted]
        assert [w for w, _ in held] == pytest.approx([w for w, _ in wanted], abs=1e-12)


def _share(row: tuple[float, Any]) -> float:
    return row[0]


def test_nothing_is_drawn_by_a_beam() -> None:
    model = told(STOPPING, "ScoreFunction() using BeamSearch(k=2)", 3).model()
    before = torch.get_rng_state()
    model()
    assert torch.equal(before, torch.get_rng_state())


REPLICATED = LETTERS.replace("param u = -0.3", "plate data\ninput u[data]").replace(
    "param v[3] = tensor([0.4, -0.9, 0.1])\nplate data",
    "plate data\nparam v[3] = tensor([0.4, -0.9, 0.1])",
)


def test_the_others_come_as_often_as_they_should() -> None:
    """What is drawn in each of two elements, over many elements of the data plate."""
    count = 40_000
    listed, shares = sequences_of(LETTERS, 3, "y")
    best = best_of(listed, shares, 2, 4)
    model = case(REPLICATED.replace("METHOD", SUMMED.format(2, 2)).replace("STEPS", "3")).model()
    torch.manual_seed(0)
    estimate = model(torch.tensor(-0.3).double().expand(count))
    left = 1 - float(shares[best].sum())
    torch.testing.assert_close(
        estimate.weights["y"][2:], torch.full((2, count), left / 2).double(), rtol=0, atol=1e-7
    )
    for drawn in estimate.samples["y"][2:]:
        for i, row in enumerate(listed):
            p = 0.0 if i in best else float(shares[i]) / left
            hits = int((drawn == row).flatten(1).all(-1).sum())
            assert abs(hits - count * p) <= 5 * (count * p * (1 - p)) ** 0.5


# --- values that are given ------------------------------------------------------------------------

REPLAYED = [
    SUMMED.format(1, 2),
    SUMMED.format(2, 1),
    SUMMED.format(3, 9),
    "ScoreFunction(baseline=0.3 * u + h) using SumAndSample(sum_size=1)",
    "ScoreFunction() using BeamSearch(k=3)",
    "ScoreFunction() using BeamSearch(k=12)",
]


@pytest.mark.parametrize("method", REPLAYED)
@pytest.mark.parametrize(("text", "name"), [(CARRIED, "z"), (STOPPING, "z"), (LETTERS, "y")])
def test_what_is_drawn_is_what_is_replayed(text: str, name: str, method: str) -> None:
    story = told(text, method, 3)
    model = story.model()
    leaves = differentiable(model, story)
    torch.manual_seed(0)
    for _ in range(8):
        drawn = model()
        again = model(given={name: drawn.samples[name].detach()})
        for one, other in zip(public(drawn, leaves), public(again, leaves), strict=True):
            torch.testing.assert_close(one, other, rtol=0, atol=1e-9)


def test_values_that_cannot_be_given() -> None:
    given = {"z": torch.zeros(2, 2)}
    with pytest.raises(ValueError, match="takes 3 values here, but 2 are given"):
        told(CARRIED, SUMMED.format(2, 1)).model()(given=given)
    with pytest.raises(ValueError, match="weighs them by noise"):
        told(CARRIED, "ScoreFunction() using WithoutReplacement(k=2)").model()(given=given)


# --- without replacement --------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "steps"), [(CARRIED, 3), (STOPPING, 3), (LETTERS, 3)])
def test_a_score_function_without_replacement_is_the_same(text: str, steps: int) -> None:
    """The method of that name without its baseline, draw by draw."""
    found = []
    for method in (
        "ScoreFunctionWOR(k=3, use_baseline=false)",
        "ScoreFunction() using WithoutReplacement(k=3)",
    ):
        story = told(text, method, steps)
        model = story.model()
        torch.manual_seed(1)
        found.append(public(model(), differentiable(model, story)))
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


# --- what is refused ------------------------------------------------------------------------------

REFUSED = {
    "a reduction over its plate": ("    compute h = h * u + mean(z, over=z)\n", "S430"),
    "a reduction over the data": ("    cost c = mean(z * x, over=data) ** 2\n", "S501"),
    "a plate of another sample": (
        "    sample s ~ Bernoulli(logits=z) with ScoreFunction(n=2)\n    cost c = s\n",
        "S434",
    ),
    "a draw along with each": (
        "    sample s ~ Bernoulli(logits=z) with ScoreFunction(baseline=batch_average) in z\n"
        "    cost c = s\n",
        "S435",
    ),
}
ALIKE = [
    "UnorderedSetEstimator(k=2)",
    SUMMED.format(1, 1),
    "ScoreFunction() using BeamSearch(k=2)",
    "ScoreFunction() using WithoutReplacement(k=2)",
]


@pytest.mark.parametrize("case", REFUSED)
def test_all_of_the_family_refuse_the_same(case: str) -> None:
    step, code = REFUSED[case]
    text = (
        "story S\nplate data\ninput x[data]\nparam u = 0.3\nfor t in range(2) from h = x:\n"
        "    sample z ~ Bernoulli(logits=h) with {}\n"
        f"{step}{'' if 'compute' in step else '    compute h = h * u + z'}\ncost d = h\n"
    )
    found = [{d.code for d in storchc.check(text=text.format(method))} for method in ALIKE]
    assert code in found[0]
    assert found[1:] == found[:1] * 3


@pytest.mark.parametrize("drawn", ["BeamSearch(k=2)", "SumAndSample(sum_size=1)"])
def test_no_leave_one_out_over_sequences_that_are_chosen(drawn: str) -> None:
    text = CARRIED.replace("STEPS", "2")
    text = text.replace("METHOD", f"ScoreFunction(baseline=batch_average) using {drawn}")
    assert "S435" in {d.code for d in storchc.check(text=text)}


# --- numbers --------------------------------------------------------------------------------------

EXTREME = """
story Extreme
input m[3]
for t in range(3) from y = one_hot(0, 3):
    sample y ~ OneHotCategorical(logits=m * (1 + y[1])) with METHOD
    cost c = y[0] + 2 * y[2] * t
"""


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    "scale", [[1e4, 0.0, -1e4], [1e4, 1e4, -1e4], [0, -inf, 1], [0.0, 0.1, 0.2]]
)
@pytest.mark.parametrize(
    "method", [SUMMED.format(2, 2), SUMMED.format(0, 1), "ScoreFunction() using BeamSearch(k=30)"]
)
def test_extreme_numbers(method: str, scale: list[float], dtype: torch.dtype) -> None:
    model = storchc.load(text=EXTREME.replace("METHOD", method))()
    m = torch.tensor(scale, dtype=dtype, requires_grad=True)
    estimate = model(m)
    estimate.backward()
    assert bool(m.grad.isfinite().all())
    assert float(estimate.weights["y"].sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    "method", [SUMMED.format(2, 1), *ALL[2:3], "ScoreFunction() using WithoutReplacement(k=3)"]
)
def test_it_is_compiled_as_a_whole(method: str) -> None:
    model = storchc.load(text=EXTREME.replace("METHOD", method))()
    m = torch.tensor([0.0, 0.1, 0.2], requires_grad=True)
    compiled = torch.compile(lambda m: model(m).loss, fullgraph=True, backend="eager")
    compiled(m).backward()
    assert bool(m.grad.isfinite().all())


# --- broken variants ------------------------------------------------------------------------------

Patch = pytest.MonkeyPatch


def of_the_step_before(patch: Patch) -> None:
    before = JointSteps.__init__

    def begin(self: JointSteps, draws: Any, *others: Any) -> None:
        before(self, draws, *others)
        self.joint = draws[-2].joint

    patch.setattr(JointSteps, "__init__", begin)


def switching(by: float, patch: Patch) -> None:
    drawn = reservoir._drawn
    patch.setattr(
        reservoir,
        "_drawn",
        lambda rows, behind, rest, summed: drawn(rows, behind, rest + by, summed),
    )


def own_probability(patch: Patch) -> None:
    patch.setattr(samplers.SumAndSample, "weigh", lambda self, joint: joint.masses.exp())


BROKEN: dict[str, Callable[[Patch], None]] = {
    "the weights of the step before": of_the_step_before,
    "too seldom one of the dropped": partial(switching, 0.7),
    "always one of the dropped": partial(switching, -torch.inf),
    "draws of their own probability": own_probability,
    "values that stay": lambda patch: kept(patch, "value", "sequence"),
    "steps that stay": steps_kept,
}


@pytest.mark.parametrize("broken", BROKEN)
def test_broken_variants_fail(broken: str, monkeypatch: Patch) -> None:
    BROKEN[broken](monkeypatch)
    fails(lambda: prove(LETTERS, SUMMED.format(1, 1), 3 if "dropped" in broken else 2))


def test_baselines_that_stay_fail(monkeypatch: Patch) -> None:
    """As if they had been read when the sequences were chosen."""
    right = vars(loops)["left_by_steps"]

    def late(*given: Any) -> Any:
        return {left: at + (left.item == "baseline") for left, at in right(*given).items()}

    monkeypatch.setattr(loops, "left_by_steps", late)
    fails(lambda: prove(LETTERS, LEARNED + SUMMED.format(1, 1), 3))


def test_few_of_the_most_probable_are_biased() -> None:
    fails(lambda: prove(LETTERS, "ScoreFunction() using BeamSearch(k=3)"))
