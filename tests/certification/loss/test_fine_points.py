"""What a sceptical reading of the mathematics found or doubted, each in the smallest story."""

from __future__ import annotations

import pytest
import torch

import storchc
from storch_runtime import reduce_plates
from tests.certification.harness import Model, case, certify
from tests.exact.interpreter import interpret


def story(steps: str, declarations: str = "param w = 0.4\nparam u = -0.3") -> str:
    return f"story T\n{declarations}\n{steps.strip()}\n"


def load(steps: str, declarations: str = "param w = 0.4\nparam u = -0.3") -> Model:
    torch.manual_seed(0)
    return storchc.load(text=story(steps, declarations))().double()


@pytest.mark.parametrize("cost", ["mean(b, over=a) ** 2", "logmeanexp(b * u, over=a) * s", "b * u"])
def test_what_stands_in_an_enumerated_plate_moves_with_its_weights(cost: str) -> None:
    text = story(f"""
sample s ~ Bernoulli(logits=w) with ScoreFunction()
sample a ~ Bernoulli(logits=u + s) with Expect()
sample b ~ Bernoulli(logits=0.3 * u) with ScoreFunction(baseline=moving_average) in a
cost c = {cost}
""")
    certify(case(text), hessian=True)


def test_the_interpreters_gradient_is_that_of_its_value() -> None:
    """It was not, for what stands in an enumerated plate: value and gradient share no code."""
    text = story("""
sample s ~ Bernoulli(logits=w) with ScoreFunction()
sample a ~ Bernoulli(logits=u + s) with Expect()
sample b ~ Bernoulli(logits=0.3 * u) with ScoreFunction() in a
cost c = mean(b, over=a) ** 2
""")

    def value(w: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        return interpret(text, {}, {"w": w, "u": u}).value

    at = tuple(torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in (0.4, -0.3))
    assert torch.autograd.gradcheck(value, at)


def test_a_learned_temperature_reaches_the_score_below() -> None:
    model = load(
        """
sample x ~ Bernoulli(logits=0.3) with GumbelSoftmax(n=1000, temperature=tau)
sample s ~ Bernoulli(logits=3 * x) with ScoreFunction()
cost c = s
""",
        "param tau = 0.7",
    )
    model().backward()
    assert model.tau.grad != 0


@pytest.mark.parametrize(
    "method",
    ["Expect()", "ScoreFunction() using ImportanceSampling(n=3, proposal=Bernoulli(probs=0.6))"],
)
def test_a_learned_baseline_sends_nothing_into_the_weights_that_it_averages_with(
    method: str,
) -> None:
    model = load(
        f"""
sample e ~ Bernoulli(logits=w) with {method}
sample a ~ Bernoulli(logits=u) with ScoreFunction(baseline=v * (1 + mean(e, over=e)))
cost c = a * e
""",
        "param w = 0.4\nparam u = -0.3\nparam v = 0.2",
    )
    leaked = torch.autograd.grad(
        model().method_loss, [model.w, model.v], allow_unused=True, materialize_grads=True
    )
    assert leaked[0] == 0
    assert leaked[1] != 0


def test_a_path_through_weights_must_be_smooth_where_they_are_reduced() -> None:
    refused = """
sample z ~ Normal(w, 1) with Reparameterization()
sample e ~ Bernoulli(logits=z + u) with Expect()
compute m = mean(e, over=e)
cost c = where(m > 0.6, 1.0, 0.0)
"""
    found = storchc.check(text=story(refused))  # `z` comes by the weights, `u` by their jump
    assert [problem.code for problem in found] == ["S402", "S440"]
    fine = refused.replace("where(m > 0.6, 1.0, 0.0)", "where(e > 0.5, m, 0.0)")
    assert not storchc.check(text=story(fine))


def test_importance_weights_that_are_reduced_need_a_smooth_path() -> None:
    refused = """
sample a ~ Bernoulli(logits=w) with ScoreFunction() \
using ImportanceSampling(n=4, proposal=Bernoulli(probs=0.5))
cost c = u * floor(3 * mean(a, over=a))
"""
    (problem,) = storchc.check(text=story(refused))
    assert problem.code == "S402"
    assert not storchc.check(text=story(refused.replace("floor(", "tanh(")))


@pytest.mark.parametrize(
    "jump",
    [
        "copysign(1, z)",
        "hardshrink(z)",
        "threshold(z, 0, 1)",
        "Bernoulli(logits=z).mode",
        "Poisson(exp(z)).mode",
    ],
)
def test_a_jump_breaks_a_path(jump: str) -> None:
    text = story(f"sample z ~ Normal(w, 1) with Reparameterization()\ncost c = u * {jump}")
    assert [problem.code for problem in storchc.check(text=text)] == ["S402"]


@pytest.mark.parametrize("smooth", ["copysign(z, 1)", "Gumbel(z, 1).mode", "hardtanh(z)"])
def test_a_kink_does_not(smooth: str) -> None:
    text = story(f"sample z ~ Normal(w, 1) with Reparameterization()\ncost c = u * {smooth}")
    assert not storchc.check(text=text)


def test_infer_takes_no_straight_through_gradient() -> None:
    cost = "cost c = (sum(z * arange(3)) - u) ** 2"
    hot = story(f"sample z ~ OneHotCategorical(logits=stack([w, u, 0.1]))\n{cost}")
    straight = hot.replace("Categorical(", "CategoricalStraightThrough(")
    certify(case(straight), interpreted=hot, hessian=True)


IMPORTANCE = "using ImportanceSampling({}proposal=Bernoulli(probs=0.6))"


@pytest.mark.parametrize(
    "opener",
    ["ScoreFunction(n=3)", "ScoreFunction() " + IMPORTANCE.format("n=3, "), "Expect()"],
)
def test_weights_reduce_samples_and_costs_as_the_total_does(opener: str) -> None:
    model = load(f"""
sample a ~ Bernoulli(logits=w) with {opener}
sample b ~ Bernoulli(logits=u + a) with ScoreFunction() {IMPORTANCE.format("")} in a
sample d ~ Bernoulli(logits=u + b) with ScoreFunction() in a
sample e ~ Bernoulli(logits=2 + d) with Expect()
cost c = 1 + d
cost f = e
report r = 1 + d
""")
    estimate = model()
    parts = {name: reduce_plates(estimate, name) for name in ["c", "f", "r", "d", "e"]}
    torch.testing.assert_close(parts["c"] + parts["f"], estimate.cost)
    torch.testing.assert_close(parts["r"], parts["c"])
    torch.testing.assert_close(parts["e"], parts["f"])
    weights = estimate.weights["d"]
    torch.testing.assert_close((weights * (1 + estimate.samples["d"])).sum(), parts["c"])
    torch.testing.assert_close(weights, estimate.weights["b"])


def test_a_plate_goes_before_those_that_its_weights_carry() -> None:
    model = load(f"""
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)
sample z ~ Bernoulli(logits=u) with ScoreFunction(n=3)
sample b ~ Bernoulli(logits=u + z) with ScoreFunction() {IMPORTANCE.format("")} in a
cost c = a + b * z + 1
""")
    estimate = model()
    torch.testing.assert_close(reduce_plates(estimate, "c"), estimate.cost)


def test_a_long_chain_in_a_plate_whose_values_differ_in_plates() -> None:
    lines = [
        "sample a ~ Bernoulli(logits=w) with ScoreFunction(n=2)",
        "sample b0 ~ Bernoulli(logits=u * x + a) with ScoreFunction() in a",
    ]
    for i in range(1, 12):
        lines.append(f"sample b{i} ~ Bernoulli(logits=u * a) with ScoreFunction() in a")
        lines.append(f"cost c{i} = a + {' * '.join(f'b{j}' for j in range(i + 1))}")
    declarations = "plate data\ninput x[data]\nparam w = 0.4\nparam u = -0.3"
    torch.manual_seed(0)
    together = load("\n".join(lines), declarations)
    estimate = together(torch.tensor([0.3, 0.4, 0.5]).double())
    few = [line for line in lines if not line.startswith("cost") or line.startswith("cost c11")]
    alone = load("\n".join(few), declarations)
    last = alone(torch.tensor([0.3, 0.4, 0.5]).double(), given=dict(estimate.samples))
    torch.testing.assert_close(estimate.costs["c11"], last.costs["c11"])
    estimate.backward()


def test_a_learned_baseline_of_the_models_parameters_trains_nothing() -> None:
    model = load("""
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=3, baseline=0.3 * u - 0.5)
cost c = a * u
""")
    assert not list(model.method_parameters())
    assert not model().method_loss.requires_grad
    model().loss.backward()
    model().loss.backward()  # no method has parameters that would have been left out


def test_a_replay_of_one_sample_changes_the_state_of_no_method() -> None:
    model = load("""
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=1, baseline=moving_average)
sample b ~ Bernoulli(logits=u + a) with ScoreFunction(n=1, baseline=moving_average)
sample g ~ Bernoulli(logits=u + a) with GumbelSoftmax(annealing_rate=0.1)
cost c = (b - 3) ** 2 + g
""")
    model(given={"a": torch.ones(1)})
    assert all(buffer == 0 for buffer in model.buffers())
    assert all(method.training for method in model.methods.values())
    model()
    assert all(buffer != 0 for buffer in model.buffers())


@pytest.mark.parametrize("cut", ["x", "stop_gradient(x)"])
@pytest.mark.parametrize("cost", ["z * u", "mean(z, over=z) ** 2 * u"])
def test_a_proposal_that_learns_below_a_joined_plate_is_told(cut: str, cost: str) -> None:
    text = story(f"""
sample x ~ Normal(w, 1) with Reparameterization()
sample z ~ Bernoulli(logits=0.3 * u + x) with ScoreFunction() \
using ImportanceSampling(n=2, proposal=Bernoulli(probs=sigmoid({cut})))
cost c = {cost}
""")
    told = ["S413"] if "over" in cost and cut == "x" else []
    assert [problem.code for problem in storchc.check(text=text)] == told
