"""Estimators against exact derivatives, over every outcome of their samplers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import storchc
from storch_runtime import Downstream, Drawn, Method
from storch_runtime.distributions import Bernoulli, Normal, OneHotCategorical
from storch_runtime.generated import weighted_sum
from storch_runtime.methods import Expect, GumbelSoftmax, Reparameterization, ScoreFunction
from storch_runtime.place import SINGLE, In
from storch_runtime.samplers import ImportanceSampling, MonteCarlo
from tests.runtime.exact import X, derivatives, expected, true_loss
from tests.runtime.written import EnumeratedToy, Introduction, Learned, Toy, toy_cost


class LeaveOneOut(Method):
    """A method of a user's own: the score function with the mean of the other draws."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        cost, plate = downstream.cost, draw.plate_dim
        others = (cost.sum(plate, keepdim=True) - cost) / (cost.shape[plate] - 1)
        return (1 - draw.box) * others


class SelfIncluded(Method):
    """A broken one: the mean includes the draw itself."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        return (1 - draw.box) * downstream.cost.mean(draw.plate_dim, keepdim=True)


def toy(method: Method) -> Toy:
    """The toy with this method, in double precision, its buffers set to constants."""
    torch.manual_seed(0)
    model = Toy(method).double()
    for buffer in model.buffers():
        buffer.fill_(1.7)
    return model


def close(pair: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> bool:
    return all(torch.allclose(a, b, rtol=0, atol=1e-9) for a, b in zip(pair, other, strict=True))


@pytest.mark.parametrize(
    "method",
    [
        Method(1),
        Method(2),
        ScoreFunction(2),
        ScoreFunction(1, baseline="moving_average"),
        ScoreFunction(2, baseline="batch_average"),
        LeaveOneOut(2),
    ],
    ids=["base-1", "base-2", "score", "moving", "batch", "users"],
)
def test_score_functions_are_exact_in_expectation(method: Method) -> None:
    model = toy(method)
    assert close(expected(model), derivatives(true_loss(model), model))


def test_a_baseline_that_includes_its_own_draw_is_caught() -> None:
    model = toy(SelfIncluded(2))
    assert not close(expected(model), derivatives(true_loss(model), model))


def test_expect_has_no_variance_and_every_derivative() -> None:
    torch.manual_seed(0)
    model = EnumeratedToy(Expect()).double()
    estimate = model(X)
    torch.testing.assert_close(estimate.cost, true_loss(model).detach())
    assert close(derivatives(estimate.loss, model), derivatives(true_loss(model), model))


def test_expect_repeats_its_own_values_and_refuses_others() -> None:
    model = EnumeratedToy(Expect()).double()
    values = model(X).samples["z"]
    assert values.shape == (4, 2, 2)
    assert model(X, given={"z": values}).draws["z"].replayed
    with pytest.raises(ValueError, match="enumerates"):
        model(X, given={"z": 1 - values})


def test_expect_keeps_to_its_budget() -> None:
    with pytest.raises(ValueError, match="1024 values, more than its budget of 1000"):
        Expect(budget=1000).draw(Bernoulli(logits=torch.zeros(3, 10), event=1))


def test_every_control_variate_has_value_zero() -> None:
    draw = ScoreFunction(3).draw(Bernoulli(logits=torch.randn(4, 2, requires_grad=True), event=1))
    downstream = Downstream(torch.randn(3, 4))
    for baseline in ("moving_average", "batch_average"):
        control = ScoreFunction(3, baseline=baseline).control_variate(draw, downstream)
        assert control is not None
        assert control.shape == (3, 4)
        assert bool((control == 0).all())


def test_batch_average_of_a_single_draw_says_what_to_do() -> None:
    model = toy(ScoreFunction(2, baseline="batch_average"))
    model.methods["z"].n = 1
    with pytest.raises(ValueError, match="set `n` to 2 or more"):
        model(X)


def test_moving_average_is_read_before_it_is_updated() -> None:
    method = ScoreFunction(1, baseline="moving_average", decay=0.9)
    draw = method.draw(Bernoulli(logits=torch.zeros(3, 2), event=1))
    cost = torch.tensor([[1.0, 2.0, 6.0]])
    assert method.baseline_value(draw, Downstream(cost)).item() == 0
    torch.testing.assert_close(method.average, torch.tensor(0.3))
    baseline = method.baseline_value(draw, Downstream(cost))
    torch.testing.assert_close(baseline, torch.tensor(0.3))
    torch.testing.assert_close(method.average, torch.tensor(0.9 * 0.3 + 0.3))


def test_moving_average_weighs_and_leaves_out_idle_elements() -> None:
    method = ScoreFunction(1, baseline="moving_average", decay=0.0)
    draw = method.draw(Bernoulli(logits=torch.zeros(3, 2), event=1))
    weights = torch.tensor([[0.5, 0.25, 0.0]])
    method.baseline_value(draw, Downstream(torch.tensor([[1.0, 4.0, torch.inf]]), weights=weights))
    torch.testing.assert_close(method.average, torch.tensor(2.0))


def test_moving_averages_are_kept_by_slot() -> None:
    method = ScoreFunction(1, baseline="moving_average", slots=("", "data"), decay=0.0)
    draw = method.draw(Bernoulli(logits=torch.zeros(3, 2), event=1))
    method.baseline_value(draw, Downstream(torch.full((1, 3), 5.0), slot=1))
    assert (method.average.item(), method.get_buffer("average-data").item()) == (0.0, 5.0)


SLOTS = """
story T
plate data
input x[data]
param w = 0.3
sample z ~ Bernoulli(logits=w * x) with ScoreFunction(baseline=moving_average)
{}
"""
COSTS = ["cost a = z * x + 3", "cost b = mean(z * x, over=data) ** 2 - 5"]


def averages_of(model: Any) -> dict[str, float]:
    return {name: value.item() for name, value in model.methods.state_dict().items()}


def test_averages_keep_their_names_whatever_the_order_of_the_costs() -> None:
    first, second = (
        storchc.load(text=SLOTS.format("\n".join(costs)))() for costs in (COSTS, COSTS[::-1])
    )
    first(torch.ones(3))
    assert averages_of(first) != {"z.average": 0.0, "z.average-data": 0.0}
    second.load_state_dict(first.state_dict())
    assert averages_of(second) == averages_of(first)
    assert set(averages_of(first)) == {"z.average", "z.average-data"}
    alone = storchc.load(text=SLOTS.format(COSTS[1]))()
    assert set(averages_of(alone)) == {"z.average-data"}


def test_an_old_checkpoint_gets_its_names() -> None:
    model = storchc.load(text=SLOTS.format("\n".join(COSTS)))()
    model.load_state_dict({"w": torch.tensor(0.3), "methods.z.average": torch.tensor([1.0, 2.0])})
    assert averages_of(model) == {"z.average": 1.0, "z.average-data": 2.0}
    alone = storchc.load(text=SLOTS.format(COSTS[1]))()
    alone.load_state_dict({"w": torch.tensor(0.3), "methods.z.average": torch.tensor(4.0)})
    assert averages_of(alone) == {"z.average-data": 4.0}
    with pytest.raises(RuntimeError, match="averages of 2 sets of costs, but the story has 1 now"):
        alone.load_state_dict({"methods.z.average": torch.tensor([1.0, 2.0])}, strict=False)


def test_moving_average_stands_still_in_eval_and_under_given() -> None:
    model = Toy(ScoreFunction(2, baseline="moving_average"))
    method: Any = model.methods["z"]
    x = X.float()
    given = {"z": model(x).samples["z"]}
    kept = method.average.clone()
    model(x, given=given)
    model.eval()
    model(x)
    assert torch.equal(method.average, kept)
    model.train()
    model(x)
    assert not torch.equal(method.average, kept)


def test_a_learned_baseline_is_exact_and_regressed_on_the_cost() -> None:
    torch.manual_seed(0)
    model = Learned().double()
    estimate = model(X)
    estimate.backward()
    critic = model.critic.weight.grad.clone()
    gap = model.critic(X)[..., 0] - estimate.costs["fit"].detach()
    (wanted,) = torch.autograd.grad(gap.square().mean(), model.critic.weight)
    torch.testing.assert_close(critic, wanted)
    assert {id(p) for p in model.method_parameters()} == {id(p) for p in model.critic.parameters()}
    assert {id(p) for p in model.model_parameters()} == {id(p) for p in model.encoder.parameters()}


def test_importance_sampling_is_exact_and_detached_from_its_proposal() -> None:
    logits = torch.tensor([0.4, -0.3], dtype=torch.float64, requires_grad=True)
    slant = torch.tensor([-0.2, 0.9], dtype=torch.float64, requires_grad=True)
    law, proposal = Bernoulli(logits=logits, event=1), Bernoulli(logits=slant, event=1)
    method = ScoreFunction(2, sampler=ImportanceSampling())
    x = X[0]
    total = torch.zeros(2, dtype=torch.float64)
    for value, probability in method.outcomes(law, proposal=proposal):
        draw = method.draw(law, value, proposal=proposal)
        assert draw.weight is not None and not draw.weight.requires_grad
        loss = weighted_sum(draw.weight, draw.box * toy_cost(draw.value, x), (0,))
        first, other = torch.autograd.grad(loss, (logits, slant), allow_unused=True)
        assert other is None
        total += probability * first
    exact = Expect().draw(law)
    (wanted,) = torch.autograd.grad((exact.weight * toy_cost(exact.value, x)).sum(), logits)
    torch.testing.assert_close(total, wanted, rtol=0, atol=1e-12)


def test_importance_sampling_draws_for_each_element_of_the_plates() -> None:
    method = ScoreFunction(3, sampler=ImportanceSampling())
    law = Normal(torch.zeros(5), 1.0)
    draw = method.draw(law, proposal=Normal(torch.tensor(0.0), 2.0))
    assert draw.value.shape == draw.weight.shape == (3, 5)
    assert draw.value.unique().numel() == 15
    each = method.draw(law, place=In(0), proposal=Normal(torch.tensor(0.0), 2.0))
    torch.testing.assert_close(
        each.weight, (law.log_prob(each.value) - Normal(0.0, 2.0).log_prob(each.value)).exp()
    )


@pytest.mark.parametrize(
    "law",
    [
        Bernoulli(probs=torch.tensor([0.2, 0.7])),
        OneHotCategorical(logits=torch.tensor([[0.1, 0.5, -1.0], [0.0, 0.0, 2.0]])),
    ],
    ids=["bernoulli", "one-hot"],
)
def test_outcomes_are_complete(law: Bernoulli | OneHotCategorical) -> None:
    outcomes = MonteCarlo().outcomes(law, 2)
    assert abs(sum(probability for _, probability in outcomes) - 1) < 1e-6
    mean = sum(probability * value for value, probability in outcomes)
    torch.testing.assert_close(mean, law.probs.expand(2, *law.probs.shape))


def test_reparameterization_attaches_given_values_again() -> None:
    model = Introduction(Reparameterization(4)).double()
    estimate = model()
    (first,) = torch.autograd.grad(estimate.loss, model.c)
    again = model(given=estimate.samples)
    (second,) = torch.autograd.grad(again.loss, model.c)
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(estimate.cost, again.cost)


def test_given_values_may_set_n_and_must_fit() -> None:
    model = toy(ScoreFunction(1))
    assert model(X, given={"z": torch.ones(5, 2, 2).double()}).samples["z"].shape == (5, 2, 2)
    with pytest.raises(ValueError, match=r"shape \[5, 3, 2\], expected \[n, 2, 2\]"):
        model(X, given={"z": torch.ones(5, 3, 2)})


def test_draws_in_an_open_plate_and_without_a_dimension() -> None:
    law = Normal(torch.zeros(3, 4), 1.0)
    draw = ScoreFunction(1).draw(law, place=In(1))
    assert (draw.value.shape, draw.plate_dim) == ((3, 4), 1)
    assert ScoreFunction(1).draw(law, torch.zeros(1, 3, 4), SINGLE).value.shape == (3, 4)
    with pytest.raises(ValueError, match="compiled with a single element"):
        ScoreFunction(2).draw(law, place=SINGLE)


def test_methods_are_saved_and_restored() -> None:
    model = toy(ScoreFunction(1, baseline="moving_average"))
    other = Toy(ScoreFunction(1, baseline="moving_average")).double()
    other.load_state_dict(model.state_dict())
    ours, theirs = (vars(m.methods["z"])["_buffers"]["average"] for m in (other, model))
    assert torch.equal(ours, theirs)
    assert isinstance(other.methods, nn.ModuleDict)


def test_an_option_that_a_method_lacks_is_an_error() -> None:
    model = toy(GumbelSoftmax())
    method: Any = model.methods["z"]
    method.temperature = 0.2
    with pytest.raises(AttributeError, match=r"method of `z`, has no option `temprature`: did you"):
        method.temprature = 0.2
    with pytest.raises(AttributeError, match=r"has no option `wide`; it has .*temperature"):
        method.wide = 0.2
    own: Any = toy(LeaveOneOut(2)).methods["z"]
    own.remembered = 0.2  # what stands inside a method of a user's own is theirs


GIVEN = """
story T
param w[3] = zeros()
sample z ~ OneHotCategorical(logits=w) with ScoreFunction()
sample k ~ Categorical(logits=w) with ScoreFunction()
sample b ~ Bernoulli(logits=w) with ScoreFunction()
cost c = z[0] * (k + 1) + sum(b)
"""


@pytest.mark.parametrize(
    ("sample", "value", "words"),
    [
        ("z", torch.ones(4, 2), "given for `z` has shape [4, 2], expected [n, 3]"),
        ("z", torch.tensor([[1.0, 0, 1]]), "given for `z` is not one-hot: exactly one 1"),
        ("z", torch.full((1, 3), 1 / 3), "given for `z` is not one-hot"),
        ("k", torch.tensor([3]), "given for `k` holds classes from 3 to 3, but there are 3"),
        ("k", torch.tensor([1.0]), "given for `k` has dtype torch.float32, but classes"),
        ("b", torch.tensor([[0.5, 0, 1]]), "given for `b` holds other numbers than 0 and 1"),
    ],
)
def test_what_a_sample_never_draws_is_not_replayed(sample: str, value: Tensor, words: str) -> None:
    model = storchc.load(text=GIVEN)()
    with pytest.raises((ValueError, TypeError)) as caught:
        model(given={sample: value})
    assert words in str(caught.value)


def test_fields_that_an_estimate_lacks_are_suggested() -> None:
    estimate: Any = toy(ScoreFunction())(X)
    with pytest.raises(AttributeError, match=r"no `bakward`: did you mean `backward`\?"):
        estimate.bakward()
    with pytest.raises(TypeError, match=r"no items: `estimate.samples\['z'\]`"):
        estimate["z"]


SIZES = """
story T
param w[5] = zeros()
sample z ~ OneHotCategorical(logits=w) with {}
cost c = z[0]
"""


def test_sizes_of_sets_may_change_between_calls() -> None:
    model = storchc.load(text=SIZES.format("SumAndSample(sum_size=2)"))()
    assert model().samples["z"].shape == (3, 5)
    model.methods["z"].sum_size, model.methods["z"].sample_size = 3, 2
    assert model().samples["z"].shape == (5, 5)
    with pytest.raises(ValueError, match="is said by `sum_size`, `sample_size` of the sampler"):
        model.methods["z"].n = 7
    model = storchc.load(text=SIZES.format("RaoBlackwellSF(k=2)"))()
    model.methods["z"].k = 4
    assert model().samples["z"].shape == (4, 5)


def test_options_that_would_do_nothing_are_errors() -> None:
    text = "story T\nparam w = 0.1\nsample z ~ Normal(w, 1) with {}\ncost c = z\n"
    model = storchc.load(text=text.format("ScoreFunction() using Antithetic(n=2)"))()
    with pytest.raises(AttributeError, match="`Antithetic`, the sampler of `z`, has no option `n`"):
        model.methods["z"].sampler.n = 4
    model.methods["z"].n = 4
    assert model().samples["z"].shape == (4,)
    model = storchc.load(text=SIZES.format("GumbelSoftmax()"))()
    for wrong in (0, -1.0):
        with pytest.raises(ValueError, match=r"a temperature is .*: it must be positive"):
            model.methods["z"].temperature = wrong


class Valued(Method):
    """A method of a user's own whose control variate is worth something."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        return downstream.cost * draw.box


class Reduced(Method):
    """One whose control variate lacks a plate."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        return ((1 - draw.box) * downstream.cost).mean(-1)


OWN = """
story Own
use tests.runtime.test_methods: {0}
plate data
input x[data]
param w = 0.1
sample z ~ Normal(w * x, 1) with {0}(n=2)
cost c = z ** 2 + 5
"""


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("Valued", r"<text>:7: the control variate .* `z` gives has values up to .*: it must be 0"),
        ("Reduced", r"<text>:7: .* has shape \[2\], expected \[2, 2\]"),
    ],
)
def test_a_control_variate_of_a_users_own_is_looked_at(method: str, words: str) -> None:
    model = storchc.load(text=OWN.format(method))()
    with pytest.raises(ValueError, match=words):
        model(torch.tensor([0.3, 0.8]))
    model.validate = "never"
    model(torch.tensor([0.3, 0.8]))
    storchc.load(text=OWN.format("LeaveOneOut"))()(torch.tensor([0.3, 0.8])).backward()
