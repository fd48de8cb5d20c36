"""Methods with inner gradients in whole stories, over every outcome of all that is drawn."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import storchc
from storch_runtime.methods import ScoreFunction
from tests.certification.harness import (
    Model,
    Uncertified,
    case,
    certify_statistically,
    derivatives,
    differentiable,
    fails,
)
from tests.certification.learned.toys import Critic
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

METHODS = ["MuProp()", "MuProp(n=2)", "DoubleCV()", "RODEO()"]
AVERAGE = "ScoreFunction(baseline=moving_average)"

ABOVE = f"""
story T
input u
input w
sample z ~ Bernoulli(logits=u) with {{}}
sample b ~ Bernoulli(logits=w + 0.3 * z) with {AVERAGE}
cost c = (z + 2 * b - w) ** 2 * (1 + 0.5 * z)
cost d = 2 * z * u
"""
BETWEEN = f"""
story T
plate data
input x[data]
param v[2] = tensor([0.4, -0.9])
sample a ~ Bernoulli(logits=v[0] * x) with {AVERAGE}
sample z ~ Bernoulli(logits=v[0] * x + a) with {{}}
sample b ~ Bernoulli(logits=v[1] * x * z) with Expect()
cost c = (z + 2 * b - a * x) ** 2
cost d = a * v[1] - z * v[0]
"""
JOINT = """
story T
input v[2]
sample z ~ Bernoulli(probs=sigmoid(v)) with {}
cost c = (z[0] + 2 * z[0] * z[1] - v[1]) ** 2 * (1 + 0.5 * z[1])
"""
MIXED = """
story T
plate data
input x[data]
param u = 0.4
sample z ~ Bernoulli(logits=u * x) with {}
cost c = (mean(z * x, over=data) - u) ** 2
cost d = z * x
"""
OPEN = """
story T
input u
sample a ~ Bernoulli(logits=u) with ScoreFunction(n=2)
sample z ~ Bernoulli(logits=u + a) with {} in a
cost c = (z + 2 * a - u) ** 2 * (1 + 0.5 * z)
"""
ONE = {"u": 0.4, "w": -0.3}
STORIES: dict[str, tuple[str, dict[str, Any]]] = {
    "above": (ABOVE, {"u": 0.4, "w": -0.3}),
    "between": (BETWEEN, {"x": [0.7]}),
    "joint": (JOINT, {"v": [0.4, -0.9]}),
    "mixed": (MIXED, {"x": [0.7, -1.2]}),
    "open": (OPEN, {"u": 0.4}),
}


def exactly(text: str, method: str, inputs: dict[str, Any]) -> None:
    """The expected gradient of the module over all outcomes is the story's, to 1e-9."""
    story = case(text.format(method), inputs)
    model = story.model()
    settle(model)
    found = enumerate_estimates(model, story)
    n = 2 if method.startswith(("DoubleCV", "RODEO")) or "n=2" in method else 1
    plain = text.format("ScoreFunction()" if " in a\n" in text else f"ScoreFunction(n={n})")
    leaves = differentiable(model, story)
    parameters = {name: p for name, p in leaves.items() if name not in inputs}
    exact = interpret(plain, story.inputs, parameters, {})
    wanted = flat(derivatives(exact.value, leaves)).detach()
    if not bool(((found.gradient - wanted).abs() <= 1e-9).all()):
        raise Uncertified(f"gradient {found.gradient.tolist()}, exact {wanted.tolist()}")
    if abs(found.cost.item() - exact.value.item()) > 1e-9:
        raise Uncertified(f"cost {found.cost.item()}, exact {exact.value.item()}")


def settle(model: Model) -> None:
    """Give everything that methods average or learn a value that shows."""
    torch.manual_seed(0)
    with torch.no_grad():
        for _, method in model.methods.items():
            for own in method.parameters():
                own += 0.7
            for buffer in method.buffers():
                buffer.fill_(0.7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", STORIES)
def test_it_is_exact(name: str, method: str) -> None:
    text, inputs = STORIES[name]
    if name == "open" and "n=" in method:
        pytest.skip("how many is said where the plate is opened")
    exactly(text, method, inputs)


def test_averages_of_this_pass_would_tell_of_what_was_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Looking at further values, a baseline must not know the costs of this pass yet."""
    right = ScoreFunction.moving_average

    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        self.looking = False
        return right(self, draw, downstream)

    monkeypatch.setattr(ScoreFunction, "moving_average", wrong)
    assert "gradient" in fails(lambda: exactly(ABOVE, "RODEO()", ONE))


SITES = """
story T
plate data
plate sites sum
input u[data]
input x[data, sites]
module critic: [] -> []
sample z ~ Bernoulli(logits=u * x) with {}
sample b ~ Bernoulli(logits=u - z) with ScoreFunction()
cost c = (sum((z + b) * x, over=sites) - u) ** 2
cost d = z * x * b
"""


@pytest.mark.certify
@pytest.mark.parametrize("method", ["REBAR()", "RELAX(c_phi=critic)"])
def test_a_mixed_plate_above_a_score_function_by_a_million_draws(method: str) -> None:
    """``c`` joins the sites and ``d`` does not: two control variates of one sample."""
    inputs = {"u": torch.tensor(0.4), "x": torch.tensor([0.7, -1.2])}
    plain = SITES.replace("module critic: [] -> []\n", "").format("ScoreFunction()")
    leaves = {n: v.double().unsqueeze(0).requires_grad_() for n, v in inputs.items()}
    wanted = derivatives(interpret(plain, leaves, {}, {}).value, leaves)
    model = case(SITES.format(method), critic=Critic(1)).model()
    settle(model)
    torch.manual_seed(0)
    certify_statistically(model.eval(), inputs, {n: wanted[n][0].detach() for n in ("u", "x")})


OWN = """
story T
{}input u{}
module critic: [] -> []
sample z ~ {} with {}
cost c = (mean(z, over=z) - 0.3) ** 2 * u
cost d = z ** 2 * u
"""


def test_a_critic_stands_where_draws_are_joined_exactly() -> None:
    """Each draw has a control variate with the score of its own."""
    text = OWN.format("", "", "Normal(u, 0.7)", "{}")
    story = case(text.format("LAX(n=2, c_phi=critic)"), {"u": 0.4}, critic=Critic(1))
    found = enumerate_estimates(story.model(), story)
    plain = text.replace("module critic: [] -> []\n", "").format("ScoreFunction(n=2)")
    exact = interpret(plain, story.inputs, {}, {}).value
    torch.testing.assert_close(
        found.gradient[0], derivatives(exact, story.inputs)["u"].detach(), atol=1e-9, rtol=0
    )


@pytest.mark.certify
def test_a_critic_stands_where_draws_are_joined_by_a_million_draws() -> None:
    text = OWN.format("plate data\n", "[data]", "Bernoulli(logits=u)", "{}")
    model = case(text.format("RELAX(n=2, c_phi=critic)"), critic=Critic(1)).model()
    leaf = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    plain = text.replace("module critic: [] -> []\n", "").format("ScoreFunction(n=2)")
    wanted = derivatives(interpret(plain, {"u": leaf}, {}, {}).value, {"u": leaf})["u"]
    torch.manual_seed(0)
    certify_statistically(model.eval(), {"u": torch.tensor(0.4)}, {"u": wanted[0].detach()})


TRAINED = ["REBAR()", "RELAX(c_phi=critic)", "LAX(c_phi=critic)", "DoubleCV()", "RODEO()"]


@pytest.mark.parametrize("method", TRAINED)
def test_the_two_losses_train_apart(method: str) -> None:
    text = """
story T
plate data
input x[data]
param u = 0.4
param w = 0.3
module critic: [] -> []
sample z ~ {}(w * x{}) with {}
sample b ~ Bernoulli(logits=u * z) with ScoreFunction()
cost c = (z - u * x + b) ** 2
"""
    family = ("Normal", ", 0.5") if method.startswith("LAX") else ("Bernoulli", "")
    text = text.format(*family, method).replace("Bernoulli(w * x", "Bernoulli(logits=w * x")
    if "critic" not in method:
        text = text.replace("module critic: [] -> []\n", "")
    model = case(text, critic=Critic(1)).model() if "critic" in method else case(text).model()
    own = [*model.methods.parameters()]
    if "critic" in method:
        assert model.method_modules == ("critic",)
        own += model.critic.parameters()
    x = torch.tensor([0.7, -1.2, 0.4], dtype=torch.float64)
    estimate = model(x)
    estimate.method_loss.backward(retain_graph=True)
    assert model.u.grad is None and model.w.grad is None
    trained = [p.grad is not None and bool((p.grad != 0).any()) for p in own]
    assert any(trained), "the method's own loss trains nothing"
    before = [None if p.grad is None else p.grad.clone() for p in own]
    estimate.loss.backward()
    assert model.u.grad is not None and model.w.grad is not None
    for p, kept in zip(own, before, strict=True):
        assert p.grad is None if kept is None else torch.equal(p.grad, kept)
    assert model(x, given={"z": estimate.samples["z"]}).method_loss.item() == 0


@pytest.mark.parametrize("method", ["REBAR(n=2)", "MuProp(n=2)", "DoubleCV()", "RODEO()"])
def test_their_own_plate_may_not_be_mixed(method: str) -> None:
    text = """
story T
input u
sample z ~ Bernoulli(logits=u) with {}
cost c = mean(z, over=z) ** 2
"""
    with pytest.raises(storchc.StoryError):
        storchc.load(text=text.format(method))
