"""What a control variate looks at elsewhere is written once, and called for the drawn value too."""

from __future__ import annotations

import warnings

import pytest
import torch

import storchc

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
PLAIN_LOOP = """
story Plain
param v = 0.3
sample a ~ Bernoulli(logits=v) with DisARM()
for t in range(2) from h = a * v:
    compute h = tanh(h)
cost c = h
"""
FILLED_AGAIN = """
story Again
param v = 0.3
param k[4] = tensor([0.3, -1.2, 0.7, 0.1])
sample a ~ Bernoulli(logits=v) with DisARM()
sample y ~ Categorical(logits=k * (1 + a)) with UnorderedSetEstimator(k=3)
compute n = (1 + a) * k[y]
cost q = stop_gradient(n) * v
sample w ~ Categorical(logits=k * n) with UnorderedSetEstimator() in y
cost c = n * k[w]
"""


@pytest.mark.parametrize("text", [DRAWN, PLAIN_LOOP, FILLED_AGAIN])
def test_what_draws_runs_in_steps_or_is_filled_again_stays_where_it_is(text: str) -> None:
    """Behind a function it would be another value; so it is written again."""
    assert "below_a" not in storchc.compile(text=text)
    torch.manual_seed(0)
    storchc.load(text=text)()().backward()


def test_a_sample_without_costs_needs_no_function() -> None:
    text = PLAIN_LOOP.replace("h = a * v", "h = v")
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


def test_a_loop_that_draws_stays_where_it_is() -> None:
    text = """
story Loop
param v = 0.3
sample a ~ Bernoulli(logits=v) with DisARM()
for t in range(3) from h = a:
    sample e ~ Normal(0, 1) with Reparameterization()
    compute h = tanh(h + e)
cost c = h ** 2
"""
    code = storchc.compile(text=text)
    assert "below_a" not in code
    assert code.count("torch.tanh(") == 2
