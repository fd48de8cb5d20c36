"""Stories with samples drawn without replacement, by quadrature over the noise that weighs them.

Each set of sequences with each threshold of the quadrature is an element of the data plate, which
``share`` weighs: the sets are put in the place of those that would have been drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime import Draw
from storch_runtime.methods import (
    ScoreFunctionWOR,
    _joint,
    score_function_wor,
    unordered_set_gumbel_softmax,
)
from storch_runtime.methods._relaxed import conditional_points
from storch_runtime.place import Extending
from storch_runtime.samplers import without_replacement
from storch_runtime.samplers.sets import replay_extension, replay_set
from storch_runtime.samplers.without_replacement import inclusion_weights
from tests.certification.harness import (
    Uncertified,
    case,
    certify_statistically,
    derivatives,
    differentiable,
    fails,
    hessian_rows,
    replicate,
)
from tests.certification.joint.test_sets_by_hand import Nodes, with_noise
from tests.exact.interpreter import interpret

V = torch.tensor([0.4, -0.9, 0.2], dtype=torch.float64)
W = torch.tensor([0.3, -0.7], dtype=torch.float64)
ONE = """
story T
plate data
input share[data]
input v[3]
input w[2]
sample a ~ Categorical(logits=v + 0 * share) with {}
sample d ~ Bernoulli(logits=w[1] * a) with Expect()
cost early = share * (a - w[0]) ** 2
cost late = share * (2 * a + d - v[1]) ** 2
"""
TWO = """
story T
plate data
input share[data]
input v[3]
input w[2]
sample a ~ Categorical(logits=v + 0 * share) with {}
cost early = share * (a - w[0]) ** 2
compute h = w[1] * a + v[0]
sample b ~ Bernoulli(logits=h) with {} in a
cost late = share * (b + 2 * a - w[0]) ** 2 * (1 + v[1]) + share * h
"""


def of_one() -> Tensor:
    return V.log_softmax(0)


def of_two() -> Tensor:
    """The log-probabilities of the six sequences, the second variable changing fastest."""
    h = W[1] * torch.arange(3) + V[0]
    bits = torch.nn.functional.logsigmoid(torch.stack([-h, h], -1))
    return (of_one().unsqueeze(1) + bits).flatten()


def put_in_place(patch: pytest.MonkeyPatch, nodes: Nodes, second: int) -> None:
    """Draw the sets of the nodes; ``second`` is the number of values of the second variable."""

    def first_part(law: Any, k: int, noise: Tensor | None, **_: bool) -> Draw:
        return weighted(replay_set(law, nodes.sets // second))

    def second_part(law: Any, place: Extending, *_: None, **__: bool) -> Draw:
        return weighted(replay_extension(law, place, (nodes.sets % second).double()))

    def weighted(draw: Draw) -> Draw:
        assert draw.joint is not None
        draw.joint.threshold = nodes.threshold
        return draw

    patch.setattr(_joint, "draw_set", first_part)
    patch.setattr(_joint, "extend_set", second_part)
    patch.setattr(without_replacement, "draw_set", first_part)


def certify(text: str, method: str, nodes: Nodes) -> None:
    """Value, gradient and Hessian of the generated module against the interpreter's."""
    count = len(nodes.chance)
    ours = case(text.replace("{}", method, 1).replace("{}", f"{method.partition('(')[0]}()"))
    leaves = {"v": V.clone().requires_grad_(), "w": W.clone().requires_grad_()}
    got = ours.model()(share=nodes.chance * count, **leaves).loss
    plain = text.replace("{}", "ScoreFunction()")
    exact = interpret(plain, {"share": torch.ones(1).double(), **leaves}, {}, {}).value
    first = [derivatives(value, leaves) for value in (got, exact)]
    agree("value", got, exact)
    for name in leaves:
        agree(f"gradient of {name}", first[0][name], first[1][name])
    agree("Hessian", hessian_rows(first[0], leaves), hessian_rows(first[1], leaves))


def agree(what: str, got: Tensor, wanted: Tensor) -> None:
    if not torch.allclose(got, wanted, rtol=1e-9, atol=1e-9):
        raise Uncertified(f"{what}: got {got}, expected {wanted}")


ALONE = [
    "ScoreFunctionWOR(k={})",
    "ScoreFunctionWOR(k={}, use_baseline=false)",
    "ScoreFunction() using WithoutReplacement(k={})",
    "ScoreFunction(baseline=w[0] * share) using WithoutReplacement(k={})",
]


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("method", ALONE)
def test_one_sample_beside_an_enumerated_one(
    method: str, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = with_noise(of_one(), k)
    put_in_place(monkeypatch, nodes, 1)
    certify(ONE, method.format(k), nodes)


@pytest.mark.parametrize("k", [1, 2, 3, 4, 6, 8])
def test_two_samples_that_are_drawn_together(k: int, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = with_noise(of_two(), k)
    put_in_place(monkeypatch, nodes, 2)
    certify(TWO, f"ScoreFunctionWOR(k={k})", nodes)


Break = Callable[[pytest.MonkeyPatch], None]


def naive(patch: pytest.MonkeyPatch) -> None:
    """The baseline includes the element itself."""

    def wrong(self: Any, joint: Any, cost: Tensor) -> Tensor:
        weight = _joint.behind(inclusion_weights(joint), cost)
        return (weight * cost).sum(0).expand_as(cost)

    patch.setattr(ScoreFunctionWOR, "baseline", wrong)


def unweighted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(score_function_wor, "inclusion_weights", lambda joint: joint.masses.exp())


@pytest.mark.parametrize("broken", [naive, unweighted])
def test_a_broken_variant_fails(broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = with_noise(of_two(), 3)
    put_in_place(monkeypatch, nodes, 2)
    certify(TWO, "ScoreFunctionWOR(k=3)", nodes)
    broken(monkeypatch)
    assert fails(lambda: certify(TWO, "ScoreFunctionWOR(k=3)", nodes))


# --- the most probable values ---------------------------------------------------------------------

BEST = """
story T
param v[3] = tensor([0.4, -0.9, 0.2])
sample a ~ Categorical(logits=v) with {}
sample d ~ Bernoulli(logits=v[1] * a) with Expect()
cost c = (2 * a + d - v[1]) ** 2
"""


@pytest.mark.parametrize("sampler", ["BeamSearch", "WithoutReplacement"])
@pytest.mark.parametrize("k", [3, 7])
def test_whole_supports_are_exact(sampler: str, k: int) -> None:
    story = case(BEST.format(f"ScoreFunction() using {sampler}(k={k})"))
    exact = case(BEST.format("Expect()"))
    found = []
    for one in (story, exact):
        model = one.model()
        leaves = differentiable(model, one)
        loss = model().loss
        first = derivatives(loss, leaves)
        found.append((loss, first["v"], hessian_rows(first, leaves)))
    for got, wanted in zip(*found, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-12, atol=1e-12)


def test_beam_search_leaves_out_what_is_less_probable() -> None:
    model = case(BEST.format("ScoreFunction() using BeamSearch(k=2)")).model()
    estimate = model()
    assert estimate.samples["a"].tolist() == [0, 2]
    v = model.v
    chances, a = v.softmax(0)[[0, 2]], torch.tensor([0.0, 2.0]).double()
    bit = (v[1] * a).sigmoid()
    cost = bit * (2 * a + 1 - v[1]) ** 2 + (1 - bit) * (2 * a - v[1]) ** 2
    wanted = (chances * cost).sum()
    torch.testing.assert_close(estimate.cost, wanted.detach())
    (got,) = torch.autograd.grad(estimate.loss, v)
    torch.testing.assert_close(got, torch.autograd.grad(wanted, v)[0])


# --- relaxed sets ---------------------------------------------------------------------------------

CHAIN = """
story T
plate data
input v[data, 2]
sample a ~ Bernoulli(logits=v[0]) with {}
compute h = v[1] + 1.5 * a
sample b ~ Bernoulli(logits=h) with {} {}
cost c = (a - 0.6 * b - 0.3) ** 2 * (1 + a) + v[0] * b
"""
HEAT = 0.7
RELAXED = f"UnorderedSetGumbelSoftmax(k=2, temperature={HEAT})"
JOINED = CHAIN.format(RELAXED, f"UnorderedSetGumbelSoftmax(temperature={HEAT})", "in a")
VALUES = {"v": [0.4, -0.9]}


def of_the_relaxation() -> Tensor:
    """The gradient of the relaxed chain, by the midpoints of its two noises."""
    leaf = torch.tensor(VALUES["v"], dtype=torch.float64, requires_grad=True)
    noise = torch.logit((torch.arange(2000, dtype=torch.float64) + 0.5) / 2000)
    a = torch.sigmoid((leaf[0] + noise) / HEAT).unsqueeze(1)
    b = torch.sigmoid((leaf[1] + 1.5 * a + noise) / HEAT)
    cost = (a - 0.6 * b - 0.3) ** 2 * (1 + a) + leaf[0] * b
    return torch.autograd.grad(cost.mean(), leaf)[0]


@pytest.mark.certify
def test_relaxed_sets_of_two_variables_have_the_mean_of_the_relaxation() -> None:
    torch.manual_seed(0)
    wanted = {"v": of_the_relaxation()}
    found = certify_statistically(case(JOINED).model(), VALUES, wanted)
    plain = f"GumbelSoftmax(n=2, temperature={HEAT})"
    inside = f"GumbelSoftmax(temperature={HEAT})"
    other = replicate(case(CHAIN.format(plain, inside, "in a")).model(), VALUES, ["v"])
    assert bool((found.error["v"] < other.error["v"]).all())


@pytest.mark.certify
def test_noise_that_does_not_follow_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Relaxed by the logits of the element itself, not of the one that it continues."""
    right = conditional_points

    def wrong(law: Any, value: Tensor, count: int) -> Tensor:
        return right(type(law)(logits=law.logits.flip(0), event=law.event), value, count)

    monkeypatch.setattr(unordered_set_gumbel_softmax, "conditional_points", wrong)
    torch.manual_seed(0)
    model, wanted = case(JOINED).model(), {"v": of_the_relaxation()}
    assert fails(lambda: certify_statistically(model, VALUES, wanted, replicates=500_000))


# --- others that are drawn along the sequences, between two parts ---------------------------------

BETWEEN = """
story T
plate data
input v[data, 3]
sample a ~ Bernoulli(logits=v[0]) with {0}
cost early = (a - 0.3) ** 2 * v[1]
sample s ~ Bernoulli(logits=v[1] + 0.8 * a) with ScoreFunction() {2}
sample b ~ Bernoulli(logits=v[2] - a + 1.5 * s) with {1} {2}
cost late = (a - 0.6 * b - 0.3 + 0.5 * s) ** 2 * (1 + a) + v[0] * b * s
"""


@pytest.mark.certify
@pytest.mark.parametrize("k", [2, 3])
def test_what_is_chosen_anew_depends_on_others_drawn_along(k: int) -> None:
    leaf = torch.tensor([[0.4, -0.9, 0.2]], dtype=torch.float64, requires_grad=True)
    plain = BETWEEN.format("ScoreFunction()", "ScoreFunction()", "")
    exact = interpret(plain, {"v": leaf}, {}, {}).value
    (wanted,) = torch.autograd.grad(exact, leaf)
    method = "UnorderedSetEstimator"
    model = case(BETWEEN.format(f"{method}(k={k})", f"{method}()", "in a")).model()
    torch.manual_seed(k)
    certify_statistically(model, {"v": leaf[0].detach()}, {"v": wanted[0]})


ASIDE = """
story T
plate data
input v[data, 3]
sample a ~ Bernoulli(logits=v[0]) with {0}
sample s ~ Bernoulli(logits=v[1]) with {3} {2}
sample b ~ Bernoulli(logits=v[2] + 2 * s) with {1} {2}
cost c = (s - v[0]) ** 2
"""


@pytest.mark.parametrize("method", ["ScoreFunction()", "ScoreFunction(baseline=0.5)"])
def test_a_cost_of_what_was_chosen_by_others(method: str) -> None:
    """It touches no sample of the set: but its elements are those that the set has kept."""
    leaf = torch.tensor([[0.4, -0.3, 0.4]], dtype=torch.float64, requires_grad=True)
    plain = ASIDE.format("ScoreFunction()", "ScoreFunction()", "", "ScoreFunction()")
    exact = interpret(plain, {"v": leaf}, {}, {}).value
    (wanted,) = torch.autograd.grad(exact, leaf)
    joint = "UnorderedSetEstimator"
    model = case(ASIDE.format(f"{joint}(k=2)", f"{joint}()", "in a", method)).model()
    torch.manual_seed(0)
    found = certify_statistically(
        model, {"v": leaf[0].detach()}, {"v": wanted[0]}, replicates=100_000
    )
    assert float(found.error["v"].max()) < 0.003
