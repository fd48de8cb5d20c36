"""``reduction="none"``: densities, divergences and entropies one for each element of the batch."""

from __future__ import annotations

import pytest
import torch

import storchc
from tests.certification.harness import Case, case, certify, fails

HEAD = """
story T
plate data
input x[data, 3]
input mask[data, 3]
param v[3] = tensor([0.6, -0.8, 0.3])
param u[2] = tensor([0.4, -0.3])
"""
METHODS = {
    "score": "ScoreFunction(n=2, baseline=batch_average)",
    "expect": "Expect()",
}
COSTS = {
    "masked": 'kl = -sum(mask * log_prob(Normal(z * v, 1), x, reduction="none"))',
    "mixture": """nll = -logsumexp(
    log_prob(Normal(u, 1), z[0], reduction="none") + log_softmax(u) * z[1])""",
    "rows": """nll = -sum(logsumexp(
    log_prob(Normal(reshape(u, [2, 1]) + z, 1), x, reduction="none"), dim=0))""",
    "free bits": 'kl = sum(softplus(kl_divergence(q, Bernoulli(logits=v), reduction="none")))',
    "entropies": 'h = sum(z * entropy(q, reduction="none")) + sum(x * v)',
    "its own": 'ratio = sum(log_prob(q, z, reduction="none") * mask * v)',
    "softened": 'ratio = sum(tanh(log_prob(Bernoulli(logits=v), z, reduction="none")) * x)',
}


def written(cost: str, method: str, plate: str = "data") -> Case:
    head = HEAD.replace("plate data", f"plate {plate}")
    text = f"""{head}
compute q = Bernoulli(logits=v * sum(x))
sample z ~ q with {METHODS[method]}
cost {COSTS[cost]}
"""
    inputs = {"x": [[0.7, -1.2, 0.1], [0.2, 0.5, -0.4]], "mask": [[1.0, 0.0, 2.0], [0.5, 1.0, 0.0]]}
    if method == "score":
        inputs = {name: value[:1] for name, value in inputs.items()}
    return case(text, inputs)


@pytest.mark.parametrize("plate", ["data", pytest.param("data sum", marks=pytest.mark.certify)])
@pytest.mark.parametrize("method", ["expect", pytest.param("score", marks=pytest.mark.certify)])
@pytest.mark.parametrize("cost", COSTS)
def test_exact(cost: str, method: str, plate: str) -> None:
    certify(written(cost, method, plate), hessian=True)


def test_a_sum_in_their_place_is_found() -> None:
    """What is certified differs from what events summed first would give."""
    this = written("free bits", "expect")
    summed = this.text.replace(', reduction="none"', "")
    model = storchc.load(text=summed)().double()
    fails(lambda: certify(this, model=model))


def test_in_a_loop() -> None:
    text = f"""{HEAD}
for t in range(2) from h = v:
    sample z ~ Bernoulli(logits=h) with ScoreFunction(baseline=moving_average)
    compute h = h * z - 0.3 * v
    cost c = sum(mask * softplus(log_prob(Normal(h, 1), x, reduction="none")))
"""
    certify(case(text, {"x": [[0.7, -1.2, 0.1]], "mask": [[1.0, 0.0, 2.0]]}), hessian=True)


def test_a_value_outside_of_a_support_gives_no_nan() -> None:
    text = """story T
plate data
input x[data, 2]
param v[2] = tensor([0.6, 0.8])
cost c = -sum(exp(log_prob(Exponential(exp(v)), x, reduction="none")))
"""
    model = storchc.load(text=text)()
    x = torch.tensor([[-1.0, 2.0]])
    estimate = model(x)
    estimate.backward()
    rate = torch.exp(model.v.detach())
    assert torch.allclose(estimate.cost, -rate[1] * torch.exp(-2 * rate[1]))
    assert model.v.grad[0] == 0
    assert model.v.grad.isfinite().all()


@pytest.mark.parametrize("form", ["sum(log_prob(q, z, reduction={}))", "log_prob(q, z)"])
def test_a_sticking_landing_stops_parameters_in_each(form: str) -> None:
    """`STL` leaves the score of its own draw out, summed at once or later."""
    text = f"""story T
param v[2] = tensor([0.6, 0.8])
param s[2] = tensor([0.1, -0.3])
compute q = Normal(v, exp(s))
sample z ~ q with STL()
cost c = {form.format('"none"')} - log_prob(Normal(0, 1), z)
"""
    model = storchc.load(text=text)().double()
    value = torch.tensor([[0.3, -0.9]], dtype=torch.double)
    model(given={"z": value}).backward()
    scale = model.s.detach().exp()
    # along the path alone: d log q/dz + z
    slope = (-(value[0] - model.v.detach()) / scale**2) + value[0]
    assert torch.allclose(model.v.grad, slope)


def _truncated(loc: torch.Tensor) -> torch.distributions.Distribution:
    """A normal within [-1, 1], by hand."""
    plain, ends = torch.distributions.Normal(loc, 1.0), torch.ones((), dtype=torch.double)

    class Truncated(torch.distributions.Normal):
        def log_prob(self, value: torch.Tensor) -> torch.Tensor:
            return plain.log_prob(value) - (plain.cdf(ends) - plain.cdf(-ends)).log()

    return Truncated(loc, 1.0)


td = torch.distributions
MADE_OF_OTHERS = {
    "Independent(Normal(m, 1), 1)": (2, lambda v, m: td.Independent(td.Normal(m, 1.0), 1)),
    "MixtureSameFamily(Categorical(logits=m), Normal(m, 1))": (
        3,
        lambda v, m: td.MixtureSameFamily(
            td.Categorical(logits=m), td.Normal(m, torch.ones_like(m))
        ),
    ),
    "MixtureSameFamily(Categorical(logits=v), Independent(Normal(m, 1), 1))": (
        2,
        lambda v, m: td.MixtureSameFamily(
            td.Categorical(logits=v), td.Independent(td.Normal(m, torch.ones_like(m)), 1)
        ),
    ),
    "TransformedDistribution(Normal(v, 1), [TanhTransform(), AffineTransform(v, 2)])": (
        3,
        lambda v, m: td.TransformedDistribution(
            td.Normal(v, 1.0), [td.TanhTransform(), td.AffineTransform(v, 2.0)]
        ),
    ),
    "TruncatedNormal(v, 1, -1, 1)": (3, lambda v, m: _truncated(v)),
}


@pytest.mark.parametrize("law", MADE_OF_OTHERS)
def test_distributions_made_of_others_keep_what_is_left_of_their_batch(law: str) -> None:
    size, meaning = MADE_OF_OTHERS[law]
    text = f"""story T
plate data
input y[data, {size}]
param v[3] = tensor([0.1, 0.2, -0.3])
param m[3, 2] = tensor([[0.1, 0.2], [0.4, 0.5], [-0.3, 1.0]])
compute q = {law}
cost named = sum(log_prob(q, y, reduction="none") ** 2)  # storchc: allow S515
cost made = sum(log_prob({law}, y, reduction="none") ** 2)  # storchc: allow S515
cost scale = sum(v) + sum(m)
"""
    model = storchc.load(text=text)().double()
    y = 0.9 * torch.rand(4, size, dtype=torch.double)
    estimate = model(y)
    v, m = model.v.detach(), model.m.detach()
    expected = torch.stack([(meaning(v, m).log_prob(row) ** 2).sum() for row in y])
    torch.testing.assert_close(estimate.costs["named"], expected)
    torch.testing.assert_close(estimate.costs["made"], expected)
