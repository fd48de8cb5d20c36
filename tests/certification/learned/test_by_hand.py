"""Inner gradients and trained control variates: exact whatever their parameters are."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from storch_runtime import Downstream, Elsewhere, Method
from storch_runtime.distributions import Bernoulli, Normal
from storch_runtime.methods import (
    LAX,
    REBAR,
    RELAX,
    RODEO,
    DoubleCV,
    MuProp,
    _inner,
    _relaxed,
    double_cv,
    gumbel_rao,
    mu_prop,
    rodeo,
)
from storch_runtime.place import In
from storch_runtime.surrogate import magic_box
from tests.certification.harness import Uncertified, fails
from tests.certification.learned.toys import (
    SCALE,
    TOYS,
    Critic,
    Law,
    agree,
    bit_clocks,
    class_clocks,
    compare,
    hermite,
    truth,
    worlds,
)

Patch = pytest.MonkeyPatch
BITS = ("logits of bits", "probs of bits", "one bit")
CLASSES = ("logits of classes", "probs of classes")


def double_cv_at(alpha: float, n: int) -> Method:
    method = DoubleCV(n).double()
    method.alpha.data.fill_(alpha)
    return method


def rodeo_at(alpha: float, beta: float, n: int) -> Method:
    torch.manual_seed(0)
    method = RODEO(n).double()
    method.alpha.data.fill_(alpha)
    method.beta.data.fill_(beta)
    return method


FINITE: dict[str, tuple[tuple[str, ...], Callable[[], Method]]] = {
    "MuProp(1)": ((*BITS, *CLASSES, "two one-hot vectors"), lambda: MuProp(1)),
    "MuProp(2)": ((*BITS, *CLASSES), lambda: MuProp(2)),
    "DoubleCV(2)": (BITS, lambda: double_cv_at(-0.7, 2)),
    "DoubleCV(3)": (BITS, lambda: double_cv_at(1.3, 3)),
    "RODEO(2)": (BITS, lambda: rodeo_at(-0.7, 1.3, 2)),
    "RODEO(3)": (BITS, lambda: rodeo_at(0.4, -0.6, 3)),
}
RELAXING: dict[str, Callable[[], Method]] = {
    "REBAR": lambda: REBAR(eta=0.7).double(),
    "REBAR at 1": lambda: REBAR(temperature=1.0, eta=-0.4, learn=False),
    "RELAX": lambda: RELAX(eta=0.7).double(),
}


@pytest.mark.parametrize(
    ("method", "toy"), [(name, toy) for name, (toys, _) in FINITE.items() for toy in toys]
)
def test_exactly_over_every_outcome(method: str, toy: str) -> None:
    made = FINITE[method][1]()
    values, chance = worlds(TOYS[toy].make(TOYS[toy].start), made.n)
    compare(TOYS[toy], made, values, chance)


@pytest.mark.parametrize("name", RELAXING)
@pytest.mark.parametrize("toy", BITS)
def test_bits_exactly_by_quadrature(name: str, toy: str, monkeypatch: Patch) -> None:
    by_quadrature(name, toy, monkeypatch)


@pytest.mark.parametrize("name", RELAXING)
@pytest.mark.parametrize("toy", [*CLASSES, "an index"])
def test_three_classes_exactly_by_quadrature(name: str, toy: str, monkeypatch: Patch) -> None:
    if toy != "an index" or name == "RELAX":
        by_quadrature(name, toy, monkeypatch)


def by_quadrature(name: str, toy: str, patch: Patch) -> None:
    """Certify over the value and the noise of z and z̃, which enter the loss apart."""
    law = TOYS[toy].make(TOYS[toy].start)
    count = {"one bit": 100, "logits of bits": 30, "probs of bits": 30}.get(toy, 40)
    made = bit_clocks if isinstance(law, Bernoulli) else class_clocks
    values, clocks, chance = made(law, count)
    assert abs(chance.sum() - 1) < 1e-9
    if toy in CLASSES:
        values = torch.eye(3, dtype=torch.float64)[values]
    for module in (_relaxed, gumbel_rao):
        patch.setattr(module, "exponential", lambda like, shape: clocks.expand(shape))
    features = 3 if toy in CLASSES or toy == "an index" else law.batch_event.numel()
    compare(TOYS[toy], RELAXING[name](), values, chance, critic=Critic(features))


@pytest.mark.certify
@pytest.mark.parametrize("name", RELAXING)
@pytest.mark.parametrize("toy", ["logits of bits", "two one-hot vectors", "an index"])
def test_joint_events_by_a_million_draws(name: str, toy: str) -> None:
    """Of the noise that is drawn; every draw is an element of a plate with a leaf of its own."""
    if toy == "an index" and name != "RELAX":
        return
    torch.manual_seed(0)
    chosen, count = TOYS[toy], 1_000_000
    scale = torch.tensor(SCALE, dtype=torch.float64, requires_grad=True)
    leaf = chosen.start.expand(count, *chosen.start.shape).clone().requires_grad_()
    draw = RELAXING[name]().draw(chosen.make(leaf))
    cost = chosen.cost(draw.value, scale.detach())
    critic = Critic(chosen.start.numel())
    downstream = Downstream(
        cost, elsewhere=Elsewhere(lambda v: chosen.cost(v, scale.detach())), critic=critic
    )
    control = RELAXING[name]().eval().control_variate(draw, downstream)
    (each,) = torch.autograd.grad((draw.box * cost + control).sum(), leaf)
    one = chosen.start.clone().requires_grad_()
    (exact,) = torch.autograd.grad(truth(chosen, one, scale), one)
    deviation = (each.mean(0) - exact).abs() / (each.std(0) / count**0.5)
    assert bool((deviation <= 5).all()), (deviation, each.std(0))


# --- a score function below ----------------------------------------------------------------------


def below(bits: Tensor, scale: Tensor, boxed: bool) -> Tensor:
    """Ten times a bit drawn with a probability that ``bits`` say, on the average over that bit."""
    law = Bernoulli(logits=2 * bits.sum(-1) * scale - 1)
    total = torch.zeros_like(law.probs)
    for bit in (0.0, 1.0):
        outcome = torch.full_like(law.probs, bit)
        score = law.log_prob(outcome)
        box = magic_box(score) if boxed else 1.0
        total = total + score.exp().detach() * box * (1 + 2 * bit + bits[..., 0] * scale) ** 2
    return total


@pytest.mark.parametrize("boxed", [True, False])
def test_above_a_score_function_the_surrogate_is_what_counts(
    boxed: bool, monkeypatch: Patch
) -> None:
    """With the plain costs the gradient in the first logit is 1.0965 instead of 1.6085."""
    toy = TOYS["logits of bits"]
    sampled = type(toy)(toy.make, toy.start, lambda bits, scale: below(bits, scale, True))
    values, clocks, chance = bit_clocks(toy.make(toy.start), 40)
    monkeypatch.setattr(_relaxed, "exponential", lambda like, shape: clocks.expand(shape))

    def check() -> None:
        compare(
            sampled,
            REBAR().double(),
            values,
            chance,
            elsewhere=lambda bits, scale: below(bits, scale, boxed),
        )

    if boxed:
        check()
    else:
        assert "got" in fails(check)


# --- LAX -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("cost", [lambda z: (z > 0.3).double(), lambda z: z**3 - z])
def test_lax_exactly_by_quadrature(cost: Callable[[Tensor], Tensor]) -> None:
    noise, weights = hermite(60)
    location = torch.tensor(0.4, dtype=torch.float64, requires_grad=True)
    spread = torch.tensor(0.6, dtype=torch.float64, requires_grad=True)
    law = Normal(location.expand(60), spread.expand(60))
    draw = LAX().draw(law, (0.4 + 0.6 * noise)[None])
    assert not draw.value.requires_grad
    costs = cost(draw.value)
    critic = Critic(1)
    control = LAX().control_variate(draw, Downstream(costs, critic=critic))
    assert bool((control == 0).all())
    score = law.log_prob(draw.value)
    loss = ((draw.box * costs + control) * weights).sum()
    plain = (score.exp() / score.exp().detach() * costs * weights).sum()
    agree(loss, plain, (location, spread))


# --- mixed plates, and draws in an open plate ----------------------------------------------------


def joint(bits: Tensor, scale: Tensor) -> Tensor:
    """A cost ``[..., 1]`` that mixes the last plate: it squares the mean over it."""
    return ((bits.sum(-1) * scale - 0.3).mean(-1, keepdim=True)) ** 2


@pytest.mark.parametrize("name", [*FINITE, "REBAR", "RELAX"])
def test_a_mixed_plate_joins_its_elements(name: str) -> None:
    """Two elements of one bit each are one value; REBAR by the mean over a fixed noise grid."""
    leaf = torch.tensor([[0.7], [-0.4]], dtype=torch.float64, requires_grad=True)
    scale = torch.tensor(SCALE, dtype=torch.float64, requires_grad=True)
    made = (FINITE[name][1] if name in FINITE else RELAXING[name])()
    if name in RELAXING:
        made.n = 200_000
        torch.manual_seed(0)
    whole = Bernoulli(logits=leaf[:, 0], event=1)
    law = Bernoulli(logits=leaf, event=1)
    if name in FINITE:
        values, chance = worlds(whole, made.n)
        law = law.expand((len(chance), 2))
        draw = made.draw(law, values.unsqueeze(-1))
    else:
        draw, chance = made.draw(law), torch.ones(())
    cost = joint(draw.value, scale)
    downstream = Downstream(
        cost.detach(),
        mixed=(draw.value.dim() - 2,),
        elsewhere=Elsewhere(lambda points: joint(points, scale)),
        critic=Critic(1),
    )
    control = made.control_variate(draw, downstream)
    assert bool((control == 0).all())
    score = draw.log_prob.sum(-1, keepdim=True)
    each = magic_box(score) * cost + control.sum(-1, keepdim=True)
    loss = (each.squeeze(-1).mean(0) * chance).sum()
    support = whole.enumerate_support()
    exact = (
        whole.joint_log_prob(support).exp() * joint(support[..., None], scale).squeeze(-1)
    ).sum()
    agree(loss, exact, (leaf, scale), tolerance=1e-9 if name in FINITE else 4e-3)


@pytest.mark.parametrize("name", [*FINITE, *RELAXING])
def test_one_draw_for_each_element_of_an_open_plate(name: str) -> None:
    """In an open plate of two elements the draws are the same as of a plate of its own."""
    made = (FINITE[name][1] if name in FINITE else RELAXING[name])()
    leaf = torch.tensor([[0.7, -0.4]] * 2, dtype=torch.float64, requires_grad=True)
    toy, scale = TOYS["logits of bits"], torch.tensor(SCALE, dtype=torch.float64)
    value = torch.tensor([[0.0, 1.0], [1.0, 1.0]], dtype=torch.float64)
    grads = []
    for own in (True, False):
        law = Bernoulli(logits=leaf if not own else leaf[0], event=1)
        draw = made.draw(law, value) if own else made.draw(law, value, In(0))
        if draw.points is not None:
            draw.points = torch.tensor([0.3, -0.8], dtype=torch.float64).expand_as(draw.points)
        downstream = Downstream(
            toy.cost(draw.value, scale),
            elsewhere=Elsewhere(lambda points: toy.cost(points, scale), folds=own),
            critic=Critic(2),
        )
        control = made.control_variate(draw, downstream)
        assert control.shape == (2,)
        grads.append(torch.autograd.grad(control.mean(), leaf)[0].sum(0))
    torch.testing.assert_close(grads[0], grads[1])


# --- broken variants -----------------------------------------------------------------------------


def detached(patch: Patch) -> None:
    patch.setattr(_relaxed, "conditional_slope", lambda law, value, point: torch.zeros_like(point))


def through_the_logit_only(patch: Patch) -> None:
    patch.setattr(_relaxed, "conditional_slope", lambda law, value, point: torch.ones_like(point))


def no_path(patch: Patch) -> None:
    for module in (_relaxed, double_cv, rodeo, mu_prop):
        patch.setattr(module, "injected", lambda coefficient, parameter, event: 0.0)


def wrong_path(patch: Patch) -> None:
    for module in (_relaxed, double_cv, rodeo, mu_prop):
        patch.setattr(module, "injected", lambda c, p, event: _inner.injected(-c, p, event))


def no_baseline(patch: Patch) -> None:
    for module in (_relaxed, double_cv, mu_prop):
        patch.setattr(module, "minus_baseline", lambda draw, baseline: 0 * baseline.detach())


def wrong_baseline(patch: Patch) -> None:
    for module in (_relaxed, double_cv, mu_prop):
        patch.setattr(module, "minus_baseline", lambda draw, b: -_inner.minus_baseline(draw, b))


def its_own_too(patch: Patch) -> None:
    for module in (double_cv, rodeo):
        patch.setattr(module, "mean_of_others", lambda value, dim: value.mean(dim, keepdim=True))


def other_rates(patch: Patch) -> None:
    """Coordinates flip with the probability of the value that they have, not of the other one."""
    right = rodeo._stein
    patch.setattr(rodeo, "_stein", lambda b, p, here, there: right(b, 1 - p, here, there))


def without_its_own_score(patch: Patch) -> None:
    """The score of the neighbour taken to be that of the value."""
    right = rodeo._stein

    def wrong(value: Tensor, probs: Tensor, here: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
        first, _ = right(value, probs, here, there)
        return first, (value - probs) * right(value, probs, here, there.flip(-1))[0].unsqueeze(-1)

    patch.setattr(rodeo, "_stein", wrong)


def fresh_value(patch: Patch) -> None:
    """z̃ drawn without regard to the value."""
    right = _relaxed.conditional_points

    def wrong(law: Law, value: Tensor, count: int) -> Tensor:
        points = right(law, value, count)
        return torch.stack([points[0], right(law, 1 - value, 1)[0]])

    patch.setattr(_relaxed, "conditional_points", wrong)


BOTH = (no_path, wrong_path, no_baseline, wrong_baseline)


@pytest.mark.parametrize("broken", [*BOTH, detached, through_the_logit_only, fresh_value])
@pytest.mark.parametrize("name", RELAXING)
def test_broken_relaxations_fail(
    name: str, broken: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    broken(monkeypatch)
    assert "got" in fails(lambda: by_quadrature(name, "one bit", monkeypatch))


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        *(("MuProp(1)", broken) for broken in BOTH),
        *(("DoubleCV(3)", broken) for broken in (*BOTH, its_own_too)),
        *(("RODEO(3)", broken) for broken in (its_own_too, other_rates, without_its_own_score)),
    ],
)
def test_broken_control_variates_fail(
    name: str, broken: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    broken(monkeypatch)
    assert "got" in fails(lambda: test_exactly_over_every_outcome(name, "logits of bits"))


# --- training ------------------------------------------------------------------------------------


def gentle(bits: Tensor, scale: Tensor) -> Tensor:
    """A cost that is nearly linear."""
    return 2 * bits[..., 0] - scale * bits[..., 1] + 0.3 * bits.prod(-1) ** 2


def estimated(
    method: Method, critic: nn.Module, leaf: Tensor, scale: Tensor
) -> tuple[Tensor, Tensor]:
    """A forward of bits at ``leaf`` ``[rows, 2]``: its loss and the method's own."""
    draw = method.draw(Bernoulli(logits=leaf, event=1))
    cost = gentle(draw.value, scale)
    downstream = Downstream(
        cost.detach(), elsewhere=Elsewhere(lambda points: gentle(points, scale)), critic=critic
    )
    control = method.control_variate(draw, downstream)
    own = method.own_loss(draw, downstream)
    assert own is not None
    return (draw.box * cost + control).mean(), own


TRAINED: dict[str, Callable[[], Method]] = {
    "REBAR": lambda: REBAR(eta=0.1, temperature=2.0).double(),
    "RELAX": lambda: RELAX().double(),
    "DoubleCV": lambda: DoubleCV(2).double(),
    "RODEO": lambda: RODEO(2).double(),
}


@pytest.mark.parametrize("name", TRAINED)
def test_it_lowers_its_variance(name: str) -> None:
    torch.manual_seed(0)
    method, critic = TRAINED[name](), Critic(2)
    scale = torch.tensor(SCALE, dtype=torch.float64)
    leaf = TOYS["logits of bits"].start.expand(256, 2).clone().requires_grad_()

    def variance() -> float:
        """Of the gradient, over the rows."""
        loss, _ = estimated(method, critic, leaf, scale)
        each = torch.autograd.grad(loss, leaf)[0] * len(leaf)
        return each.var(0).sum().item()

    def mean() -> float:
        return sum(variance() for _ in range(20)) / 20

    before = mean()
    optimizer = torch.optim.Adam([*method.parameters(), *critic.parameters()], lr=0.02)
    for _ in range(300):
        optimizer.zero_grad()
        estimated(method, critic, leaf, scale)[1].backward()
        optimizer.step()
    assert mean() < LOWERED[name] * before


# To what part of it; measured: 0.36, 0.22, 0.023, 0.012.
LOWERED = {"REBAR": 0.5, "RELAX": 0.4, "DoubleCV": 0.05, "RODEO": 0.05}


@pytest.mark.parametrize("name", TRAINED)
def test_neither_loss_reaches_what_the_other_trains(name: str) -> None:
    leaks(name)


def leaks(name: str) -> None:
    """Raise where the model's loss trains the method, or the method's the model."""
    method, critic = TRAINED[name](), Critic(2)
    scale = torch.tensor(SCALE, dtype=torch.float64, requires_grad=True)
    leaf = TOYS["logits of bits"].start.expand(8, 2).clone().requires_grad_()
    own = [*method.parameters(), *(critic.parameters() if name == "RELAX" else ())]
    loss, own_loss = estimated(method, critic, leaf, scale)
    if own_loss.item() != 0:
        raise Uncertified("the method's loss has a value")
    for value, kept in ((own_loss, [leaf, scale]), (loss, own)):
        found = torch.autograd.grad(value, kept, allow_unused=True, retain_graph=True)
        if any(g is not None for g in found):
            raise Uncertified("a gradient got through")
    found = torch.autograd.grad(own_loss, own, allow_unused=True)
    assert any(g is not None and bool((g != 0).any()) for g in found)


@pytest.mark.parametrize("name", ["REBAR", "RELAX"])
def test_a_leak_would_be_found(name: str, monkeypatch: Patch) -> None:
    def leaking(self: Method, variance: Tensor, downstream: Downstream) -> None:
        downstream.own_loss = variance - variance.detach()

    monkeypatch.setattr(_inner.SelfTrained, "train_on", leaking)
    if name == "RELAX":  # the costs that it differentiates are the critic's, not the model's
        right = vars(_relaxed)["minus_baseline"]
        monkeypatch.setattr(_relaxed, "minus_baseline", lambda d, b: right(d, b) + b - b.detach())
    assert fails(lambda: leaks(name))


@pytest.mark.parametrize("name", TRAINED)
def test_nothing_trains_in_eval_mode_or_on_given_values(name: str) -> None:
    method, critic = TRAINED[name](), Critic(2)
    scale = torch.tensor(SCALE, dtype=torch.float64)
    leaf = TOYS["logits of bits"].start.clone().requires_grad_()
    method.eval()
    assert not estimated(method, critic, leaf, scale)[1].requires_grad
    method.train()
    draw = method.draw(Bernoulli(logits=leaf, event=1), torch.ones(2, 2, dtype=torch.float64))
    downstream = Downstream(
        torch.ones(2).double(), elsewhere=Elsewhere(lambda points: points.sum(-1)), critic=critic
    )
    method.control_variate(draw, downstream)
    assert not method.own_loss(draw, downstream).requires_grad
    with torch.no_grad():
        assert not estimated(method, critic, leaf, scale)[1].requires_grad
