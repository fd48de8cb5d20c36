"""REBAR, RELAX and their like on their own: noise, slopes, extreme parameters, refusals."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from storch_runtime import Downstream, Elsewhere, Method, distributions
from storch_runtime.distributions import Bernoulli, Categorical, Normal, OneHotCategorical
from storch_runtime.methods import LAX, REBAR, RELAX, RODEO, DoubleCV, MuProp, _relaxed, gumbel_rao
from storch_runtime.methods._relaxed import conditional_points, conditional_slope
from tests.runtime.distributions import cases

BITS = torch.tensor([1.3, -0.4, 0.0], dtype=torch.float64)
METHODS: dict[str, Callable[[], Method]] = {
    "REBAR": lambda: REBAR(2),
    "REBAR, fixed": lambda: REBAR(2, learn=False),
    "RELAX": lambda: RELAX(2),
    "MuProp": lambda: MuProp(2),
    "DoubleCV": lambda: DoubleCV(2),
    "RODEO": lambda: RODEO(2),
}
OF_OTHERS = ("Declared", "Delta", "PathwiseUserDistribution", "TransformedDistribution")
"""Families that are made of other things than numbers: they are tried in stories."""
WITH_A_PATH = sorted(
    name
    for name, item in vars(distributions).items()
    if isinstance(item, type)
    and getattr(item, "pathwise", False)
    and item is not distributions.Distribution
    and name not in OF_OTHERS
    and not getattr(item, "finite", False)
)
OF_CLASSES = ("REBAR", "RELAX", "MuProp")


def laws(logits: Tensor) -> list[Bernoulli | OneHotCategorical | Categorical]:
    """Of every relaxable family, by logits and by probabilities."""
    return [
        Bernoulli(logits=logits, event=1),
        Bernoulli(probs=logits.sigmoid(), event=1),
        OneHotCategorical(logits=logits),
        Categorical(probs=logits.softmax(-1)),
    ]


@pytest.mark.parametrize("index", range(4))
def test_relaxed_values_round_to_the_value_and_have_its_noise(index: int) -> None:
    torch.manual_seed(0)
    law = laws(BITS)[index]
    value = law.sample(200_000)
    points = conditional_points(law, value, 2)
    chosen = points > 0 if index < 2 else points.argmax(-1)
    wanted = value == 1 if index < 2 else value.argmax(-1) if index == 2 else value
    assert torch.equal(chosen, wanted.expand_as(chosen))
    noise = points - law.logits
    uniform = noise.sigmoid() if index < 2 else (-(-noise).exp()).exp()
    for moment in (1, 2, 3):
        mean = (uniform**moment).mean(1)
        torch.testing.assert_close(mean, torch.full_like(mean, 1 / (moment + 1)), atol=4e-3, rtol=0)


@pytest.mark.parametrize("index", [0, 2])
def test_slopes_are_the_derivatives_with_value_and_noise_held(
    index: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    value = laws(BITS)[index].sample(50)
    noise = torch.empty(1, 50, 3, dtype=torch.float64).exponential_()
    for module in (_relaxed, gumbel_rao):
        monkeypatch.setattr(module, "exponential", lambda like, shape: noise)
    law, step = laws(BITS)[index], 1e-6
    logits = law.logits.detach()
    moved = []
    for sign in (1, -1):
        other = laws(BITS)[index]
        shifted = logits + sign * step
        if index == 0:
            other = Bernoulli(logits=shifted, event=1)
        else:  # normalised logits, each moved on its own
            other = OneHotCategorical(logits=logits)
            other._log_probs = shifted
        moved.append(conditional_points(other, value, 1)[0])
    wanted = (moved[0] - moved[1]) / (2 * step)
    found = conditional_slope(law, value, conditional_points(law, value, 1)[0])
    if index == 2:  # the chosen class moves with none of them
        assert bool((found[value == 1] == 0).all())
    torch.testing.assert_close(found, wanted, atol=1e-8, rtol=1e-6)


class Critic(nn.Module):
    """The sum of the value, squared and scaled."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, value: Tensor) -> Tensor:
        """``[N]``."""
        assert value.shape[1:] == (3,)
        result: Tensor = self.weight * value.sum(-1) ** 2 + self.weight * value[..., 0]
        return result


def run(method: Method, law: Bernoulli | OneHotCategorical | Categorical) -> tuple[Tensor, Tensor]:
    """The loss of a squared cost, and the method's own."""

    def cost(value: Tensor) -> Tensor:
        weights = torch.tensor([1.0, 2.0, -1.0], dtype=law.probs.dtype)
        return ((weights * value).sum(-1) - 0.3) ** 2

    draw = method.draw(law)
    value = draw.value
    if isinstance(law, Categorical):
        value = torch.eye(3, dtype=law.probs.dtype)[value]
    downstream = Downstream(
        cost(value), elsewhere=Elsewhere(cost), critic=Critic().to(law.probs.dtype)
    )
    control = method.control_variate(draw, downstream)
    assert control is not None and bool((control == 0).all())
    own = method.own_loss(draw, downstream)
    return (draw.box * cost(value) + control).mean(), law.probs.new_zeros(
        ()
    ) if own is None else own


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", METHODS)
def test_extreme_parameters_give_finite_gradients(name: str, dtype: torch.dtype) -> None:
    far = torch.tensor([1e4, -1e4, 0.0], dtype=dtype, requires_grad=True)
    sure = torch.tensor([1.0, 0.0, 0.0], dtype=dtype, requires_grad=True)
    never = torch.tensor([0.5, -torch.inf, 0.0], dtype=dtype, requires_grad=True)
    cases: list[tuple[Bernoulli | OneHotCategorical | Categorical, Tensor]]
    cases = [(Bernoulli(logits=far, event=1), far), (Bernoulli(probs=sure, event=1), sure)]
    if name in OF_CLASSES:
        cases += [(OneHotCategorical(logits=leaf), leaf) for leaf in (far, never)]
        cases += [(OneHotCategorical(probs=sure), sure)]
    if name == "RELAX":
        cases += [(Categorical(logits=leaf), leaf) for leaf in (far, never)]
    for law, leaf in cases:
        method = METHODS[name]().to(dtype)
        loss, own = run(method, law)
        (gradient,) = torch.autograd.grad(loss, leaf)
        assert bool(torch.isfinite(gradient).all()), law
        if own.requires_grad:
            own.backward()
            grads = [p.grad for p in method.parameters() if p.grad is not None]
            assert all(bool(torch.isfinite(g).all()) for g in grads), law


@pytest.mark.parametrize("name", METHODS)
def test_it_refuses_other_families(name: str) -> None:
    with pytest.raises(ValueError, match="not for `Normal`"):
        METHODS[name]().draw(Normal(torch.zeros(2), 1.0))


@pytest.mark.parametrize("name", ["DoubleCV", "RODEO"])
def test_one_draw_has_no_other_to_compare_with(name: str) -> None:
    method = METHODS[name]()
    method.n = 1
    with pytest.raises(ValueError, match="set `n` to 2 or more"):
        run(method, Bernoulli(logits=BITS.clone().requires_grad_(), event=1))


@pytest.mark.parametrize("name", WITH_A_PATH)
def test_lax_takes_every_family_with_a_path(name: str) -> None:
    given = cases.differentiable(cases.parameters(name))
    law = getattr(distributions, name)(**given, event=1)
    torch.manual_seed(0)
    layers = nn.Linear(law.event_shape.numel(), 4), nn.Tanh(), nn.Linear(4, 1), nn.Flatten(0)
    critic = nn.Sequential(nn.Flatten(), *layers).double()
    draw = LAX(3).draw(law)
    assert not draw.value.requires_grad
    downstream = Downstream(draw.value.flatten(2).sum(-1), critic=critic)
    control = LAX().control_variate(draw, downstream)
    LAX().own_loss(draw, downstream).backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in critic.parameters())
    leaves = [leaf for leaf in given.values() if isinstance(leaf, Tensor)]
    assert all(leaf.grad is None for leaf in leaves)
    control.sum().backward()
    assert all(leaf.grad is not None and bool(leaf.grad.isfinite().all()) for leaf in leaves)


@pytest.mark.parametrize("made", [RELAX, LAX])
def test_a_critic_is_needed(made: type[Method]) -> None:
    law = Bernoulli(logits=BITS, event=1) if made is RELAX else Normal(BITS, 1.0, event=1)
    method = made()
    draw = method.draw(law)
    with pytest.raises(ValueError, match="needs a critic"):
        method.control_variate(draw, Downstream(torch.zeros(1)))


@pytest.mark.parametrize("name", METHODS)
def test_a_cost_that_does_not_depend_on_the_value_has_no_slope(name: str) -> None:
    logits = BITS.float().clone().requires_grad_()
    method, law = METHODS[name](), Bernoulli(logits=logits, event=1)
    draw = method.draw(law)
    downstream = Downstream(
        torch.ones(2),
        elsewhere=Elsewhere(lambda points: torch.ones(points.shape[:1])),
        critic=Critic(),
    )
    control = method.control_variate(draw, downstream)
    assert control is not None
    (gradient,) = torch.autograd.grad(control.sum(), logits)
    assert bool(torch.isfinite(gradient).all())


def test_without_learning_there_is_nothing_to_train() -> None:
    assert not list(REBAR(learn=False).parameters())
    assert {name for name, _ in REBAR().named_parameters()} == {"eta", "log_temperature"}
    assert REBAR(temperature=0.3).log_temperature.exp().item() == pytest.approx(0.3)
    assert REBAR(temperature=0.3, learn=False).current_temperature() == 0.3
