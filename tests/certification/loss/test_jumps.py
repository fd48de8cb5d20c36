"""Jumps that move with what learns are refused; what does not jump, or is credited, is right.

The figures are those of LOSS.md §8: z is drawn around m = 0.5, th = 0.3.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import storchc

REFUSED = {
    "threshold": "cost c = 1 if z < th else 0",
    "ramp and step": "cost c = 10 * relu(z - th) + 3 * (1 if z > th else 0) + th",
    "round": "cost c = round(z + th) ** 2 + th",
    "argmax": (
        "sample g ~ Gumbel(zeros(3), 1)\ncost c = sum(v * one_hot(argmax(g + v), 3)) + th * z"
    ),
    "parameters of a score": (
        "sample b ~ Bernoulli(0.2 if z < th else 0.8) with ScoreFunction()\ncost c = b"
    ),
    "attached weights": (
        "sample b ~ Bernoulli(logits=th) with Expect()\ncost c = 1 if mean(b, over=b) > z else 0"
    ),
    "lattice times th": (
        "sample b ~ Bernoulli(0.5) with ScoreFunction()\ncost c = 1 if b * th > z else 0"
    ),
    "atom": "cost c = 1 if relu(z + th) == 0 else 0",
    "floor": "cost c = floor(z * th)",
    "remainder": "cost c = (z + th) % 1",
    "sign": "cost c = sign(z - th)",
    "heaviside": "cost c = heaviside(z - th, 1.0)",
    "copysign": "cost c = copysign(1.0, z - th)",
    "hardshrink": "cost c = hardshrink(z + th)",
    "argsort": "cost c = argsort(stack([z, th]))[0]",
    "module": "cost c = 1 if net(z) > 0 else 0",
    "by names": "compute above = d > 0\ncost c = where(above, 2, 3) * th",
    "stop": (
        "for t in range(3) from h = th:\n    sample s ~ Normal(0, 1)\n    compute h = h + s\n"
        "    stop when h > 1\ncost c = h"
    ),
    "jump inside a jump": "cost c = 1 if round(z + th) > 2 else 0",
    "sides that part at one of two places": "cost c = d if abs(d) < 1 else -1.0 + 0 * d",
    "sides that part far away": "cost c = 0.0 if (d - 0.2) * (d - 20.0) > 0 else d - 0.2",
    "a side without an end": "cost c = exp(d if d > 0 else -inf)",
    "sides that part where a param is below 0": "cost c = z if z > th else abs(th)",
    "sorted": "cost c = 1 if sort(stack([z, th]))[0] == th else 0",
    "median": "cost c = 1 if median(stack([z, th, 0.2])) == th else 0",
    "close": "cost c = 1 if isclose(z, th, 0.0, 0.5) else 0",
    "ends that learn": "cost c = exp(log_prob(Uniform(th, th + 1), z))",
    "a divergence between moving ends": (
        "cost c = exp(-kl_divergence(Uniform(0, exp(z)), Uniform(0, exp(th))))"
    ),
    "a divergence from a moving end": (
        "cost c = exp(-kl_divergence(Uniform(0.0, 1.0), Uniform(d, 3.0)))"
    ),
    "an entropy without a scale": "cost c = entropy(Normal(0.0, abs(d)))",
    "an entropy of a rate of 0": "cost c = entropy(Gamma(abs(d), 1.0))",
    "a divergence without a scale": "cost c = kl_divergence(Normal(0, d ** 2), Normal(0, 1))",
    "an entropy of an interval": "cost c = entropy(Uniform(0, abs(d)))",
    "an entropy of an interval that moves": "cost c = entropy(Uniform(z, z + abs(d)))",
    "a divergence from an interval": (
        "cost c = kl_divergence(Uniform(0.0, abs(d)), Normal(0.0, 1.0))"
    ),
    "a scored sample without a scale": (
        "sample y ~ Normal(0, abs(d)) with ScoreFunction()\ncost c = y"
    ),
    "a scored sample without a scale, by name": (
        "compute q = Gamma(1.0, norm(d * v))\nsample y ~ q with ScoreFunction()\ncost c = y"
    ),
    "a scored sample with a small number for a scale": (
        "sample y ~ Normal(z, d ** 2 + 1e-6) with ScoreFunction()\ncost c = y"
    ),
    "a small number added to a scale": "cost c = entropy(Normal(z, abs(d) + 1e-6))",
    "a density without a scale": "cost c = tanh(log_prob(Normal(0.0, abs(d)), 1.0))",
    "a density without a chance": (
        "cost c = kl_divergence(Bernoulli(0.5), Bernoulli(abs(tanh(d))))"
    ),
    "a threshold that learns": "cost c = exp(log_prob(GeneralizedPareto(th, 1.0, 0.2), z))",
    "a scaled vector": "cost c = sum(normalize(d * v))",
    "a scaled vector by name": "compute u = d * v\ncost c = d / norm(u)",
    "an angle of two scaled vectors": "cost c = cosine_similarity(d * z * ones(3), v)",
    "a vector in one direction": "cost c = sum(normalize(stack([d, 0.0])))",
    "twice the same": "cost c = sum(rms_norm(stack([d, d]), [2]))",
    "distance by deviation": "cost c = d / std(stack([z, th]))",
    "distance by variance beside a small number": (
        "compute u = stack([z, th])\ncost c = d / sqrt(var(u) + 1e-5)"
    ),
    "a size beside a small number": "cost c = d / sqrt(d ** 2 + 1e-8)",
    "distance by variance": "compute u = stack([z, th])\ncost c = d / sqrt(var(u))",
    "two brought to -1 and 1": "cost c = layer_norm(stack([z, th]), [2])[0]",
    "a scaled vector, standardised": "cost c = sum(v * layer_norm(d * v, [3]))",
    "what a corner makes 0 throughout": "cost c = sum(v * normalize(relu(d) * v))",
    "divided by what a corner makes 0": "cost c = relu(d) / norm(relu(d) * v)",
    "divided by a size in one direction": "cost c = d / norm(abs(d) * v)",
    "a vector below a bound": "cost c = sum(normalize(clamp(d, min=0) * (v + 1)))",
    "a vector that is drawn to 0": "cost c = normalize(softshrink(d * (v + 1)))[0]",
    "a vector below the larger": "cost c = normalize(max(stack([d, 0.0])) * (v + 1))[0]",
    "elements in proportion": "cost c = sum(normalize(stack([d, 2 * d])))",
    "elements that are 0 at once": "cost c = sum(normalize(stack([d, sin(d), exp(d) - 1])))",
    "a product with a vector in one direction": (
        "cost c = sum(v * normalize(matmul(outer(v, v + 1), d * v)))"
    ),
    "a linear layer": "cost c = sum(normalize(linear(stack([d, 2 * d]), outer(v, v)[:, :2])))",
    "a column of an outer product": "cost c = sum(v * normalize(outer(v, stack([d, 1.0]))[:, 0]))",
    "a row of what is reshaped": (
        "cost c = sum(normalize(reshape(stack([d, 2 * d, 3 * d, 4 * d]), [2, 2])[0]))"
    ),
    "sorted in one direction": "cost c = sum(v * normalize(sort(d * v)))",
    "the largest in one direction": "cost c = sum(normalize(topk(d * v, 2)))",
    "a median that is 0 on one side": (
        "cost c = sum(normalize(median(stack([0.0, d, 1.0])) * (v + 1)))"
    ),
    "cut off below": "cost c = sum(normalize(hardtanh(d, 0.0, 1.0) * (v + 1)))",
    "an activation that is 0 below": "cost c = sum(normalize(hardswish(d) * (v + 1)))",
    "sums of a vector in one direction": "cost c = sum(v * layer_norm(cumsum(d * v), [3]))",
    "a spread of a product": "cost c = d / std(outer(v, v) @ (d * v))",
    "a vector and its multiple": "cost c = d / norm(v * z - th * v)",
    "a sum of squares in one direction": "cost c = d ** 2 / sum((d * v) ** 2) * d",
    "a spread in one direction": "cost c = d / std(stack([z, th, th]))",
    "a spread by name": "compute u = v * d + z\ncost c = sum(v * (u - mean(u)) / std(u))",
    "standardised in one direction": "cost c = sum(v * layer_norm(stack([z, th, th]), [3]))",
    "a sign times what is not 0 there": "cost c = sign(d) * log(2 + abs(d))",
    "a sign times what is 0 elsewhere": "cost c = sign(d) * (z - 0.2)",
    "a sign by hand": "cost c = (1 if d > 0 else -1) * th",
    "a threshold that may be below 0": "cost c = sign(d) * relu(abs(d) - th)",
    "not above": "cost c = 0.0 if not (d > 0) else d + 1",
    "distance of single elements": (
        "cost c = d / cdist(reshape(z, [1, 1]), reshape(th, [1, 1]))[0, 0]"
    ),
    "equal on one side": "cost c = 1 if abs(d) == d else 0",
    "unequal on one side": "compute a = sqrt(d ** 2)\ncost c = where(a != d, th, 2)",
    "outside of a root": "cost c = 1 if isfinite(sqrt(z - th)) else 0",
    "outside of a power, by name": "compute r = d ** 0.5\ncost c = where(isnan(r), 0, th)",
    "end of a count": "cost c = exp(log_prob(Poisson(1.0), z + th))",
}

COMPILES = {
    "credited": "cost c = (1 if z < 0.3 else 0) + th ** 2",
    "mended": "sample y ~ Normal(-th, 1)\ncost c = 1 if y < 0 else 0",
    "cut": "cost c = (1 if z < stop_gradient(th) else 0) + th ** 2",
    "rounded first": "cost c = (1 if round(z) < th else 0) + th ** 2",
    "data": "cost c = (1 if x < th else 0) + th ** 2 + z",
    "fixed noise": "sample e ~ Normal(0, 1)\ncost c = (1 if z + e > 0 else 0) + th ** 2",
    "equality": "cost c = where(d == 0, 1, d)",
    "huber": "cost c = 0.5 * d ** 2 if abs(d) < 1 else abs(d) - 0.5",
    "pinball": "cost c = 0.7 * d if d > 0 else -0.3 * d",
    "pinball, cut": "cost c = where(stop_gradient(z > th), 0.7 * (z - th), 0.3 * (th - z))",
    "far threshold": "cost c = 0.5 * d ** 2 if abs(d) < 20 else 20 * abs(d) - 200",
    "threshold that learns": "cost c = 0.5 * d ** 2 if abs(d) < th else th * (abs(d) - 0.5 * th)",
    "roots": "cost c = sqrt(z) if z > exp(th) else sqrt(exp(th))",
    "angle's density": "cost c = -log_prob(VonMises(0.0, 1.0), z + th)",
    "own density": (
        "compute q = Uniform(th, th + 1)\nsample y ~ q with Reparameterization()\n"
        "cost c = log_prob(q, y)"
    ),
    "angle": "cost c = cos(continuous(round(z + th)) * 2 * pi)",
    "a scored lattice": "sample b ~ Bernoulli(logits=th)\ncost c = 1 if b * th > 0.5 else th ** 2",
    "baseline": (
        "sample y ~ Normal(z, 1) with ScoreFunction(baseline=1.0 * (z > th))\ncost c = y + th"
    ),
    "report": "report r = z > th\ncost c = z + th",
    "a length beside a small number": (
        "cost c = sum(stack([z, th])) / sqrt(sum(stack([z, th]) ** 2) + 1e-8)"
    ),
    "a size beside a large number": "cost c = d / sqrt(d ** 2 + 0.01)",
    "two directions": "cost c = sum(normalize(stack([z, th])))",
    "away from a line": "cost c = sum(normalize(z * ones(3) + v))",
    "a scale that learns": "sample e ~ Normal(zeros(3), 1)\ncost c = sum(normalize(th * e))",
    "a gate": "sample e ~ Normal(v, 1)\ncost c = sum(normalize(sigmoid(z) * e))",
    "a divergence within fixed ends": (
        "cost c = kl_divergence(Uniform(0, sigmoid(d)), Uniform(-1.0, 2.0))"
    ),
    "a divergence within ends further out": (
        "cost c = kl_divergence(Uniform(0, 1), Uniform(-exp(z), 1 + exp(th)))"
    ),
    "a divergence with the same end": (
        "compute e = exp(d)\ncost c = kl_divergence(Pareto(e, 1.0), Pareto(e, 2 + e))"
    ),
    "an entropy of an interval with some width": (
        "cost c = entropy(Uniform(z - exp(d), z + exp(d)))"
    ),
    "an entropy of a scored interval": "cost c = entropy(Uniform(th, th + abs(z)))",
    "a pathwise sample without a scale": (
        "sample y ~ Normal(0, abs(d)) with Reparameterization()\ncost c = y"
    ),
    "a scored sample with a scored scale": (
        "sample y ~ Normal(0, abs(z)) with ScoreFunction()\ncost c = y + th"
    ),
    "a scored sample with some scale": (
        "sample y ~ Normal(0, abs(d) + 0.1) with ScoreFunction()\ncost c = y"
    ),
    "a scored sample of some chance": (
        "sample y ~ Bernoulli(abs(tanh(d))) with ScoreFunction()\ncost c = y"
    ),
    "an entropy of a scored scale": "cost c = entropy(Normal(th, abs(z)))",
    "an entropy with some scale": "cost c = entropy(Normal(th, abs(d) + 0.1))",
    "an entropy of a length": "cost c = entropy(Normal(0, norm(stack([z, d, th]))))",
    "a module's scale": "cost c = entropy(Normal(0, abs(net(d))))",
    "a product with two directions": (
        "cost c = sum(normalize(stack([v[:2], v[1:]]) @ stack([z, th])))"
    ),
    "sorted in two directions": "cost c = sum(normalize(sort(stack([z, th]))))",
    "a permutation": ("cost c = sum(normalize(tensor([[0.0, 1.0], [1.0, 0.0]]) @ stack([z, th])))"),
    "joined with what is never 0": "cost c = sum(normalize(concat([d * v, exp(v)])))",
    "another row": "cost c = sum(normalize(stack([stack([d, d]), stack([1.0, z])])[1]))",
    "probabilities in one direction": "cost c = sum(normalize(softmax(d * v)))",
    "a scored scale, normalized": "cost c = sum(v * normalize(z * v))",
    "squares of what is scaled": "cost c = sum(v * (z * v) ** 2 / sum((z * v) ** 2))",
    "a size times a vector": "cost c = sum(v * normalize(abs(d) * v))",
    "symlog": "cost c = sign(d) * log(1 + abs(d))",
    "symlog by name": "compute s = sign(d)\ncost c = s * log1p(abs(d))",
    "signed root": "cost c = sign(d) * sqrt(abs(d)) / exp(th)",
    "soft threshold": "cost c = sign(d) * relu(abs(d) - exp(th))",
    "a truth value times what it turns on": "cost c = 2 * (d > 0) * d - float(d > 0) * -d",
    "a sign by hand times a size": "cost c = (1 if d > 0 else -1) * d",
    "not above": "cost c = 0.0 if not (d > 0) else d",
    "not above, by name": "compute low = not (d > 0)\ncost c = 0.0 if low else d",
    "equal at one number": "cost c = 1 if abs(d) == th else (2 if d == z * th else 0)",
    "inside of a root": "cost c = 1 if isfinite(sqrt(d ** 2 + 1) + d * th) else 0",
    "a guard of a module": "cost c = th if isnan(log(net(z))) else d",
    "weights outside": "sample b ~ Bernoulli(logits=th) with Expect()\ncost c = 1 if b > z else 0",
}

HEAD = """story Example
plate data
input x[data]
module net: [] -> []
param m = 0.5
param th = 0.3
param v[3] = zeros()
sample z ~ Normal(m, 1) with ScoreFunction()
compute d = z - th
cost used = th * x + d + sum(v) + net(x)
"""


def codes(steps: str) -> list[str]:
    return [d.code for d in storchc.check(text=f"{HEAD}{steps}\n")]


@pytest.mark.parametrize("steps", REFUSED.values(), ids=REFUSED)
def test_moved_jumps_are_refused(steps: str) -> None:
    assert codes(steps) == ["S440"]


@pytest.mark.parametrize("steps", COMPILES.values(), ids=COMPILES)
def test_what_does_not_move_is_not_spoken_of(steps: str) -> None:
    assert codes(steps) == []


SMOOTH = [
    "log(dec(z))",
    "log(abs(1 + (1 - tanh(z) ** 2) * sum(w * v)))",
    "cosine_similarity(wide(z), stack([1.0, 2.0, x]))",
    "sum(normalize(wide(z)))",
    "sum(layer_norm(wide(z), [3]))",
    "1 / softplus(dec(z))",
    "1 / spread(stack([z]))[0]",
    "log(sigmoid(dec(z)) + 1e-8)",
    "1 / (1 + exp(-z))",
    "z / (1 + z ** 2)",
    "1 / th",
    "1 if x > 0.5 else z",
    "where(z - th == 0, 1, z - th)",
    "sum((wide(z) - mean(wide(z))) / std(wide(z)))",
    "sum(w * wide(z) ** 2 / sum(wide(z) ** 2))",
    "sum(w * abs(wide(z)) / sum(abs(wide(z))))",
    "z * sum(v * w ** 2 / sum(w ** 2))",
    "sign(z) * log(1 + abs(z))",
    "sign(z) * sqrt(abs(z))",
    "sign(z) * relu(abs(z) - 0.3)",
    "atan2(z, 1.0)",
    "-log_prob(HalfNormal(1), exp(z))",
    "-log_prob(Normal(dec(z), 1), x)",
    "0.5 * (z - th) ** 2 if abs(z - th) < 1 else abs(z - th) - 0.5",
    "0.7 * (z - th) if z > th else 0.3 * (th - z)",
]

SMOOTH_HEAD = """story Smooth
plate data
input x[data]
param m = 0.5
param th = 0.3
param w[3] = ones()
param v[3] = ones()
module dec: [] -> []
module wide: [] -> [3]
module spread: [1] -> [1] = nn.Sequential(nn.Linear(1, 1), nn.Softplus())
sample z ~ Normal(m, 1) with Reparameterization()
cost used = th * x + z + sum(v + w) + dec(x) + sum(wide(x)) + spread(stack([x]))[0]
"""


@pytest.mark.parametrize("cost", SMOOTH)
def test_what_is_smooth_compiles_without_a_word(cost: str) -> None:
    assert storchc.check(text=f"{SMOOTH_HEAD}cost c = {cost}\n") == []


@pytest.mark.parametrize(
    ("cost", "method"),
    [
        ("tanh(1 / z)", "ScoreFunction"),
        ("z ** 2", "Reparameterization"),
        ("atan2(z, -1)", "ScoreFunction"),
    ],
)
def test_infer_takes_no_path_through_a_jump(cost: str, method: str) -> None:
    text = f"story Chosen\nparam m = 0.5\nsample z ~ Normal(m, 1)\ncost c = {cost}\n"
    assert type(storchc.load(text=text)().methods["z"]).__name__ == method


def test_scores_are_right_where_values_jump() -> None:
    """The figures of LOSS.md §8 of z itself, by its score: .39 and .76 at m = 0.5 exactly."""
    density = math.exp(-0.125) / math.sqrt(2 * math.pi)
    score = "ScoreFunction(n={n}, baseline=batch_average)"
    assert _gradient("1 if z > 0 else 0", "m", score) == pytest.approx(density, abs=6e-3)
    assert _gradient("z / abs(z)", "m", score) == pytest.approx(2 * density, abs=8e-3)


@pytest.mark.parametrize(
    "cost", ["1 if net(z) > 0 else 0", "right(net(z))"], ids=["jump", "without gradient"]
)
def test_a_cut_that_takes_credit_is_no_mend(cost: str) -> None:
    text = HEAD.replace("param m", "function right nondiff: [] -> []\nparam m")
    found = storchc.check(text=f"{text}cost c = {cost}\ncost other = right(x)\n")
    assert "credit of `z`" in found[0].help
    assert "write `stop_gradient" not in found[0].help


PATHWISE = """story Example
param m = 0.5
param th = 0.3
sample z ~ Normal(m, 1) with Reparameterization(n={n})
cost c = {cost}
"""


@pytest.mark.parametrize(
    "cost",
    [
        "hardshrink(z)",
        "threshold(z, 0.1, 20.0)",
        "round(z)",
        "1 if z > 0 else 0",
        "z % 1",
        "atan2(z, -1)",
        "z / abs(z)",
        "z / (abs(z) + 1e-8)",
        "tanh(1 / z)",
        "exp(log_prob(HalfNormal(1), z))",
        "log(abs(z))",
        "sum(normalize(stack([z])))",
        "reciprocal(z)",
        "z ** -3",
        "tan(z)",
    ],
)
def test_a_jump_breaks_a_path(cost: str) -> None:
    found = storchc.check(text=PATHWISE.format(n=1, cost=f"{cost} + th"))
    assert [d.code for d in found] == ["S402"]


@pytest.mark.parametrize(
    "cost",
    [
        "y / (abs(y) + 1e-8)",
        "y / clamp(abs(y), 1e-8, 10)",
        "y / (1e-8 + abs(y))",
        "y / maximum(abs(y), 1e-8)",
    ],
)
@pytest.mark.parametrize("y", ["(z + th)", "(tanh(z + th) * th)"])
def test_a_small_number_fills_no_pole(y: str, cost: str) -> None:
    """Nor where an unknown factor hides how far the denominator goes: .10 for .71."""
    assert "S440" in codes(f"cost c = {cost.replace('y', y)}")


def test_importance_weights_are_reduced_into_a_jump() -> None:
    steps = (
        "sample y ~ Normal(th, 1) with ScoreFunction() "
        "using ImportanceSampling(n=4, proposal=Normal(0, 2))\n"
        "cost c = 1 if mean(y, over=y) > 0.5 else 0"
    )
    assert codes(steps) == ["S402"]


def _gradient(cost: str, name: str, method: str = "Reparameterization(n={n})") -> float:
    torch.manual_seed(1)
    text = PATHWISE.replace("Reparameterization(n={n})", method)
    model = storchc.load(text=text.format(n=400_000, cost=cost))().double()
    model().backward()
    gradient = getattr(model, name).grad
    assert isinstance(gradient, torch.Tensor)
    return float(gradient)


def _below(edge: float) -> float:
    """How often a standard normal lies below."""
    return 0.5 * (1 + math.erf(edge / math.sqrt(2)))


@pytest.mark.parametrize(
    "cost",
    [
        "0.7 * (z - th) if z > th else 0.3 * (th - z)",
        "where(stop_gradient(z > th), 0.7 * (z - th), 0.3 * (th - z))",
        "max(stack([0.7 * (z - th), 0.3 * (th - z)]))",
        "0.7 * (z > th) * (z - th) + 0.3 * (z < th) * (th - z)",
    ],
)
@pytest.mark.parametrize("name", ["m", "th"])
def test_choices_whose_sides_agree_are_right(cost: str, name: str) -> None:
    below = _below(0.3 - 0.5)  # z < th
    exact = 0.7 * (1 - below) - 0.3 * below
    assert _gradient(cost, name) == pytest.approx(exact if name == "m" else -exact, abs=4e-3)


def test_a_value_that_is_said_to_be_continuous() -> None:
    """A fraction of a turn more or less: the turns themselves do not count."""
    cost = "cos(2 * pi * (z + th + continuous(round(z + th))))"
    exact = -2 * math.pi * math.exp(-2 * math.pi**2) * math.sin(2 * math.pi * 0.8)
    assert _gradient(cost, "th") == pytest.approx(exact, abs=3e-2)
    assert _gradient(cost, "m") == pytest.approx(exact, abs=3e-2)


GUARDED = """story Example
input x
param m = 0.5
sample z ~ Normal(m, 1) with ScoreFunction()
cost c = 1 if z < x else 0
"""


def test_an_input_that_would_move_a_jump_requires_no_gradient() -> None:
    model = storchc.load(text=GUARDED)()
    x = torch.tensor(0.3, requires_grad=True)
    model(x.detach()).backward()
    model(0.3).backward()
    with torch.no_grad():
        model(x)
    with pytest.raises(ValueError, match=r":5: a value jumps here .* `x`"):
        model(x)


def test_other_inputs_may() -> None:
    model = storchc.load(text=GUARDED.replace("1 if z < x else 0", "z * x"))()
    x = torch.tensor(0.3, requires_grad=True)
    model(x).backward()
    assert x.grad is not None


class Apart(nn.Module):
    """The value, and what lies above it by what a function makes of it."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.slope = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([x, x + self.function(self.slope * x)], -1)


@pytest.mark.parametrize(
    ("cost", "seen"),
    [
        ("layer_norm(two(z), [2])[0]", True),
        ("layer_norm(reshape(two(z), [1, 2]), [1, 2])[0, 0]", True),
        ("layer_norm(reshape(two(z), [2, 1]), [2, 1])[0, 0]", True),
        ("two(z)[0] / std(two(z))", True),
        ("two(z)[0] / (std(two(z)) + 1e-8)", True),
        ("two(z)[0] / sqrt(var(two(z)))", True),
        ("two(z)[0] / sqrt(var(two(z)) + 1e-5)", True),
        ("two(z)[0] * rsqrt(var(two(z)) + 1e-5)", True),
        ("two(z)[0] / sqrt(var(two(z)) + 0.01)", False),
        ("two(z)[0] / s", True),
        ("log(std(two(z)))", True),
        ("layer_norm(two(z), [2], 0.01)[0]", False),
        ("layer_norm(reshape(two(z), [2, 1]), [1])[0, 0]", False),
        ("layer_norm(two(stop_gradient(z)), [2])[0]", False),
        ("layer_norm(concat([two(z), two(-z)]), [4])[0]", False),
        ("continuous(layer_norm(two(z), [2])[0])", False),
        ("two(z)[0] / (std(two(z)) + 1)", False),
        ("std(two(z))", False),
        ("continuous(1 / s) + s", False),
    ],
)
def test_two_elements_of_which_nobody_knows_the_order_are_seen_in_the_first_call(
    cost: str, seen: bool
) -> None:
    torch.manual_seed(0)
    text = f"""story Unsure
module two: [] -> [2]
param m = 0.5
sample z ~ Normal(m, 1) with Reparameterization(n=50)
compute s = std(two(z))
cost c = {cost}
cost used = z + s
"""
    assert storchc.check(text=text) == []
    made = storchc.load(text=text)
    made(two=Apart(torch.exp))().backward()
    if not seen:
        made(two=Apart(torch.positive))().backward()
        return
    with pytest.raises(ValueError, match=r":\d: `.*two\(z\).*difference goes through 0"):
        made(two=Apart(torch.positive))()


FILLED = {
    "one element": "normalize(stack([z + th]), eps=1.0)[0]",
    "root mean square": "rms_norm(stack([z + th]), [1], 0.5)[0]",
    "two elements": "layer_norm(stack([z, -th]), [2], 0.5)[0]",
}


@pytest.mark.parametrize("cost", FILLED.values(), ids=FILLED)
def test_a_large_eps_fills_a_pole(cost: str) -> None:
    """The derivative by m is that of the mean, by quadrature over z = m + e."""
    torch.manual_seed(0)
    text = f"""story Filled
param m = 0.5
param th = 0.3
sample z ~ Normal(m, 1) with Reparameterization(n=100000)
cost c = {cost}
"""
    assert storchc.check(text=text) == []
    model = storchc.load(text=text)()
    model().backward()
    m = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    e = torch.linspace(-8, 8, 4001, dtype=torch.float64)
    y = (m + e + 0.3)[:, None]
    of = {
        "normalize": lambda: nn.functional.normalize(y, eps=1.0),
        "rms_norm": lambda: nn.functional.rms_norm(y, [1], eps=0.5),
        "layer_norm": lambda: y / 2 / (y.square() / 4 + 0.5).sqrt(),
    }[cost.partition("(")[0]]()
    mean = (of[:, 0] * (-(e**2) / 2).exp()).sum() / (-(e**2) / 2).exp().sum()
    (expected,) = torch.autograd.grad(mean, m)
    assert model.m.grad is not None
    assert abs(model.m.grad.item() - expected.item()) < 0.01


class Line(nn.Module):
    """The value itself, or what a function makes of it."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.slope = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self.slope * x)


@pytest.mark.parametrize(
    ("cost", "seen"),
    [
        ("1 / net(z)", True),
        ("net(z) ** -2", True),
        ("reciprocal(net(z) * 2)", True),
        ("1 / net(z) ** 2", True),
        ("(x - net(z)) / (2 * net(z) ** 2 + 1e-8)", True),
        ("1 / sqrt(square(net(z)) + 1e-6)", True),
        ("rsqrt(net(z) ** 2)", True),
        ("1 / v", True),
        ("1 / (net(z) ** 2 + 0.1)", False),
        ("1 / net(z) ** 0", False),
        ("1 / (1 + net(z) ** 2)", False),
        ("continuous(1 / net(z))", False),
        ("1 / net(stop_gradient(z))", False),
        ("log(net(z) ** 2 + 1)", False),
        ("sum(normalize(stack([net(z)])))", True),
        ("sum(rms_norm(stack([net(z)]), [1]))", True),
        ("sum(normalize(stack([abs(net(z))])))", False),
        ("sum(normalize(stack([net(z), z])))", False),
        ("sum(normalize(stack([net(z)]), eps=1.0))", False),
        ("sum(rms_norm(stack([net(z)]), [1], 0.01))", False),
    ],
)
def test_a_denominator_that_nobody_knows_is_seen_in_the_first_call(cost: str, seen: bool) -> None:
    torch.manual_seed(0)
    text = f"""story Unsure
input x
module net: [] -> []
param m = 0.5
sample z ~ Normal(m, 1) with Reparameterization(n=50)
compute v = square(net(z))
cost c = {cost}
cost used = z * x + v
"""
    assert storchc.check(text=text) == []
    made = storchc.load(text=text)
    made(net=Line(torch.exp))(0.3).backward()
    if not seen:
        made(net=Line(torch.positive))(0.3).backward()
        return
    with pytest.raises(ValueError, match=r":\d: `.*net\(z\).*goes through 0"):
        made(net=Line(torch.positive))(0.3)


@pytest.mark.parametrize(
    ("steps", "seen"),
    [
        ("sample y ~ Normal(0, abs(net(z))) with ScoreFunction()\ncost c = y", True),
        ("compute s = abs(net(z)) + 1e-6\nsample y ~ Normal(z, s) with ScoreFunction()", True),
        ("observe x ~ Normal(z, sqrt(net(z) ** 2))", True),
        ("cost c = entropy(Normal(0, abs(net(z))))", True),
        ("cost c = kl_divergence(Normal(0, abs(net(z)) + 1e-5), Normal(0, 1))", True),
        ("cost c = kl_divergence(Normal(0, abs(net(z)) + 0.01), Normal(0, 1))", False),
        ("sample y ~ Normal(0, abs(net(z))) with Reparameterization()\ncost c = y", False),
        ("sample y ~ Normal(0, abs(net(x))) with ScoreFunction()\ncost c = y", False),
        ("observe x ~ Normal(z, softplus(net(z)))", False),
    ],
)
def test_a_scale_that_nobody_knows_is_seen_in_the_first_call(steps: str, seen: bool) -> None:
    text = f"""story Unsure
input x
module net: [] -> []
param m = 0.5
sample z ~ Normal(m, 1) with Reparameterization(n=50)
{steps}
cost used = z * x{" + y" if "cost" not in steps and "sample y" in steps else ""}
"""
    assert storchc.check(text=text) == []
    torch.manual_seed(0)
    made = storchc.load(text=text)
    made(net=Line(torch.exp))(0.3).backward()
    if not seen:
        made(net=Line(torch.positive))(0.3).backward()
        return
    with pytest.raises(ValueError, match=r":6: `net\(z\)` goes through 0"):
        made(net=Line(torch.positive))(0.3)
