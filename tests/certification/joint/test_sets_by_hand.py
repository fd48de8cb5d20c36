"""Estimators without replacement: exact over all sets, and over the noise that weighs them.

The law of a set S and of κ, the largest perturbed log-probability outside S, is
``Gumbel(κ; log p(D∖S)) Π_{s in S} q_s(κ)``. It is summed over all sets, and integrated over κ by a
trapezoidal sum that converges exponentially. Each set (with each κ) is an element of a plate; the
expectation weighs the elements' losses. That sets are drawn by this law is proved in
`tests/runtime/test_sets.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime import Downstream, Draw
from storch_runtime.distributions import Bernoulli, Categorical, Distribution, OneHotCategorical
from storch_runtime.joint import Joint
from storch_runtime.methods import (
    Expect,
    ScoreFunctionWOR,
    UnorderedSetEstimator,
    UnorderedSetGumbelSoftmax,
    score_function_wor,
    unordered_set_gumbel_softmax,
)
from storch_runtime.methods._joint import JointMethod, behind
from storch_runtime.samplers.sets import replay_set
from storch_runtime.samplers.stochastic_beam import log_inclusion
from storch_runtime.samplers.without_replacement import inclusion_weights
from storch_runtime.surrogate import weighted_sum
from tests.certification.harness import Uncertified, fails

TOLERANCE = 1e-9
A = torch.tensor([0.4, -0.9, 0.2], dtype=torch.float64)
B = torch.tensor([[0.3, -0.2], [-1.1, 0.5], [0.0, 0.9]], dtype=torch.float64)
PAIR = torch.tensor([[0.4, -0.9, 0.2], [1.0, 0.3, -0.5]], dtype=torch.float64)
TABLE = torch.tensor([2.0, -1.0, 0.7, 3.1, -0.4, 1.3, 0.2, -2.2, 0.9], dtype=torch.float64)


def leaf(value: Tensor) -> Tensor:
    return value.clone().requires_grad_()


# --- sets and their law ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Nodes:
    """Sets ``[k, N]`` of sequences, κ ``[N]``, and what each counts ``[N]`` in expectations."""

    sets: Tensor
    threshold: Tensor
    chance: Tensor


def all_sets(size: int, k: int) -> Tensor:
    return torch.tensor(list(combinations(range(size), min(k, size)))).T


def rest_of(masses: Tensor, sets: Tensor) -> Tensor:
    """``[N]``: the log-probability of what is outside each set."""
    inside = torch.zeros(len(masses), sets.shape[1], dtype=torch.bool).scatter(0, sets, True)
    return masses.unsqueeze(1).masked_fill(inside, -torch.inf).logsumexp(0)


def with_noise(masses: Tensor, k: int) -> Nodes:
    """Every set of k sequences with every κ of a quadrature."""
    sets = all_sets(len(masses), k)
    rest = rest_of(masses, sets)
    if k >= len(masses):
        return Nodes(sets, rest, torch.ones(1, dtype=torch.float64))
    step = 0.1
    y = torch.arange(-45, 400, dtype=torch.float64).unsqueeze(1) * step
    threshold = rest + y
    inclusion = log_inclusion(masses[sets].unsqueeze(1) - threshold).sum(0)
    density = (-y - torch.exp(-y) + inclusion).exp() * step
    spread = sets.unsqueeze(1).expand(len(sets), *density.shape)
    return Nodes(spread.flatten(1), threshold.flatten(), density.flatten())


def without_noise(masses: Tensor, k: int) -> Nodes:
    """Every set, by the sum over all orders."""
    sets = all_sets(len(masses), k)
    probs = masses.exp()
    chances = [orders([probs[i].item() for i in column], 1.0) for column in sets.T.tolist()]
    none = torch.full((sets.shape[1],), torch.nan, dtype=torch.float64)
    return Nodes(sets, none, torch.tensor(chances, dtype=torch.float64))


def orders(left: list[float], mass: float) -> float:
    """The probability of drawing these next, in any order."""
    if not left:
        return 1.0
    total = 0.0
    for i, p in enumerate(left):
        if p > 0:
            total += p / mass * orders(left[:i] + left[i + 1 :], mass - p)
    return total


def nodes_of(method: JointMethod, masses: Tensor) -> Nodes:
    make = with_noise if isinstance(method, ScoreFunctionWOR) else without_noise
    return make(masses.detach(), method.k)


def joint_of(log_prob: Tensor, masses: Tensor, nodes: Nodes) -> Joint:
    """What would be known if these sequences had been drawn."""
    alive = torch.ones_like(nodes.sets, dtype=torch.bool)
    rest = rest_of(masses.detach(), nodes.sets)
    return Joint(len(nodes.sets), log_prob, alive, rest, threshold=nodes.threshold)


# --- stories, written by hand ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Result:
    """The expected loss, its gradient and its Hessian."""

    value: Tensor
    gradient: Tensor
    hessian: Tensor


def differentiated(loss: Tensor, leaves: list[Tensor]) -> Result:
    first = flat(torch.autograd.grad(loss, leaves, create_graph=True))
    rows = [flat(torch.autograd.grad(part, leaves, retain_graph=True)) for part in first]
    return Result(loss.detach(), first.detach(), torch.stack(rows))


def flat(tensors: Any) -> Tensor:
    return torch.cat([tensor.reshape(-1) for tensor in tensors])


def compare(got: Result, wanted: Result) -> None:
    for name in ("value", "gradient", "hessian"):
        one, other = getattr(got, name), getattr(wanted, name)
        if not torch.allclose(one, other, rtol=TOLERANCE, atol=TOLERANCE):
            raise Uncertified(f"{name}: got {one}, expected {other}")


def surrogate(draw: Draw, box: Tensor, cost: Tensor) -> Tensor:
    assert draw.weight is not None
    return weighted_sum(draw.weight, box * cost, (0,))


def controlled(method: JointMethod, draw: Draw, box: Tensor | float, cost: Tensor) -> Tensor:
    assert draw.weight is not None
    control = method.control_variate(draw, Downstream(cost.detach()))
    if control is None:
        return torch.zeros_like(draw.weight[0])
    assert bool((control == 0).all())
    return weighted_sum(draw.weight, control * box, (0,))


def cost_of(indices: Tensor, parameters: Tensor) -> Tensor:
    """Not a sum over the two places, and a function of the parameters themselves."""
    return (
        TABLE[indices] * (1 + parameters.square().sum())
        + parameters.flatten()[0] * TABLE[indices] ** 2
    )


def one_variable(method: JointMethod) -> tuple[Result, Result]:
    """A joint event of two places with three classes: the expectation, and the truth."""
    logits = leaf(PAIR)
    law = OneHotCategorical(logits=logits, event=1)
    exact = Expect().draw(law)
    truth = (exact.weight * cost_of(torch.arange(9), logits)).sum()
    nodes = nodes_of(method, exact.log_prob)
    many = OneHotCategorical(logits=logits.expand(len(nodes.chance), 2, 3), event=1)
    value = exact.value[nodes.sets]
    log_prob = many.log_prob(value)
    draw = Draw(value, many, log_prob=log_prob, joint=joint_of(log_prob, exact.log_prob, nodes))
    draw = method.weighed(draw, method)
    draw.score = method.gradient_function(draw)
    cost = cost_of(nodes.sets, logits)
    loss = surrogate(draw, draw.box, cost) + controlled(method, draw, 1.0, cost)
    return differentiated((nodes.chance * loss).sum(), [logits]), differentiated(truth, [logits])


def two_variables(method: JointMethod) -> tuple[Result, Result]:
    """A class, and a bit that depends on it; one cost of the first, one of both."""
    first, second = leaf(A), leaf(B)
    leaves = [first, second]

    def costs(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
        own = (TABLE[a] + first[0]) ** 2
        return own, TABLE[a * 2 + b] * (1 + second.square().sum()) + TABLE[8 - a] * b

    grid = torch.arange(6)
    a_law, b_law = Categorical(logits=first), Categorical(logits=second[grid // 2])
    masses = a_law.log_prob(grid // 2) + b_law.log_prob(grid % 2)
    truth = (masses.exp() * sum(costs(grid // 2, grid % 2))).sum()
    nodes = nodes_of(method, masses)
    a, b = nodes.sets // 2, nodes.sets % 2
    many: Distribution = Categorical(logits=first.expand(a.shape[1], 3))
    a_draw = Draw(a, many, log_prob=many.log_prob(a))
    below = Categorical(logits=second[a])
    b_draw = Draw(b, below, log_prob=below.log_prob(b))
    joint = joint_of(a_draw.log_prob + b_draw.log_prob, masses, nodes)
    for draw in (a_draw, b_draw):
        draw.joint = joint
        method.weighed(draw, method)
        draw.score = method.gradient_function(draw)
    own, both = costs(a, b)
    loss = (
        surrogate(a_draw, a_draw.box, own)
        + surrogate(b_draw, a_draw.box * b_draw.box, both)
        + controlled(method, a_draw, 1.0, own + both)
        + controlled(method, b_draw, a_draw.box, both)
    )
    return differentiated((nodes.chance * loss).sum(), leaves), differentiated(truth, leaves)


SETTINGS: list[Callable[[int], JointMethod]] = [
    UnorderedSetEstimator,
    lambda k: UnorderedSetEstimator(k, use_baseline=False),
    lambda k: UnorderedSetEstimator(k, integration="numerical"),
    lambda k: UnorderedSetEstimator(k, integration="exact"),
    ScoreFunctionWOR,
    lambda k: ScoreFunctionWOR(k, use_baseline=False),
]
NAMES = ["unordered", "unordered-plain", "unordered-integral", "unordered-sum", "wor", "wor-plain"]


@pytest.mark.parametrize("k", [1, 2, 3, 4, 8, 9, 12])
@pytest.mark.parametrize("make", SETTINGS, ids=NAMES)
def test_it_is_exact_on_a_joint_event(make: Callable[[int], JointMethod], k: int) -> None:
    compare(*one_variable(make(k)))


@pytest.mark.parametrize("k", [1, 2, 3, 5, 6, 7])
@pytest.mark.parametrize("make", SETTINGS, ids=NAMES)
def test_it_is_exact_on_two_variables_drawn_together(
    make: Callable[[int], JointMethod], k: int
) -> None:
    compare(*two_variables(make(k)))


# --- less variance --------------------------------------------------------------------------------


def spread(method: JointMethod, offset: float = 5.0) -> float:
    """The variance of the gradient on the joint event, summed over coordinates."""
    logits = leaf(PAIR)
    law = OneHotCategorical(logits=logits, event=1)
    exact = Expect().draw(law)
    nodes = nodes_of(method, exact.log_prob)
    many = leaf(PAIR.expand(len(nodes.chance), 2, 3))
    each = OneHotCategorical(logits=many, event=1)
    value = exact.value[nodes.sets]
    log_prob = each.log_prob(value)
    draw = Draw(value, each, log_prob=log_prob, joint=joint_of(log_prob, exact.log_prob, nodes))
    draw = method.weighed(draw, method)
    draw.score = method.gradient_function(draw)
    cost = TABLE[nodes.sets] + offset
    loss = surrogate(draw, draw.box, cost) + controlled(method, draw, 1.0, cost)
    (gradient,) = torch.autograd.grad(loss.sum(), many)
    gradient = gradient.flatten(1)
    mean = (nodes.chance.unsqueeze(1) * gradient).sum(0)
    return float((nodes.chance.unsqueeze(1) * (gradient - mean) ** 2).sum())


def test_baselines_and_the_order_averaged_out_lower_the_variance() -> None:
    wor, plain = spread(ScoreFunctionWOR(5)), spread(ScoreFunctionWOR(5, use_baseline=False))
    unordered = spread(UnorderedSetEstimator(5))
    without = spread(UnorderedSetEstimator(5, use_baseline=False))
    assert unordered < wor / 4 < plain / 8
    assert unordered < without / 8 < plain / 8
    assert spread(UnorderedSetEstimator(9)) < 1e-20
    assert spread(ScoreFunctionWOR(9)) < 1e-20


def test_weights_by_a_threshold_have_heavy_tails() -> None:
    """Products of two weights have no variance where fewer than four are drawn."""
    assert spread(ScoreFunctionWOR(2)) > 1e15
    assert spread(ScoreFunctionWOR(3)) > 100
    assert spread(ScoreFunctionWOR(4)) < 10
    assert spread(ScoreFunctionWOR(1)) > 1000
    assert spread(ScoreFunctionWOR(2, use_baseline=False)) < 30


# --- normalised weights: biased, and their own formula --------------------------------------------


def normalised(nodes: Nodes, masses: Tensor, cost: Tensor) -> Tensor:
    """The gradient of the formula, by hand: ``Σ w_s / W_s (f_s - Σ w f / W) (onehot_s - p)``."""
    probs = masses.exp()
    own = probs[nodes.sets]
    weight = own / -torch.expm1(-torch.exp(masses[nodes.sets] - nodes.threshold))
    whole = weight.sum(0)
    mean = (weight * cost).sum(0) / whole
    share = weight / (whole - weight + own)
    scores = torch.eye(len(masses), dtype=torch.float64)[nodes.sets] - probs
    return torch.einsum("n,kn,knc->c", nodes.chance, share * (cost - mean), scores)


@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_normalised_weights_are_their_formula_and_biased(k: int) -> None:
    logits = leaf(torch.tensor([0.4, -0.9, 0.2, 1.1, -0.3], dtype=torch.float64))
    law = Categorical(logits=logits)
    masses = law.logits.detach()
    nodes = with_noise(masses, k)
    method = ScoreFunctionWOR(k, biased=True)
    many = Categorical(logits=logits.expand(len(nodes.chance), 5))
    log_prob = many.log_prob(nodes.sets)
    draw = Draw(nodes.sets, many, log_prob=log_prob, joint=joint_of(log_prob, masses, nodes))
    draw = method.weighed(draw, method)
    draw.score = method.gradient_function(draw)
    torch.testing.assert_close(draw.weight.sum(0), torch.ones_like(nodes.chance))
    cost = TABLE[nodes.sets]
    loss = surrogate(draw, draw.box, cost) + controlled(method, draw, 1.0, cost)
    (got,) = torch.autograd.grad((nodes.chance * loss).sum(), logits)
    torch.testing.assert_close(got, normalised(nodes, masses, cost), rtol=1e-9, atol=1e-9)
    (true,) = torch.autograd.grad((law.probs * TABLE[:5]).sum(), logits)
    bias = float((got - true).norm() / true.norm())
    assert bias == pytest.approx({2: 0.155, 3: 0.044, 4: 0.014, 5: 0.0}[k], abs=0.001)


# --- broken variants ------------------------------------------------------------------------------

Break = Callable[[pytest.MonkeyPatch], None]


def naive_baseline(patch: pytest.MonkeyPatch) -> None:
    """``Σ w R`` with the element's own weight in it."""

    def wrong(self: Any, joint: Joint, cost: Tensor) -> Tensor:
        weight = behind(inclusion_weights(joint), cost)
        return (weight * cost).sum(0).expand_as(cost)

    patch.setattr(ScoreFunctionWOR, "baseline", wrong)


def another_threshold(patch: pytest.MonkeyPatch) -> None:
    """The baseline's weights by a κ of their own."""
    right = ScoreFunctionWOR.baseline

    def wrong(self: Any, joint: Joint, cost: Tensor) -> Tensor:
        assert joint.threshold is not None
        moved = Joint(joint.size, joint.log_prob, joint.alive, joint.rest)
        moved.threshold = joint.threshold.roll(1, 0)
        return right(self, moved, cost)

    patch.setattr(ScoreFunctionWOR, "baseline", wrong)


def last_of_the_set(patch: pytest.MonkeyPatch) -> None:
    """Weights as if κ were lower than it is."""
    right = inclusion_weights

    def wrong(joint: Joint) -> Tensor:
        assert joint.threshold is not None
        moved = Joint(joint.size, joint.log_prob, joint.alive, joint.rest)
        moved.threshold = joint.threshold - 0.1
        return right(moved)

    patch.setattr(score_function_wor, "inclusion_weights", wrong)


def probabilities_alone(patch: pytest.MonkeyPatch) -> None:
    """Weights without the ratio R(S, s)."""
    right = UnorderedSetEstimator.weigh

    def wrong(self: Any, joint: Joint) -> Tensor:
        right(self, joint)
        return joint.masses.exp()

    patch.setattr(UnorderedSetEstimator, "weigh", wrong)


def first_order_ratio(patch: pytest.MonkeyPatch) -> None:
    """A baseline of R(S, s') where R^{D∖s}(S, s') belongs."""

    def wrong(self: Any, joint: Joint, cost: Tensor) -> Tensor:
        return (behind(self.weigh(joint), cost) * cost).sum(0).expand_as(cost)

    patch.setattr(UnorderedSetEstimator, "baseline", wrong)


@pytest.mark.parametrize(
    ("broken", "make"),
    [
        (naive_baseline, ScoreFunctionWOR),
        (another_threshold, ScoreFunctionWOR),
        (last_of_the_set, ScoreFunctionWOR),
        (probabilities_alone, UnorderedSetEstimator),
        (first_order_ratio, UnorderedSetEstimator),
    ],
)
@pytest.mark.parametrize("check", [one_variable, two_variables])
def test_a_broken_variant_fails(
    broken: Break,
    make: Callable[[int], JointMethod],
    check: Callable[[JointMethod], tuple[Result, Result]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compare(*check(make(3)))
    broken(monkeypatch)
    assert fails(lambda: compare(*check(make(3))))


def test_a_baseline_of_a_single_element_would_be_biased(monkeypatch: pytest.MonkeyPatch) -> None:
    def always(self: JointMethod, draw: Draw, downstream: Downstream) -> Tensor:
        assert draw.joint is not None
        baseline = self.baseline(draw.joint, downstream.cost).detach()
        return torch.addcmul(baseline, draw.box, baseline, value=-1)

    monkeypatch.setattr(JointMethod, "control_variate", always)
    for make in (UnorderedSetEstimator, ScoreFunctionWOR):
        compare(*one_variable(make(2)))
        assert fails(partial(compare, *one_variable(make(1))))


def test_replayed_sets_are_the_sets_of_the_proof() -> None:
    """What is proved above of sets made by hand holds of those that a replay makes."""
    law = OneHotCategorical(logits=PAIR, event=1)
    exact = Expect().draw(law)
    nodes = without_noise(exact.log_prob, 3)
    many = OneHotCategorical(logits=PAIR.expand(84, 2, 3), event=1)
    replayed = replay_set(many, exact.value[nodes.sets]).joint
    assert replayed is not None
    made = joint_of(many.log_prob(exact.value[nodes.sets]), exact.log_prob, nodes)
    torch.testing.assert_close(replayed.log_prob, made.log_prob)
    torch.testing.assert_close(replayed.rest, made.rest)


# --- relaxed values: the concrete relaxation, with less variance ----------------------------------

BITS = torch.tensor([0.4, -0.9], dtype=torch.float64)
WEIGHTS = torch.tensor([1.0, -0.6], dtype=torch.float64)
HEAT = 0.7


def cubic(value: Tensor) -> Tensor:
    y = (value * WEIGHTS).sum(-1)
    return (y - 0.3) ** 2 * (1 + y)


def concrete(logits: Tensor, cost: Callable[[Tensor], Tensor]) -> Tensor:
    """The expected cost of two relaxed bits, by midpoints of their noise."""
    u = (torch.arange(2000, dtype=torch.float64) + 0.5) / 2000
    y = torch.sigmoid((logits.unsqueeze(1) + torch.logit(u)) / HEAT)
    grid = torch.stack(torch.broadcast_tensors(y[0].unsqueeze(1), y[1].unsqueeze(0)), -1)
    return cost(grid).mean()


def relaxed(
    k: int, cost: Callable[[Tensor], Tensor], many: int, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """The mean gradient of the method, and its error: every set, noise drawn anew for each."""
    torch.manual_seed(seed)
    law = Bernoulli(logits=BITS, event=1)
    exact = Expect().draw(law)
    nodes = without_noise(exact.log_prob, k)
    sets, chances = nodes.sets.repeat(1, many), nodes.chance.repeat(many)
    logits = leaf(BITS.expand(sets.shape[1], 2))
    draw = replay_set(Bernoulli(logits=logits, event=1), exact.value[sets])
    relaxation = UnorderedSetGumbelSoftmax(k, temperature=HEAT)
    draw = relaxation.weighed(draw, relaxation)
    assert draw.weight is not None and not draw.weight.requires_grad
    hard = (draw.value > 0.5).double()
    assert torch.equal(hard, exact.value[sets])
    loss = (draw.weight * cost(draw.value)).sum(0)
    (gradient,) = torch.autograd.grad(loss.sum(), logits)
    each = (chances.unsqueeze(1) * gradient).reshape(many, -1, 2).sum(1)
    return each.mean(0), each.std(0) / many**0.5


@pytest.mark.certify
@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_relaxed_sets_have_the_mean_of_the_concrete_relaxation(k: int) -> None:
    logits = leaf(BITS)
    (wanted,) = torch.autograd.grad(concrete(logits, cubic), logits)
    got, error = relaxed(k, cubic, 300_000)
    assert bool(((got - wanted).abs() <= 5 * error + 1e-6).all())
    law = Bernoulli(logits=logits, event=1)
    exact = Expect().draw(law)
    (true,) = torch.autograd.grad((exact.weight * cubic(exact.value)).sum(), logits)
    assert float((wanted - true).norm() / true.norm()) == pytest.approx(0.454, abs=0.001)


@pytest.mark.certify
def test_noise_that_does_not_know_its_value_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(law: Any, value: Tensor, count: int) -> Tensor:
        noise = torch.rand((count, *value.shape), dtype=torch.float64).logit()
        return (2 * value - 1) * (law.logits.detach() + noise).abs()

    logits = leaf(BITS)
    (wanted,) = torch.autograd.grad(concrete(logits, cubic), logits)
    monkeypatch.setattr(unordered_set_gumbel_softmax, "conditional_points", wrong)
    got, error = relaxed(2, cubic, 300_000)
    assert bool(((got - wanted).abs() > 5 * error + 1e-6).any())
