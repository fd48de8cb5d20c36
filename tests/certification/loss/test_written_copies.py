"""`scatter` and `index_put`: values written into a copy at places that samples choose."""

from __future__ import annotations

import pytest

import storchc
from tests.certification.harness import case, certify, fails

HEAD = """
story T
plate data
dim K = 3
input x[data, K]
param v[K] = tensor([0.6, -0.8, 0.3])
param m[K, 2] = normal(0, 1)
"""
COSTS = {
    "one place": "sum(scatter(v, 0, z, b) * x) ** 2",
    "of data": "sum(scatter(x, 0, z, v[0] * b) ** 2) + sum(scatter(x, -1, 1, b) * v)",
    "a row": "sum(scatter(m, 0, z, stack([b, x[0]])) ** 2)",
    "a column": "sum(scatter(m, 1, 0, x * b) ** 3)",
    "an element": "sum(index_put(m, [z, 1], b * x[0] * v[1]) ** 2)",
    "by one index": "sum(index_put(m, z, stack([b, x[0]])) ** 2)",
    "a place twice": "sum(scatter(v, 0, stack([z, z]), stack([b * x[0], b * x[0]])) * x) ** 2",
    "an element twice": "sum(index_put(v, [stack([z, z])], stack([b * x[0], b * x[0]])) * x) ** 2",
    "elements": "sum(index_put(m, [stack([z, 0]), stack([-1, 0])], b * x[:2]) ** 2)",
    "rows": "sum(index_put(m, [stack([z, z])], stack([b * x[:2], b * x[:2]])) ** 2)",
    "known places": "sum(index_put(m, [0, -1], b * x[1]) ** 2) * v[2]",
}


def written(cost: str, method: str) -> str:
    return f"""{HEAD}
sample z ~ Categorical(logits=v * x) with {method}
sample b ~ Bernoulli(logits=v[0]) with ScoreFunction()
cost c = {COSTS[cost]}
"""


INPUTS = {"x": [[0.7, -1.2, 0.4], [0.2, 0.5, -0.3]]}


@pytest.mark.parametrize(
    "method",
    [
        "Expect()",
        pytest.param("ScoreFunction(baseline=moving_average)", marks=pytest.mark.certify),
    ],
)
@pytest.mark.parametrize("cost", COSTS)
def test_exact(cost: str, method: str) -> None:
    certify(case(written(cost, method), INPUTS), hessian=True)


def test_another_place_is_found() -> None:
    text = written("one place", "Expect()")
    this = case(text, INPUTS)
    model = storchc.load(text=text.replace("0, z, b)", "0, 1, b)"))().double()
    fails(lambda: certify(this, model=model))


def test_a_copy_that_a_loop_fills() -> None:
    text = f"""{HEAD}
for t in range(K) from seen = zeros([K]):
    sample b ~ Bernoulli(logits=v[t] + sum(seen)) with ScoreFunction(baseline=moving_average)
    compute seen = scatter(seen, 0, t, b * v[0])
cost c = sum(seen * x) ** 2
"""
    certify(case(text, {"x": INPUTS["x"][:1]}), hessian=True)


def test_factors_are_written_apart() -> None:
    text = f"""{HEAD}
sample b ~ Bernoulli(logits=v) with Expect()
cost c = sum(scatter(v, 0, 1, 2 * x[0]) * b) + sum(scatter(b, 0, 2, x[1]) ** 2 * v)
"""
    certify(case(text, INPUTS), hessian=True)
