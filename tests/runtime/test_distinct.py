"""Calls made once for each distinct row: the same results and gradients, from fewer rows."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import storchc
from storch_runtime import StoryWarning
from storch_runtime.generated import distinct_rows
from tests.certification.harness import case
from tests.certification.outcomes import enumerate_estimates

ROWS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


class Counted(nn.Module):
    """A small network that counts the rows that it is given."""

    def __init__(self, inputs: int = 2, outputs: int = 3) -> None:
        super().__init__()
        self.inner = nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, outputs))
        self.rows = 0

    def forward(self, *parts: Tensor) -> Tensor:
        self.rows += len(parts[0])
        return self.inner(torch.cat([p.reshape(len(p), -1) for p in parts], 1))


def test_equal_rows_are_evaluated_once() -> None:
    module = Counted().double()
    rows = ROWS.double()
    wanted = module(rows)
    gradient = torch.autograd.grad((wanted * wanted.detach()).sum(), list(module.parameters()))
    module.rows = 0
    found = distinct_rows(module, rows)
    assert module.rows == 3
    torch.testing.assert_close(found, wanted)
    again = torch.autograd.grad((found * found.detach()).sum(), list(module.parameters()))
    torch.testing.assert_close(again, gradient)


def test_rows_are_compared_over_all_arguments_and_by_their_bits() -> None:
    zeros = torch.tensor([0.0, -0.0, 0.0, torch.nan, torch.nan])
    kinds = torch.tensor([1, 1, 1, 2, 2])
    flags = torch.tensor([True, True, False, True, True])
    seen: list[int] = []

    def function(values: Tensor, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        seen.append(len(values))
        return 1 / values, (pair[0] + pair[1]).double()

    found = distinct_rows(function, zeros, (kinds, flags))
    assert seen == [4]
    torch.testing.assert_close(found, function(zeros, (kinds, flags)), equal_nan=True)


def test_arguments_with_a_gradient_are_left_alone() -> None:
    module, rows = Counted(), ROWS.clone().requires_grad_()
    distinct_rows(module, rows).sum().backward()
    assert module.rows == len(rows)
    assert rows.grad is not None


def test_whole_graphs_compile() -> None:
    module = Counted()
    compiled = torch.compile(
        lambda rows: distinct_rows(module.inner, rows), fullgraph=True, backend="aot_eager"
    )
    torch.testing.assert_close(compiled(ROWS), module.inner(ROWS))


# --- in stories ----------------------------------------------------------------------------------

STORY = """
story T
plate data
input x[data, 2]
param w = 0.4
module decoder: [2], [2] -> [3]
function score batched nondiff: [2] -> []
sample z ~ Bernoulli(logits=w * x) with {} using {}
compute y = decoder(z, {})
cost c = sum((y - 1) ** 2) * w + score(z)
"""
AVERAGE = "ScoreFunction(baseline=batch_average)"
X = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))


class Score:
    """A batched function that counts its rows."""

    rows = 0

    def __call__(self, z: Tensor) -> Tensor:
        self.rows += len(z)
        return z.sum(1)


@pytest.mark.parametrize(
    ("method", "sampler"),
    [
        (AVERAGE, "MonteCarlo(n=32{})"),
        ("VIMCO()", "MonteCarlo(n=32{})"),
        (AVERAGE, "ImportanceSampling(n=32{}, proposal=Bernoulli(logits=0 * x))"),
    ],
)
@pytest.mark.parametrize("beside", ["x", "z"])
def test_stories_agree_with_and_without(method: str, sampler: str, beside: str) -> None:
    decoder, results = Counted(4), []
    given = {"z": torch.bernoulli(torch.full((32, 5, 2), 0.5))}
    for option in ("", ", distinct=true"):
        score: Any = Score()
        decoder.rows = 0
        text = STORY.format(method, sampler.format(option), beside)
        model = storchc.load(text=text)(decoder=decoder, score=score)
        model.zero_grad()
        estimate = model(X, given=given)
        estimate.backward()
        gradients = [p.grad.clone() for p in (model.w, *decoder.parameters())]
        results.append((estimate.costs["c"], gradients, decoder.rows, score.rows))
    (cost, gradients, rows, scored), (spared, again, fewer, less) = results
    assert (rows, scored) == (160, 160)
    assert (fewer, less) == (20 if beside == "x" else 4, 4)
    torch.testing.assert_close(spared, cost)
    torch.testing.assert_close(again, gradients)


def test_it_is_exact() -> None:
    text = STORY.replace("function score batched nondiff: [2] -> []\n", "").replace(
        " + score(z)", ""
    )
    decoder = Counted(4).double()
    data = {"x": [[0.7, -1.2]]}
    found, wanted = (
        enumerate_estimates(story.model(), story)
        for story in (
            case(text.format(AVERAGE, f"MonteCarlo(n=2{option})", "x"), data, decoder=decoder)
            for option in (", distinct=true", "")
        )
    )
    torch.testing.assert_close(found.gradient, wanted.gradient)
    torch.testing.assert_close(found.hessian, wanted.hessian)


def test_equal_rows_share_a_mask_which_is_said_once() -> None:
    rows = torch.tensor([[1.0, 2.0], [1.0, 2.0], [3.0, 4.0]])
    net = nn.Sequential(nn.Dropout(0.5), nn.Linear(2, 4))
    with pytest.warns(StoryWarning, match="share one mask of the `Dropout`"):
        distinct_rows(net, rows)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        distinct_rows(net, rows)
        distinct_rows(nn.Sequential(nn.Dropout(0.5)).eval(), rows)
        distinct_rows(nn.Sequential(nn.Dropout(0.0)), rows)
        distinct_rows(nn.Linear(2, 4), rows)
