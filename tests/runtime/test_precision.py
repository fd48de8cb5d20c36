"""Half and single precision: what is nearly nothing there, and what is hardly possible."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import storchc

STORY = """
story T
plate data
input x[data, 3]
module enc: [3] -> [3]
module dec: [3] -> [1]
sample z ~ {}(logits=enc(x)) with {}
cost c = sum(dec(z)) ** 2
"""
METHODS = [
    ("Bernoulli", "ScoreFunction()"),
    ("Bernoulli", "DisARM()"),
    ("Bernoulli", "REBAR()"),
    ("OneHotCategorical", "ScoreFunction()"),
    ("OneHotCategorical", "GumbelRao()"),
    ("OneHotCategorical", "SumAndSample(sum_size=1)"),
    ("OneHotCategorical", "ReinMax()"),
    ("OneHotCategorical", "UnorderedSetEstimator(k=2)"),
]


@pytest.mark.parametrize("autocast", [False, True])
@pytest.mark.parametrize(("family", "method"), METHODS)
def test_half_precision(family: str, method: str, autocast: bool) -> None:
    torch.manual_seed(0)
    model = storchc.load(text=STORY.format(family, method))(
        enc=nn.Linear(3, 3), dec=nn.Linear(3, 1)
    )
    x = torch.randn(4, 3)
    if autocast:
        with torch.autocast("cpu", dtype=torch.float16):
            estimate = model(x)
    else:
        estimate = model.half()(x.half())
    estimate.backward()
    for parameter in model.parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all()


DRAWN_WIDE = {  # families that torch draws in single precision alone, on a CPU
    "Gamma(exp(enc(x)), 1)": "Reparameterization()",
    "Beta(exp(enc(x)), 2)": "Reparameterization()",
    "Dirichlet(exp(enc(x)))": "ScoreFunction()",
    "StudentT(5, enc(x), 1)": "Reparameterization()",
    "InverseGamma(exp(enc(x)) + 2, 1)": "ScoreFunction()",
    "Binomial(3, logits=enc(x))": "ScoreFunction()",
    "Multinomial(4, logits=enc(x))": "ScoreFunction()",
    "NegativeBinomial(3, logits=enc(x))": "ScoreFunction()",
    "Normal(enc(x), 1)": "Reparameterization() using Antithetic(n=4)",
    "MultivariateNormal(enc(x), eye(3) + 0.1)": "ScoreFunction(n=2)",
    "Kumaraswamy(exp(enc(x)), 2)": "ScoreFunction(n=2000)",
}


@pytest.mark.parametrize("mode", ["half", "bfloat16", "autocast"])
@pytest.mark.parametrize("law", DRAWN_WIDE)
def test_draws_in_half_precision(law: str, mode: str) -> None:
    torch.manual_seed(0)
    story = STORY.replace("{}(logits=enc(x))", law).format(DRAWN_WIDE[law])
    model = storchc.load(text=story)(enc=nn.Linear(3, 3), dec=nn.Linear(3, 1))
    x = torch.randn(4, 3)
    with torch.autocast("cpu", torch.float16, enabled=mode == "autocast"):
        if mode != "autocast":
            model, x = getattr(model, mode)(), getattr(x, mode)()
        estimate = model(x)
    estimate.backward()
    assert estimate.samples["z"].dtype in (torch.float16, torch.bfloat16)
    for parameter in model.parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all()


WIDE_DENSITIES = {
    "log_prob(q, z)": "MultivariateNormal(m, scale_tril=diag_embed(exp(m)))",
    "kl_divergence(q, MultivariateNormal(m, 2.0 * eye(3)))": "MultivariateNormal(m, eye(3))",
    "entropy(q)": "MultivariateNormal(m, precision_matrix=diag_embed(exp(m)))",
    "log_prob(Kumaraswamy(2, 3), z[0])": "Kumaraswamy(exp(m), 3)",
}


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("cost", WIDE_DENSITIES)
def test_densities_that_half_precision_cannot_know(cost: str, kind: torch.dtype) -> None:
    """They are those of single precision, rounded, at the same values."""
    text = (
        "story S\nparam m[3] = tensor([0.25, -0.5, 0.125])\n"
        f"compute q = {WIDE_DENSITIES[cost]}\nsample z ~ q with ScoreFunction(n=500)\n"
        f"cost c = {cost}\n"
    )
    made = storchc.load(text=text)
    torch.manual_seed(0)
    narrow = made().to(kind)()
    narrow.backward()
    wide = made()(given={"z": narrow.samples["z"].float()})
    torch.testing.assert_close(narrow.loss.float(), wide.loss, rtol=2e-2, atol=2e-2)


LETTERS = """
story Letters
param w[27] = zeros()
for t in range(34):
    sample y ~ OneHotCategorical(logits=w) with {}
    compute letter = y
cost c = mean(sequence(letter)[:, 0]) + 10
"""


def test_sequences_without_probability_in_floats_have_baselines_all_the_same() -> None:
    """34 letters of 27 have the log-probability -112: its exponential is 0 in single precision."""
    model = storchc.load(text=LETTERS.format("UnorderedSetEstimator(k=4)"))()
    torch.manual_seed(0)
    for _ in range(4):
        model.zero_grad()
        model().backward()
        assert model.w.grad is not None
        assert model.w.grad.norm() < 3  # without a baseline 20 and more


LAWS = {
    "RelaxedBernoulli(0.05, logits=w)": "Reparameterization",
    "Gamma(0.01 * exp(w), 1)": "ScoreFunction",
}


@pytest.mark.parametrize("law", LAWS)
def test_a_sample_whose_gradient_is_cut_knows_what_it_was_made_of(law: str) -> None:
    """Its score is 0 on average; read off the rounded values it is not."""
    text = (
        f"story S\nparam w = 0.3\ncompute q = {law}\n"
        f"sample z ~ q with {LAWS[law]}(n=100_000)\n"
        "cost c = log_prob(q, stop_gradient(z))\n"
    )
    model = storchc.load(text=text)()
    torch.manual_seed(0)
    model().backward()
    assert abs(model.w.grad) < 0.01


@pytest.mark.parametrize(
    "law",
    [
        "Gamma(0.1, 0.3)",
        "Beta(1.3, 0.7)",
        "Exponential(0.3)",
        "Laplace(0.1, 0.3)",
        "Uniform(-0.1, 2.7)",
    ],
)
def test_numbers_are_as_precise_as_the_values_they_meet(law: str) -> None:
    story = f"story T\nplate data\ninput x[data]\ncost c = -log_prob({law}, x)\n"
    x = torch.tensor([0.2, 0.7], dtype=torch.float64)
    family, _, rest = law.partition("(")
    numbers = [torch.tensor(float(n), dtype=torch.float64) for n in rest[:-1].split(",")]
    wanted = -getattr(torch.distributions, family)(*numbers).log_prob(x)
    found = storchc.load(text=story)()(x).costs["c"]
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-14)
