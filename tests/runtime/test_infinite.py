"""Infinite values that count nothing: sums of exponentials of -inf, costs where the weight is 0."""

from __future__ import annotations

import pytest
import torch

import storchc

INF = torch.inf

MASKED = """
story T
plate data
input x[data, 3]
param w[3] = tensor([0.4, -0.7, 0.1])
compute f = {}
cost c = exp(f)
"""
ROWS = [[0.0, 1.0, 2.0], [-INF, -INF, -INF], [-INF, 0.0, 1.0]]


@pytest.mark.parametrize(
    "total",
    [
        "logsumexp(x + w)",
        "logmeanexp(x + w)",
        "logsumexp(x + w, dim=-1)",
        "squeeze(logmeanexp(x + w, dim=-1, keepdim=true))",
    ],
)
def test_a_row_of_minus_infinities_is_one_and_has_no_slope(total: str) -> None:
    model = storchc.load(text=MASKED.format(total))()
    x = torch.tensor(ROWS)
    estimate = model(x)
    estimate.loss.backward()
    masses = (x + model.w.detach()).exp()
    share = 1.0 if "logsum" in total else 1 / 3
    torch.testing.assert_close(estimate.costs["c"].detach(), share * masses.sum(-1))
    torch.testing.assert_close(model.w.grad, share * masses.mean(0))
