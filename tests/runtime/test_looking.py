"""Plates reduced, variances, statistics of gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import storchc
from storch_runtime import Draw, Estimate, gradient_statistics, reduce_plates, variance
from storch_runtime.distributions import Normal
from storch_runtime.generated import Layout, Sampled, Valued
from storch_runtime.methods import Expect, ScoreFunction
from tests.runtime.written import EnumeratedToy, Introduction, Learned, Reparameterization, Toy

X = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


def test_reduced_costs_add_up_to_the_total() -> None:
    for model in (Toy(ScoreFunction(3)), EnumeratedToy(Expect())):
        estimate = model(X)
        total = reduce_plates(estimate, "kl") + reduce_plates(estimate, "fit")
        torch.testing.assert_close(total, estimate.cost)
        assert not total.requires_grad


def test_plates_are_reduced_one_by_one() -> None:
    estimate = Toy(ScoreFunction(3))(X)
    fit = estimate.costs["fit"]
    torch.testing.assert_close(reduce_plates(estimate, "fit", "z"), fit.mean(0))
    torch.testing.assert_close(reduce_plates(estimate, "fit", ("data",)), fit.mean(1))
    torch.testing.assert_close(reduce_plates(estimate, "z", "z"), estimate.samples["z"].mean(0))
    with pytest.raises(ValueError, match="`kl` has no plate `z`"):
        reduce_plates(estimate, "kl", "z")
    with pytest.raises(KeyError, match="no cost, report or sample `nothing`"):
        reduce_plates(estimate, "nothing")


def test_weights_that_carry_a_plate_go_first() -> None:
    estimate = EnumeratedToy(Expect())(X)
    weighted = (estimate.weights["z"] * estimate.costs["fit"]).sum(0)
    torch.testing.assert_close(reduce_plates(estimate, "fit", "z"), weighted.detach())
    with pytest.raises(ValueError, match="reduce `z` too"):
        reduce_plates(estimate, "fit", "data")


def test_sums_and_weights_that_multiply() -> None:
    layout = Layout(
        samples={"z": Sampled(("z",)), "w": Sampled(("z",), plate="z")},
        costs={"c": Valued(("z", "site"), weights={"z": ("z", "w")})},
        sums=frozenset({"site"}),
    )
    law = Normal(torch.zeros(2), 1.0)
    draws = {
        "z": Draw(torch.zeros(2), law, weight=torch.tensor([0.5, 0.25])),
        "w": Draw(torch.zeros(2), law, weight=torch.tensor([2.0, 4.0])),
    }
    cost = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    estimate = Estimate(torch.zeros(()), layout, {"site": 3}, draws, {"c": cost})
    assert reduce_plates(estimate, "c").item() == 6 * 1.0 + 15 * 1.0
    assert reduce_plates(estimate, "c", "site").tolist() == [6, 15]


def test_variances() -> None:
    estimate = Toy(ScoreFunction(5))(X)
    fit = estimate.costs["fit"]
    torch.testing.assert_close(variance(estimate, "fit"), fit.var(0))
    torch.testing.assert_close(variance(estimate, "fit", "data"), fit.var(1))
    torch.testing.assert_close(variance(estimate, "z"), estimate.samples["z"].var(0))
    exact = EnumeratedToy(Expect())(X)
    weight, fit = exact.weights["z"], exact.costs["fit"]
    mean = (weight * fit).sum(0)
    wanted = (weight * fit.square()).sum(0) - mean.square()
    torch.testing.assert_close(variance(exact, "fit"), wanted.detach(), atol=1e-4, rtol=1e-4)


def test_statistics_of_a_known_gradient() -> None:
    torch.manual_seed(0)
    found = gradient_statistics(Introduction(Reparameterization(1)), (), repeats=2000)
    mean, error = found.mean["c"].item(), found.standard_error["c"].item()
    assert abs(mean - 4 * (0.23 - 3.0)) < 5 * error
    assert abs(found.variance["c"].item() - 16) < 5 * 16 * (2 / 2000) ** 0.5
    assert found.total_variance == found.variance["c"].sum().item()


def test_statistics_of_an_exact_gradient_have_no_variance() -> None:
    found = gradient_statistics(EnumeratedToy(Expect()), X, repeats=3)
    assert repr(found).startswith("GradientStatistics(repeats=3, total_variance=")
    assert "tensor" not in repr(found)
    assert found.total_variance < 1e-12
    assert set(found.mean) == {"encoder.weight", "encoder.bias"}


def test_statistics_leave_the_model_as_it_was() -> None:
    model = Toy(ScoreFunction(2, baseline="moving_average"))
    model.norm = nn.BatchNorm1d(2)
    model(X).backward()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    weight: Any = model.encoder.weight
    gradient = weight.grad.clone()
    state = torch.get_rng_state()
    gradient_statistics(model, {"x": X}, repeats=3, restore_random_state=True)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert torch.equal(weight.grad, gradient)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


def test_statistics_are_no_training_step() -> None:
    model = Learned()
    assert set(gradient_statistics(model, (X,), repeats=3).mean) == {
        "encoder.weight",
        "encoder.bias",
    }
    model(X).backward()
    with pytest.raises(ValueError, match="2 repeats"):
        gradient_statistics(model, X, repeats=1)


DRAWN = "with ScoreFunction() using ImportanceSampling(n=5, proposal=Normal(0.5 + s, 2))"
WEIGHED_LOOPS = {
    "plain": "for t in range(3) from s = x:\n    sample z ~ Normal(s, 1) {}\n"
    "    compute s = z\n    cost c = z ** 2\n",
    "stops": "for t in range(3) from s = x:\n    sample z ~ Normal(s, 1) {}\n"
    "    compute s = z\n    cost c = z ** 2\n    stop when s > 1\n",
    "nested": "for t in range(2) from s = x:\n    for u in range(3) from s2 = s:\n"
    "        sample z ~ Normal(s, 1) {}\n        compute s2 = s2 + z\n"
    "        cost c = z ** 2\n    compute s = s2\n",
    "outer cost": "for t in range(2) from s = x:\n    for u in range(3) from s2 = s:\n"
    "        sample z ~ Normal(s, 1) {}\n        compute s2 = s2 + z\n"
    "    compute s = s2\n    cost c = s ** 2\n",
    "behind": "for t in range(3) from s = x:\n    sample z ~ Normal(s, 1) {}\n"
    "    compute s = z\ncost c = s ** 2\n",
}


@pytest.mark.parametrize("loop", WEIGHED_LOOPS)
def test_a_cost_in_a_loop_is_reduced_with_the_weights_of_its_steps(loop: str) -> None:
    story = "story S\nplate data\ninput x[data]\nparam m = 0.0\n" + WEIGHED_LOOPS[loop]
    story = story.replace("Normal(s, 1)", "Normal(m + s, 1)").format(DRAWN)
    model: Any = storchc.load(text=story)()
    torch.manual_seed(0)
    estimate = model(torch.randn(4))
    assert estimate.costs["c"].shape == (5, 4)
    torch.testing.assert_close(reduce_plates(estimate, "c"), estimate.cost)
    torch.testing.assert_close(reduce_plates(estimate, "c", "z").mean(), estimate.cost)
