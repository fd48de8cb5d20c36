"""Loops whose draws are weighted, or depend on one another, certified over all outcomes.

Truth is the same story with independent draws, by the exact interpreter.
"""

from __future__ import annotations

from functools import partial

import pytest
import torch

import storchc
from storch_runtime import Downstream, Drawn, Method
from storch_runtime.samplers.stratified import Stratified
from storch_runtime.steps import Steps
from tests.certification.harness import (
    Case,
    Uncertified,
    case,
    derivatives,
    differentiable,
    fails,
    hessian_rows,
    parameters,
)
from tests.certification.outcomes import Enumerated, enumerate_estimates, flat
from tests.exact.interpreter import interpret

PLAIN = "ScoreFunction(n=1)"
CARRIED = """
story Carried
param w = 0.4
param u = -0.3
for t in range(STEPS) from h = u, z = 0:
    cost early = (h - z) ** 2
    compute h = h * w + z
    sample z ~ Bernoulli(logits=h + u * t) with METHOD
    cost late = z * h - w
cost last = (sum(sequence(z)) - h) ** 2 + z
"""
STOPPING = """
story Stopping
param w = 0.4
param u = -0.3
for t in range(STEPS) from h = u, z = 0:
    sample z ~ Bernoulli(logits=h + u * t) with METHOD
    compute h = h * w + z
    cost c = (z - h) ** 2 + 0.5
    stop when z == 1
cost d = h ** 2 + sum(sequence(alive)) * u
"""
DATA = """
story Data
plate data
input x[data]
param w = 0.4
for t in range(2) from z = 0:
    sample z ~ Bernoulli(logits=w * x + 0.5 * z) with METHOD
    cost c = (z - x) ** 2 * w
cost d = z * x
"""
PROPOSAL = "Bernoulli(logits=0.7 * h - 0.2 * t)"


def told(text: str, method: str, steps: int = 2) -> Case:
    inputs = {"x": [0.7, -0.4]} if "input x" in text else {}
    return case(text.replace("METHOD", method).replace("STEPS", str(steps)), inputs)


def prove(
    text: str, method: str, steps: int = 2, *, hessian: bool = True, bare: str = ""
) -> Enumerated:
    """The expected cost, gradient and Hessian over every outcome of the samplers are exact.

    The interpreter reads ``bare``, where it is given, with a plain method.
    """
    story, plain = told(text, method, steps), told(bare or text, PLAIN, steps)
    model = story.model()
    leaves = differentiable(model, story)
    exact = interpret(plain.text, story.inputs, parameters(model), {})
    found = enumerate_estimates(model, story, hessian=hessian)
    first = derivatives(exact.value, leaves)
    pairs = [(found.cost, exact.value), (found.gradient, flat(first))]
    if hessian:
        assert found.hessian is not None
        pairs.append((found.hessian, hessian_rows(first, leaves)))
    for got, expected in pairs:
        if not torch.allclose(got, expected.detach(), rtol=0, atol=1e-9):
            raise Uncertified(f"got {got}, expected {expected.detach()}")
    return found


# --- draws that depend on one another -------------------------------------------------------------

COUPLED = {
    "pairs": "using Antithetic(n=2)",
    "strata": "using Stratified(n=2)",
    "points": "using QuasiMonteCarlo(n=2)",
}


@pytest.mark.parametrize("sampler", COUPLED)
@pytest.mark.parametrize("baseline", ["", "baseline=moving_average", "baseline=0.3 * u + h"])
def test_coupled_draws_with_a_carried_state(sampler: str, baseline: str) -> None:
    prove(CARRIED, f"ScoreFunction({baseline}) {COUPLED[sampler]}")


@pytest.mark.parametrize("sampler", COUPLED)
def test_coupled_draws_of_which_some_stop(sampler: str) -> None:
    prove(STOPPING, f"ScoreFunction() {COUPLED[sampler]}")


@pytest.mark.parametrize("sampler", COUPLED)
def test_coupled_draws_with_a_data_plate(sampler: str) -> None:
    prove(DATA, f"ScoreFunction(baseline=moving_average) {COUPLED[sampler]}", hessian=False)


def test_steps_that_share_their_strata_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slots that are never permuted anew: each of them sees one half of the values only."""

    def columns(
        self: Stratified, edges: list[float], n: int, place: tuple[int, int]
    ) -> dict[tuple[int, ...], float]:
        whole = original(self, edges, n, place)
        kept = {k: p for k, p in whole.items() if list(k) == sorted(k)}
        return {k: p / sum(kept.values()) for k, p in kept.items()}

    original = Stratified.columns
    monkeypatch.setattr(Stratified, "columns", columns)
    fails(lambda: prove(CARRIED, "ScoreFunction() using Stratified(n=2)"))


# --- draws from a proposal ------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [2, 3])
@pytest.mark.parametrize("baseline", ["", "baseline=moving_average", "baseline=0.3 * u + h"])
def test_a_proposal_that_depends_on_what_was_drawn(baseline: str, steps: int) -> None:
    sampler = f"using ImportanceSampling(n=1, proposal={PROPOSAL})"
    prove(CARRIED, f"ScoreFunction({baseline}) {sampler}", steps)


def test_particles_from_a_proposal() -> None:
    sampler = f"using ImportanceSampling(n=2, proposal={PROPOSAL})"
    prove(CARRIED, f"ScoreFunction(baseline=batch_average) {sampler}")


@pytest.mark.parametrize("n", [1, 2])
def test_particles_from_a_proposal_of_which_some_stop(n: int) -> None:
    sampler = f"using ImportanceSampling(n={n}, proposal={PROPOSAL})"
    prove(STOPPING, f"ScoreFunction(baseline=moving_average) {sampler}", 4 - n)


def test_a_proposal_with_a_data_plate() -> None:
    sampler = "using ImportanceSampling(n=1, proposal=Bernoulli(probs=0.4 + 0.2 * z))"
    prove(DATA, f"ScoreFunction(baseline=moving_average) {sampler}")


def test_two_samples_with_proposals_in_one_plate() -> None:
    text = """
story Two
param w = 0.4
param u = -0.3
sample s ~ Bernoulli(logits=w) with ScoreFunction(n=1)
for t in range(2) from h = s:
    sample a ~ Bernoulli(logits=h + w) with METHOD in s
    sample b ~ Bernoulli(logits=u * a) with ScoreFunction() OTHER in s
    cost c = a + 2 * b * h
    compute h = h * u + b
cost d = h ** 2 - w * sum(sequence(a))
"""
    other = "using ImportanceSampling(proposal=Bernoulli(probs=0.3 + 0.4 * a))"
    sampler = "using ImportanceSampling(proposal=Bernoulli(probs=0.6))"
    bare = text.replace("OTHER", "").replace("METHOD", "ScoreFunction()")
    prove(text.replace("OTHER", other), f"ScoreFunction() {sampler}", bare=bare)


BESIDE = {
    "above": """
story Above
param w = 0.4
param u = -0.3
sample e ~ Bernoulli(logits=w) with Expect()
for t in range(2) from h = 0:
    sample z ~ Bernoulli(logits=u + h + e) with METHOD
    compute h = h + z * e
    cost c = h * u
cost d = h ** 2 + e
""",
    "below": """
story Below
param w = 0.4
param u = -0.3
for t in range(2) from z = 0:
    sample z ~ Bernoulli(logits=u + z) with METHOD
    sample e ~ Bernoulli(logits=w + z) with Expect()
    cost c = (z - e) ** 2 * w + e * u
""",
}


@pytest.mark.parametrize("where", BESIDE)
def test_beside_an_enumerated_sample(where: str) -> None:
    sampler = "using ImportanceSampling(n=1, proposal=Bernoulli(probs=0.3))"
    bare = BESIDE[where].replace("Expect()", "ScoreFunction()")
    prove(BESIDE[where], f"ScoreFunction(baseline=moving_average) {sampler}", bare=bare)
    prove(BESIDE[where], f"ScoreFunction() {COUPLED['strata']}", hessian=False, bare=bare)


@pytest.mark.parametrize("broken", ["own", "none"])
def test_weights_that_do_not_multiply_fail(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def by_step(self: Steps) -> torch.Tensor:
        weights = torch.stack([draw.weight for draw in self.draws])
        return weights if broken == "own" else torch.ones_like(weights)

    monkeypatch.setattr(Steps, "weight_by_step", property(by_step))
    sampler = f"using ImportanceSampling(n=1, proposal={PROPOSAL})"
    fails(lambda: prove(CARRIED, f"ScoreFunction() {sampler}"))


def test_weights_of_steps_to_come_only_add_variance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cost weighs what was drawn up to its step: with the whole product it is right as well."""
    method = f"ScoreFunction() using ImportanceSampling(n=1, proposal={PROPOSAL})"
    early = prove(CARRIED, method, hessian=False).total_variance
    by_step = vars(Steps)["weight_by_step"].fget

    def whole(self: Steps) -> torch.Tensor:
        return by_step(self)[-1:].expand_as(by_step(self))

    monkeypatch.setattr(Steps, "weight_by_step", property(whole))
    assert early < prove(CARRIED, method, hessian=False).total_variance


def test_the_estimate_shows_the_weights_of_whole_sequences() -> None:
    sampler = f"using ImportanceSampling(n=2, proposal={PROPOSAL})"
    story = told(CARRIED, f"ScoreFunction() {sampler}")
    estimate = story.model()(given={"z": torch.tensor([[1.0, 0.0], [0.0, 1.0]])})
    plain = told(CARRIED, "ScoreFunction(n=2)").model()
    logs = plain(given={"z": torch.tensor([[1.0, 0.0], [0.0, 1.0]])}).log_probs["z"]
    w, u = 0.4, -0.3
    first = torch.tensor([u * w + 0.0] * 2)
    second = first * w + torch.tensor([1.0, 0.0])
    proposed = [torch.sigmoid(0.7 * first), torch.sigmoid(0.7 * second - 0.2)]
    shares = proposed[0] * (1 - proposed[1]), (1 - proposed[0]) * proposed[1]
    expected = logs.exp() / torch.stack([shares[0][0], shares[1][1]]) / 2
    torch.testing.assert_close(estimate.weights["z"].double(), expected.detach().double())


# --- methods of the user's ------------------------------------------------------------------------


class Compared(Method):
    """The others of the plate are the baseline: what a user may write."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> torch.Tensor:
        cost, plate = downstream.cost, draw.plate_dim
        others = (cost.sum(plate, keepdim=True) - cost) / (cost.shape[plate] - 1)
        return (1 - draw.box) * others


class Shrunk(Compared):
    """Compared with itself as well: what a user may get wrong."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> torch.Tensor:
        return (1 - draw.box) * downstream.cost.mean(draw.plate_dim, keepdim=True)


@pytest.mark.parametrize("text", [CARRIED, STOPPING, DATA])
def test_a_method_of_the_users(text: str) -> None:
    for name in ("Compared", "Shrunk"):
        own = text.replace("param w", f"use {__name__}: {name}\nparam w")
        check = partial(prove, own, f"{name}(n=2)", hessian=text is CARRIED, bare=text)
        assert check() if name == "Compared" else fails(check)


# --- calls that equal draws share -----------------------------------------------------------------

CALLS = """
story Calls
plate data
input x[data]
param u = 0.4
function judge batched nondiff: [3] -> []
function price batched nondiff: [], [] -> []
for t in range(3) from h = x:
    sample y ~ Bernoulli(logits=u * h) with ScoreFunction(baseline=batch_average) using DRAWN
    compute h = h * 0.5 + y
    cost c = price(y, x)
    STOP
cost d = judge(sequence(y))
"""


@pytest.mark.parametrize("stop", ["report seen = y", "stop when y > 0.5"])
@pytest.mark.parametrize(
    "sampler", ["MonteCarlo(n=8, {})", "ImportanceSampling(n=8, {}, proposal=Bernoulli(probs=0.4))"]
)
def test_sequences_are_judged_once_if_they_are_equal(sampler: str, stop: str) -> None:
    rows: list[torch.Tensor] = []

    def judge(value: torch.Tensor) -> torch.Tensor:
        rows.append(value)
        return value @ torch.tensor([1.0, 2.0, 4.0]).to(value)

    def price(value: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        rows.append(torch.stack([value, x], -1))
        return value * x

    found = []
    for distinct in ("false", "true"):
        text = CALLS.replace("DRAWN", sampler.format(f"distinct={distinct}")).replace("STOP", stop)
        model = storchc.load(text=text)(judge=judge, price=price)
        rows.clear()
        torch.manual_seed(0)
        estimate = model(torch.tensor([0.7, -1.4]))
        estimate.backward()
        found.append((estimate.costs, model.u.grad, [len(r) for r in rows], rows[-1]))
    every, once = found
    assert every[2] == [16] * len(every[2])
    assert max(once[2][:-1]) <= 4
    assert once[2][-1] == len(every[3].unique(dim=0)) < 16
    torch.testing.assert_close(once[1], every[1])
    for name, cost in every[0].items():
        torch.testing.assert_close(once[0][name], cost)


# --- what is refused ------------------------------------------------------------------------------

PROPOSED = "ScoreFunction() using ImportanceSampling(n=2, proposal=Bernoulli(probs=0.5))"


@pytest.mark.parametrize(
    "steps",
    [
        f"sample z ~ Bernoulli(logits=h * x) with {PROPOSED}\n"
        "    cost c = mean(z * x, over=data) ** 2",
    ],
)
def test_weights_that_something_joins_are_refused(steps: str) -> None:
    text = (
        "story S\nplate data\ninput x[data]\nparam w = 0.4\n"
        f"for t in range(2) from h = w:\n    {steps}\n    compute h = h * w\n"
    )
    assert "S190" in [d.code for d in storchc.check(text=text)]
