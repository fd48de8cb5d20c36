"""Every closed form against a mean over samples, and its way of broadcasting."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch
from torch import Tensor

import storch_runtime.distributions as runtime
from storch_runtime.distributions import Distribution, kl_divergence
from storchc.catalogue import distributions as catalogue

cases = import_module("tests.runtime.distributions.cases")

PAIRS = [
    (left, right)
    for left in catalogue.simple()
    if (family := catalogue.lookup(left))
    for right in sorted(family.divergences)
]


def _moved(name: str) -> dict[str, Tensor | int]:
    """Other parameters with a support no smaller."""
    keep = {"Uniform", "Pareto", "Binomial", "TruncatedNormal"}
    return {
        k: v * 1.2 + 0.1 if isinstance(v, Tensor) and k != "probs" and name not in keep else v
        for k, v in cases.parameters(name).items()
    }


def _right(name: str) -> Distribution:
    given = _moved(name)
    if name == "Uniform":
        given = {"low": torch.tensor(-9.0).double(), "high": torch.tensor(9.0).double()}
    if name == "TruncatedNormal":
        given["low"] = torch.as_tensor(given["low"]) - 0.3
        given["scale"] = torch.as_tensor(given["scale"]) * 1.2
        given["high"] = torch.tensor(torch.inf).double()
    if name == "Pareto":
        given = {"scale": torch.tensor(0.1).double(), "alpha": torch.tensor(2.0).double()}
    if name == "Wishart":
        given = {**cases.parameters(name), "df": torch.tensor(7.5).double()}
    made: Distribution = getattr(runtime, name)(**given)
    return made


def _left(name: str, right: str) -> Distribution:
    given = cases.parameters(name)
    if name == "Uniform" and right != "Uniform":
        low = torch.full(cases.BATCH, 0.2).double()
        given = {"low": low, "high": low + 0.5 * torch.rand(cases.BATCH).double()}
    made: Distribution = getattr(runtime, name)(**given)
    return made


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_a_divergence_is_the_mean_difference_of_log_probabilities(left: str, right: str) -> None:
    torch.manual_seed(5)
    q, p = _left(left, right), _right(right)
    value = q.sample(20_000)
    observed = value.long() if right == "Categorical" else value
    difference = q.log_prob(value) - p.log_prob(observed)
    error = difference.std(0) / 20_000**0.5
    divergence = kl_divergence(q, p)
    assert divergence.shape == cases.BATCH
    assert ((difference.mean(0) - divergence).abs() <= 5 * error + 1e-9).all()
    assert not (left == right and divergence.min() < -1e-9)


@pytest.mark.parametrize(("left", "right"), PAIRS)
def test_the_events_are_summed_and_broadcast(left: str, right: str) -> None:
    q, p = _left(left, right), _right(right)
    each = kl_divergence(q, p)
    q, p = _with_event(q), _with_event(p.expand(cases.BATCH))
    torch.testing.assert_close(kl_divergence(q, p), each.sum(-1))


def _with_event(made: Distribution) -> Distribution:
    return type(made)(**made.given(), event=1)  # type: ignore[call-arg]


def test_a_smaller_batch_serves_all() -> None:
    q = runtime.Gamma(concentration=torch.rand(4, 3) + 1, rate=torch.rand(4, 3) + 1, event=1)
    p = runtime.Gamma(concentration=torch.tensor(2.0), rate=torch.tensor(1.0))
    assert kl_divergence(q, p).shape == (4,)
    assert kl_divergence(p, q).shape == (4,)
    assert kl_divergence(q, p.lift(1)).shape == (4,)


def test_without_a_closed_form_torch_says_so() -> None:
    with pytest.raises(NotImplementedError):
        kl_divergence(runtime.Poisson(rate=torch.ones(2)), runtime.Normal(torch.zeros(2), 1.0))
