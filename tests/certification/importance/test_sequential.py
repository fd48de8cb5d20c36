"""Sequential importance sampling: reductions over draws of a loop that come from a proposal.

A story with a loop is compared with the same story written out, in which each step is a sample of
its own in the plate of the first: the estimate of every outcome of all draws, its gradient and its
Hessian. That one sample's weights are right where their plate is reduced is proved elsewhere.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

import storchc
from storch_runtime.generated import Steps
from storchc.lower import statements
from storchc.program.terms import Number, infix
from tests.certification.harness import Case, Uncertified, case, fails, set_baselines
from tests.certification.loops.test_samplers import prove
from tests.certification.outcomes import enumerate_estimates

pytestmark = pytest.mark.filterwarnings("ignore::storchc.StoryWarning")

HEAD = """
story {name}
plate data
input x[data]
input w
input u
"""
BEHIND = """
for t in range(2) from h = u * x:
    sample z ~ Bernoulli(logits=h + u) with {method}(n=2, proposal=Bernoulli(logits=h - 0.2))
    compute h = h * w + z
    cost c = (h - z) ** 2
compute m = mean(h * u, over=z)
sample y ~ Bernoulli(logits=m * w)
cost d = m ** 2 + y * w
cost e = -logmeanexp(h * w, over=z)
cost f = h ** 2 * m
"""
BEHIND_APART = """
sample z ~ Bernoulli(logits=u * x + u) with {method}(n=2, proposal=Bernoulli(logits=u * x - 0.2))
compute a = u * x * w + z
cost c = (a - z) ** 2
sample k ~ Bernoulli(logits=a + u) with {method}(proposal=Bernoulli(logits=a - 0.2)) in z
compute h = a * w + k
cost b = (h - k) ** 2
compute m = mean(h * u, over=z)
sample y ~ Bernoulli(logits=m * w)
cost d = m ** 2 + y * w
cost e = -logmeanexp(h * w, over=z)
cost f = h ** 2 * m
"""
INSIDE = """
for t in range(2) from h = u * x, b = 0.1:
    cost s = (mean(h, over=z) + b) ** 2
    sample z ~ Bernoulli(logits=h + b) with {method}(n=2, proposal=Bernoulli(logits=h - 0.2 * b))
    compute h = h * w + z
    compute b = mean(h * u, over=z) ** 2
    cost c = (h - z) ** 2 * b
cost e = -logmeanexp(h * w, over=z) + b
cost f = h ** 2 * b
"""
INSIDE_APART = """
cost s = (u * x + 0.1) ** 2
sample z ~ Bernoulli(logits=u * x + 0.1) with {method}(n=2, proposal=Bernoulli(logits=u * x - 0.02))
compute i = u * x * w + z
compute j = mean(i * u, over=z) ** 2
cost c = (i - z) ** 2 * j
cost l = (mean(i, over=z) + j) ** 2
sample k ~ Bernoulli(logits=i + j) with {method}(proposal=Bernoulli(logits=i - 0.2 * j)) in z
compute h = i * w + k
compute b = mean(h * u, over=z) ** 2
cost g = (h - k) ** 2 * b
cost e = -logmeanexp(h * w, over=z) + b
cost f = h ** 2 * b
"""
JOINED = """
sample z ~ Bernoulli(logits=w) with ScoreFunction(n=2)
for t in range(2) from h = u * x:
    sample k ~ Bernoulli(logits=h + z) with {method}(proposal=Bernoulli(logits=h - 0.2)) in z
    compute h = h * w + k + mean(h * k, over=z)
    cost c = (h - k) ** 2
cost d = logmeanexp(h * z, over=z)
"""
JOINED_APART = """
sample z ~ Bernoulli(logits=w) with ScoreFunction(n=2)
sample k ~ Bernoulli(logits=u * x + z) with {method}(proposal=Bernoulli(logits=u * x - 0.2)) in z
compute a = u * x * w + k + mean(u * x * k, over=z)
cost c = (a - k) ** 2
sample l ~ Bernoulli(logits=a + z) with {method}(proposal=Bernoulli(logits=a - 0.2)) in z
compute h = a * w + l + mean(a * l, over=z)
cost b = (h - l) ** 2
cost d = logmeanexp(h * z, over=z)
"""
NESTED = """
for s in range(2) from h = u * x, b = 0.1:
    cost a = mean(h, over=z) * b
    for t in range(1) from g = h:
        sample z ~ Bernoulli(logits=g + b) with {method}(n=2, proposal=Bernoulli(logits=g - 0.2))
        compute g = g * w + z
        cost c = (g - z) ** 2 * b
        cost l = logmeanexp(g, over=z)
    compute h = g * u
    compute b = mean(h, over=z) ** 2
    cost d = h ** 2
cost e = -logmeanexp(h * w, over=z) + b
cost f = h ** 2 * b
"""
NESTED_APART = """
cost a = u * x * 0.1
sample z ~ Bernoulli(logits=u * x + 0.1) with {method}(n=2, proposal=Bernoulli(logits=u * x - 0.2))
compute g = u * x * w + z
cost c = (g - z) ** 2 * 0.1
cost l = logmeanexp(g, over=z)
compute i = g * u
compute j = mean(i, over=z) ** 2
cost d = i ** 2
cost a2 = mean(i, over=z) * j
sample k ~ Bernoulli(logits=i + j) with {method}(proposal=Bernoulli(logits=i - 0.2)) in z
compute g2 = i * w + k
cost c2 = (g2 - k) ** 2 * j
cost l2 = logmeanexp(g2, over=z)
compute h = g2 * u
compute b = mean(h, over=z) ** 2
cost d2 = h ** 2
cost e = -logmeanexp(h * w, over=z) + b
cost f = h ** 2 * b
"""
WITHIN = """
for s in range(1) from h = u * x:
    for t in range(2) from g = h, b = 0.1:
        cost s1 = (mean(g, over=z) + b) ** 2
        compute p = Bernoulli(logits=g - 0.2 * b)
        sample z ~ Bernoulli(logits=g + b) with {method}(n=2, proposal=p)
        compute g = g * w + z
        compute b = mean(g * u, over=z) ** 2
        cost c = (g - z) ** 2 * b
    compute h = g
    cost i = h ** 2 * 0.0
cost e = -logmeanexp(h * w, over=z) + (mean(h * u, over=z)) ** 2
cost f = h ** 2 * mean(h * u, over=z) ** 2
"""
PAIRS = {
    "behind": (BEHIND, BEHIND_APART),
    "inside": (INSIDE, INSIDE_APART),
    "joined": (JOINED, JOINED_APART),
    "nested": (NESTED, NESTED_APART),
    "within": (WITHIN, INSIDE_APART),
}


def told(text: str, baseline: str) -> Case:
    method = f"ScoreFunction({baseline}) using ImportanceSampling"
    whole = (HEAD + text).format(method=method, name="Averaged" if baseline else "Plain")
    return case(whole, {"x": [0.7], "w": 0.4, "u": -0.3})


def moments(story: Case) -> list[Tensor]:
    """What the estimates are over all outcomes; the variance tells single ones apart."""
    model = story.model()
    set_baselines(model, 0.7)
    found = enumerate_estimates(model, story, hessian=True)
    assert found.hessian is not None
    return [found.cost, found.gradient, found.variance, found.hessian]


def compare(name: str, baseline: str = "") -> None:
    rolled, apart = (moments(told(text, baseline)) for text in PAIRS[name])
    for got, wanted in zip(rolled, apart, strict=True):
        if not torch.allclose(got, wanted, rtol=0, atol=1e-9):
            raise Uncertified(f"{got.tolist()}, written out {wanted.tolist()}")


@pytest.mark.parametrize("baseline", ["", "baseline=moving_average"])
@pytest.mark.parametrize("name", PAIRS)
def test_a_loop_is_what_it_is_written_out(name: str, baseline: str) -> None:
    compare(name, baseline)


DEEP = """
story Deep
param w = 0.4
param u = -0.3
for s in range(2) from h = u:
    cost early = h ** 2 * w
    for t in range(2) from g = h:
        sample z ~ Bernoulli(logits=g + u * t) with METHOD
        compute g = g * w + z
        cost c = (g - z) ** 2 * (1 + s)
    compute h = g * 0.5 + u
    for r in range(2):
        cost d = h ** 2 * (w + r)
cost last = h ** 3
"""


@pytest.mark.parametrize("baseline", ["", "baseline=moving_average", "baseline=0.3 * u + g"])
def test_loops_in_loops_are_exact(baseline: str) -> None:
    """Costs of every place: in the inner loop, before and behind it, in another one, at the end."""
    sampler = "using ImportanceSampling(n=1, proposal=Bernoulli(logits=0.7 * g - 0.2))"
    prove(DEEP, f"ScoreFunction({baseline}) {sampler}")


def test_the_weights_of_the_inner_loop_alone_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def alone(self: Steps) -> Tensor | None:
        weights = [draw.weight for draw in self.draws]
        product = torch.stack([w for w in weights if w is not None]).cumprod(0)
        if self.depth == 1:
            return product
        inner = [draw.weight_by_step for draw in self.draws if isinstance(draw, Steps)]
        return torch.stack([w for w in inner if w is not None])

    monkeypatch.setattr(Steps, "_product", alone)
    sampler = "using ImportanceSampling(n=1, proposal=Bernoulli(logits=0.7 * g - 0.2))"
    fails(lambda: prove(DEEP, f"ScoreFunction() {sampler}"))


@pytest.mark.parametrize("broken", ["weights of the step alone", "no scores"])
def test_what_was_drawn_before_weighs_too(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = vars(statements)["_reach"]

    def alone(story: Any, node: Any) -> Any:
        weight, score = right(story, node)
        if broken == "no scores":
            return [weight]
        latest = infix("/", weight.term.right, Number(2.0))
        return [replace(weight, term=latest), score]

    monkeypatch.setattr(statements, "_reach", alone)
    head = HEAD.replace("{name}", "Steps" if broken == "no scores" else "Alone")
    monkeypatch.setattr(f"{__name__}.HEAD", head)
    fails(lambda: compare("inside"))


def test_of_a_loop_that_stops_nothing_more_weighs() -> None:
    """What has stopped keeps the weight that it had."""
    text = """
story Stops
param w = 0.4
for t in range(3) from h = w:
    sample z ~ Bernoulli(logits=h) using ImportanceSampling(n=4, proposal=Bernoulli(logits=0.5))
    compute h = h + z
    cost c = (mean(h, over=z) - 1) ** 2
    stop when z == 1
report last = mean(h, over=z)
"""
    model = storchc.load(text=text)().double()
    torch.manual_seed(0)
    estimate = model()
    wanted = (estimate.weights["z"] * (0.4 + estimate.samples["z"][:, -1])).sum()
    torch.testing.assert_close(estimate.reports["last"], wanted)


def test_loops_that_reduce_in_a_step_compile_whole() -> None:
    torch.compiler.reset()
    story = told(INSIDE, "")
    model = story.model()
    inputs = {name: value.detach() for name, value in story.inputs.items()}
    torch.compile(model, fullgraph=True, backend="aot_eager")(**inputs)
