"""Stochastic beam search, what is known of a set, and how values follow it."""

from __future__ import annotations

from itertools import combinations, permutations
from math import exp

import pytest
import torch
from torch import Tensor

from storch_runtime import Downstream, Draw, Method
from storch_runtime.distributions import (
    Bernoulli,
    Binomial,
    Categorical,
    Distribution,
    Normal,
    OneHotCategorical,
)
from storch_runtime.extension import Extension
from storch_runtime.joint import Joint
from storch_runtime.joint_steps import JointSteps, begun, lineage
from storch_runtime.methods import ScoreFunction, ScoreFunctionWOR, UnorderedSetEstimator
from storch_runtime.methods._completion import by_integration, by_subsets
from storch_runtime.methods._joint import JointMethod
from storch_runtime.place import Extending, Held, In
from storch_runtime.samplers import BeamSearch, MonteCarlo, WithoutReplacement
from storch_runtime.samplers.sets import (
    draw_set,
    extend_set,
    replay_extension,
    replay_set,
)
from storch_runtime.samplers.stochastic_beam import (
    _conditional,
    _log_exponential,
    log1mexp,
    log_inclusion,
)

LOGITS = torch.randn(3, 2, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
LAW = OneHotCategorical(logits=LOGITS, event=1)  # three plates, two places of four outcomes


def gumbel(*shape: int, seed: int = 0) -> Tensor:
    noise = torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return -(-noise.log()).log()


def known(draw: Draw) -> Joint:
    assert draw.joint is not None
    return draw.joint


# --- the search -----------------------------------------------------------------------------------


def test_children_agree_with_the_largest_of_their_prefix() -> None:
    """Kool et al., equation 16: the largest Z becomes T, -log(e^-T - e^-Z + e^-G) in general."""
    perturbed, largest = gumbel(5, 2, 3), gumbel(5, 2, 1, seed=1)
    given = _conditional(perturbed, largest)
    torch.testing.assert_close(given.amax(-1, keepdim=True), largest, rtol=0, atol=0)
    top = perturbed.amax(-1, keepdim=True)
    direct = -((-largest).exp() - (-top).exp() + (-perturbed).exp()).log()
    torch.testing.assert_close(given, direct)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_noise_is_gumbel(dtype: torch.dtype) -> None:
    torch.manual_seed(0)
    noise = -_log_exponential(torch.empty(10_000, 100, dtype=dtype))
    assert noise.isfinite().all()
    for x in (-1.0, 0.0, 1.0, 4.0, 8.0):
        p = exp(-exp(-x))
        found = (noise <= x).double().mean().item()
        assert abs(found - p) < 5 * (p * (1 - p) / 1e6) ** 0.5
    largest = noise[noise > 7]
    assert len(largest.unique()) == len(largest)


def test_a_single_place_takes_the_largest_with_their_noise() -> None:
    law = Categorical(logits=LOGITS[:, 0])
    noise = gumbel(1, 1, 4, 3)
    draw = draw_set(law, 2, noise)
    perturbed = law.logits.T + noise[0, 0]
    values, order = perturbed.sort(0, descending=True)
    torch.testing.assert_close(known(draw).perturbed, values[:2])
    torch.testing.assert_close(known(draw).threshold, values[2])
    torch.testing.assert_close(draw.value, order[:2])
    rest = law.logits.T.gather(0, order[2:]).logsumexp(0)
    torch.testing.assert_close(known(draw).rest, rest)


@pytest.mark.parametrize("k", [1, 2, 3, 5, 15])
def test_a_beam_finds_what_looking_at_everything_finds(k: int) -> None:
    noise = gumbel(2, 16, 4, 3)
    everything, few = draw_set(LAW, 16, noise), draw_set(LAW, k, noise)
    perturbed = known(everything).perturbed
    assert perturbed is not None
    torch.testing.assert_close(known(few).perturbed, perturbed[:k])
    torch.testing.assert_close(known(few).threshold, perturbed[k])
    torch.testing.assert_close(few.value, everything.value[:k])
    torch.testing.assert_close(known(few).rest, known(everything).log_prob[k:].logsumexp(0))


def test_everything_is_taken_where_k_is_the_support_or_more() -> None:
    for k in (16, 20):
        draw = draw_set(LAW, k)
        assert draw.value.shape == (16, 3, 2, 4)
        assert bool(known(draw).alive.all())
        assert bool((known(draw).threshold == -torch.inf).all())
        assert bool((known(draw).rest == -torch.inf).all())
        for plate in range(3):
            assert len(draw.value[:, plate].flatten(1).unique(dim=0)) == 16


@pytest.mark.parametrize("event", [0, 1, 2])
def test_values_are_distinct_in_every_family(event: int) -> None:
    logits = torch.randn(3, 2, 2, 3, dtype=torch.float64)
    laws: list[Distribution] = [
        Bernoulli(logits=logits[..., 0], event=event),
        Categorical(logits=logits, event=event),
        Binomial(total_count=2, probs=logits[..., 0].sigmoid(), event=event),
    ]
    for law in laws:
        draw = draw_set(law, 3)
        k = min(3, law.support_size())
        assert draw.value.shape == (k, *law.plates, *law.event_shape)
        torch.testing.assert_close(draw.log_prob, law.log_prob(draw.value))
        flat = draw.value.reshape(k, law.plates.numel(), -1)
        for plate in range(flat.shape[1]):
            assert len(flat[:, plate].unique(dim=0)) == k


# --- joining --------------------------------------------------------------------------------------


def second(values: Tensor, seed: int = 2) -> Bernoulli:
    """A bit that depends on what it joins: ``[k, *plates]``."""
    weights = torch.randn(2, 4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return Bernoulli(logits=(values * weights).sum((-2, -1)))


@pytest.mark.parametrize("k", [1, 3, 20])
def test_a_beam_over_two_variables_is_one_over_their_sequences(k: int) -> None:
    """Against looking at everything, with the same noise for the same sequences."""
    first, more = gumbel(2, 16, 4, 3), gumbel(1, 16, 2, 3, seed=5)
    results = []
    for size in (k, 32):
        before = draw_set(LAW, size, first)
        results.append((before, extend_set(second(before.value), Extending(before), noise=more)))
    (before, few), (_, everything) = results
    found, every = known(few), known(everything)
    assert found.parents is not None and every.perturbed is not None
    assert len(found.log_prob) == min(k, 32)
    torch.testing.assert_close(found.perturbed, every.perturbed[:k])
    torch.testing.assert_close(found.threshold, every.perturbed[k])
    torch.testing.assert_close(found.log_prob, every.log_prob[:k])
    torch.testing.assert_close(found.rest, every.log_prob[k:].logsumexp(0))
    followed = before.reindexed(few.joint)
    torch.testing.assert_close(followed.log_prob + few.log_prob, found.log_prob)
    torch.testing.assert_close(followed.value, everything_followed(results[1])[:k])


def everything_followed(pair: tuple[Draw, Draw]) -> Tensor:
    return pair[0].reindexed(pair[1].joint).value


def test_a_few_prefixes_grow_to_the_number_asked_for() -> None:
    method = UnorderedSetEstimator(3)
    before = method.draw(Bernoulli(logits=torch.tensor([0.3, -1.0])))
    assert before.value.shape == (2, 2)
    after = UnorderedSetEstimator().draw(Bernoulli(logits=before.value), place=Extending(before))
    assert after.value.shape == (3, 2)
    assert before.reindexed(after.joint).value.shape == (3, 2)
    torch.testing.assert_close(after.weight.sum(0), torch.ones(2))


def test_elements_that_hold_no_sequence_repeat_the_first_and_weigh_nothing() -> None:
    masked = torch.tensor([0.0, 1.0, -torch.inf, -torch.inf])
    for method in (UnorderedSetEstimator(3), ScoreFunctionWOR(3)):
        draw = method.draw(Categorical(logits=masked.clone().requires_grad_()))
        torch.testing.assert_close(draw.weight[:2], masked.softmax(0)[draw.value[:2]])
        assert draw.weight[2] == 0
        assert draw.value[2] == draw.value[0]
        more = method.draw(Bernoulli(logits=torch.tensor([0.0, 1.0, 2.0])), place=Extending(draw))
        assert bool((more.weight > 0).all())
        assert set(known(more).parents.tolist()) == {0, 1}
        score = (more.score + draw.reindexed(more.joint).score).sum()
        assert score.isfinite()


def test_who_opened_the_plate_weighs_and_compares() -> None:
    opener, other = ScoreFunctionWOR(3, biased=True), ScoreFunctionWOR()
    before = opener.draw(LAW)
    after = other.draw(second(before.value), place=Extending(before))
    torch.testing.assert_close(after.weight.sum(0), torch.ones(3).double())
    cost = torch.randn(3, 3, dtype=torch.float64)
    state = known(after)
    logits = LOGITS.clone().requires_grad_()
    for method, draw in ((opener, before.reindexed(after.joint)), (other, after)):
        draw.score = (logits.sum() * torch.ones(3, 3)).double()
        control = method.control_variate(draw, Downstream(cost))
        (slope,) = torch.autograd.grad(control.sum(), logits)
        wanted = -opener.baseline(state, cost).sum()
        torch.testing.assert_close(slope, wanted.expand_as(slope))


def test_sequences_that_have_ended_go_on_alone() -> None:
    """Three letters, the last of which ends a word: words of at most three letters."""
    torch.manual_seed(0)
    logits = torch.randn(3, requires_grad=True, dtype=torch.float64)
    spread = torch.randn(3, 3, dtype=torch.float64)
    for k in (2, 4, 20):
        for method in (UnorderedSetEstimator(k), ScoreFunctionWOR(k)):
            draw = method.draw(Categorical(logits=logits.expand(5, 3)))
            word, total = draw.value.unsqueeze(-1), draw.log_prob
            for _ in range(2):
                last = word[..., -1]
                law = Categorical(logits=spread[last] + logits)
                held = Held(last != 2, last)
                draw = method.draw(law, place=Extending(draw, held=held))
                parents = known(draw).parents
                assert parents is not None
                letters = parents.unsqueeze(-1).expand(*parents.shape, word.shape[-1])
                word = torch.cat([word.gather(0, letters), draw.value.unsqueeze(-1)], -1)
                total = total.gather(0, parents) + draw.log_prob
            assert len(word) == k
            torch.testing.assert_close(total, known(draw).log_prob)
            ended = word[..., :-1] == 2
            assert bool((word[..., 1:][ended] == 2).all())
            for plate in range(5):
                assert len(word[:, plate].unique(dim=0)) == min(k, 15)  # 1 + 2 + 4 · 3 words
            if k == 20:
                torch.testing.assert_close(draw.weight.sum(0), torch.ones(5).double())
            (slope,) = torch.autograd.grad((draw.weight * total).sum(), logits)
            assert bool(slope.isfinite().all())


def test_sequences_that_have_ended_are_replayed() -> None:
    method = UnorderedSetEstimator(3)
    law = Categorical(logits=torch.randn(5, 3, dtype=torch.float64))
    first = method.draw(law)
    more = Categorical(logits=torch.randn(3, 5, 3, dtype=torch.float64))
    held = Held(first.value != 2, first.value)
    after = method.draw(more, place=Extending(first, held=held))
    followed = first.reindexed(after.joint).value
    again = method.draw(law, followed)
    held = Held(followed != 2, followed)
    joined = method.draw(more.reindexed(after.joint), after.value, Extending(again, held=held))
    torch.testing.assert_close(joined.weight, after.weight)
    torch.testing.assert_close(joined.log_prob, after.log_prob)


def test_a_part_weighs_what_the_whole_weighs_and_others_keep_their_weights() -> None:
    before = UnorderedSetEstimator(3).draw(LAW)
    other = Draw(torch.arange(9.0).reshape(3, 3), Normal(torch.zeros(3, 3), 1.0))
    other.weight = torch.rand(3, 3)
    after = UnorderedSetEstimator().draw(second(before.value), place=Extending(before))
    parents = known(after).parents
    assert before.reindexed(after.joint).weight is after.weight
    followed = other.reindexed(after.joint)
    torch.testing.assert_close(followed.weight, other.weight.gather(0, parents))
    torch.testing.assert_close(followed.value, other.value.gather(0, parents))
    assert followed.joint is None
    with pytest.raises(ValueError, match="nothing follows it"):
        after.reindexed(before.joint)


def test_distributions_follow_their_sequences() -> None:
    before = UnorderedSetEstimator(3).draw(LAW)
    after = UnorderedSetEstimator().draw(second(before.value), place=Extending(before))
    parents = known(after).parents
    law = Normal(torch.randn(3, 3, 5), torch.rand(5), event=1)
    followed = law.reindexed(after.joint)
    assert followed.plates == (3, 3)
    wanted = law.loc.gather(0, parents.unsqueeze(-1).expand(3, 3, 5))
    torch.testing.assert_close(followed.loc, wanted)
    torch.testing.assert_close(followed.scale, law.scale.expand(3, 3, 5))


def test_elements_may_lie_along_any_dimension() -> None:
    before = UnorderedSetEstimator(3).draw(OneHotCategorical(logits=LOGITS[:, 0]))
    law = Bernoulli(logits=before.value @ LOGITS[0, 0])
    noise = gumbel(1, 3, 2, 3)
    plain = UnorderedSetEstimator().draw(law, place=Extending(before), noise=noise)
    turned = Draw(before.value.transpose(0, 1), before.distribution, plate_dim=1)
    state = known(before)
    turned.joint = Joint(
        state.size,
        state.log_prob.T,
        state.alive.T,
        state.rest,
        None if state.perturbed is None else state.perturbed.T,
        state.threshold,
    )
    aside = UnorderedSetEstimator().draw(
        Bernoulli(logits=law.logits.T), place=Extending(turned, plate_dim=1), noise=noise
    )
    for one, other in ((plain.value, aside.value.T), (plain.weight, aside.weight.T)):
        torch.testing.assert_close(one, other)
    torch.testing.assert_close(
        before.reindexed(plain.joint).value, turned.reindexed(aside.joint).value.transpose(0, 1)
    )
    cost = torch.randn(3, 3).double()
    plain.score, aside.score = plain.log_prob, aside.log_prob
    method = UnorderedSetEstimator(3)
    lies = Downstream(cost.T.contiguous())
    first = method.baseline(known(plain), cost)
    assert method.control_variate(plain, Downstream(cost)).shape == (3, 3)
    assert method.control_variate(aside, lies).shape == (3, 3)
    torch.testing.assert_close(method.baseline(known(aside).along(1), cost), first)


# --- values that are given ------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 5, 16, 20])
def test_a_replay_knows_what_the_draw_knew(k: int) -> None:
    draw = draw_set(LAW, k)
    again = replay_set(LAW, draw.value)
    torch.testing.assert_close(known(again).log_prob, known(draw).log_prob)
    torch.testing.assert_close(known(again).rest, known(draw).rest, rtol=1e-9, atol=1e-9)
    assert bool(known(again).alive.all())
    after = extend_set(second(draw.value), Extending(draw))
    followed = draw.reindexed(after.joint)
    before = replay_set(LAW, followed.value)
    joined = replay_extension(second(followed.value), Extending(before), after.value)
    torch.testing.assert_close(known(joined).log_prob, known(after).log_prob)
    torch.testing.assert_close(known(joined).rest, known(after).rest, rtol=1e-9, atol=1e-9)
    assert torch.equal(known(joined).alive, known(after).alive)


def test_what_is_given_in_part_is_refused() -> None:
    method = UnorderedSetEstimator(2)
    drawn = method.draw(LAW)
    given = method.draw(LAW, drawn.value)
    assert given.replayed
    with pytest.raises(ValueError, match="give those of what joins it too"):
        method.draw(second(given.value), place=Extending(given))
    with pytest.raises(ValueError, match="give both, or none"):
        method.draw(second(drawn.value), torch.ones(2, 3).double(), Extending(drawn))
    with pytest.raises(ValueError, match="only a sample without replacement"):
        method.draw(second(drawn.value), place=Extending(Draw(drawn.value, LAW)))
    with pytest.raises(ValueError, match="draws its elements one by one"):
        ScoreFunction(2).draw(second(drawn.value), place=Extending(drawn))


def test_weights_that_depend_on_noise_are_not_replayed() -> None:
    value = draw_set(LAW, 2).value
    sampled = ScoreFunction(sampler=WithoutReplacement(2))
    for method in (ScoreFunctionWOR(2), sampled):
        with pytest.raises(ValueError, match="noise that they do not tell"):
            method.draw(LAW, value)
    with pytest.raises(ValueError, match="noise that they do not tell"):
        sampled.outcomes(LAW)


def test_sets_open_plates_of_their_own() -> None:
    for method in (UnorderedSetEstimator(2), ScoreFunction(sampler=WithoutReplacement(2))):
        with pytest.raises(ValueError, match="opens a plate of its own"):
            method.draw(LAW, place=In(0))


def test_k_may_change() -> None:
    method = UnorderedSetEstimator(2)
    method.k = 3
    assert method.n == method.k == 3
    assert method.draw(LAW).value.shape[0] == 3
    with pytest.raises(ValueError, match="1 value or more"):
        method.k = 0


# --- the probability of a set ---------------------------------------------------------------------


def in_order(masses: list[float], rest: float, drawn: tuple[int, ...]) -> float:
    """The probability of completing the set, summed over all orders."""
    left = [i for i in range(len(masses)) if i not in drawn]
    total = 0.0
    for order in permutations(left):
        share, mass = 1.0, rest + sum(masses[i] for i in left)
        for i in order:
            share, mass = share * masses[i] / mass, mass - masses[i]
        total += share
    return total


@pytest.mark.parametrize("scale", [1.0, 4.0])
@pytest.mark.parametrize("k", [1, 2, 3, 4, 6])
def test_the_probability_of_a_set_is_the_sum_over_orders(k: int, scale: float) -> None:
    logits = scale * torch.randn(9, generator=torch.Generator().manual_seed(k)).double()
    masses, rest = logits.log_softmax(0)[:k], logits.log_softmax(0)[k:].logsumexp(0)
    plain, outside = masses.exp().tolist(), rest.exp().item()
    whole = masses.sum()
    for way in (by_subsets, by_integration):
        found = way(masses, torch.ones(k, dtype=torch.bool), rest)
        chance = (found.whole + whole).exp().item()
        assert chance == pytest.approx(in_order(plain, outside, ()), rel=1e-12)
        for s in range(k):
            chance = (found.single[s] + whole - masses[s]).exp().item()
            assert chance == pytest.approx(in_order(plain, outside, (s,)), rel=1e-12)
        for s, t in combinations(range(k), 2):
            chance = (found.pair[s, t] + whole - masses[s] - masses[t]).exp().item()
            assert chance == pytest.approx(in_order(plain, outside, (s, t)), rel=1e-12)
            torch.testing.assert_close(found.pair[s, t], found.pair[t, s])


@pytest.mark.parametrize("k", [4, 9])
def test_both_ways_agree_where_sets_are_hardly_possible(k: int) -> None:
    masses = torch.linspace(-2, -300, k, dtype=torch.float64).unsqueeze(1).expand(k, 3)
    rest = torch.tensor([-0.2, -40.0, -torch.inf], dtype=torch.float64)
    masses = masses - torch.logaddexp(masses.logsumexp(0), rest)
    alive = torch.ones(k, 3, dtype=torch.bool)
    exact, integral = by_subsets(masses, alive, rest), by_integration(masses, alive, rest)
    torch.testing.assert_close(exact.whole, integral.whole, rtol=1e-11, atol=1e-11)
    torch.testing.assert_close(exact.single, integral.single, rtol=1e-11, atol=1e-11)
    off = ~torch.eye(k, dtype=torch.bool)
    torch.testing.assert_close(exact.pair[off], integral.pair[off], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("k", [4, 12, 40])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_hardly_possible_sequences_weigh_the_same(k: int, dtype: torch.dtype) -> None:
    """Of very many sequences every one in the set might have come first: 1/k each."""
    masses = torch.linspace(-470, -480, k, dtype=dtype)
    alive, rest = torch.ones(k, dtype=torch.bool), torch.zeros((), dtype=dtype)
    exact = 1e-5 if dtype == torch.float32 else 1e-12
    for way in (by_subsets, by_integration)[k > 12 :]:
        found = way(masses, alive, rest)
        weight = (found.single - found.whole).exp()
        torch.testing.assert_close(weight, torch.full_like(weight, 1 / k), rtol=exact, atol=0)


def test_elements_without_a_sequence_are_no_part_of_the_set() -> None:
    masses = torch.tensor([-1.0, -2.0, -torch.inf, -torch.inf]).double()
    alive, rest = masses > -torch.inf, torch.tensor(-0.7).double()
    fewer = by_subsets(masses[:2], alive[:2], rest)
    for way in (by_subsets, by_integration):
        found = way(masses, alive, rest)
        torch.testing.assert_close(found.whole, fewer.whole)
        torch.testing.assert_close(found.single[:2], fewer.single)
        torch.testing.assert_close(found.single[2], fewer.whole)
        torch.testing.assert_close(found.pair[0, 1], fewer.pair[0, 1])
        torch.testing.assert_close(found.pair[0, 2], fewer.single[0])


def test_logarithms_are_stable() -> None:
    x = torch.tensor([-1e4, -300.0, -40.0, -15.1, -14.9, -1.0, 0.0, 3.0, 40.0, torch.inf]).double()
    wanted = torch.log1p(-torch.exp(-torch.exp(x)))
    found = log_inclusion(x)
    assert not bool(found.isnan()[:-1].any())
    torch.testing.assert_close(found[3:9], wanted[3:9], rtol=1e-7, atol=1e-15)
    torch.testing.assert_close(found[:3], x[:3])
    assert log1mexp(torch.tensor(-torch.inf)) == 0
    assert log1mexp(torch.tensor(0.0)) == -torch.inf


# --- extremes -------------------------------------------------------------------------------------

EXTREME = [
    [1e4, 0.0, -1e4],
    [-1e4, -1e4, 1e4],
    [0.0, -torch.inf, -1e4],
    [0.0, 0.0, -torch.inf],
    [80.0, 0.0, -80.0],
]


def methods(k: int) -> list[Method]:
    return [
        UnorderedSetEstimator(k),
        UnorderedSetEstimator(k, integration="numerical"),
        ScoreFunctionWOR(k),
        ScoreFunctionWOR(k, biased=True),
        ScoreFunction(sampler=WithoutReplacement(k)),
        ScoreFunction(sampler=BeamSearch(k)),
    ]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("k", [1, 2, 3, 7, 12])
def test_extreme_logits_do_no_harm(k: int, dtype: torch.dtype) -> None:
    torch.manual_seed(k)
    logits = torch.tensor(EXTREME, dtype=dtype).unsqueeze(1).repeat(1, 2, 1).requires_grad_()
    for method in methods(k):
        law = OneHotCategorical(logits=logits, event=1)
        draw = method.draw(law)
        assert draw.value.shape == (min(k, 9), 5, 2, 3)
        torch.testing.assert_close(draw.value.sum(-1), torch.ones_like(draw.value[..., 0]))
        cost = draw.value[..., 0].sum(-1).square() + 1
        loss = (draw.weight * draw.box * cost).sum(0).mean()
        control = method.control_variate(draw, Downstream(cost.detach()))
        if control is not None:
            assert bool((control == 0).all())
            loss = loss + (draw.weight * control).sum(0).mean()
        (gradient,) = torch.autograd.grad(loss, logits)
        assert bool(gradient.isfinite().all()) and loss.isfinite()
        if k == 12 and not isinstance(method, ScoreFunction):
            support = law.enumerate_support()
            chances = law.joint_log_prob(support).exp()
            wanted = chances.T @ (support[..., 0].sum(-1).square() + 1)
            torch.testing.assert_close((draw.weight * cost).sum(0), wanted)


def test_probabilities_of_0_and_1() -> None:
    probs = torch.tensor([[0.0, 1.0], [1.0, 0.5]], requires_grad=True)
    for method in methods(2):
        draw = method.draw(Bernoulli(probs=probs, event=1))
        loss = (draw.weight * draw.box * draw.value.sum(-1)).sum()
        (gradient,) = torch.autograd.grad(loss, probs)
        assert bool(gradient.isfinite().all())
        assert bool((draw.weight[0] > 0).all())


# --- how often ------------------------------------------------------------------------------------


MANY = 300_000


def chance(masses: list[float], rest: float, threshold: float) -> float:
    """That exactly these are drawn, and the largest of the rest is at most ``threshold``.

    Perturbed log-probabilities are at most κ with probability ``exp(-p exp(-κ))``, independently.
    """
    total = 0.0
    for size in range(len(masses) + 1):
        for below in combinations(masses, size):
            lower = rest + sum(below)
            total += (-1) ** size * rest / lower * exp(-lower * exp(-threshold))
    return total


def frequent(draw: Draw, numbers: Tensor, masses: Tensor) -> bool:
    """Whether sets ``[k, N]``, and how κ divides them, come up as often as they must."""
    found, threshold = numbers.sort(0).values, known(draw).threshold
    assert threshold is not None
    size, many = numbers.shape
    for members in combinations(range(len(masses)), size):
        inside = [masses[i].item() for i in members]
        rest = 1 - sum(inside)
        same = (found == torch.tensor(members).unsqueeze(1)).all(0)
        for level in (0.0, 1.5, torch.inf):
            wanted = chance(inside, rest, level)
            share = (same & (threshold <= level)).double().mean().item()
            error = (wanted * (1 - wanted) / many) ** 0.5 + 1e-12
            if abs(share - wanted) > 5 * error:
                return False
    return True


@pytest.mark.parametrize("k", [1, 2, 4])
def test_sets_are_as_frequent_as_they_must_be(k: int) -> None:
    torch.manual_seed(k)
    logits = torch.tensor([[0.4, -0.9, 0.2], [1.0, 0.3, -0.5]], dtype=torch.float64)
    law = Categorical(logits=logits.expand(MANY, 2, 3), event=1)
    table = Categorical(logits=logits, event=1)
    masses = table.joint_log_prob(table.enumerate_support()).exp()
    draw = draw_set(law, k)
    assert frequent(draw, draw.value[..., 0] * 3 + draw.value[..., 1], masses)
    assert not frequent(draw, draw.value[..., 1] * 3 + draw.value[..., 0], masses)


@pytest.mark.parametrize("k", [1, 2, 4])
def test_sequences_of_two_variables_are_as_frequent_as_they_must_be(k: int) -> None:
    torch.manual_seed(k)
    logits = torch.tensor([0.4, -0.9, 0.2], dtype=torch.float64)
    slopes = torch.tensor([0.7, -1.1, 0.1], dtype=torch.float64)
    before = draw_set(Categorical(logits=logits.expand(MANY, 3)), k)
    after = extend_set(Bernoulli(logits=slopes[before.value]), Extending(before))
    bits = torch.stack([(-slopes).sigmoid(), slopes.sigmoid()], -1)
    masses = (logits.softmax(0).unsqueeze(1) * bits).flatten()
    assert frequent(after, before.reindexed(after.joint).value * 2 + after.value.long(), masses)
    assert not frequent(
        before, after.value.long() * 3 + before.reindexed(after.joint).value, masses
    )


def test_the_outcomes_of_a_set_are_complete() -> None:
    law = Bernoulli(logits=torch.randn(2, 2, dtype=torch.float64), event=1)
    for k in (1, 2, 3, 4, 9):
        method = UnorderedSetEstimator(k)
        outcomes = method.outcomes(law)
        assert sum(probability for _, probability in outcomes) == pytest.approx(1, abs=1e-12)
        mean = torch.zeros(())
        for value, probability in outcomes:
            draw = method.draw(law, value)
            mean = mean + probability * (draw.weight[..., None] * draw.value).sum(0)
        torch.testing.assert_close(mean, law.probs)
    assert len(MonteCarlo().outcomes(law, 1)) == 16


# --- the most probable values ---------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 3, 16, 20])
def test_beam_search_takes_the_most_probable_values(k: int) -> None:
    support = LAW.enumerate_support()
    masses = LAW.joint_log_prob(support).exp()
    draw = BeamSearch(k).draw(LAW, 1)
    torch.testing.assert_close(draw.weight, masses.topk(min(k, 16), 0).values)
    torch.testing.assert_close(draw.weight, LAW.log_prob(draw.value).exp())
    ((value, probability),) = BeamSearch(k).outcomes(LAW, 1)
    assert probability == 1 and torch.equal(value, draw.value)
    again = BeamSearch(k).replay(LAW, value, k)
    assert again.replayed
    torch.testing.assert_close(again.weight, draw.weight)


def test_beam_search_counts_a_value_once() -> None:
    law = Categorical(logits=torch.tensor([0.0, 1.0, -torch.inf]))
    draw = BeamSearch(3).draw(law, 1)
    assert draw.value.tolist() == [1, 0, 1]
    assert draw.weight[2] == 0
    again = BeamSearch(3).replay(law, draw.value, 3)
    torch.testing.assert_close(again.weight, draw.weight)
    assert not BeamSearch(2).draw(law, 1).weight.requires_grad


def test_beam_search_opens_its_plate_and_has_no_path() -> None:
    with pytest.raises(ValueError, match="opens a plate of its own"):
        BeamSearch(2).draw(LAW, None)
    for sampler in (BeamSearch(2), WithoutReplacement(2)):
        with pytest.raises(ValueError, match="no path through them"):
            sampler.draw(LAW, 1, pathwise=True)


# --- compiled -------------------------------------------------------------------------------------


def step(logits: Tensor, slopes: Tensor, method: JointMethod) -> Tensor:
    before = method.draw(OneHotCategorical(logits=logits, event=1))
    law = Bernoulli(logits=(before.value * slopes).sum((-2, -1)))
    after = method.draw(law, place=Extending(before))
    before = before.reindexed(after.joint)
    cost = after.value * before.value[..., 0].sum(-1)
    loss = (after.weight * before.box * after.box * cost).sum(0)
    for draw in (before, after):
        control = method.control_variate(draw, Downstream(cost.detach()))
        assert control is not None
        loss = loss + (after.weight * control).sum(0)
    return loss.mean()


@pytest.mark.parametrize("method", methods(3)[:4], ids=["exact", "numerical", "wor", "biased"])
def test_a_step_compiles_whole(method: JointMethod) -> None:
    compiled = torch.compile(step, fullgraph=True, backend="aot_eager")
    logits = torch.randn(5, 2, 3, requires_grad=True)
    slopes = torch.randn(2, 3, requires_grad=True)
    compiled(logits, slopes, method).backward()
    assert logits.grad is not None and bool(logits.grad.isfinite().all())
    assert slopes.grad is not None and bool(slopes.grad.isfinite().all())


@pytest.mark.parametrize("method", [ScoreFunctionWOR(3), UnorderedSetEstimator(3)])
def test_the_scores_of_all_steps_are_found_at_once(method: JointMethod) -> None:
    """Along the last dimension of two plates: as `Draw.log_prob` says them, step by step."""
    torch.manual_seed(0)
    tables = torch.randn(4, 2, 3, 5, requires_grad=True, dtype=torch.float64)
    joint = begun((2, 3), tables, False, dim=1)
    draws, parents = list[Extension](), list[Tensor]()
    for table in tables:
        draw = method.draw(Categorical(logits=table), place=Extending(joint, plate_dim=1))
        joint = known(draw)
        assert isinstance(draw, Extension) and joint.parents is not None
        draws.append(draw)
        parents.append(joint.parents)
    lines = lineage(parents, 1)[1:]
    steps = JointSteps(draws, 4, lines, joint)
    pairs = zip(draws, lines, strict=True)
    one_by_one = torch.stack([draw.log_prob.gather(1, line) for draw, line in pairs])
    torch.testing.assert_close(steps.score, one_by_one)
    torch.testing.assert_close(steps.log_prob, joint.log_prob)
    weights = torch.randn_like(one_by_one)
    slopes = [
        torch.autograd.grad((found * weights).sum(), tables, retain_graph=True)[0]
        for found in (steps.score, one_by_one)
    ]
    torch.testing.assert_close(*slopes)
    assert (joint.rest is None) == isinstance(method, ScoreFunctionWOR)


def test_a_sum_over_subsets_that_would_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match="a sum over 2\\*\\*30 subsets"):
        UnorderedSetEstimator(30, integration="exact")
    assert UnorderedSetEstimator(30).k == 30
