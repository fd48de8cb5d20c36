"""What is downstream of a sample, elsewhere: at values of the sample that were not drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

import storch_runtime.methods
import storchc
from storch_runtime import Downstream, Draw, Drawn, Method
from storchc.catalogue import methods
from storchc.catalogue.method import MethodEntry, Option
from storchc.catalogue.sampling import IID
from tests.certification.harness import Case, case, certify, derivatives
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret


class Difference(Method):
    """Of one Bernoulli: the difference of the costs at 1 and 0; it needs nothing but values."""

    order = 1

    def gradient_function(self, draw: Draw) -> Tensor | None:
        return None

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        ends = torch.stack([torch.zeros_like(draw.value), torch.ones_like(draw.value)])
        zero, one = downstream.costs_at(ends)
        law: Any = draw.distribution
        probs = law.probs
        return (one - zero) * (probs - probs.detach())


class Slope(Method):
    """The score with a linear control variate: the surrogate's slope at the mean."""

    order = 1

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        law: Any = draw.distribution
        probs = law.probs
        mean = probs.detach().expand_as(draw.value).clone().requires_grad_()
        costs = downstream.surrogates_at(mean[None])[0]
        (slope,) = torch.autograd.grad(costs.sum(), mean)
        apart = slope * (draw.value - mean.detach())
        return (1 - draw.box) * apart.detach() + slope * (probs - probs.detach())


class Probe(Slope):
    """The slope alone, as if the cost were linear: what the surrogate says can be read off it."""

    def gradient_function(self, draw: Draw) -> Tensor | None:
        return None

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        law: Any = draw.distribution
        probs = law.probs
        mean = probs.detach().expand_as(draw.value).clone().requires_grad_()
        costs = downstream.surrogates_at(mean[None])[0]
        (slope,) = torch.autograd.grad(costs.sum(), mean)
        return slope * (probs - probs.detach())


def entry(name: str, **options: Any) -> MethodEntry:
    return MethodEntry(
        name=name,
        summary="for these tests",
        options=(Option("n", "count", 1, "samples", least=1),),
        unbiased=True,
        sampling=IID,
        families=("Bernoulli",),
        order=1,
        in_loops="no",
        above_sequences="of one sample",
        in_plates="any",
        mixes_own=False,
        mixes_others=True,
        samplers="none",
        formula="",
        evaluations="",
        prefer="",
        reference="",
        control="always",
        **options,
    )


ENTRIES = {
    "Difference": entry("Difference", carrier="control", needs=frozenset(), looks="values"),
    "Slope": entry("Slope", carrier="score", needs=frozenset({"smooth"}), looks="gradients"),
    "Probe": entry("Probe", carrier="control", needs=frozenset({"smooth"}), looks="gradients"),
}


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    right = methods.lookup
    monkeypatch.setattr(methods, "lookup", lambda name: ENTRIES.get(name) or right(name))
    for method in (Difference, Slope, Probe):
        monkeypatch.setattr(storch_runtime.methods, method.__name__, method, raising=False)
    yield


def agree(text: str, method: str, inputs: dict[str, Any] | None = None) -> None:
    """The story with the method has the derivatives of the story with a score function."""
    story = case(text.format(method), inputs)
    count = method.partition("n=")[2].rstrip(")") or "1"
    certify(story, interpreted=text.format(f"ScoreFunction(n={count})"), vectorised=False)


BOTH = ["Difference()", "Slope()", "Difference(n=2)", "Slope(n=2)"]

ONE = """
story T
plate data
input x[data]
param u = 0.4
sample z ~ Bernoulli(logits=u * x) with {}
compute y = (z - 0.3) ** 2 * x
cost c = y + u * z
cost d = u * u
"""
NESTED = """
story T
plate data
input x[data]
param u = 0.4
sample a ~ Bernoulli(logits=u * x) with ScoreFunction()
sample z ~ Bernoulli(logits=u + a) with {}
sample e ~ Bernoulli(logits=z - u * a) with Expect()
cost c = (e + 2 * z - a) ** 2 * x
cost d = e * u
"""
SHARED = """
story T
param u = 0.4
sample a ~ Bernoulli(logits=u) with ScoreFunction(n=2)
sample z ~ Bernoulli(logits=u + a) with {} in a
cost c = (z + 2 * a - u) ** 2
"""
BESIDE = """
story T
param u = 0.4
sample z ~ Bernoulli(logits=u) with {}
sample b ~ Bernoulli(logits=u) with ScoreFunction() in z
cost c = (z + 2 * b - u) ** 2
"""
MIXED = """
story T
plate data sum
input x[data]
param u = 0.4
sample z ~ Bernoulli(logits=u) with {}
sample b ~ Bernoulli(logits=z * x) with Expect()
cost c = mean(mean(b * x, over=b), over=data) ** 2 + z
"""


@pytest.mark.parametrize("method", BOTH)
@pytest.mark.parametrize(
    "text", [ONE, NESTED, BESIDE, MIXED], ids=["one", "nested", "beside", "mixed"]
)
def test_points_of_a_plate_of_their_own(text: str, method: str) -> None:
    data = [0.7] if "n=2" in method else [0.7, -1.2]
    agree(text, method, {"x": data} if "input" in text else None)


@pytest.mark.parametrize("method", ["Difference", "Slope"])
def test_points_in_another_plate(method: str) -> None:
    story = case(SHARED.format(f"{method}()"))
    certify(story, interpreted=SHARED.format("ScoreFunction()"), vectorised=False)


# --- fresh draws at other values ------------------------------------------------------------------

ABOVE = """
story T
param u = 0.4
sample z ~ Bernoulli(logits=u) with {}
sample b ~ Bernoulli(logits=u + z) with {}
cost c = (z + 2 * b - u) ** 2
cost d = b * u
"""
BELOW = [
    "ScoreFunction()",
    "ScoreFunction(baseline=moving_average)",
    "ScoreFunction(n=2, baseline=batch_average)",
    "Difference()",
    "Slope()",
]


def difference(text: str) -> float:
    """How far the expected gradient lies from the true one."""
    story: Case = case(text)
    model = story.model()
    found = enumerate_estimates(model, story)
    plain = text
    for fake in ("Difference()", "Slope()"):
        plain = plain.replace(fake, "ScoreFunction()")
    parameters = dict(model.named_parameters())
    exact = interpret(plain, {}, parameters)
    true = flat(derivatives(exact.value, parameters)).detach()
    return float((found.gradient - true).abs().max())


@pytest.mark.parametrize("above", ["Difference()", "Slope()"])
@pytest.mark.parametrize("below", BELOW)
def test_samples_below_are_drawn_anew(above: str, below: str) -> None:
    assert difference(ABOVE.format(above, below)) < 1e-9


def below_z(z: Tensor, u: Tensor) -> Tensor:
    """What is downstream of z in the story above, b averaged out."""
    parts = []
    for b in (0.0, 1.0):
        logit = u + z if b else -(u + z)
        parts.append(torch.sigmoid(logit) * ((z + 2 * b - u) ** 2 + b * u))
    return parts[0] + parts[1]


@pytest.mark.parametrize("below", BELOW)
def test_the_slope_is_that_of_the_surrogate(below: str) -> None:
    """LOSS.md §5: with the scores, and the control variates that are a gradient."""
    story = case(ABOVE.format("Probe()", below))
    found = enumerate_estimates(story.model(), story)
    u = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    mean = torch.sigmoid(u)
    share = mean.detach()
    zero, one = torch.zeros_like(share), torch.ones_like(share)
    direct = share * below_z(one, u) + (1 - share) * below_z(zero, u)
    total = direct + below_z(mean, u) - below_z(share, u)
    (expected,) = torch.autograd.grad(total, u)
    torch.testing.assert_close(found.gradient[0], expected, rtol=1e-5, atol=1e-9)


def test_moving_averages_rest_meanwhile() -> None:
    text = ABOVE.format("Difference()", "ScoreFunction(baseline=moving_average)")
    model = storchc.load(text=text)()
    estimate = model()
    cost = estimate.costs["c"] + estimate.costs["d"]
    torch.testing.assert_close(model.methods["b"].average, 0.05 * cost.detach().reshape(()))


def test_stateful_functions_are_refused_below() -> None:
    text = """
story T
param u = 0.4
function reward stateful: [] -> []
sample z ~ Bernoulli(logits=u) with Difference()
cost c = reward(z)
"""
    assert [d.code for d in storchc.check(text=text)] == ["S432"]


@pytest.mark.parametrize("method", ["DisARM()", "LocalExpectation()", "MuProp()"])
@pytest.mark.parametrize(
    "drawn", ["logits=m", "logits=m + b", "logits=m) with Expect("], ids=["kept", "anew", "listed"]
)
def test_sequences_of_inner_loops_below_what_looks_elsewhere(method: str, drawn: str) -> None:
    text = f"""story Nested
param m = 0.0
sample b ~ Bernoulli(logits=m) with {method}
for s in range(2) from h = 0.0:
    for t in range(2):
        sample z ~ Bernoulli({drawn})
    compute h = h * b + sum(sequence(z))
    cost k = b * sum(sequence(z))
cost c = h * b
"""
    try:
        model: Any = storchc.load(text=text)()
    except storchc.StoryError as refused:
        assert [d.code for d in refused.diagnostics if d.severity == "error"] == ["S190"]
        return
    model().backward()
    assert bool(model.m.grad.isfinite())
