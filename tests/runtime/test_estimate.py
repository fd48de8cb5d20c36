"""What a forward pass returns, and what becomes of it."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from dataclasses import fields, is_dataclass

import pytest
import torch

import storch_runtime.distributions
import storchc
from storch_runtime import Draw, Estimate, NonFiniteCost
from storch_runtime.distributions import Normal
from storch_runtime.generated import Layout, Methods, Sampled, Valued, limit_order
from storch_runtime.methods import Expect, ScoreFunction
from tests.runtime.written import EnumeratedToy, Introduction, Learned, Reparameterization, Toy

NAMED = """
story Named
param mu[] = 0.5
compute q = Normal(mu, 1)
cost kl = kl_divergence(q, Normal(0, 1))
sample z ~ q with Reparameterization(n=3)
cost f = (z - mu) ** 2
"""
X = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


def test_it_shows_everything_with_all_its_plates() -> None:
    estimate = Toy(ScoreFunction(3))(X)
    assert is_dataclass(estimate) and fields(estimate)[0].name == "loss"
    assert estimate.plates == {"z": ("z", "data"), "kl": ("data",), "fit": ("z", "data")}
    assert estimate.samples["z"].shape == (3, 4, 2)
    assert estimate.log_probs["z"].shape == (3, 4)
    torch.testing.assert_close(estimate.weights["z"], torch.full((3, 4), 1 / 3))
    assert {name: tuple(cost.shape) for name, cost in estimate.costs.items()} == {
        "kl": (4,),
        "fit": (3, 4),
    }
    assert not estimate.cost.requires_grad
    assert "cost=" in repr(estimate) and "kl" in repr(estimate.costs)
    assert estimate.method_loss.item() == 0


def test_an_enumerated_value_is_shown_along_the_plates_it_is_constant_in() -> None:
    estimate = EnumeratedToy(Expect())(X)
    assert estimate.samples["z"].shape == (4, 4, 2)
    assert estimate.samples["z"].stride(1) == 0
    torch.testing.assert_close(estimate.weights["z"].sum(0), torch.ones(4))
    torch.testing.assert_close(estimate.weights["z"], estimate.log_probs["z"].exp())


def test_views_are_read_only_mappings() -> None:
    samples = Toy(ScoreFunction(3))(X).samples
    assert list(samples) == ["z"] and len(samples) == 1 and "y" not in samples
    with pytest.raises(KeyError):
        samples["y"]
    with pytest.raises(TypeError):
        samples["z"] = X  # type: ignore[index]


def test_what_was_never_built_says_why() -> None:
    layout = Layout(samples={"z": Sampled(("z",), absent="its costs separate")})
    estimate = Estimate(torch.zeros(()), layout)
    for mapping in (estimate.samples, estimate.weights, estimate.log_probs):
        with pytest.raises(KeyError, match="its costs separate"):
            mapping["z"]


def test_weights_of_samples_in_a_plate_multiply_into_the_plates() -> None:
    law = Normal(torch.zeros(3), 1.0)
    layout = Layout(
        samples={
            "z": Sampled(("z",), weights={"z": ("z",)}),
            "w": Sampled(("z", "data"), plate="z", weights={"z": ("z", "w")}),
        },
    )
    opened = Draw(torch.zeros(3), law, weight=torch.tensor([0.5, 0.25, 0.25]))
    joined = Draw(torch.zeros(3, 2), law, weight=torch.full((3, 2), 2.0))
    estimate = Estimate(torch.zeros(()), layout, {"data": 2}, {"z": opened, "w": joined})
    wanted = torch.tensor([[1.0, 1.0], [0.5, 0.5], [0.5, 0.5]])
    torch.testing.assert_close(estimate.weights["w"], wanted)


def test_a_plate_without_a_dimension_is_shown_with_size_one() -> None:
    layout = Layout(samples={"z": Sampled(("z", "data"), ("data",), ("data",), flat=True)})
    draw = Draw(torch.zeros(3, 2), Normal(torch.zeros(3, 2), 1.0, event=1))
    estimate = Estimate(torch.zeros(()), layout, {"data": 3}, {"z": draw})
    assert estimate.samples["z"].shape == (1, 3, 2)
    assert estimate.weights["z"].tolist() == [[1, 1, 1]]
    assert estimate.log_probs["z"].shape == (1, 3)


def test_backward_returns_the_cost_and_gives_gradients() -> None:
    model = Toy(ScoreFunction(3))
    estimate = model(X)
    assert torch.equal(estimate.backward(), estimate.cost)
    assert model.encoder.weight.grad is not None


def test_a_second_backward_pass_is_refused_in_words_or_asked_for() -> None:
    model = Toy(ScoreFunction(3))
    estimate = model(X)
    estimate.backward(retain_graph=True)
    assert model.encoder.weight.grad is not None
    once = model.encoder.weight.grad.clone()
    estimate.backward()
    torch.testing.assert_close(model.encoder.weight.grad, 2 * once)
    with pytest.raises(RuntimeError, match="call the model once more for each backward pass"):
        estimate.backward()


def test_param_grads_are_kept_on_demand() -> None:
    model = Toy(ScoreFunction(3))
    estimate = model(X, keep_param_grads=True)
    estimate.backward()
    logits = estimate.param_grads["z"]["logits"]
    torch.testing.assert_close(logits.sum(0), model.encoder.bias.grad)
    plain = model(X)
    plain.backward()
    assert plain.param_grads == {"z": {}}


def test_kept_gradients_are_those_of_the_distribution_alone() -> None:
    """Of a named one all uses count, above the sample too; of its parameter no other use does."""
    model = storchc.load(text=NAMED)()
    estimate = model(keep_param_grads=True)
    estimate.backward()
    z, mu = estimate.samples["z"], model.mu.detach()
    arrived = (mu + 2 * (z - mu)).mean()
    torch.testing.assert_close(estimate.param_grads["z"]["loc"], arrived)
    assert model.mu.grad is not None
    torch.testing.assert_close(model.mu.grad, mu)
    assert storch_runtime.distributions.Normal(model.mu, 1.0).parameters["loc"] is model.mu


@pytest.mark.parametrize(("value", "named"), [(torch.inf, "first"), (torch.nan, "first")])
def test_a_cost_that_is_not_finite_is_named_with_its_line(value: float, named: str) -> None:
    costs = {
        "fine": torch.ones(2),
        "first": torch.tensor([1.0, value]),
        "second": torch.tensor(value),
    }
    layout = Layout(costs={name: Valued((), f"vae.story:{i}") for i, name in enumerate(costs, 15)})
    loss = torch.stack([cost.sum() for cost in costs.values()]).sum().requires_grad_()
    with pytest.raises(NonFiniteCost, match=rf"vae.story:16: cost `{named}` is not finite"):
        Estimate(loss, layout, cost_values=costs).backward()


def test_a_loss_without_gradient_says_so() -> None:
    with torch.no_grad():
        estimate = Toy(ScoreFunction(3))(X)
    with pytest.raises(RuntimeError, match="depends on no parameter"):
        estimate.backward()


def test_nothing_is_kept_alive_and_nothing_needs_collecting() -> None:
    model = Toy(ScoreFunction(3, baseline="batch_average"))
    model(X).backward()
    while gc.collect():  # what other tests left, and what their finalizers leave
        pass
    gc.disable()
    try:
        estimate = model(X)
        watched = [weakref.ref(estimate.draws["z"].value), weakref.ref(estimate.loss)]
        estimate.backward()
        del estimate
        assert all(reference() is None for reference in watched)
        dropped = model(X)
        watched = [weakref.ref(dropped.draws["z"].value), weakref.ref(dropped.loss)]
        del dropped
        assert all(reference() is None for reference in watched)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_models_can_be_copied_and_pickled() -> None:
    model = Toy(ScoreFunction(3, baseline="moving_average"))
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other.encoder.weight, model.encoder.weight)
        other(X).backward()


def test_samples_may_have_any_name() -> None:
    names = ["keys", "training", "items", "forward", "z", "update", "add_module"]
    methods = Methods({name: ScoreFunction(i + 1) for i, name in enumerate(names)})
    assert [methods[name].n for name in names] == list(range(1, 8))
    assert list(methods) == names and "training" in methods and "pop" not in methods
    methods.eval()
    assert not methods["training"].training
    assert dict(methods.items())["keys"] is methods["keys"]


# --- methods with parameters of their own --------------------------------------------------------


def test_a_loss_that_was_used_alone_is_noticed_at_the_next_forward() -> None:
    model = Learned()
    model(X).loss.backward()
    with pytest.raises(RuntimeError, match="method_loss"):
        model(X)
    model(X)


def test_a_loss_that_was_used_rightly_is_not() -> None:
    model = Learned()
    for _ in range(2):
        model(X).backward()
        estimate = model(X)
        (estimate.loss + estimate.method_loss).backward()
        estimate = model(X)
        estimate.loss.backward(retain_graph=True)
        estimate.method_loss.backward()
        assert model(X).loss.item() is not None
    assert model.critic.weight.grad is not None
    estimate = model(X)
    model(X, given=estimate.samples).loss.backward()
    model.eval()
    model(X).loss.backward()
    model.train()
    model(X)


# --- orders --------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [1, 2, 3])
def test_derivatives_beyond_the_order_raise(order: int) -> None:
    w = torch.tensor(1.5, requires_grad=True)
    value = limit_order((w**6) * 2, order)
    assert value.item() == 2 * 1.5**6
    for power in range(order):
        (value,) = torch.autograd.grad(value, w, create_graph=True)
        wanted = 2 * torch.tensor(range(6 - power, 7)).prod() * 1.5 ** (5 - power)
        torch.testing.assert_close(value.detach(), wanted)
    with pytest.raises(RuntimeError, match=f"beyond order {order}"):
        torch.autograd.grad(value, w)


def test_no_order_is_no_limit() -> None:
    w = torch.tensor(1.5, requires_grad=True)
    loss = w**2
    assert limit_order(loss, None) is loss
    limit_order(loss, 1).backward()
    assert w.grad.item() == 3


def test_pathwise_steps_need_no_score() -> None:
    estimate = Introduction(Reparameterization(2))()
    assert estimate.draws["e"].score is None
    with pytest.raises(ValueError, match="no score"):
        _ = estimate.draws["e"].box
