"""Every family against torch's, and against what its own log-probability says."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

import pytest
import torch
import torch.distributions as td
from torch import Tensor

import storch_runtime.distributions as runtime
from storchc.catalogue import distributions as families

cases = import_module("tests.runtime.distributions.cases")
parameters, differentiable = cases.parameters, cases.differentiable

FAMILIES = families.simple()
PATHWISE = [name for name in FAMILIES if getattr(runtime, name).pathwise]
REPLAYABLE = [name for name in PATHWISE if getattr(runtime, name).replayable]
# torch's own are wrong, or not of any batch, or draw more noise than a sample tells
NOT_TORCH = {
    *("ExpRelaxedCategorical", "GeneralizedPareto", "RelaxedOneHotCategorical"),
    *cases.LACKING,
}
OTHER_PATH = {
    *("ContinuousBernoulli", "FisherSnedecor", "GeneralizedPareto", "LowRankMultivariateNormal"),
    *("ExpRelaxedCategorical", "LogitRelaxedBernoulli"),
    *("RelaxedBernoulli", "RelaxedOneHotCategorical", "StudentT", "TruncatedNormal", "Wishart"),
}


def _make(name: str, event: int = 1) -> runtime.Distribution:
    made: runtime.Distribution = getattr(runtime, name)(**parameters(name), event=event)
    return made


def _torch(name: str, event: int = 1) -> td.Independent[td.Distribution]:
    return td.Independent(cases.of_torch(name)(**parameters(name), validate_args=False), event)


@pytest.mark.parametrize("event", [0, 1, 2])
@pytest.mark.parametrize("name", sorted(set(FAMILIES) - NOT_TORCH))
def test_log_prob_is_torchs_over_every_event_dimension(name: str, event: int) -> None:
    ours, theirs = _make(name, event), _torch(name, event)
    value = ours.sample(5)
    torch.testing.assert_close(ours.log_prob(value), theirs.log_prob(value))
    assert ours.log_prob(value).shape == (5, *ours.plates)
    assert ours.plates == theirs.batch_shape
    assert ours.event_shape == theirs.event_shape


@pytest.mark.parametrize("name", FAMILIES)
def test_a_sample_has_its_shape_and_no_gradient(name: str) -> None:
    ours = getattr(runtime, name)(**differentiable(parameters(name)), event=1)
    assert ours.sample(None).shape == ours.plates + ours.event_shape
    assert ours.sample(4).shape == (4, *ours.plates, *ours.event_shape)
    assert not ours.sample(2).requires_grad
    assert ours.sample().dtype == (torch.int64 if name == "Categorical" else torch.double)


@pytest.mark.parametrize("name", FAMILIES)
def test_detached_it_is_the_same_without_a_gradient_to_its_parameters(name: str) -> None:
    ours = getattr(runtime, name)(**differentiable(parameters(name)), event=1)
    value = ours.sample(4)
    found = ours.detached().log_prob(value)
    assert not found.requires_grad
    torch.testing.assert_close(found, ours.log_prob(value).detach())


@pytest.mark.parametrize("name", FAMILIES)
def test_the_log_probability_of_single_precision(name: str) -> None:
    single = {k: v.float() if isinstance(v, Tensor) else v for k, v in parameters(name).items()}
    ours = getattr(runtime, name)(**single, event=1)
    value = ours.sample(3)
    assert value.dtype in (torch.float32, torch.int64)
    assert ours.log_prob(value).dtype == torch.float32
    exact = _make(name).log_prob(value.double() if value.is_floating_point() else value)
    # a value that rounds to the edge of the support is the business of no formula
    close = torch.isclose(ours.log_prob(value).double(), exact, rtol=1e-3, atol=1e-3)
    assert (close | ~exact.isfinite()).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_entropy_and_mean_are_those_of_the_samples(name: str) -> None:
    ours = _make(name)
    torch.manual_seed(7)
    value = ours.sample(20_000)
    with suppress(NotImplementedError, TypeError):
        _agree(-ours.log_prob(value), ours.entropy())
    if name not in {"Categorical", "Cauchy", "HalfCauchy", "VonMises"}:
        with suppress(AttributeError, NotImplementedError):
            _agree(value, ours.mean)  # type: ignore[attr-defined]


def _agree(samples: Tensor, expected: Tensor) -> None:
    error = samples.std(0) / len(samples) ** 0.5
    assert ((samples.mean(0) - expected).abs() <= 5 * error + 1e-9).all()


@pytest.mark.parametrize("name", FAMILIES)
def test_expanding_adds_plates_and_changes_nothing(name: str) -> None:
    ours = _make(name)
    larger = ours.expand((4, *ours.plates))
    value = larger.sample(2)
    assert larger.plates == (4, *ours.plates)
    torch.testing.assert_close(larger.log_prob(value), ours.log_prob(value))


@pytest.mark.parametrize("name", FAMILIES)
def test_lifting_pads_the_event(name: str) -> None:
    ours = _make(name)
    lifted = ours.lift(3)
    value = ours.sample(5)
    padded = value.reshape(5, *ours.plates, 1, 1, *ours.event_shape)
    assert lifted.plates == ours.plates
    torch.testing.assert_close(lifted.log_prob(padded), ours.log_prob(value))


@pytest.mark.parametrize("name", FAMILIES)
def test_unsqueezing_inserts_plates(name: str) -> None:
    ours = _make(name)
    value = ours.sample()
    wide = ours.unsqueeze(1)
    assert wide.plates == (3, 1)
    torch.testing.assert_close(wide.log_prob(value[:, None])[:, 0], ours.log_prob(value))


@pytest.mark.parametrize("name", FAMILIES)
def test_gradients_of_the_parameters_can_be_looked_at(name: str) -> None:
    given = differentiable(parameters(name))
    inner = {k: v * 1 if isinstance(v, Tensor) else v for k, v in given.items()}
    with runtime.keeping_grads():
        ours = getattr(runtime, name)(**inner, event=1)
    value = ours.sample(3)
    ours.log_prob(value).sum().backward()
    for key, parameter in ours.parameters.items():
        leaf = given[key]
        assert isinstance(leaf, Tensor)
        if leaf.grad is not None:
            assert parameter.grad is not None
            torch.testing.assert_close(parameter.grad, leaf.grad)


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - {"LKJCholesky", "Binomial"}))
def test_log_prob_has_a_gradient(name: str) -> None:
    given = differentiable(parameters(name))
    value = _make(name).sample(2)
    leaves = {k: v for k, v in given.items() if isinstance(v, Tensor)}

    def total(*tensors: Tensor) -> Tensor:
        tensors = tuple(
            (t + t.mT) / 2 if key == "covariance_matrix" else t
            for key, t in zip(leaves, tensors, strict=True)
        )
        made = getattr(runtime, name)(**given | dict(zip(leaves, tensors, strict=True)), event=1)
        result: Tensor = made.log_prob(value)
        return result

    assert torch.autograd.gradcheck(total, tuple(leaves.values()), raise_exception=True)


@pytest.mark.parametrize("name", REPLAYABLE)
def test_replaying_keeps_every_bit_and_has_the_pathwise_gradient(name: str) -> None:
    given = differentiable(parameters(name))
    ours = getattr(runtime, name)(**given, event=1)
    leaves = [v for v in given.values() if isinstance(v, Tensor)]
    value = ours.sample(4)
    replayed = ours.replay(value)
    assert torch.equal(replayed, value)
    assert replayed.requires_grad
    if name in OTHER_PATH:
        return
    torch.manual_seed(3)
    theirs = cases.of_torch(name)(**given, validate_args=False).rsample((4,))
    weight = torch.randn_like(theirs)
    expected = _gradient(theirs * weight, leaves)
    actual = _gradient(ours.replay(theirs.detach()) * weight, leaves)
    for one, other in zip(actual, expected, strict=True):
        torch.testing.assert_close(one, other)


def _gradient(value: Tensor, leaves: list[Tensor]) -> tuple[Tensor, ...]:
    return torch.autograd.grad(value.sum(), leaves, retain_graph=True, materialize_grads=True)


@pytest.mark.parametrize("name", PATHWISE)
def test_noise_tells_the_sample(name: str) -> None:
    ours = _make(name)
    if not hasattr(ours, "from_noise") and name != "Normal":
        if not name.endswith("StraightThrough"):
            with pytest.raises(TypeError, match="noise"):
                ours.rsample(2, noise=torch.zeros(2))
        return
    value = ours.sample(3)
    noise = ours.noise(value)  # type: ignore[attr-defined]
    torch.testing.assert_close(ours.rsample(3, noise=noise), value)
    torch.testing.assert_close(ours.sample(3, noise=noise), value)


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - set(PATHWISE)))
def test_without_a_pathwise_derivative_rsample_refuses(name: str) -> None:
    ours = _make(name)
    with pytest.raises(TypeError, match=name):
        ours.rsample(1)


@pytest.mark.parametrize("name", sorted(set(FAMILIES) - set(REPLAYABLE)))
def test_without_a_way_back_replay_refuses(name: str) -> None:
    ours = _make(name)
    with pytest.raises(TypeError, match=name):
        ours.replay(ours.sample())


@pytest.mark.parametrize("name", FAMILIES)
def test_numbers_and_smaller_parameters_broadcast(name: str) -> None:
    given = parameters(name)
    ranks = getattr(runtime, name).ranks
    keys = [k for k, v in given.items() if isinstance(v, Tensor) and not ranks.get(k)]
    if not keys or len([v for v in given.values() if isinstance(v, Tensor)]) < 2:
        return
    value = _make(name).sample(2)
    number = float(given[keys[-1]].mean())
    small = getattr(runtime, name)(**given | {keys[-1]: number}, event=1)
    full = getattr(runtime, name)(
        **given | {keys[-1]: torch.full(cases.BATCH, number, dtype=torch.double)}, event=1
    )
    assert small.sample(2).shape == value.shape
    torch.testing.assert_close(small.log_prob(value), full.log_prob(value), equal_nan=True)
    assert small.plates == full.plates


@pytest.mark.parametrize("density", ["log_prob", "ending_log_prob"])
@pytest.mark.parametrize("name", FAMILIES)
def test_apart_a_value_is_repeated_for_each_element(name: str, density: str) -> None:
    """``log_prob(q, x, reduction="none")``: one each, to which values broadcast."""
    joint = _make(name, event=2)
    apart = joint.apart()
    value = joint.sample(2)
    each = getattr(apart, density)(value)
    assert each.shape == (2, *joint.batch_event)
    torch.testing.assert_close(each.sum((1, 2)), getattr(joint, density)(value))
    first = value[:, :1, :1]
    repeated = first.expand(2, *joint.event_shape)
    torch.testing.assert_close(
        getattr(apart, density)(first), getattr(apart, density)(repeated), equal_nan=True
    )


@pytest.mark.parametrize("name", [n for n in FAMILIES if families.lookup(n).entropy])
def test_entropies_apart_are_summed(name: str) -> None:
    joint = _make(name, event=2)
    each = joint.apart().entropy()
    assert each.shape == joint.batch_event
    torch.testing.assert_close(each.sum(), joint.entropy())
