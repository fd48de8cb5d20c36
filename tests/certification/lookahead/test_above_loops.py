"""Methods that look at other values of their sample, above loops: every outcome of all that is run.

What follows the sample is a function that has the loop in it: a loop that depends on the value is
run again, and samples in it that do not depend on it stay as they were drawn.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime import Downstream
from storch_runtime.methods import ScoreFunction
from storchc.lower import elsewhere
from storchc.lower.loss import _Loss
from storchc.optimise import once
from tests.certification.harness import Case, Uncertified, case, derivatives, fails
from tests.certification.learned.test_in_stories import settle
from tests.certification.learned.toys import Critic
from tests.certification.outcomes import enumerate_estimates, flat
from tests.exact.interpreter import interpret

VALUES = ["ARM()", "DisARM()", "LocalExpectation()", "MeasureValued()", "ARMS(n=2)"]
REFUSED = [("data", "LocalExpectation()"), ("data", "MeasureValued()"), ("open", "ARMS(n=2)")]
AVERAGE = "ScoreFunction(baseline=moving_average)"

STEPS = """
story T
input v[2]
input u
sample z ~ Bernoulli(logits=v) with {}
for t in range(3) from h = z[0] - 0.2, idle = u:
    compute h = h * u + z[1] * v[0] - 0.1 * t
    compute idle = idle * 2
    cost c = (h - u) ** 2 + z[1] * v[t % 2]
cost d = h ** 3 + z[0] * u
"""
STOPPING = """
story T
input v[2]
input u
sample z ~ Bernoulli(logits=v) with {}
for t in range(3) from h = z[0] - z[1] * u:
    compute h = h * 1.5 + u
    cost c = (h - u) ** 2
    stop when h > 1.2
cost d = h ** 2 * z[1] + sum(sequence(h)) * u
"""
BELOW = f"""
story T
input v
input u
sample z ~ Bernoulli(logits=v) with {{}}
for t in range(2) from h = z - 0.2:
    sample b ~ Bernoulli(logits=u + h) with {AVERAGE}
    compute h = h * u + b * (1 + z)
    cost c = (h - b * v) ** 2
cost d = h ** 2 + sum(sequence(b)) * z
"""
BESIDE = """
story T
input v
input u
sample z ~ Bernoulli(logits=v) with {}
for t in range(2) from h = z - 0.2, g = u:
    sample a ~ Bernoulli(logits=u + g) with ScoreFunction()
    compute g = 0.5 * a + u
    compute h = h * u + a * (1 + z) * g
    cost c = (h - a * v) ** 2
cost d = h ** 2 + sum(sequence(a)) * z
"""
BOTH = """
story T
input v
input u
sample z ~ Bernoulli(logits=v) with {}
for t in range(2) from h = z - 0.2:
    sample a ~ Bernoulli(logits=u) with ScoreFunction()
    sample b ~ Bernoulli(logits=u - h + a) with ScoreFunction()
    compute h = h * u + b * (1 + a * z)
    cost c = (h - b * v) ** 2
    stop when b == 1
cost d = h ** 2 * z
"""
WITHIN = """
story T
input v
input u
sample z ~ Bernoulli(logits=v) with {}
for s in range(2) from h = z - 0.2:
    sample a ~ Bernoulli(logits=u) with ScoreFunction()
    for t in range(2) from g = h * v:
        compute g = g * (u + a) + z
        cost c = (g - a) ** 2 * (1 + s + t)
    compute h = h * u + g
cost d = h ** 2 * z
"""
NESTED = WITHIN.replace("(g - a) ** 2", "(g - a + b * z) ** 2").replace(
    "compute g", "sample b ~ Bernoulli(logits=u - a) with ScoreFunction()\n        compute g"
)
ENDING = WITHIN.replace(
    "compute h = h * u + g", "compute h = h * u + g\n    stop when g > 0.4 or a == 1"
)
OPEN = """
story T
input v
input u
sample k ~ Bernoulli(logits=u) with ScoreFunction(n=2)
sample z ~ Bernoulli(logits=v + k) with {} in k
for t in range(2) from h = z * k - 0.2:
    compute h = h * u + k * (1 + z)
    cost c = (h - k * v) ** 2
"""
DATA = """
story T
plate data
input x[data]
input u
sample z ~ Bernoulli(logits=x * u) with {}
for t in range(2) from h = 0:
    compute h = h * u + z * x
    cost c = (h - u) ** 2 + (mean(z * x, over=data) - u) ** 2 * t
"""
SUMMED = """
story T
input v
input u
sample z ~ Bernoulli(logits=v) with {}
for t in range(3) from b = 0:
    sample b ~ Bernoulli(logits=u + z * b) with Expect()
    cost c = (z + b * u - v) ** 2 * (1 + b)
"""
LISTED = """
story T
input v
input u
sample z ~ Bernoulli(logits=v) with {}
for t in range(2) from h = z:
    sample b ~ Bernoulli(logits=u + h) with Expect()
    compute h = h * u + b * (1 + z)
    cost c = (h - b * v) ** 2
"""
PROPOSED = """
story T
input v
input u
sample z ~ Bernoulli(logits=v) with {}
for t in range(2) from h = z:
    sample b ~ Bernoulli(logits=u + h) using ImportanceSampling(proposal=Bernoulli(logits=0.3))
    compute h = h * u + b * (1 + z)
    cost c = (h - b * v) ** 2
cost d = h ** 2
"""
JOINT = """
story T
input v
input u
sample z ~ Bernoulli(logits=v) with {}
for t in range(2) from h = {}:
    sample b ~ Bernoulli(logits=u + h) with UnorderedSetEstimator(k=5)
    compute h = h * u + b
    cost c = (h - b * v + z) ** 2 * (1 + z * b)
"""
NUMBERS: dict[str, Any] = {"v": 0.4, "u": -0.3}
VECTOR: dict[str, Any] = {"v": [0.4, -0.9], "u": -0.3}
STORIES: dict[str, tuple[str, dict[str, Any]]] = {
    "steps": (STEPS, VECTOR),
    "stopping": (STOPPING, VECTOR),
    "below": (BELOW, NUMBERS),
    "one step": (BELOW.replace("range(2)", "range(1)"), NUMBERS),
    "beside": (BESIDE, NUMBERS),
    "both": (BOTH, NUMBERS),
    "within": (WITHIN, NUMBERS),
    "ending": (ENDING, NUMBERS),
    "nested": (NESTED, NUMBERS),
    "open": (OPEN, NUMBERS),
    "data": (DATA, {"x": [0.7, -1.2], "u": -0.3}),
    "summed": (SUMMED, NUMBERS),
    "listed": (LISTED, NUMBERS),
    "proposed": (PROPOSED, NUMBERS),
}


PLAIN = {
    "Expect()": "ScoreFunction()",
    "UnorderedSetEstimator(k=5)": "ScoreFunction()",
    " using ImportanceSampling(proposal=Bernoulli(logits=0.3))": "",
}


def exactly(name: str, method: str) -> None:
    """The expected gradient of the module over all outcomes is the story's, to 1e-9."""
    text, inputs = STORIES[name]
    story = case(text.format(method), inputs)
    model = story.model()
    settle(model)
    leaves = dict(story.inputs)  # of the sample and the costs, not of the methods' own parameters
    found = enumerate_estimates(model, story, leaves=leaves)
    compare(story, method, text, found.gradient, found.cost)


def compare(story: Case, method: str, text: str, gradient: Tensor, cost: Tensor) -> None:
    """With what the interpreter says of the story with score functions."""
    n = 1 if " in k\n" in text or not method.startswith(("DoubleCV", "RODEO", "ARMS")) else 2
    plain = text.format("ScoreFunction()" if n == 1 else "ScoreFunction(n=2)")
    for written, known in PLAIN.items():
        plain = plain.replace(written, known)
    exact = interpret(plain, story.inputs, {}, {})
    wanted = flat(derivatives(exact.value, story.inputs)).detach()
    if not bool(((gradient - wanted).abs() <= 1e-9).all()):
        raise Uncertified(f"gradient {gradient.tolist()}, exact {wanted.tolist()}")
    if abs(cost.item() - exact.value.item()) > 1e-9:
        raise Uncertified(f"cost {cost.item()}, exact {exact.value.item()}")


EACH = [name for name in STORIES if name != "nested"]
SHORT = ("steps", "one step", "beside", "within", "open", "data", "summed", "listed")
CASES = [
    *((name, method) for name in EACH for method in VALUES if (name, method) not in REFUSED),
    *((name, "MuProp()") for name in EACH if name not in ("stopping", "ending")),
    *(("nested", method) for method in ("DisARM()", "LocalExpectation()")),
    *((name, method) for name in SHORT for method in ("DoubleCV()", "RODEO()")),
]


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize(("name", "method"), CASES)
def test_it_is_exact(name: str, method: str) -> None:
    exactly(name, method)


@pytest.mark.filterwarnings("ignore::storchc.StoryWarning")
@pytest.mark.parametrize("start", ["z", "u"])
@pytest.mark.parametrize("method", ["LocalExpectation()", "MeasureValued()"])
def test_sequences_without_replacement_below_or_beside_it(method: str, start: str) -> None:
    """All sequences are drawn, so that what is left to chance is the sample alone."""
    text = JOINT.replace("from h = {}", f"from h = {start}")
    story = case(text.format(method), NUMBERS)
    model, total, gradient = story.model(), torch.zeros(()), torch.zeros(2)
    for value in (0.0, 1.0):
        estimate = model(**story.inputs, given={"z": torch.tensor([value]).double()})
        share = estimate.log_probs["z"].exp().detach()
        total = total + share * estimate.loss.detach()
        gradient = gradient + share * flat(derivatives(estimate.loss, story.inputs)).detach()
    compare(story, method, text, gradient, total)


# --- what would be wrong ------------------------------------------------------------------------


def test_costs_at_the_value_that_was_drawn_would_be_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Downstream, points: Any) -> Any:
        return self.cost.expand(len(points), *self.cost.shape)

    monkeypatch.setattr(Downstream, "costs_at", wrong)
    assert "gradient" in fails(lambda: exactly("steps", "DisARM()"))


def test_averages_of_this_pass_would_tell_of_what_was_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    right = ScoreFunction.moving_average

    def wrong(self: Any, draw: Any, downstream: Any) -> Any:
        self.looking = False
        return right(self, draw, downstream)

    monkeypatch.setattr(ScoreFunction, "moving_average", wrong)
    assert "gradient" in fails(lambda: exactly("one step", "RODEO()"))


def replays(name: str) -> Tensor:
    """The gradients of replays of the same draws."""
    story = case(BESIDE.format("LocalExpectation()").replace("story T", f"story {name}"), NUMBERS)
    model, drawn = story.model(), {"z": torch.ones(1), "a": torch.tensor([[0.0, 1.0]])}
    given = {name: value.double() for name, value in drawn.items()}
    torch.manual_seed(0)
    losses = [model(**story.inputs, given=given).loss for _ in range(8)]
    return torch.stack([flat(derivatives(loss, story.inputs)) for loss in losses])


def test_draws_that_do_not_depend_on_it_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = replays("Kept")
    assert torch.equal(kept, kept[:1].expand_as(kept))
    for place in (once, elsewhere):
        monkeypatch.setattr(place, "kept_draws", lambda *others: frozenset())
    assert len(replays("Redrawn").unique(dim=0)) > 1


# --- the same as written out --------------------------------------------------------------------

ROLLED = """
story T
input v
input u
{head}
sample z ~ {law} with {method}
for t in range(2) from h = z * u:
    compute h = h * u + z ** 2 * v
    cost c = (h - u) ** 2 * v {own}
cost d = {last}
"""
UNROLLED = """
story T
input v
input u
{head}
sample z ~ {law} with {method}
compute a = z * u * u + z ** 2 * v
cost c = (a - u) ** 2 * v {own}
compute h = a * u + z ** 2 * v
cost e = (h - u) ** 2 * v {own}
cost d = {last}
"""
BITS = {"law": "Bernoulli(logits=v)", "head": "", "own": "", "last": "h ** 2 * z"}
NUMBER = {"law": "q", "head": "compute q = Normal(v, 0.7)", "own": "", "last": "h ** 2 * z"}
CRITIC = "module critic: [] -> []"
BOUND = "-logmeanexp(h - log_prob(q, z), over=z)"
WRITTEN: dict[str, dict[str, str]] = {
    "REBAR()": BITS,
    "RELAX(c_phi=critic)": BITS | {"head": CRITIC},
    "VIMCO(n=3)": BITS | {"last": "-logmeanexp(h * u, over=z)"},
    "LAX(c_phi=critic)": NUMBER | {"head": f"{CRITIC}\n{NUMBER['head']}"},
    "MeasureValued()": NUMBER,
    "STL()": NUMBER | {"own": "+ log_prob(q, z)"},
    "DReG(n=3)": NUMBER | {"last": BOUND},
}


def seeded(text: str, method: str) -> Tensor:
    """The gradient of one estimate."""
    form = WRITTEN[method]
    if method.startswith("DReG"):
        text = "\n".join(line for line in text.split("\n") if "cost c" not in line)
        text = "\n".join(line for line in text.split("\n") if "cost e" not in line)
    modules = {"critic": Critic(1)} if "critic" in method else {}
    story = case(text.format(**form, method=method), NUMBERS, **modules)
    torch.manual_seed(0)
    model = story.model()
    torch.manual_seed(1)
    return flat(derivatives(model(**story.inputs).loss, story.inputs, again=False))


@pytest.mark.parametrize("method", WRITTEN)
def test_it_is_what_the_story_gives_that_is_written_out(method: str) -> None:
    """Nothing in the loop is drawn: the same noise makes the same estimate."""
    torch.testing.assert_close(
        seeded(ROLLED, method), seeded(UNROLLED, method), rtol=1e-9, atol=1e-9
    )


DRAWN = """
story {name}
input v
input u
sample z ~ Bernoulli(logits=v) with REBAR()
for t in range(2) from h = z * u:
    sample b ~ Bernoulli(logits=u + h)
    compute h = h * u + z * b * v
    cost c = (h - u) ** 2 * (1 + b)
"""
DRAWN_APART = """
story {name}
input v
input u
sample z ~ Bernoulli(logits=v) with REBAR()
sample b ~ Bernoulli(logits=u + z * u)
compute a = z * u * u + z * b * v
cost c = (a - u) ** 2 * (1 + b)
sample d ~ Bernoulli(logits=u + a) in b
compute h = a * u + z * d * v
cost e = (h - u) ** 2 * (1 + d)
"""


def drawn(text: str, name: str) -> Tensor:
    """The gradient of one estimate of REBAR, whose slope must be that of what is expected."""
    story = case(text.format(name=name), NUMBERS)
    model = story.model()
    torch.manual_seed(1)
    return flat(derivatives(model(**story.inputs).loss, story.inputs, again=False))


def test_the_slope_is_that_of_the_surrogate_below(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = drawn(DRAWN_APART, "Apart")
    torch.testing.assert_close(drawn(DRAWN, "Loop"), wanted, rtol=1e-9, atol=1e-9)
    monkeypatch.setattr(_Loss, "surrogate", _Loss.plain)
    assert not torch.allclose(drawn(DRAWN, "Plain"), wanted)
