"""Methods with inner gradients in whole stories, over every outcome of all that is drawn."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from storch_runtime import ScoreFunction
from tests.certification.harness import Model, Uncertified, case, derivatives, differentiable, fails
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
    right = ScoreFunction._moving_average

    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        self.looking = False
        return right(self, draw, downstream)

    monkeypatch.setattr(ScoreFunction, "_moving_average", wrong)
    assert "gradient" in fails(lambda: exactly(ABOVE, "RODEO()", ONE))
