"""`without_credit` under every method: the draws are data, whatever carries their gradient.

Each story is run for all outcomes of its methods (a quadrature, of a Normal) and compared with a
sum over outcomes by hand, in which what stands `without_credit` is made of detached draws and
weighed by detached probabilities (LOSS.md §12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import storchc
from storchc.analysis import passes
from storchc.analysis.rewrite import separation
from storchc.analysis.rewrite.fixed import Movement, movement
from storchc.analysis.rules import without_credit
from storchc.ir.graph import Graph
from tests.certification.harness import case, differentiable
from tests.certification.outcomes import NODES, enumerate_estimates

Leaves = Mapping[str, Tensor]
Truth = Callable[[Leaves], Tensor]
HEAD = """
story T
param w[3] = tensor([0.2, -0.1, 0.4])
param v[2] = tensor([0.5, 0.3])
"""


def _gap(text: str, truth: Truth) -> float:
    """The largest error of the expected gradient, and of the value."""
    story = case(HEAD + text)
    model = story.model()
    assert model.order == 1
    leaves = differentiable(model, story)
    exact = truth(leaves)
    wanted = torch.autograd.grad(exact, list(leaves.values()), materialize_grads=True)
    gradient = torch.cat([g.reshape(-1) for g in wanted])
    assert gradient.abs().max() > 0.1
    found = enumerate_estimates(model, story)
    errors = (found.gradient - gradient, found.cost - exact.detach())
    return max(float(e.abs().max()) for e in errors)


def _coin(q: Tensor, b: float) -> Tensor:
    return q if b else 1 - q


def _nodes() -> Iterator[tuple[Tensor, float]]:
    """A standard normal by the quadrature that the harness has."""
    points, weights = np.polynomial.hermite_e.hermegauss(NODES)
    for point, weight in zip(points, weights / weights.sum(), strict=True):
        yield torch.tensor(point, dtype=torch.float64), float(weight)


# --- chains of two samples -----------------------------------------------------------------------

CHAIN = """
sample a ~ Categorical(logits=w) with {}
sample b ~ Bernoulli(logits=v[0] * a + v[1]) with {}
"""
ENDS = {
    "costs": "cost c = (a - 0.7) ** 2 * (b + 0.5) + sum(w) * a\n"
    "compute q = Bernoulli(logits=v[0] * a + v[1])\n"
    "cost u = without_credit(entropy(q) * sum(w ** 2) + b * a * v[0])",
    "summands": "compute k = (a - 0.7) ** 2 * (b + 0.5) - without_credit(-b * a * v[0])\n"
    "compute m = 2 * (k + sum(w) * a)\n"
    "cost c = m / 2"
    " + without_credit(entropy(Bernoulli(logits=v[0] * a + v[1]))) * sum(w ** 2)",
}


def _chain(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    total = torch.zeros((), dtype=torch.float64)
    for a, b in product(range(3), (0.0, 1.0)):
        q = torch.sigmoid(v[0] * a + v[1])
        entropy = -(q * q.log() + (1 - q) * (1 - q).log())
        weight = w.softmax(0)[a] * _coin(q, b)
        total = total + weight * ((a - 0.7) ** 2 * (b + 0.5) + w.sum() * a)
        total = total + weight.detach() * (entropy * (w**2).sum() + b * a * v[0])
    return total


FIRST = [
    "ScoreFunction(n=2, baseline=batch_average)",
    "ScoreFunction(baseline=moving_average)",
    "ScoreFunction(baseline=v[1])",
    "Expect()",
    "ScoreFunction() using Enumerate()",
    "ScoreFunction() using ImportanceSampling(n=2, proposal=Categorical(logits=2 * w))",
    "ScoreFunction() using Stratified(n=2)",
    "UnorderedSetEstimator(k=2)",
    "SumAndSample(sum_size=1, sample_size=1)",
    "LocalExpectation()",
    "MeasureValued()",
]
SECOND = [
    "Expect()",
    "DisARM()",
    "ScoreFunction() using ImportanceSampling(proposal=Bernoulli(logits=v[0]))",
]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *((first, "ScoreFunction()") for first in FIRST),
        *(("ScoreFunction()", second) for second in SECOND),
        ("Expect()", "Expect()"),
    ],
)
def test_a_chain_of_two(first: str, second: str) -> None:
    end = "costs" if first == "Expect()" else "summands"
    assert _gap(CHAIN.format(first, second) + ENDS[end] + "\n", _chain) < 1e-9


@pytest.mark.certify_all
@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("second", SECOND)
def test_every_chain_of_two(first: str, second: str, end: str) -> None:
    assert _gap(CHAIN.format(first, second) + ENDS[end] + "\n", _chain) < 1e-9


PRODUCT = """
sample a ~ Categorical(logits=w) with {}
sample b ~ Bernoulli(logits=v[0]) with {}
cost c = (a - 0.7) ** 2 + without_credit(a * v[1] + a * w[0]) * (b + 0.5)
"""


def _product(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    total = torch.zeros((), dtype=torch.float64)
    for a, b in product(range(3), (0.0, 1.0)):
        first, second = w.softmax(0)[a], _coin(torch.sigmoid(v[0]), b)
        total = total + first * second * (a - 0.7) ** 2
        total = total + first.detach() * second * (a * v[1] + a * w[0]) * (b + 0.5)
    return total


@pytest.mark.parametrize("first", ["ScoreFunction(n=2, baseline=batch_average)", "Expect()"])
@pytest.mark.parametrize("second", ["ScoreFunction()", "Expect()", "DisARM()"])
def test_a_product_credits_what_its_other_factor_is_made_of(first: str, second: str) -> None:
    assert _gap(PRODUCT.format(first, second), _product) < 1e-9


# --- what carries a gradient ---------------------------------------------------------------------

PATH = """
sample z ~ Normal(v[0], 1) with Reparameterization()
compute k = z * w[1]
cost c = (z - 1) ** 2 + without_credit(k ** 2 * v[0] + z * k)
"""


def _path(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    total = torch.zeros((), dtype=torch.float64)
    for one, p in _nodes():
        z, fixed = v[0] + one, (v[0] + one).detach()
        total = total + p * ((z - 1) ** 2 + (fixed * w[1]) ** 2 * v[0] + fixed**2 * w[1])
    return total


PATHS = """
sample z ~ Normal(v[0], 1) with Reparameterization()
sample y ~ Normal(z * w[0], exp(v[1])) with Reparameterization() in z
compute k = y * w[1]
compute far = k + z
cost c = (y - 1) ** 2 + without_credit(far ** 2 * v[0] + z * k)
"""


def _paths(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    total = torch.zeros((), dtype=torch.float64)
    for (one, p), (other, q) in product(_nodes(), repeat=2):
        z = v[0] + one
        y = z * w[0] + v[1].exp() * other
        far, k = y.detach() * w[1] + z.detach(), y.detach() * w[1]
        total = total + p * q * ((y - 1) ** 2 + far**2 * v[0] + z.detach() * k)
    return total


INSIDE = """
sample a ~ Categorical(logits=w) with {}
compute k = mean(a * v[0], over=a)
compute h = k ** 2 * v[1]
cost c = mean((a - 0.7) ** 2 + without_credit(a * w[0]), over=a) + without_credit(h)
"""


def _inside(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    p, a = w.softmax(0), torch.arange(3.0, dtype=torch.float64)
    fixed = p.detach()
    plain = (p * (a - 0.7) ** 2).sum() + (fixed * a * w[0]).sum()
    return plain + (fixed * a * v[0]).sum() ** 2 * v[1]


APART = """
sample b ~ Bernoulli(logits=w) with {}
compute k = b * v[0] + w
compute m = sum(k * w)
cost c = sum((k - 0.2) ** 2) + without_credit(m + sum(exp(k)) * w[0])
"""


def _apart(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    total = torch.zeros((), dtype=torch.float64)
    for values in product((0.0, 1.0), repeat=3):
        b, q = torch.tensor(values, dtype=torch.float64), torch.sigmoid(w)
        weight, k = torch.where(b > 0, q, 1 - q).prod(), b * v[0] + w
        total = total + weight * ((k - 0.2) ** 2).sum()
        total = total + weight.detach() * ((k * w).sum() + k.exp().sum() * w[0])
    return total


STEPS = """
for t in range(3) from y = 0.0, r = 0.0:
    sample z ~ Bernoulli(logits=w[0] + w[1] * y) with {}
    cost c = (z - 0.3) ** 2 * v[0] + z * y * v[1] + without_credit(z * v[0] ** 2)
    compute r = r + y * z * w[0]
    compute y = z
cost d = without_credit(r)
"""


def _steps(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    total = torch.zeros((), dtype=torch.float64)
    for values in product((0.0, 1.0), repeat=3):
        weight, y = torch.ones((), dtype=torch.float64), 0.0
        credited, fixed = torch.zeros(2, dtype=torch.float64)
        for z in values:
            weight = weight * _coin(torch.sigmoid(w[0] + w[1] * y), z)
            credited = credited + (z - 0.3) ** 2 * v[0] + z * y * v[1]
            fixed = fixed + z * v[0] ** 2 + y * z * w[0]
            y = z
        total = total + weight * credited + weight.detach() * fixed
    return total


LIKELIHOOD = """
for t in range(3) from y = 0.0:
    sample z ~ Bernoulli(logits=w[0] + w[1] * y) with Expect()
    compute l = z * v[0] + y * v[1] * z
    compute y = z
compute k = logmeanexp(sum(sequence(l)), over=z)
cost d = -k + 0.5 * without_credit(k)
"""


def _likelihood(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    masses, fixed = [], []
    for values in product((0.0, 1.0), repeat=3):
        weight, y = torch.ones((), dtype=torch.float64), 0.0
        log = torch.zeros((), dtype=torch.float64)
        for z in values:
            weight = weight * _coin(torch.sigmoid(w[0] + w[1] * y), z)
            log, y = log + z * v[0] + y * v[1] * z, z
        masses.append(weight * log.exp())
        fixed.append(weight.detach() * log.exp())
    return -sum(masses).log() + 0.5 * sum(fixed).log()


CARRIED = """
for t in range(2) from s = 0.5, r = 0.0:
    sample b ~ Bernoulli(logits=w[1]) with ScoreFunction()
    sample z ~ Normal(v[0] + w[0] * s, 1) with Reparameterization()
    compute s = s * w[1] + z
    cost c = (s - 0.3) ** 2
    compute r = r + s ** 2 * w[0] + z * v[0] * b
    {}
cost d = without_credit(r)
"""


def _carried(stops: bool, leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    one, total = torch.ones((), dtype=torch.float64), []

    def step(
        t: int, s: Tensor, fixed: Tensor, r: Tensor, cost: Tensor, p: Tensor, q: float
    ) -> None:
        if t == 2:
            total.append(q * (p * cost + p.detach() * r))
            return
        for (noise, share), b in product(_nodes(), (0.0, 1.0)):
            z = v[0] + w[0] * s + noise
            here, held = s * w[1] + z, fixed * w[1] + z.detach()
            paid = cost + (here - 0.3) ** 2
            more = r + held**2 * w[0] + z.detach() * v[0] * b
            chance = p * _coin(torch.sigmoid(w[1]), b)
            step(2 if stops and b else t + 1, here, held, more, paid, chance, q * share)

    step(0, one / 2, one / 2, 0 * one, 0 * one, one, 1.0)
    return torch.stack(total).sum()


BOUND = """
sample z ~ Categorical(logits=w) with VIMCO(n=2)
compute bound = logmeanexp(z * v[0] + z * z * v[1], over=z)
cost c = -bound + without_credit(z * w[0]) + 0.5 * without_credit(bound)
"""


def _bound(leaves: Leaves) -> Tensor:
    """Of two draws, which only the first summand credits."""
    w, v = leaves["w"], leaves["v"]
    total = torch.zeros((), dtype=torch.float64)
    for draws in product(range(3), repeat=2):
        z = torch.tensor(draws, dtype=torch.float64)
        weight = w.softmax(0)[list(draws)].prod()
        bound = (z * v[0] + z * z * v[1]).exp().mean().log()
        total = total - weight * bound
        total = total + weight.detach() * ((z * w[0]).mean() + 0.5 * bound)
    return total


WEIGHED = """
compute q = Normal(v[0], 1)
sample z ~ q with DReG(n=2)
compute bound = logmeanexp(z * w[1] - (z - w[0]) ** 2 / 4 - log_prob(q, z), over=z)
cost c = -bound + 0.5 * without_credit(bound)
"""


def _weighed(leaves: Leaves) -> Tensor:
    w, v = leaves["w"], leaves["v"]
    total = torch.zeros((), dtype=torch.float64)

    def bound(z: Tensor) -> Tensor:
        score = -((z - v[0]) ** 2) / 2 - np.log(2 * np.pi) / 2
        return (z * w[1] - (z - w[0]) ** 2 / 4 - score).exp().mean().log()

    for (one, p), (other, q) in product(_nodes(), repeat=2):
        z = v[0] + torch.stack([one, other])
        total = total + p * q * (0.5 * bound(z.detach()) - bound(z))
    return total


STORIES: dict[str, tuple[str, Truth]] = {
    "path": (PATH, _path),
    "inside Expect": (INSIDE.format("Expect()"), _inside),
    "inside Enumerate": (INSIDE.format("ScoreFunction() using Enumerate()"), _inside),
    "apart": (APART.format("Expect()"), _apart),
    "together": (APART.format("DisARM()"), _apart),
    "steps": (STEPS.format("Expect()"), _steps),
    "scored steps": (STEPS.format("ScoreFunction()"), _steps),
    "likelihood": (LIKELIHOOD, _likelihood),
    "bound": (BOUND, _bound),
}


@pytest.mark.parametrize("name", STORIES)
def test_draws_are_data(name: str) -> None:
    assert _gap(*STORIES[name]) < 1e-9


@pytest.mark.certify_all
def test_draws_are_data_along_paths_through_draws() -> None:
    assert _gap(PATHS, _paths) < 1e-9


@pytest.mark.certify_all
def test_draws_of_a_bound_are_data() -> None:
    """What DReG estimates is the true gradient up to the error of the quadrature."""
    assert _gap(WEIGHED, _weighed) < 1e-7


@pytest.mark.certify_all
@pytest.mark.parametrize("stop", ["", "stop when b == 1"])
def test_draws_are_data_in_what_a_loop_carries(stop: str) -> None:
    text = CARRIED.format(stop).replace("    \n", "")
    assert _gap(text, lambda leaves: _carried(bool(stop), leaves)) < 1e-9


def test_draws_that_only_such_a_cost_joins_are_compared() -> None:
    """Leave-one-out: a reduction that credits nobody joins nothing that is compared."""
    text = """
sample a ~ Categorical(logits=w) with ScoreFunction(n=2, baseline=batch_average)
cost c = (a - 0.7) ** 2 + without_credit(mean(a * v[0], over=a) ** 2 * v[1])
"""

    def truth(leaves: Leaves) -> Tensor:
        w, v = leaves["w"], leaves["v"]
        total = torch.zeros((), dtype=torch.float64)
        for i, j in product(range(3), repeat=2):
            weight = w.softmax(0)[i] * w.softmax(0)[j]
            total = total + weight * ((i - 0.7) ** 2 + (j - 0.7) ** 2) / 2
            total = total + weight.detach() * ((i + j) / 2 * v[0]) ** 2 * v[1]
        return total

    assert _gap(text, truth) < 1e-9


# --- broken variants -----------------------------------------------------------------------------


def _moving_on(graph: Graph, moved: Movement) -> Graph:
    """Nothing is fixed."""
    return graph


def _unweighed(*known: Any) -> Movement:
    """Weights in the middle of an expression are not seen."""
    return replace(movement(*known), weighed=frozenset())


@pytest.mark.parametrize("name", ["path", "inside Expect", "apart", "steps", "likelihood"])
def test_draws_that_are_not_fixed_are_off(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """And refused, as long as the rule looks."""
    monkeypatch.setattr(passes, "draws_fixed", _moving_on)
    with pytest.raises(storchc.StoryError, match="S523"):
        _gap(*STORIES[name])
    monkeypatch.setattr(without_credit, "uncredited_places", lambda graph: iter(()))
    assert _gap(*STORIES[name]) > 1e-3


def test_weights_that_are_not_fixed_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "movement", _unweighed)
    monkeypatch.setattr(without_credit, "uncredited_places", lambda graph: iter(()))
    assert _gap(*STORIES["inside Expect"]) > 1e-3


def test_factors_whose_weights_move_on_are_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(separation, "_credits", lambda *known: True)
    assert _gap(*STORIES["apart"]) > 1e-3


@pytest.mark.parametrize("name", ["apart", "steps"])
def test_what_is_not_taken_apart_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "summands_apart", lambda graph: graph)
    with pytest.raises(storchc.StoryError, match="S518"):
        _gap(*STORIES[name])
