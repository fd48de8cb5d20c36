"""Costs that are linear in what all steps of a chain add up to: their expectations add up too."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import storchc
from tests.certification.chains.sums import certify_sums
from tests.certification.chains.test_broken import altered
from tests.certification.chains.test_chains import ABOVE, X, story
from tests.certification.harness import Case, case, fails


def certify_stepwise(of: Case) -> None:
    """Prove it, and that no whole sequences are listed."""
    assert "Sequences(" not in storchc.compile(text=of.text)
    certify_sums(of)


def test_a_sum_over_the_sequence_of_step_costs() -> None:
    text = story(
        """
for t in range(3) from z = 0:
    compute q = Bernoulli(logits=w * z + u)
    sample z ~ q with Expect()
    compute g = (z - w) ** 2 * (1 + t) + log_prob(q, z)
cost c = sum(sequence(g)) * u
cost d = -mean(sequence(g) * tensor([0.3, 0.2, -1.0])) / 3 + z * w
cost e = sequence(g)[1] + sequence(g)[0] / w
"""
    )
    certify_stepwise(case(text))


def test_a_sum_over_the_sequence_of_whole_numbers() -> None:
    text = story(
        """
for t in range(3) from z = 0:
    sample z ~ Categorical(logits=tensor([0.3, 1.0, -0.2]) * w + u * z) with Expect()
cost c = sum(sequence(z))
cost d = mean(sequence(z) * w) - sum(sequence(z)[1:]) / 2
"""
    )
    certify_stepwise(case(text))


@pytest.mark.parametrize("reduction", ["", " sum"])
def test_sums_that_are_carried(reduction: str) -> None:
    text = f"""
story T
plate data{reduction}
input x[data, 3]
param w[3, 3] = normal(0, 1)
param m[3] = normal(0, 1)
for t in range(3) from z = zeros([3]), total = 0, h = x:
    compute q = OneHotCategorical(logits=w @ z + m * x[t])
    sample z ~ q with Expect()
    compute ll = log_prob(q, z) - (sum(z * m) - x[t]) ** 2
    compute total = 0.9 * total + ll
    compute h = h * m + z * x
    compute k = h + 2 * z
    cost early = total * x[t]
cost c = -total / 3 + sum(z * m)
cost d = sum(h * m) + sum(sequence(h) * w) + sum(sequence(k) @ w)
"""
    certify_stepwise(case(text, {"x": X}))


def test_values_of_the_step_before_that_nothing_multiplies() -> None:
    text = story(
        """
for t in range(3) from z = 0, last = 1:
    compute last = z + w
    sample z ~ Bernoulli(logits=w * z + u) with Expect()
    cost c = z * w - last * u
cost d = last * u
"""
    )
    certify_stepwise(case(text))


def test_a_sum_whose_sample_nothing_carries() -> None:
    text = story(
        """
for t in range(3) from total = u:
    sample z ~ Bernoulli(logits=w * t + u) with Expect()
    compute total = where(w > 0, total * w + z, total)
cost total
"""
    )
    certify_stepwise(case(text))


def test_values_behind_the_loop_of_a_sum_and_the_last_outcome() -> None:
    """They have the plate of the last outcome, whose probabilities weigh them."""
    text = story(
        """
sample q ~ Bernoulli(logits=u) with Expect()
for t in range(3) from z = q, total = w:
    sample z ~ Bernoulli(logits=w * z + u) with Expect()
    compute total = total + z * u
compute twice = 2 * total
compute both = twice + z
compute scaled = both * w
cost c = both - twice * q
cost d = scaled + sequence(total)[1] * u
cost e = twice / w
"""
    )
    certify_stepwise(case(text))


def test_costs_that_are_summed_once_more() -> None:
    text = story(
        """
for t in range(3) from z = 0, total = 0:
    sample z ~ Bernoulli(logits=w * z + u) with Expect()
    cost g = (z - w) ** 2 * (1 + t)
    compute total = total + g
cost c = sum(sequence(g)) * u
cost total
"""
    )
    certify_stepwise(case(text))


def test_two_chains_and_what_they_make_together() -> None:
    text = story(
        """
for t in range(3) from a = 0, b = 1, h = 0, k = u:
    sample a ~ Bernoulli(logits=u + 0.5 * a) with Expect()
    sample b ~ Bernoulli(logits=w * b - 0.2 * t) with Expect()
    compute g = a * b * w
    compute h = h + a * b
    compute k = k * w + a
    compute l = k * b
    cost e = k * b
cost c = sum(sequence(g)) + h
cost d = k + sum(sequence(l)) + b * k
"""
    )
    certify_stepwise(case(text))


@pytest.mark.parametrize("method", ABOVE)
def test_sums_below_samples_of_the_same_loop(method: str) -> None:
    text = story(
        f"""
sample a ~ Bernoulli(logits=w) with ScoreFunction(n=1, baseline=moving_average)
for t in range(2) from h = u + a, z = 0, total = 0:
    sample s ~ Bernoulli(logits=h + 0.3 * w) with {ABOVE[method]}
    compute h = h * w + s
    sample z ~ Bernoulli(logits=u * z + w * h) with Expect()
    compute g = (z - h) ** 2
    compute total = total + g * a
cost d = total * (h + a) + sum(sequence(g)) * w + z
"""
    )
    certify_stepwise(case(text))


def test_what_is_cut_off() -> None:
    text = story(
        """
for t in range(3) from z = 0, total = 0, other = 0:
    sample z ~ Bernoulli(logits=u + w * z) with Expect()
    compute total = total + stop_gradient(z) * w
    compute g = z * u
    compute other = other + z * u
cost c = total
cost d = sum(sequence(g)) + other
"""
    )
    certify_stepwise(case(text))


def test_impossible_outcomes_add_nothing() -> None:
    text = story(
        """
for t in range(3) from z = 1, total = 0:
    sample z ~ Bernoulli(probs=where(z > 0, 1.0, sigmoid(w))) with Expect()
    compute total = total + u * z + log(z)
cost total
"""
    )
    model = case(text).model()
    loss = model().loss
    torch.testing.assert_close(loss, 3 * model.u)
    gradient = torch.autograd.grad(loss, [model.w, model.u])
    torch.testing.assert_close(gradient, (model.w * 0, model.u * 0 + 3))


LONG = """
story Long
dim V = 4
dim T
input x[T]
param w[V, V] = normal(0, 1)
for t in range(T) from z = zeros([V]), total = 0:
    compute q = OneHotCategorical(logits=w @ z + x[t])
    sample z ~ q with Expect()
    compute g = sum(z * w[0]) * x[t]
    compute total = total + log_prob(q, z)
cost c = sum(sequence(g))
cost total
"""


def long_hand(w: Tensor, steps: int) -> Tensor:
    """The same by hand, where every input is 1."""
    logits = torch.log_softmax(w + 1, 0)  # of an outcome below each of those before
    first = torch.log_softmax(torch.ones(4).double(), 0)
    state, total = first.exp(), first.exp() @ first
    for t in range(steps):
        if t:
            total = total + ((logits.exp() * logits) @ state).sum()
            state = logits.exp() @ state
        total = total + state @ w[0]
    return total


def test_the_number_of_steps_may_be_known_at_the_call() -> None:
    model = storchc.load(text=LONG)().double()
    for steps in (1, 2, 512):
        loss, by_hand = model(torch.ones(steps).double()).loss, long_hand(model.w, steps)
        torch.testing.assert_close(loss, by_hand)
        ours, theirs = (torch.autograd.grad(value, model.w)[0] for value in (loss, by_hand))
        torch.testing.assert_close(ours, theirs)


def test_all_steps_in_one_graph() -> None:
    model = storchc.load(text=LONG)().double()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    x = torch.ones(3).double()
    torch.testing.assert_close(compiled(x).loss, model(x).loss)


BROKEN = {
    "pairs for the last value": ("weighted_sum(z_joint, g", "weighted_sum(z_joint.detach(), g"),
    "a sum that forgets": ("total = total * self.w +", "total = 0.0 * total * self.w +"),
    "masses of the step before": ("weighted_sum(z_next, (z", "weighted_sum(z_mass, (z"),
    "the sequence of one step": ("torch.stack(mean_g_values, dim=-1)", "mean_g[..., None] * 3"),
}
SUMS = """
story T
param w = 0.4
param u = -0.3
for t in range(3) from z = 0, total = u:
    compute before = z * w
    sample z ~ Bernoulli(logits=u * z + w) with Expect()
    compute g = (z - before) ** 2
    compute total = total * w + (z - u) ** 2
cost d = sum(sequence(g)) + total
"""


def test_the_right_one_passes() -> None:
    certify_sums(case(SUMS), model=altered("", "", SUMS))


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_one_fails(what: str) -> None:
    fails(lambda: certify_sums(case(SUMS), model=altered(*BROKEN[what], SUMS)))


NOT_LINEAR = {
    "cost d = total ** 2": "`total`",
    "cost d = total * z": "`total`",
    "cost d = max(sequence(g))": "`sequence(g)`",
    "cost d = total * sum(sequence(g))": "`total`",
    "cost d = where(total > 1, u, w)": "`total`",
    "sample b ~ Bernoulli(logits=w * z) with ScoreFunction()\ncost d = b * total": "`total`",
    "sample b ~ Bernoulli(logits=total) with ScoreFunction()\ncost d = b": "`total`",
}


@pytest.mark.parametrize("tail", NOT_LINEAR)
def test_what_is_not_linear_lists_whole_sequences(tail: str) -> None:
    """The same values, summed over sequences; what is in the way is named."""
    text = SUMS[: SUMS.index("cost d")] + tail
    assert "Sequences(" in storchc.compile(text=text)
    many = text.replace("range(3)", "range(99)")
    (problem,) = (d for d in storchc.check(text=many) if d.code == "S405")
    (label,) = problem.labels
    assert "not linear" in label.text
    assert NOT_LINEAR[tail] in label.text
    assert label.line >= text[: text.index(tail)].count("\n") + 1
