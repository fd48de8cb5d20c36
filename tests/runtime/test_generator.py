"""All draws of a call come from the generator that is given to it."""

import pytest
import torch

import storchc

STORY = """story Drawn
plate data
input x[data]
param m = 0.3
module noisy: [1] -> [1] = nn.Dropout(0.5)
sample a ~ Normal(m * x, 1) with Reparameterization(n=3)
sample b ~ Bernoulli(logits=a) with ScoreFunction() in a
sample c ~ OneHotCategorical(logits=stack([a, b, m])) with UnorderedSetEstimator(k=2)
cost paid = (a + b + c[0]) ** 2 + noisy(stack([a]))[0]
"""


def test_a_call_draws_from_its_generator_and_leaves_torchs_alone() -> None:
    model, x = storchc.load(text=STORY)(), torch.ones(4)
    before = torch.get_rng_state()
    generator = torch.Generator().manual_seed(7)
    first, second = model(x, generator=generator), model(x, generator=generator)
    again = model(x, generator=torch.Generator().manual_seed(7))
    assert torch.equal(torch.get_rng_state(), before)
    for name in "abc":
        assert torch.equal(first.samples[name], again.samples[name])
        assert not torch.equal(first.samples[name], second.samples[name])
    assert first.cost == again.cost


def test_torchs_generator_is_restored_after_an_error() -> None:
    model, before = storchc.load(text=STORY)(), torch.get_rng_state()
    with pytest.raises(TypeError):
        model("no tensor", generator=torch.Generator().manual_seed(7))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_keyword_is_reserved() -> None:
    text = "story S\ninput generator\nparam m = 0\ncost c = m * generator\n"
    assert "generator" in storchc.check(text=text)[0].message
