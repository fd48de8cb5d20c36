"""Sizes with more products than one would multiply out: known as equal, told apart, computed."""

from __future__ import annotations

from math import prod

import pytest
import torch

import storchc
from storch_runtime import StoryShapeError

DIMS = [f"D{index}" for index in range(12)]
SUMS = [f"({' + '.join(DIMS[k:] + DIMS[:k])} + {k})" for k in range(8)]
PRODUCT = " * ".join(SUMS)


def story(*sizes: str) -> str:
    """A story that adds two inputs of these sizes."""
    dims = [f"dim {d}" for d in DIMS]
    inputs = [f"input {name}[{size}]" for name, size in zip("yw", sizes, strict=True)]
    steps = ["param m = 0.5", "sample z ~ Normal(m, 1)", "cost c = z + sum(x) + sum(y + w)"]
    return "\n".join(["story Large", *dims, f"input x[{', '.join(DIMS)}]", *inputs, *steps])


@pytest.mark.parametrize(
    "same",
    [
        " * ".join(reversed(SUMS)),
        f"({' * '.join(SUMS[4:])}) * ({' * '.join(SUMS[:4])})",
        f"{PRODUCT} + D0 * ({SUMS[0]} - D0) - D0 * {SUMS[0]} + D0 * D0",
        f"({PRODUCT} * D3 * {SUMS[2]}) // ({SUMS[2]} * D3)",
        " + ".join(f"{d} * {' * '.join(SUMS[1:])}" for d in DIMS),
    ],
)
def test_equal_sizes_fit_however_they_are_written(same: str) -> None:
    assert storchc.check(text=story(PRODUCT, same)) == []


@pytest.mark.parametrize(
    "other", [f"{PRODUCT} + 1", PRODUCT.replace("+ 7", "+ 6"), f"D0 * {' * '.join(SUMS[1:])}"]
)
def test_other_sizes_do_not(other: str) -> None:
    assert [d.code for d in storchc.check(text=story(PRODUCT, other))] == ["S300"]


def test_they_are_computed_at_the_call() -> None:
    size = " * ".join(SUMS[:3])
    model = storchc.load(text=story(size, " * ".join(reversed(SUMS[:3]))))()
    x = torch.zeros([2, *[1] * 11])
    length = prod(13 + k for k in range(3))
    assert model(x, torch.zeros(length), torch.zeros(length)).cost.isfinite()
    with pytest.raises(StoryShapeError):
        model(x, torch.zeros(length - 1), torch.zeros(length))


def test_a_size_is_inferred_where_it_divides() -> None:
    wide = f"reshape(y, [{SUMS[0]} * {SUMS[1]}, -1])"
    steps = f"compute v = {wide}\ncost k = sum(v @ ones([{' * '.join(SUMS[2:])}]))"
    assert storchc.check(text=f"{story(PRODUCT, PRODUCT)}\n{steps}") == []


@pytest.mark.parametrize(("left", "right"), [("A + B", "A - B"), ("A + 1", "B + 2")])
def test_products_of_a_few_sums_are_multiplied_out(left: str, right: str) -> None:
    text = f"story Few\ndim A\ndim B\ninput x[A, B]\ninput y[({left}) * ({right})]"
    graph = storchc.analyze(text=f"{text}\nsample z ~ Normal(sum(x) + sum(y), 1)\ncost c = z")
    assert all(f.isidentifier() for m, _ in graph.inputs[1].type.shape[0].terms for f in m)
