"""Counts whose number differs by datum."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import storchc
from storch_runtime import StoryValueError
from storch_runtime.distributions import Multinomial

LOGITS = torch.tensor([[0.3, -1.0, 0.8], [-0.2, 0.1, -2.0]], dtype=torch.float64)


def listed(total: int) -> torch.Tensor:
    """All counts of three classes that add up to ``total``."""
    pairs = [(a, b, total - a - b) for a in range(total + 1) for b in range(total + 1 - a)]
    return torch.tensor(pairs, dtype=torch.float64)


def test_probabilities_sum_to_one_for_each_datum() -> None:
    law = Multinomial(total_count=torch.tensor([2, 4]), logits=LOGITS)
    for datum, total in enumerate((2, 4)):
        every = listed(total)
        masses = law.log_prob(every[:, None].expand(-1, 2, -1)).exp()
        torch.testing.assert_close(masses[:, datum].sum(), torch.ones(()).double())
        assert masses[:, 1 - datum].sum() == 0  # counts that add up to something else
        entropy = -torch.special.xlogy(masses, masses).sum(0)
        torch.testing.assert_close(law.entropy()[datum], entropy[datum])
        mean = (masses[:, datum, None] * every).sum(0)
        torch.testing.assert_close(law.mean[datum], mean)
        spread = (masses[:, datum, None] * (every - mean).square()).sum(0)
        torch.testing.assert_close(law.variance[datum], spread)


def test_draws_have_the_counts_of_their_data_and_their_probabilities() -> None:
    torch.manual_seed(0)
    law = Multinomial(total_count=torch.tensor([2, 4]), logits=LOGITS)
    drawn = law.sample(40_000)
    assert (drawn.sum(-1) == torch.tensor([2.0, 4.0])).all()
    for datum, total in enumerate((2, 4)):
        for counts in listed(total):
            seen = (drawn[:, datum] == counts).all(-1).double().mean()
            exact = law.log_prob(counts.expand(2, 3))[datum].exp()
            assert seen.item() == pytest.approx(exact.item(), abs=0.012)


def test_a_class_that_cannot_come_up_is_never_drawn_and_gives_no_nan() -> None:
    logits = torch.tensor([0.0, -torch.inf, 1.0]).requires_grad_()
    law = Multinomial(total_count=torch.tensor([3, 0]), logits=logits)
    drawn = law.sample(100)
    assert drawn[..., 1].sum() == 0
    (slope,) = torch.autograd.grad(law.log_prob(drawn).sum(), logits)
    assert slope.isfinite().all()
    assert law.log_prob(torch.tensor([2.0, 1.0, 0.0]))[0] == -torch.inf


STORY = """\
story Words
plate docs
input n[docs]: int
param w[3] = zeros()
sample z ~ Multinomial(n, logits=w) with ScoreFunction(n=50_000, baseline=batch_average)
cost c = sum(z ** 2 * stack([1.0, 2.0, 3.0]))
"""


def test_in_a_story() -> None:
    """``E k_c² = n p (1 - p) + n² p²``."""
    torch.manual_seed(0)
    model: Any = storchc.load(text=STORY)()
    count = torch.tensor([2, 5])
    estimate = model(count)
    estimate.backward()
    p = model.w.detach().softmax(-1).requires_grad_()
    moments = count[:, None] * p * (1 - p) + (count[:, None] * p) ** 2
    exact = (moments * torch.tensor([1.0, 2.0, 3.0])).sum(-1).mean()
    (slope,) = torch.autograd.grad(exact, p)
    slope = p * (slope - (p * slope).sum())
    torch.testing.assert_close(estimate.cost, exact.detach(), rtol=1e-2, atol=1e-2)
    torch.testing.assert_close(model.w.grad, slope.detach(), rtol=0, atol=0.15)
    with pytest.raises(StoryValueError, match="`total_count` must be 0 or more"):
        storchc.load(text=STORY)()(torch.tensor([2, -1]))


def test_data_that_do_not_add_up_are_found() -> None:
    text = "story S\nplate d\ninput x[d, 3]\ninput n[d]\nparam w[3] = zeros()\n"
    made: Any = storchc.load(text=f"{text}observe x ~ Multinomial(n, logits=w)\n")
    made()(torch.tensor([[1.0, 2.0, 0.0]]), torch.tensor([3.0])).backward()
    with pytest.raises(StoryValueError, match="outside of the support of `Multinomial`"):
        made()(torch.tensor([[1.0, 2.0, 0.0]]), torch.tensor([4.0]))
