"""What a control variate looks at elsewhere is written once, and called for the drawn value too."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import pytest
import torch

import storchc
from storchc.lower import program

BELOW = """
story Below
plate data
input x[data, 3]
module enc: [3] -> [2]
module dec: [2] -> [3]
module aside: [3] -> []
sample b ~ Bernoulli(logits=enc(x)) with {method}
compute l = dec(b)
cost miss = sum((l - x) ** 2) + aside(x)
cost size = sum(b)
report shown = sum(l)
"""


@pytest.mark.parametrize("method", ["DisARM(n=2)", "ARM()", "REBAR()", "LocalExpectation()"])
def test_what_follows_is_written_once(method: str) -> None:
    code = storchc.compile(text=BELOW.format(method=method))
    assert code.count("self.dec(") == 1
    assert code.count("below_b(b)") == 2  # for the drawn value, and for others
    assert "l, miss, size = below_b(b)" in code
    assert "_, miss, size = below_b(b)" in code
    function = code[code.index("def below_b") : code.index("l, miss, size = below_b(b)")]
    assert "self.aside(" not in function  # the same for every value of b


def test_a_method_that_looks_nowhere_else_needs_no_function() -> None:
    assert "below_b" not in storchc.compile(text=BELOW.format(method="ScoreFunction()"))


DRAWN = """
story Drawn
param v = 0.3
sample a ~ Bernoulli(logits=v) with DisARM()
sample b ~ Bernoulli(logits=v * a) with ScoreFunction()
cost c = (a + b - v) ** 2
"""
STEPS = """
story Steps
param v = 0.3
sample a ~ Bernoulli(logits=v) with DisARM()
for t in range(3) from h = a * v:
    sample e ~ Normal(h, 1) with Reparameterization()
    compute h = tanh(h + e)
    cost k = h ** 2
cost c = h
report r = h
"""
STOPPING = STEPS.replace("cost c", "    stop when stop_gradient(h) > 0.6\ncost c")
NESTED = """
story Nested
param v = 0.3
sample a ~ Bernoulli(logits=v) with REBAR()
for t in range(2) from h = a * v:
    for s in range(3) from g = h:
        sample e ~ Bernoulli(logits=g) with ScoreFunction()
        compute g = tanh(g + e)
    compute h = tanh(g)
cost c = h + a
"""
SUMMED = """
story Summed
param v = 0.3
param k[2, 2] = tensor([[0.1, -0.2], [0.3, 0.4]])
sample a ~ Bernoulli(logits=v) with LocalExpectation()
for t in range(3) from z = 0:
    sample z ~ Categorical(logits=k[z] * (1 + a))
    cost c = k[z, 0] * a
"""
JOINT = """
story Joint
param v = 0.3
param k[4] = tensor([0.3, -1.2, 0.7, 0.1])
sample a ~ Bernoulli(logits=v) with DisARM()
sample y ~ Categorical(logits=k * (1 + a)) with UnorderedSetEstimator(k=3)
compute n = (1 + a) * k[y]
sample w ~ Categorical(logits=k * n) with UnorderedSetEstimator() in y
cost c = n * k[w]
"""


@pytest.mark.parametrize("text", [DRAWN, STEPS, STOPPING, NESTED, SUMMED, JOINT])
def test_what_is_drawn_runs_in_steps_or_is_chosen_jointly_is_written_once(text: str) -> None:
    code = storchc.compile(text=text)
    assert code.count("cost c") == 1
    assert "below_a(a, replayed)" in code and "below_a(a, {})" in code  # as drawn, and anew
    _same_as_written_again(text)


TWO = """
story Two
param u = 0.3
param v = -0.2
sample a ~ Bernoulli(logits=v) with {first}
compute s = a * u
sample b ~ Bernoulli(logits=u * a) with {second}
sample z ~ Normal(s + b, 1) with ScoreFunction(n=2)
cost c = (a + b * u - v) ** 2 * z
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [("DisARM()", "REBAR()"), ("REBAR()", "DisARM(n=2)"), ("ARM(n=2)", "LocalExpectation()")],
)
def test_a_function_is_given_what_an_earlier_sample_looks_at_too(first: str, second: str) -> None:
    text = TWO.format(first=first, second=second)
    code = storchc.compile(text=text)
    assert code.count("cost c") == 1
    assert "b: Tensor, a: Tensor, s: Tensor, replayed" in code
    _same_as_written_again(text)


def test_two_samples_with_the_same_below_them_have_one_function() -> None:
    text = """
story Both
param u = 0.3
param v = 0.2
sample a ~ Bernoulli(logits=v) with DisARM()
sample b ~ Bernoulli(logits=u) with DisARM()
cost c = (a + b - v) ** 2
"""
    code = storchc.compile(text=text)
    assert "below_a" not in code and code.count("below_b(b, a)") == 3
    _same_as_written_again(text)


FILLED_AGAIN = JOINT.replace("sample w", "cost q = stop_gradient(n) * v\nsample w")
LOOKED_AT_AGAIN = """
story Again
param v = 0.3
param k[3] = tensor([0.3, -1.2, 0.7])
sample a ~ Bernoulli(logits=v) with DisARM()
sample y ~ Categorical(logits=k * v) with UnorderedSetEstimator(k=2)
compute n = k[y]
cost q = n * a
sample w ~ Categorical(logits=k * n) with UnorderedSetEstimator() in y
cost c = n * k[w]
"""
KEPT = """
story Kept
param v = 0.3
sample a ~ Bernoulli(logits=v) with DisARM()
for t in range(3) from h = a:
    sample e ~ Normal(0, 1) with Reparameterization()
    compute h = tanh(h + e)
cost c = h ** 2
"""
CALLED_BESIDE = """
story Called
param v = 0.3
module dec: [] -> []
sample a ~ Bernoulli(logits=v) with DisARM()
for t in range(3) from h = a, g = v:
    compute g = dec(g)
    sample e ~ Normal(g, 1) with ScoreFunction()
    compute h = tanh(h + e) * g
cost c = h ** 2
"""
USERS = """
story Users
param v = 0.3
distribution flow discrete: [] -> []
sample a ~ Bernoulli(logits=v) with DisARM()
sample y ~ flow(v * a) with ScoreFunction()
sample w ~ flow(v) with ScoreFunction()
cost c = y * w
"""
COMPUTED_BESIDE = """
story Beside
param v = 0.3
module dec: [] -> []
sample a ~ Bernoulli(logits=v) with DisARM()
for t in range(3) from h = a:
    compute h = tanh(h + v)
    report r = dec(h)
cost c = h ** 2
"""
ALIKE_FOR_ALL = """
story Alike
param v = 0.3
module dec: [] -> []
sample b ~ Bernoulli(logits=v) with DisARM()
sample a ~ Bernoulli(logits=v) with DisARM()
sample z ~ Normal(dec(a), 1) with ScoreFunction()
cost c = b * z
"""
DRAWN_BETWEEN = """
story Between
param v = 0.3
sample a ~ Bernoulli(logits=v) with DisARM()
sample y ~ Bernoulli(logits=v * a) with ScoreFunction()
sample w ~ Bernoulli(logits=v) with ScoreFunction()
cost c = y * w
cost d = w * v
"""


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        (FILLED_AGAIN, "a"),  # a cost between reads what is re-indexed behind it
        (LOOKED_AT_AGAIN, "a"),  # so does the function
        (CALLED_BESIDE, "a"),  # `dec` would be called in both loops
        (USERS, "a"),  # draws from distributions of the user's keep their order
        (COMPUTED_BESIDE, "a"),  # the report would be computed for others too
        (ALIKE_FOR_ALL, "b"),  # so would `dec(a)`, and `z` be drawn anew
    ],
)
def test_what_would_be_something_else_in_a_function_stays_where_it_is(
    text: str, sample: str
) -> None:
    assert f"below_{sample}(" not in storchc.compile(text=text)
    _same_as_written_again(text)


IDLE = KEPT.replace("h = a:", "h = a, g = v:").replace("cost c", "    compute g = g * 2\ncost c")
KEPT_BY_STEP = """
story Steps
param v = 0.3
param u = 0.1
sample a ~ Bernoulli(logits=v) with REBAR()
for t in range(3) from h = a, g = u:
    sample e ~ Bernoulli(logits=u + g) with ScoreFunction(baseline=u)
    compute g = 0.5 * e + u
    sample b ~ Bernoulli(logits=h * e) with ScoreFunction()
    compute h = tanh(h + e) * g + b
    cost k = h * g
    report r = g
    stop when e == 1
cost c = h ** 2 + sum(sequence(e)) * a
"""
KEPT_AROUND = """
story Around
param v = 0.3
param u = 0.1
sample a ~ Bernoulli(logits=v) with DisARM()
for s in range(2) from h = a:
    sample e ~ Normal(u, 1) with ScoreFunction(n=2)
    for t in range(2) from g = h * v:
        sample b ~ Bernoulli(logits=u) with ScoreFunction()
        compute g = g * (u + e) + a * b
        cost k = (g - e) ** 2
    compute h = h * u + g
cost c = h ** 2 * a
"""


LOOKED_AT_BEHIND = """
story Behind
param v = 0.3
param u = -0.2
sample a ~ Bernoulli(logits=u) with LocalExpectation()
for t in range(3) from g = exp(-0.5 ** 2), h = 0.5 * a:
    compute s = g
    compute g = tanh(v + g)
    compute h = tanh(v + h)
cost c = h * g
sample x ~ Bernoulli(logits=g) with ScoreFunction()
cost d = x * g
"""


@pytest.mark.parametrize(
    "text", [KEPT, IDLE, KEPT_BY_STEP, KEPT_AROUND, DRAWN_BETWEEN, LOOKED_AT_BEHIND]
)
def test_what_does_not_depend_on_the_sample_is_drawn_before(text: str) -> None:
    text = text.replace(", going = True", "")
    assert storchc.compile(text=text).count("cost c") == 1
    _same_as_written_again(text, replayed=True)


def _same_as_written_again(text: str, *, replayed: bool = False) -> None:
    """Loss, costs and gradients are the same as where everything is written again.

    Where draws have another order these are ``replayed``.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "written_once", lambda _, operations, __: operations)
        again = storchc.load(text=text)
    once = storchc.load(text=text)
    for seed in range(5):
        given = _model(again)().samples if replayed else None
        assert _estimate(once, seed, given) == _estimate(again, seed, given)


def _model(made: Any) -> Any:
    torch.manual_seed(0)
    wanted = inspect.signature(made).parameters
    modules = {name: each() for name, each in MODULES.items() if name in wanted}
    return made(**modules).double()


class Flow(torch.nn.Module):
    """Coins, by their logits."""

    def log_prob(self, value: torch.Tensor, logits: torch.Tensor) -> torch.Tensor:
        return torch.distributions.Bernoulli(logits=logits).log_prob(value)

    def sample(self, logits: torch.Tensor) -> torch.Tensor:
        return torch.distributions.Bernoulli(logits=logits).sample()


MODULES = {"dec": torch.nn.Tanh, "flow": Flow}


def _estimate(made: Any, seed: int, given: Any) -> list[object]:
    model = _model(made)
    torch.manual_seed(seed)
    estimate = model(given=given)
    estimate.backward()
    gradients = [None if p.grad is None else p.grad.tolist() for p in model.parameters()]
    return [estimate.loss.item(), {n: c.tolist() for n, c in estimate.costs.items()}, gradients]


def test_a_sample_without_costs_needs_no_function() -> None:
    text = DRAWN.replace("a + b", "b").replace("v * a", "v")
    assert {d.severity for d in storchc.check(text=text)} == {"warning"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert "below_a" not in storchc.compile(text=text)


def test_values_in_the_plate_of_the_sample_are_not_folded() -> None:
    text = """
story Plate
param v = 0.3
sample z ~ Bernoulli(logits=v) with REBAR(n=2)
sample y ~ Normal(v, 1) with Reparameterization() in z
cost c = (z + y) ** 2
"""
    assert "folds=False" in storchc.compile(text=text)
    storchc.load(text=text)()().backward()


def test_a_call_of_the_same_module_for_other_things_is_apart() -> None:
    text = """
story Calls
input x
param v = 0.3
module dec: [] -> []
sample z ~ Bernoulli(logits=v) with DisARM()
cost c = dec(z) * tanh(dec(x))
"""
    model = storchc.load(text=text)(dec=torch.nn.Tanh())
    model(torch.tensor(0.4)).backward()
