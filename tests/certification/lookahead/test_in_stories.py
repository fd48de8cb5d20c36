"""The same methods in stories: above and below others, with data plates, every outcome run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch

from storch_runtime import Downstream
from tests.certification.harness import Case, Uncertified, case, certify, derivatives, fails
from tests.certification.outcomes import Enumerated, enumerate_estimates, flat
from tests.exact.interpreter import interpret

BINARY = ["ARM", "DisARM", "LocalExpectation", "MeasureValued"]
OTHERS = ["ScoreFunction()", "Expect()", "LocalExpectation()"]
REPLAYED = ["LocalExpectation()", "LocalExpectation(n=2)", "MeasureValued()"]


def agree(text: str, methods: list[str], inputs: Mapping[str, Any] | None = None) -> Enumerated:
    """The mean over all outcomes is the exact gradient of the story with score functions."""
    story = case(text.format(*methods), inputs)
    plain = [f"ScoreFunction(n={m.partition('n=')[2].rstrip(')') or 1})" for m in methods]
    return certify_outcomes(story, text.format(*plain))


def certify_outcomes(story: Case, interpreted: str) -> Enumerated:
    model = story.model()
    assert model.order == 1
    parameters = dict(model.named_parameters())
    exact = interpret(interpreted, story.inputs, parameters, story.modules)
    leaves = {**parameters, **{k: v for k, v in story.inputs.items() if v.requires_grad}}
    found = enumerate_estimates(model, story)
    wanted = flat(derivatives(exact.value, leaves)).detach()
    if not torch.allclose(found.gradient, wanted, rtol=1e-9, atol=1e-9):
        raise Uncertified(f"{found.gradient}, expected {wanted}")
    torch.testing.assert_close(found.cost, exact.value.detach(), rtol=1e-9, atol=1e-9)
    return found


JOINT = """
story T
param v[2] = tensor([0.4, -0.9])
param u = 0.3
sample z ~ Bernoulli({}) with {{}}
cost c = (sum(z * v) - u) ** 3 + z[0] * z[1]
"""


@pytest.mark.parametrize("method", [f"{name}({n})" for name in BINARY for n in ("", "n=2")])
@pytest.mark.parametrize("law", ["logits=v", "probs=sigmoid(v)"])
def test_a_joint_cost_that_has_the_parameters_itself(method: str, law: str) -> None:
    agree(JOINT.format(law), [method])


@pytest.mark.parametrize("method", [f"{name}()" for name in BINARY])
@pytest.mark.parametrize("other", OTHERS)
def test_above_and_below_others_with_a_data_plate(method: str, other: str) -> None:
    text = """
story T
plate data
input x[data]
param v[2] = tensor([0.4, -0.9])
sample a ~ Bernoulli(logits=v[0] * x) with {}
sample z ~ Bernoulli(logits=v * (x + a)) with {}
sample b ~ Bernoulli(logits=v[1] * x + z[0] - z[1] * a) with {}
cost c = (z[0] + 2 * z[1] * b - a * x) ** 2
cost d = a * z[1] + v[1] * z[0]
"""
    agree(text, [other, method, other], {"x": [0.7]})


def test_pairs_below_pairs() -> None:
    text = """
story T
param v[2] = tensor([0.4, -0.9])
sample a ~ Bernoulli(logits=v[0]) with {}
sample z ~ Bernoulli(logits=v * a - 0.2) with {}
cost c = (z[0] + 2 * z[1] * a - v[1]) ** 2
"""
    agree(text, ["DisARM()", "ARM()"])


@pytest.mark.parametrize("method", ["ARM()", "DisARM()"])
def test_a_mixed_data_plate(method: str) -> None:
    text = """
story T
plate data
input x[data]
param v[2] = tensor([0.4, -0.9])
sample z ~ Bernoulli(logits=v * x) with {}
cost c = (mean(z[0] - 2 * z[1], over=data) - 0.3) ** 3
cost d = z[0] * z[1] * x
"""
    agree(text, [method], {"x": [0.7, -1.2]})


@pytest.mark.parametrize("method", ["DisARM()", "LocalExpectation()", "MeasureValued()"])
def test_in_an_open_plate(method: str) -> None:
    text = """
story T
param v[2] = tensor([0.4, -0.9])
sample a ~ Bernoulli(logits=v[0]) with {}
sample z ~ Bernoulli(logits=v + a) with {} in a
cost c = (z[0] + 2 * z[1] * a - 0.4) ** 2
"""
    agree(text, ["ScoreFunction(n=2)", method])


CLASSES = """
story T
plate data
input x[data]
param v[3] = tensor([0.4, -0.9, 0.2])
sample k ~ Categorical({}) with {{}}
sample z ~ OneHotCategorical(logits=v * (x + k)) with {{}}
cost c = (z[0] + 2 * z[1] * k - x) ** 2
cost d = v[2] * z[2] * k
"""


@pytest.mark.parametrize("law", ["logits=v * x", "probs=softmax(v * x)"])
@pytest.mark.parametrize("method", ["LocalExpectation()", "MeasureValued()"])
def test_classes(law: str, method: str) -> None:
    agree(CLASSES.format(law), [method, method], {"x": [0.7]})


@pytest.mark.parametrize("method", REPLAYED)
def test_given_values_are_certified_world_by_world(method: str) -> None:
    count = method.partition("n=")[2].rstrip(")") or "1"
    text = """
story T
plate data
input x[data]
param v[2] = tensor([0.4, -0.9])
sample a ~ Bernoulli(logits=v[0] * x) with ScoreFunction(baseline=moving_average)
sample z ~ Bernoulli(logits=v * (x + a)) with {}
cost c = (z[0] + 2 * z[1] * x - a) ** 2
"""
    story = case(text.format(method), {"x": [0.7, -1.2]})
    certify(story, interpreted=text.format(f"ScoreFunction(n={count})"))


def test_less_variance_than_a_score_function() -> None:
    text = JOINT.format("logits=v").replace("** 3", "** 3 + 5")
    names = ("ScoreFunction()", "ARM()", "DisARM()", "LocalExpectation()", "Expect()")
    found = {name: agree_all(text, name) for name in names}
    spread = {name: estimate.total_variance for name, estimate in found.items()}
    assert spread["Expect()"] == pytest.approx(0, abs=1e-15)
    assert max(spread["LocalExpectation()"], spread["DisARM()"]) < spread["ScoreFunction()"]
    assert spread["DisARM()"] <= spread["ARM()"]


def agree_all(text: str, method: str) -> Enumerated:
    story = case(text.format(method))
    return enumerate_estimates(story.model(), story)


def test_a_second_derivative_raises() -> None:
    story = case(JOINT.format("logits=v").format("DisARM()"))
    model = story.model()
    leaves = list(model.parameters())
    first = torch.autograd.grad(model().loss, leaves, create_graph=True)
    with pytest.raises(RuntimeError, match="beyond order 1"):
        first[0].sum().backward()


@pytest.mark.parametrize("method", ["DisARM()", "LocalExpectation()"])
def test_costs_at_the_drawn_value_instead_fail(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(self: Downstream, points: Any) -> Any:
        return self.cost.expand(len(points), *self.cost.shape)

    monkeypatch.setattr(Downstream, "costs_at", wrong)
    assert fails(lambda: agree(JOINT.format("logits=v"), [method]))


@pytest.mark.parametrize("method", ["DisARM()", "LocalExpectation()", "MeasureValued()"])
def test_a_cost_that_is_used_further_down_is_that_of_the_other_value(method: str) -> None:
    text = """
story T
param u = 0.4
param w = -0.3
sample z ~ Bernoulli(logits=w) with {}
cost early = (z - u) ** 2
sample b ~ Bernoulli(logits=early + u) with {}
compute h = early * b
cost h
cost late = (h - early) ** 2 + z * b
"""
    agree(text, [method, "ScoreFunction()"])
