"""Enumerated samples whose factors are evaluated apart: exact, to second order, as if joined."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import storchc
from storch_runtime import reduce_plates, variance
from storch_runtime.methods import Expect
from tests.certification.harness import Case, case, certify, derivatives, fails, parameters
from tests.certification.lookahead.test_in_stories import certify_outcomes

FAMILIES = {
    "bits": "Bernoulli(logits={} * v)",
    "chances": "Bernoulli(probs=sigmoid({} * v))",
    "classes": "OneHotCategorical(logits=outer(v, stack([0.2, {}])))",
    "numbers": "Categorical(logits=outer(v, stack([0.2, {}])))",
    "counts": "Binomial(total_count=2, logits={} * v)",
}
SEEN = {name: "z" for name in FAMILIES} | {
    "classes": "(z @ tensor([0.3, -0.9]))",
    "numbers": "tensor([0.4, -1.1])[z]",
}
HEAD = """
story T
plate data
input x[data]
param v[4] = tensor([0.6, -0.8, 0.3, 1.1])
param u = 0.4
"""


def separated(text: str, names: tuple[str, ...] = ("z",)) -> bool:
    """Whether the factors of these samples, and of no others, are evaluated apart."""
    from storchc.driver import check_story

    estimation = check_story("T.story", text.encode()).estimation
    assert estimation is not None
    return tuple(estimation.separation.samples) == names


def proven(text: str, names: tuple[str, ...] = ("z",), **inputs: Any) -> Case:
    """Certified to second order, and apart."""
    assert separated(text, names), text
    this = case(text, inputs)
    certify(this, hessian=True)
    return this


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "cost",
    [
        "sum(tanh({f} * v + x) ** 2) * u",
        "u - 2 * mean({f} ** 2 * x) / (1 + u ** 2)",
        "({f}[0] - u) ** 2 * x + {f}[-1]",
        "{f} @ v + dot(v, {f} * x)",
        "sum(cumsum({f}, 0) * v)",
        "({f}[1:] * {f}[:-1]) @ v[1:] * x",
        "({f}[0] * {f}[2] - {f}[1] + x) ** 2",
        "({f}[1:][0] - {f}[1] * u + {f}[3]) ** 2 * x",
        "sum({f}[::2] ** 2) if 1 > 0 else x",
        "mean({f}, over=z)[1] ** 2 * x + u",
    ],
)
def test_costs_that_separate(family: str, cost: str) -> None:
    law, written = FAMILIES[family].format("(x - 0.5)"), cost.format(f=SEEN[family])
    text = f"{HEAD}sample z ~ {law} with Expect()\ncost c = {written}\n"
    proven(text, x=[0.7, -1.2])


@pytest.mark.parametrize("family", FAMILIES)
def test_its_own_log_probability_separates(family: str) -> None:
    text = f"""{HEAD}
compute q = {FAMILIES[family].format("x")}
sample z ~ q with Expect()
compute p = {FAMILIES[family].format("u")}
cost kl = log_prob(q, z) - log_prob(p, z)
"""
    proven(text, x=[0.7, -1.2])


@pytest.mark.certify
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "cost",
    [
        'sum(exp(log_prob(q, z, reduction="none")) * v)',
        'sum(log_prob(q, z, reduction="none") ** 2) * x + u',
        'log_prob(p, z, reduction="none")[1] ** 2',
        'sum(tanh(kl_divergence(Normal({f}, 1), Normal(v, 2), reduction="none")) * v)',
        'sum(entropy(Normal(x, exp(u * {f})), reduction="none")[:2] ** 2)',
        '-sum(relu(log_prob(Normal({f} * v, 1), x, reduction="none") + 3) ** 2)',
    ],
)
def test_densities_one_by_one(family: str, cost: str) -> None:
    law, written = FAMILIES[family], cost.format(f=SEEN[family])
    proven(
        f"""{HEAD}
compute q = {law.format("x")}
compute p = {law.format("u")}
sample z ~ q with Expect()
cost c = {written}
""",
        x=[0.7, -1.2],
    )


@pytest.mark.parametrize("reduction", ["", " sum"])
@pytest.mark.parametrize("above", ["ScoreFunction(n=2, baseline=batch_average)", "Expect()"])
@pytest.mark.parametrize("below", ["ScoreFunction(baseline=moving_average)", "Expect()"])
def test_between_other_samples(reduction: str, above: str, below: str) -> None:
    head = HEAD.replace("plate data", f"plate data{reduction}")
    text = f"""{head}
sample a ~ Bernoulli(logits=u * x) with {above}
sample z ~ Bernoulli(logits=v * (a - x)) with Expect()
sample b ~ Bernoulli(logits=u + a) with {below}
compute s = sum(z * v * a) * u
cost early = s
cost c = s * (b - 0.3) + sum((z - u) ** 2) * b
cost d = z[0] * z[2] * a
cost e = b * u
"""
    proven(text, x=[0.7])


def test_two_samples_apart_meet_in_a_cost() -> None:
    text = f"""{HEAD}
sample z ~ Bernoulli(logits=v * x) with Expect()
sample y ~ Bernoulli(logits=u - v) with Expect()
cost c = sum((z - y * u) ** 2)
cost d = sum(z * x) * sum(y * v)
"""
    proven(text, ("z", "y"), x=[0.7, -1.2])


def test_distributions_made_of_factors() -> None:
    text = f"""{HEAD}
sample z ~ Bernoulli(logits=v * x) with Expect()
compute p = Normal(z * v, exp(0.2 * u))
observe o = v * x ~ p
observe first = x ~ Normal(z[0] + u * z[1], 1.5)
observe second = z ~ Bernoulli(logits=v + u)
"""
    proven(text, x=[0.7, -1.2])


def test_events_of_two_dimensions() -> None:
    text = f"""{HEAD}
sample z ~ Bernoulli(logits=outer(v, stack([x, 0.3]))) with Expect()
cost c = sum(tanh(z + u) * stack([x, u])) + sum(sum(z * u, dim=1) * v)
cost d = sum(z[0] * z[1] * u) + sum(z @ stack([u, x]) * v) + sum(reshape(z, [4, 2, 1]) ** 2 * x)
"""
    proven(text, x=[0.7])


def test_plates_that_are_reduced_after_the_average() -> None:
    text = f"""{HEAD}
sample z ~ Bernoulli(logits=v * x) with Expect()
cost c = (mean(sum(z * v), over=[z, data]) - u) ** 2
cost d = logmeanexp(mean(sum(z ** 2 * v), over=z) * x, over=data)
"""
    proven(text, x=[0.7, -1.2])


def test_plates_reduced_while_the_sample_is_carried() -> None:
    text = f"""{HEAD}
sample z ~ Bernoulli(logits=v * u) with Expect()
sample a ~ Bernoulli(logits=u) with ScoreFunction(n=2)
cost c = sum(logmeanexp(z * x - v, over=data)) + mean(sum(z * a) * x, over=[a, data])
"""
    proven(text, x=[0.7, -1.2])


def test_a_learned_baseline_made_of_averages() -> None:
    text = f"""{HEAD}
param m = 0.2
sample z ~ Bernoulli(logits=v * x) with Expect()
compute s = sum(z * v)
compute average = mean(s, over=z)
sample a ~ Bernoulli(logits=u * x + average) with ScoreFunction(baseline=m * average)
cost c = (a - u) ** 2 * s
"""
    proven(text, x=[0.7, -1.2])


JOINED = "+ 0 * max(z)"


@pytest.mark.parametrize("cost", ["sum(tanh(z + x) * v)", "z[0] * z[1] + log_prob(q, z)"])
def test_it_is_as_if_the_factors_had_been_joined(cost: str) -> None:
    text = f"{HEAD}compute q = Bernoulli(logits=v * x)\nsample z ~ q with Expect()\ncost c = {cost}"
    joined = f"{text} {JOINED}"
    assert separated(text) and separated(joined, ())
    results = []
    for written in (text, joined):
        this = case(written, {"x": [0.7, -1.2]})
        model = this.model()
        estimate = model(**this.inputs)
        leaves = {**parameters(model), **this.inputs}
        first = derivatives(estimate.loss, leaves)
        second = [derivatives(entry, leaves) for entry in first["v"]]
        results.append([estimate.loss, *first.values(), *(x for s in second for x in s.values())])
    for ours, theirs in zip(*results, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


NOT_APART = [
    "cost c = sum(z) ** 2",
    "cost c = max(z)",
    "cost c = sum(z * z[0])",
    "cost c = prod(z)",
    "cost c = sum(stop_gradient(z))",
    "cost c = f(z)",
    "cost c = logmeanexp(sum(z), over=z)",
    "observe sum(z) ~ Normal(0, 1)",
    "cost c = sum(z)\nreport r = sum(z)",
    "cost c = sum(z)\nsample y ~ Bernoulli(logits=sum(z)) with ScoreFunction()\ncost d = y",
    "cost c = sum(z)\nsample y ~ Bernoulli(logits=u) with ScoreFunction() in z\ncost d = y",
    "cost c = sum(outer(z, z))",
    "cost c = sum(z[1:]) * sum(z[:2])",
    "compute a = z[1:] * z[:-1]\ncost c = a[0] * z[1]",
]


@pytest.mark.parametrize("costs", NOT_APART)
def test_costs_that_join(costs: str) -> None:
    text = f"{HEAD}module f: [4] -> []\nsample z ~ Bernoulli(logits=v) with Expect()\n{costs}\n"
    text = text.replace("observe sum(z)", "observe s = sum(z)")
    assert separated(text, ())


def test_a_weight_that_is_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{HEAD}sample z ~ Bernoulli(logits=v * x) with Expect()\ncost c = sum(tanh(z + x) * v)"
    this = proven(text, x=[0.7, -1.2])
    right = Expect.draw

    def wrong(self: Any, *args: Any) -> Any:
        draw = right(self, *args)
        keep = torch.ones_like(draw.weight)
        keep[..., 1] = 0
        draw.weight = draw.weight * keep
        return draw

    def detached(self: Any, *args: Any) -> Any:
        draw = right(self, *args)
        draw.weight = draw.weight.detach()
        return draw

    for broken in (wrong, detached):
        with monkeypatch.context() as patch:
            patch.setattr(Expect, "draw", broken)
            assert fails(lambda: certify(this))


def test_what_there_is_to_look_at() -> None:
    text = f"{HEAD}sample z ~ Bernoulli(logits=v * x) with Expect()\ncost c = sum(z * v)"
    this = case(text, {"x": [0.7, -1.2]})
    model = this.model()
    estimate = model(**this.inputs, keep_param_grads=True)
    assert estimate.plates["c"] == ("z", "data") and estimate.costs["c"].shape == (1, 2)
    torch.testing.assert_close(estimate.costs["c"].mean(), estimate.cost)
    for look in (estimate.samples, estimate.weights, estimate.log_probs):
        with pytest.raises(KeyError, match="its costs separate"):
            look["z"]
    estimate.backward()
    assert estimate.param_grads["z"]["logits"].shape == (2, 4)
    with pytest.raises(ValueError, match="each factor alone"):
        model(**this.inputs, given={"z": torch.zeros(16, 2, 4).double()})


def test_the_budget_counts_what_is_evaluated() -> None:
    text = """
story T
param l[20, 10] = 0.0
sample z ~ Categorical(logits=l) with Expect(budget={})
cost c = {}
"""
    assert not storchc.check(text=text.format(200, "sum(z)"))
    assert "S405" in [d.code for d in storchc.check(text=text.format(199, "sum(z)"))]
    assert not storchc.check(text=text.format(1900, "sum(z[1:] * z[:-1])"))
    assert "S405" in [d.code for d in storchc.check(text=text.format(1899, "z[1:] @ z[:-1]"))]


LOOKING = ["ARM()", "DisARM()", "LocalExpectation()", "MeasureValued()"]


@pytest.mark.parametrize("method", LOOKING)
def test_methods_that_look_at_other_values_above(method: str) -> None:
    """What follows them is written once more, and the factors are apart there too."""
    text = f"""
story T
plate data
input x[data]
param v[4] = tensor([0.4, -0.9, 0.2, 1.1])
sample a ~ Bernoulli(logits=v[:2] * x) with {method}
sample z ~ Bernoulli(logits=v * (x + a[0] - a[1])) with Expect()
sample b ~ Bernoulli(logits=v[1] * x + a[1]) with ScoreFunction()
compute s = sum(z * v) * b
cost c = s * a[0] + sum((z - x) ** 2 * a[1])
cost d = z[0] * z[2] * x
"""
    assert separated(text)
    certify_outcomes(case(text, {"x": [0.7]}), text.replace(method, "ScoreFunction()"))


def test_beside_a_multi_sample_bound() -> None:
    text = f"""{HEAD}
sample z ~ Bernoulli(logits=v * x) with Expect()
sample a ~ Bernoulli(logits=u * x) with {{}}
cost c = sum(z * v) * u - logmeanexp(a * u, over=a)
"""
    this = text.format("VIMCO(n=2)")
    assert separated(this)
    certify(case(this, {"x": [0.7, -1.2]}), interpreted=text.format("ScoreFunction(n=2)"))
    slope = this.replace("- logmeanexp", "+ sum(z) * logmeanexp")
    assert separated(slope, ())
    certify(case(slope, {"x": [0.7, -1.2]}), interpreted=slope.replace("VIMCO", "ScoreFunction"))


def test_no_variance_over_a_plate_that_holds_an_average() -> None:
    text = f"{HEAD}sample z ~ Bernoulli(logits=v * x) with Expect()\ncost c = sum(z * v)"
    this = case(text, {"x": [0.7, -1.2]})
    estimate = this.model()(**this.inputs)
    torch.testing.assert_close(reduce_plates(estimate, "c"), estimate.cost)
    assert reduce_plates(estimate, "c", "z").shape == (2,)
    assert variance(estimate, "c", "data").shape == (1,)
    with pytest.raises(ValueError, match="its costs separate"):
        variance(estimate, "c")
