"""Defaults that give a tuple: the output is taken, and every row is by itself."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import storchc

HEAD = """story T
plate data
dim T = 5
input x[data, T, 3]
"""
LAYERS = {
    "nn.LSTM(3, 4, batch_first=true)": 4,
    "nn.GRU(3, 4, 2, true, true)": 4,
    "nn.GRU(3, 4, batch_first=true, bidirectional=true)": 8,
    "nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.RNN(6, 4, batch_first=true))": 4,
}


@pytest.mark.parametrize("layer", LAYERS)
def test_the_output_of_all_steps(layer: str) -> None:
    size = LAYERS[layer]
    text = f"""{HEAD}
module enc: [T, 3] -> [T, {size}] = {layer}
sample b ~ Bernoulli(logits=0.3) with ScoreFunction(n=2)
compute h = enc(x * (b + 1))
cost c = sum(h)
report r = h
"""
    model = storchc.load(text=text)()
    x = torch.randn(3, 5, 3)
    estimate = model(x)
    inner = model.enc.layer
    for i, b in enumerate(estimate.samples["b"]):
        for row in range(3):
            alone = inner((x[row] * (b + 1))[None])[0][0]
            torch.testing.assert_close(estimate.reports["r"][i, row], alone)
    estimate.backward()
    assert all(p.grad is not None for p in model.enc.parameters())


def test_attention_with_its_output_alone() -> None:
    text = f"""{HEAD}
module att: [T, 3], [T, 3], [T, 3] -> [T, 3] = nn.MultiheadAttention(3, 1, batch_first=true)
cost c = sum(att(x, x, x))
"""
    model = storchc.load(text=text)()
    x = torch.randn(4, 5, 3)
    expected = sum(model.att.layer(row[None], row[None], row[None])[0].sum() for row in x) / 4
    torch.testing.assert_close(model(x).cost, expected.detach())


def test_a_layer_that_is_given_gives_a_tensor() -> None:
    """Nothing is taken from what a user's own module returns."""
    text = f"""{HEAD}
module enc: [T, 3] -> [T, 4] = nn.GRU(3, 4, batch_first=true)
cost c = sum(enc(x))
"""
    kind = storchc.load(text=text)
    kind(enc=nn.Linear(3, 4))(torch.randn(2, 5, 3))
    with pytest.raises(TypeError, match="returned a `tuple`, not a tensor"):
        kind(enc=nn.GRU(3, 4))(torch.randn(2, 5, 3))
