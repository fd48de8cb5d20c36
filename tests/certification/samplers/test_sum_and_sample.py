"""Summing some values and sampling the rest: every outcome, against the exact expectation."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor

from storch_runtime import Method, samplers
from storch_runtime.distributions import Bernoulli, Categorical, OneHotCategorical
from storch_runtime.methods import RaoBlackwellSF, ScoreFunction, SumAndSample
from storch_runtime.place import In
from storch_runtime.samplers import sum_and_sample as sampler_module
from storch_runtime.samplers._best import best_sequences, sequence_log_probs
from storch_runtime.samplers._rest import Rest
from tests.certification.harness import fails
from tests.certification.samplers.weighted import (
    DATA,
    LAWS,
    LEAF,
    ONE,
    Moments,
    agree,
    agree_in_story,
    expected,
    loss_of,
)


@pytest.mark.parametrize("method", [SumAndSample(3), SumAndSample(0, 2), RaoBlackwellSF(2)])
@pytest.mark.parametrize("name", LAWS)
def test_every_derivative_is_exact(name: str, method: Method) -> None:
    assert agree(method, LAWS[name], ONE).variance >= -1e-12


@pytest.mark.parametrize("name", ["bits", "class", "two classes"])
def test_data_plates_have_their_own_sets(name: str) -> None:
    agree(RaoBlackwellSF(3), LAWS[name], DATA)
    agree(SumAndSample(5, 2) if name == "bits" else SumAndSample(4), LAWS[name], DATA)


def test_a_score_function_with_the_sampler_is_the_same() -> None:
    for sizes in ((2, 1), (0, 1), (3, 2)):
        sampler = samplers.SumAndSample(*sizes)
        found = agree(ScoreFunction(sum(sizes), sampler=sampler), LAWS["bits"], ONE)
        assert found.variance == pytest.approx(
            agree(SumAndSample(*sizes), LAWS["bits"], ONE).variance, abs=1e-12
        )


@pytest.mark.parametrize("name", ["bits", "class"])
def test_more_that_is_summed_leaves_less_variance(name: str) -> None:
    law = LAWS[name]
    support = law(LEAF, ONE).support_size()
    found = [expected(RaoBlackwellSF(k), law, ONE).variance for k in range(1, support + 2)]
    assert found[0] > 0
    assert all(a > b or a == pytest.approx(b, abs=1e-12) for a, b in pairwise(found))
    assert found[support - 1 :] == pytest.approx([0, 0], abs=1e-12)


def test_two_that_cover_the_support_enumerate_it() -> None:
    law = LAWS["bits"](LEAF, DATA)
    for method in (RaoBlackwellSF(8), RaoBlackwellSF(50), SumAndSample(6, 2), SumAndSample(8, 3)):
        draw = method.draw(law)
        assert draw.value.shape == (8, 2, 3)
        assert len(draw.value[:, 1].unique(dim=0)) == 8
        torch.testing.assert_close(draw.weight, law.log_prob(draw.value).exp())
        assert len(method.outcomes(law)) == 1


# --- in stories -----------------------------------------------------------------------------------

BETWEEN = """
story T
input u
input v[2]
sample a ~ Bernoulli(logits=u) with {above}
sample z ~ Bernoulli(logits=v * (1 + a) - u) with {}
compute y = z[0] + 2 * z[1] * z[0]
sample b ~ Bernoulli(logits=v[1] + y) with {below}
cost c = (y + b - a * u) ** 2 * (1 + 0.5 * b * y)
cost d = a * v[0] + y * u
"""
DATA_PLATE = """
story T
plate data
input x[data]
input v[2]
sample z ~ OneHotCategorical(logits=outer(v, v) * x) with {}
compute y = z[0, 0] + 2 * z[1, 1] * z[0, 0]
cost c = (y - x) ** 2 * (1 + 0.5 * v[0] * y)
cost d = exp(0.3 * y) * v[1]
"""
LEAVES = {"u": 0.4, "v": [0.7, -1.2]}
SET = "SumAndSample(sum_size=2)"
METHODS = [
    SET,
    "SumAndSample(sum_size=1, sample_size=1)",
    "RaoBlackwellSF(k=3)",
    "RaoBlackwellSF(k=7)",
    "ScoreFunction(baseline=moving_average) using SumAndSample(sum_size=2)",
    "ScoreFunction(baseline=u) using SumAndSample(sum_size=2)",
]


@pytest.mark.parametrize("other", ["ScoreFunction()", "Expect()", SET])
@pytest.mark.parametrize("method", METHODS)
def test_it_is_exact_between_others(method: str, other: str) -> None:
    agree_in_story(BETWEEN, method, LEAVES, above=other, below=other, hessian=other == SET)


@pytest.mark.parametrize("method", METHODS[:5])
def test_it_is_exact_for_every_datum(method: str) -> None:
    inputs = {"x": [0.7, -1.2], "v": LEAVES["v"]}
    found = agree_in_story(DATA_PLATE, method, inputs, hessian=True)
    if "k=7" in method:
        assert found.total_variance == pytest.approx(0, abs=1e-12)


def test_it_is_exact_above_a_moving_average_with_something_to_subtract() -> None:
    def prepare(model: Any) -> None:
        model.methods["z"].average.fill_(0.7)
        model.methods["b"].average.fill_(-0.4)

    agree_in_story(BETWEEN, METHODS[4], LEAVES, above="Expect()", below=METHODS[4], prepare=prepare)


# --- draws ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LAWS)
def test_the_summed_are_the_most_probable_ones(name: str) -> None:
    law = LAWS[name](LEAF, DATA)
    ordered = law.joint_log_prob(law.enumerate_support()).sort(0, descending=True).values
    table = law.place_log_probs()
    for k in range(1, len(ordered) + 3):
        best = best_sequences(table, k)
        torch.testing.assert_close(sequence_log_probs(table, best), ordered[:k])
        assert len(best[:, 0].unique(dim=0)) == min(k, len(ordered))


def test_draws_follow_the_chances_that_are_listed() -> None:
    torch.manual_seed(0)
    law = LAWS["bits"](LEAF, DATA)
    table, count = law.place_log_probs(), 200_000
    rest = Rest(table, best_sequences(table, 3))
    drawn = rest.draw(count)
    codes = (drawn * torch.tensor([4, 2, 1])).sum(-1)
    support = law.place_indices(law.enumerate_support())
    chances = rest.chance(support.unsqueeze(1).expand(8, 2, 3))
    torch.testing.assert_close(chances.sum(0), torch.ones(2).double())
    for plate in range(2):
        chance = chances[:, plate]
        counts = codes[:, plate].bincount(minlength=8)
        assert bool((counts[chance == 0] == 0).all())
        error = (chance * (1 - chance) * count).sqrt()
        assert bool(((counts - count * chance).abs() <= 5 * error).all())


def test_the_same_clocks_give_the_same_draw() -> None:
    law = LAWS["two classes"](LEAF, DATA)
    noise = torch.rand(2, 3, 2, 2).double()
    first, second = (SumAndSample(2, 2).propose(law, 4, noise=noise) for _ in range(2))
    assert torch.equal(first.value, second.value)


@pytest.mark.parametrize("name", LAWS)
def test_a_given_value_has_the_weights_it_was_drawn_with(name: str) -> None:
    torch.manual_seed(0)
    law = LAWS[name](LEAF, DATA)
    for method in (SumAndSample(2, 1), SumAndSample(1, 2), RaoBlackwellSF(20)):
        draw = method.draw(law)
        again = method.draw(law, given=draw.value)
        assert again.replayed and not draw.replayed
        torch.testing.assert_close(again.weight, draw.weight)


def test_equal_values_that_are_given_count_once() -> None:
    law = LAWS["bits"](LEAF, ONE)
    draw = SumAndSample(2, 1).draw(law)
    again = SumAndSample(2, 1).draw(law, given=draw.value[[0, 0, 2]])
    torch.testing.assert_close(again.weight[:2].sum(), draw.weight[0])
    torch.testing.assert_close(again.weight.sum(), torch.ones(()).double())


def test_wrong_numbers_and_places_are_refused() -> None:
    law = LAWS["bits"](LEAF, ONE)
    method = SumAndSample(2, 1)
    with pytest.raises(ValueError, match="takes 3 values here, but 2 are given"):
        method.draw(law, given=method.draw(law).value[:2])
    with pytest.raises(ValueError, match="a plate of its own"):
        method.draw(law, place=In(0))
    with pytest.raises(ValueError, match="no path"):
        method.sampler.draw(law, 3, pathwise=True)


# --- numerics -------------------------------------------------------------------------------------

EXTREME = [
    torch.tensor([1e4, -1e4, 0.0, 1e4]),
    torch.tensor([-torch.inf, 0.0, 1.0, -torch.inf]),
    torch.tensor([-1e4, -1e4, 1e4, -torch.inf]),
    torch.zeros(4),
]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sizes", [(0, 1), (1, 1), (2, 2), (3, 1), (9, 3)])
@pytest.mark.parametrize("logits", EXTREME)
def test_extreme_logits(logits: Tensor, sizes: tuple[int, int], dtype: torch.dtype) -> None:
    leaf = logits.to(dtype).expand(3, 4).clone().requires_grad_()
    finite = leaf.masked_fill(~logits.isfinite(), -1e4)
    families = [
        Categorical(logits=leaf),
        OneHotCategorical(logits=leaf.expand(2, 3, 4), event=1),
        Bernoulli(logits=finite, event=1),
        Bernoulli(probs=finite.clamp(0, 1), event=1),
    ]
    for law in families:
        method = SumAndSample(*sizes)
        draw = method.draw(law)
        paid = draw.value.reshape(*draw.weight.shape, -1).to(dtype).sum(-1)
        loss = loss_of(method, draw, paid * torch.arange(1, len(paid) + 1)[:, None])
        assert draw.weight.dtype == dtype
        torch.testing.assert_close(draw.weight.sum(0), torch.ones_like(draw.weight[0]))
        (slope,) = torch.autograd.grad(loss, leaf, retain_graph=True)
        assert bool(slope.isfinite().all())


def test_what_little_is_left_is_weighed_to_all_digits() -> None:
    law = Bernoulli(logits=torch.tensor([20.0, 21.0, 22.0]), event=1)
    draw = RaoBlackwellSF(2).draw(law)
    wanted = -torch.expm1(law.place_log_probs()[1].double().sum())
    torch.testing.assert_close(draw.weight[1].double(), wanted, rtol=1e-6, atol=0)


@pytest.mark.parametrize("method", [SumAndSample(3, 2), RaoBlackwellSF(4), RaoBlackwellSF(16)])
def test_it_compiles_whole(method: Method) -> None:
    leaf = torch.randn(5, 4, requires_grad=True)

    def step(logits: Tensor, given: Tensor | None = None) -> tuple[Tensor, Tensor]:
        draw = method.draw(Bernoulli(logits=logits, event=1), given)
        return loss_of(method, draw, draw.value.sum(-1).square()), draw.value

    torch.compiler.reset()
    compiled = torch.compile(step, fullgraph=True, backend="eager")
    loss, value = compiled(leaf)
    torch.testing.assert_close(loss, step(leaf, value)[0])
    slopes = [torch.autograd.grad(f(leaf, value)[0], leaf)[0] for f in (step, compiled)]
    torch.testing.assert_close(*slopes)


# --- broken variants ------------------------------------------------------------------------------

Break = Callable[[pytest.MonkeyPatch], None]


def unshared(patch: pytest.MonkeyPatch) -> None:
    """The mass of the rest for every draw, undivided."""

    def wrong(rest: Rest, sequences: Tensor) -> Tensor:
        drawn = sequences[len(rest.inside) :]
        return torch.cat([rest.inside, rest.mass * rest.holds(drawn)])

    patch.setattr(sampler_module, "_weights", wrong)


def unweighted(patch: pytest.MonkeyPatch) -> None:
    """Every element with 1/n."""

    def wrong(rest: Rest, sequences: Tensor) -> Tensor:
        return torch.ones(sequences.shape[:-1]).double() / len(sequences)

    patch.setattr(sampler_module, "_weights", wrong)


def from_everything(patch: pytest.MonkeyPatch) -> None:
    """Draws from the whole distribution, with the weights of draws from the rest."""
    right = Rest.outcomes_of

    def wrong(rest: Rest, m: int) -> Any:
        table = torch.stack(rest._places, -1).log()
        return right(Rest(table, rest.excluded[:0]), m)

    patch.setattr(Rest, "outcomes_of", wrong)
    patch.setattr(Rest, "holds", lambda rest, sequences: torch.ones(sequences.shape[:-1]).bool())


def without_what_branches_off(patch: pytest.MonkeyPatch) -> None:
    """Excluded prefixes as improbable as if all behind them were excluded too."""
    right = Rest._masses

    def wrong(rest: Rest, nodes: list[Tensor], edges: list[Tensor]) -> Any:
        found, mass = right(rest, nodes, edges)
        return [outside.clamp(max=0.5) for outside in found], mass

    patch.setattr(Rest, "_masses", wrong)


@pytest.mark.parametrize(
    "broken", [unshared, unweighted, from_everything, without_what_branches_off]
)
def test_a_broken_formula_fails(broken: Break, monkeypatch: pytest.MonkeyPatch) -> None:
    def check() -> Moments:
        return agree(SumAndSample(2, 2), LAWS["bits"], ONE)

    check()
    broken(monkeypatch)
    assert fails(check)
