"""What a control variate looks at elsewhere is written once, and called for the drawn value too."""

from __future__ import annotations

import re

import pytest

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


def test_what_is_drawn_below_is_replayed_or_drawn_anew() -> None:
    text = """
story Two
param v = 0.3
sample a ~ Bernoulli(logits=v) with DisARM()
sample b ~ Bernoulli(logits=v * a) with ScoreFunction()
cost c = (a + b - v) ** 2
"""
    code = storchc.compile(text=text)
    assert "def below_a(a: Tensor, replayed: Mapping[str, Tensor]) -> tuple[Draw, Tensor]:" in code
    assert re.findall(r"below_a\(a, (.*)\)", code) == ["replayed", "{}"]


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
