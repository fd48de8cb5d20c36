"""`normalize`: the coefficient of the score divided by its spread, as GRPO and NVIL have it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.distributions import Categorical

import storchc

X = torch.tensor([[0.3, -0.8, 0.1], [1.1, 0.4, -0.6]], dtype=torch.float64)
HEAD = """
story T
plate data
input x[data, 3]
param w[3] = tensor([0.2, -0.1, 0.4])
"""
OPTIONS = "baseline=batch_average, normalize=true"
MOVING = "baseline=moving_average, normalize=true"


def _model(story: str) -> Any:
    return storchc.load(text=story)().double()


def _log_prob(w: Tensor, z: Tensor) -> Tensor:
    return Categorical(logits=X + w).log_prob(z)


def _gradient(loss: Tensor, w: Tensor) -> Tensor:
    return torch.autograd.grad(loss, [w])[0]


@pytest.mark.parametrize("baseline", ["batch_average", "none", "sum(x)"])
def test_it_divides_by_the_deviation_over_the_draws(baseline: str) -> None:
    text = (
        HEAD
        + f"""
sample z ~ Categorical(logits=x + w) with ScoreFunction(n=6, baseline={baseline}, normalize=true)
cost c = (z - 0.7) ** 2 + z * x[0]
"""
    )
    torch.manual_seed(3)
    model = _model(text)
    estimate = model(X)
    cost = estimate.costs["c"].detach()
    others = (cost.sum(0) - cost) / 5
    kept = {"batch_average": others, "none": torch.zeros(()), "sum(x)": X.sum(-1)}[baseline]
    left = cost - kept
    w = model.w.detach().requires_grad_()
    scaled = left / (left.std(0) + 1e-4)
    wanted = _gradient((scaled * _log_prob(w, estimate.samples["z"])).mean(), w)
    torch.testing.assert_close(_gradient(estimate.loss, model.w), wanted, rtol=0, atol=1e-12)
    assert model.order == 1


def test_with_the_batch_average_it_is_the_advantage_of_grpo() -> None:
    text = (
        HEAD
        + f"""
sample z ~ Categorical(logits=x + w) with ScoreFunction(n=6, {OPTIONS}, eps=0)
cost c = (z - 0.7) ** 2 + z * x[0]
"""
    )
    torch.manual_seed(3)
    model = _model(text)
    estimate = model(X)
    cost = estimate.costs["c"].detach()
    advantage = (cost - cost.mean(0)) / cost.std(0)
    w = model.w.detach().requires_grad_()
    wanted = _gradient((advantage * _log_prob(w, estimate.samples["z"])).mean(), w)
    torch.testing.assert_close(_gradient(estimate.loss, model.w), wanted, rtol=0, atol=1e-12)


def test_what_acts_by_paths_is_not_scaled() -> None:
    text = (
        HEAD
        + f"""
sample z ~ Categorical(logits=x + w) with ScoreFunction(n=6, {OPTIONS})
cost c = (z - 0.7) ** 2 * sum(w ** 2)
"""
    )
    torch.manual_seed(3)
    model = _model(text)
    estimate = model(X)
    z = estimate.samples["z"].double()
    w = model.w.detach().requires_grad_()
    cost = (z - 0.7) ** 2 * (w**2).sum()
    left = (cost - (cost.sum(0) - cost) / 5).detach()
    scored = left / (left.std(0) + 1e-4) * _log_prob(w, z)
    wanted = _gradient((scored + cost).mean(), w)
    torch.testing.assert_close(_gradient(estimate.loss, model.w), wanted, rtol=0, atol=1e-12)


def test_only_elements_that_count_are_spread() -> None:
    text = (
        HEAD
        + f"""
for t in range(3) from s = 0.0:
    sample z ~ Categorical(logits=x + w * (1 + s)) with ScoreFunction(n=5, {OPTIONS})
    compute s = s + 0.3 * z
    cost c = (z - 0.7) ** 2
    stop when z == 2
"""
    )
    torch.manual_seed(1)
    model = _model(text)
    estimate = model(X)
    z = estimate.samples["z"].double()  # [n, data, T]
    n, data, steps = z.shape
    w = model.w.detach().requires_grad_()
    alive = torch.ones(n, data, steps, dtype=torch.bool)
    for t in range(1, steps):
        alive[:, :, t] = alive[:, :, t - 1] & (z[:, :, t - 1] != 2)
    each = torch.where(alive, (z - 0.7) ** 2, 0.0)
    later = each.flip(-1).cumsum(-1).flip(-1)  # what is paid from this step on
    s, loss = torch.zeros(n, data, dtype=torch.float64), torch.zeros(()).double()
    for t in range(steps):
        log_prob = Categorical(logits=X + w * (1 + s[..., None])).log_prob(z[:, :, t])
        left = later[:, :, t] - (later[:, :, t].sum(0) - later[:, :, t]) / (n - 1)
        for d in range(data):
            counts = alive[:, d, t]
            spread = left[counts, d].std() + 1e-4 if counts.sum() > 1 else torch.ones(())
            loss = loss + (left[:, d] / spread * log_prob[:, d])[counts].sum() / (n * data)
        s = torch.where(alive[:, :, t], s + 0.3 * z[:, :, t], s)
    wanted = _gradient(loss, w)
    torch.testing.assert_close(_gradient(estimate.loss, model.w), wanted, rtol=0, atol=1e-12)


def test_a_moving_average_is_divided_by_the_spread_of_earlier_passes() -> None:
    text = (
        HEAD
        + f"""
sample z ~ Categorical(logits=x + w) with ScoreFunction(n=6, decay=0.8, {MOVING})
cost c = 9 * (z - 0.7) ** 2 + z * x[0]
"""
    )
    torch.manual_seed(3)
    model = _model(text)
    average, square = torch.zeros(()).double(), torch.ones(()).double()
    for _ in range(4):
        estimate = model(X)
        cost = estimate.costs["c"].detach()
        left = cost - average
        w = model.w.detach().requires_grad_()
        scaled = left / square.sqrt().clamp(min=1)
        wanted = _gradient((scaled * _log_prob(w, estimate.samples["z"])).mean(), w)
        found = _gradient(estimate.loss, model.w)
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
        average = 0.8 * average + 0.2 * cost.mean()
        square = 0.8 * square + 0.2 * (left**2).mean()
    assert square > 1  # or nothing was divided
    again = _model(text)
    again.load_state_dict(model.state_dict())
    torch.testing.assert_close(again.methods["z"].square, square)


def test_it_is_of_the_first_order() -> None:
    text = (
        HEAD
        + f"""
sample z ~ Categorical(logits=x + w) with ScoreFunction(n=6, {OPTIONS})
cost c = (z - 0.7) ** 2
"""
    )
    model = _model(text)
    estimate = model(X)
    (first,) = torch.autograd.grad(estimate.loss, [model.w], create_graph=True)
    with pytest.raises(RuntimeError, match="order"):
        torch.autograd.grad(first.sum(), [model.w])


STEPS = """
story T
param w[2] = tensor([0.2, -0.4])
for t in range(2) from h = 0.3:
    sample z ~ Bernoulli(logits=w[t] + h) with ScoreFunction(n=3, {})
    compute h = 0.5 * h + z
    cost c = (h - 0.7) ** 2 * (1 + t)
"""


def _step_by_step(w: Tensor, z: Tensor) -> Tensor:
    """The gradient of one outcome ``[2, 3]``: what follows a step, over its spread among draws."""
    h, costs, logs = torch.full((3,), 0.3, dtype=torch.float64), [], []
    for t in range(2):
        logs.append(torch.distributions.Bernoulli(logits=w[t] + h).log_prob(z[t]))
        h = 0.5 * h + z[t]
        costs.append((h - 0.7) ** 2 * (1 + t))
    behind = torch.stack([costs[0] + costs[1], costs[1]]).detach()
    left = behind - (behind.sum(1, keepdim=True) - behind) / 2
    scaled = left / (left.std(1, keepdim=True) + 1e-4)
    return _gradient((scaled * torch.stack(logs)).mean(1).sum(), w)


def _every_outcome(options: str) -> None:
    """Each of the 64 outcomes of three draws of two bits has the gradient that it is to have."""
    model = _model(STEPS.format(options))
    for bits in product((0.0, 1.0), repeat=6):
        z = torch.tensor(bits, dtype=torch.float64).reshape(2, 3)
        found = _gradient(model(given={"z": z.T}).loss, model.w)
        w = model.w.detach().requires_grad_()
        torch.testing.assert_close(found, _step_by_step(w, z), rtol=0, atol=1e-12)


def test_every_outcome_of_a_loop() -> None:
    _every_outcome(OPTIONS)


@pytest.mark.parametrize("options", ["baseline=batch_average", f"{OPTIONS}, eps=0.1"])
def test_another_scale_fails(options: str) -> None:
    with pytest.raises(AssertionError):
        _every_outcome(options)
