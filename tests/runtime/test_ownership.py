"""Who trains what: a parameter that the model holds gets no gradient from methods' own losses."""

from __future__ import annotations

from contextlib import nullcontext
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import storchc
from storch_runtime import StoryWarning, gradient_statistics

X = torch.tensor([[0.3, -0.8], [1.1, 0.4]], dtype=torch.float64)

APART = """
story T
plate data
input x[data, 2]
module actor: [2] -> [3]
module value: [2] -> []
sample a ~ Categorical(logits=actor(x)) with {}
cost c = (a - 0.7) ** 2 * x[0] + 5
"""
NAMED = """
story T
plate data
input x[data, 2]
module actor: [2] -> [3]
module trunk: [2] -> [4]
module value: [4] -> []
compute h = trunk(x)
report shown = h
sample a ~ Categorical(logits=actor(x)) with ScoreFunction(baseline=value(h))
cost c = (a - 0.7) ** 2 * x[0] + 5
"""
RECURRENT = """
story T
plate data
input x[data, 2]
module actor: [2] -> [3]
module cell: [2], [4] -> [4]
module value: [4] -> []
for t in range(3) from h = zeros([4]):
    compute h = cell(x, h)
    sample a ~ Categorical(logits=actor(x)) with ScoreFunction(baseline=value(h))
    cost c = (a - 0.7) ** 2 * x[0] + 5
    {}
"""


class Scalar(nn.Module):
    """The only column of what a module gives."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, *arguments: Tensor) -> Tensor:
        found: Tensor = self.inner(*arguments)
        return found.squeeze(-1)


class Cell(nn.Module):
    """A recurrent cell."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 4)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        found: Tensor = self.inner(torch.cat([x, h], -1))
        return found.tanh()


def load(text: str, **modules: nn.Module) -> Any:
    return storchc.load(text=text)(**modules).double()


def expected_gradients(model: Any, given: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The gradients that `backward` leaves, over all outcomes, weighted by their probability."""
    total = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    for outcome in given:
        model.zero_grad()
        estimate = model(X, given=outcome)
        chance = sum(value.sum() for value in estimate.log_probs.values()).detach().exp()
        estimate.backward()
        for name, parameter in model.named_parameters():
            if parameter.grad is not None:
                total[name] += chance * parameter.grad
    return total


def outcomes() -> list[dict[str, Tensor]]:
    pairs = torch.cartesian_prod(torch.arange(3), torch.arange(3))
    return [{"a": pair[None]} for pair in pairs]


def trunk_and_heads() -> tuple[nn.Module, nn.Module, nn.Module]:
    torch.manual_seed(0)
    trunk = nn.Sequential(nn.Linear(2, 4), nn.Tanh())
    return (
        trunk,
        nn.Sequential(trunk, nn.Linear(4, 3)),
        Scalar(nn.Sequential(trunk, nn.Linear(4, 1))),
    )


@pytest.mark.parametrize("tied", ["a trunk in both", "weights of one in the other"])
def test_a_trunk_inside_two_modules_is_the_models(tied: str) -> None:
    _, actor, value = trunk_and_heads()
    if tied != "a trunk in both":
        value = deepcopy(value)
        value.inner[0][0].weight = actor[0][0].weight  # type: ignore[index]
        value.inner[0][0].bias = actor[0][0].bias  # type: ignore[index]
    model = load(APART.format("ScoreFunction(baseline=value(x))"), actor=actor, value=value)
    found = expected_gradients(model, outcomes())
    exact = load(APART.format("Expect()"), actor=actor, value=value)
    exact.zero_grad()
    exact(X).backward()
    for name, parameter in exact.actor.named_parameters():
        torch.testing.assert_close(found[f"actor.{name}"], parameter.grad)
    assert found["value.inner.1.weight"].abs().sum() > 1e-3
    model_side = set(model.model_parameters())
    assert model_side == set(actor.parameters())
    assert len(list(model.method_parameters())) == 2
    assert model_side.isdisjoint(model.method_parameters())


def test_a_module_that_is_set_later_is_compared_again() -> None:
    trunk, actor, value = trunk_and_heads()
    other = Scalar(nn.Linear(2, 1))
    model = load(APART.format("ScoreFunction(baseline=value(x))"), actor=actor, value=other)
    assert set(model.method_parameters()) == set(other.parameters())
    model.value = value.double()
    assert set(model.method_parameters()) == set(value.parameters()) - set(trunk.parameters())
    copied = deepcopy(model)
    copied(X).backward()
    assert copied.value.inner[1].weight.grad is not None


def test_a_named_trunk_is_the_baselines_to_train() -> None:
    torch.manual_seed(0)
    value = Scalar(nn.Linear(4, 1))
    model = load(NAMED, actor=nn.Linear(2, 3), trunk=nn.Linear(2, 4), value=value)
    torch.manual_seed(1)
    estimate = model(X)
    estimate.backward()
    cost = estimate.costs["c"]
    error = (model.value(model.trunk(X)) - cost.detach()).square().mean()
    wanted = torch.autograd.grad(error, list(model.trunk.parameters()))
    for parameter, right in zip(model.trunk.parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, right)
    assert set(model.model_parameters()) == set(model.actor.parameters())


@pytest.mark.parametrize("stop", ["", "stop when a == 1"])
def test_a_recurrent_critic_learns_through_its_loop(stop: str) -> None:
    torch.manual_seed(0)
    value = Scalar(nn.Linear(4, 1))
    model = load(RECURRENT.format(stop), actor=nn.Linear(2, 3), cell=Cell(), value=value)
    model(X).backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in model.cell.parameters())
    before = gradient_statistics(model, (X,), repeats=200).variance
    optimiser = torch.optim.Adam(model.method_parameters(), 0.03)
    for _ in range(150):
        optimiser.zero_grad()
        model(X).backward()
        optimiser.step()
    after = gradient_statistics(model, (X,), repeats=200).variance
    assert sum(v.sum() for v in after.values()) < 0.2 * sum(v.sum() for v in before.values())


CRITIC = """
story T
param w = 0.4
module critic: [] -> []
module other: [] -> []
sample z ~ Bernoulli(logits=w) with {}
cost c = (z - 0.3) ** 2 + 2 * {}(z)
"""


class Line(nn.Module):
    """``scale x²``."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(scale))

    def forward(self, x: Tensor) -> Tensor:
        return self.scale * x.square()


@pytest.mark.parametrize("law", ["Bernoulli(logits=w)", "Normal(w, 1)"])
@pytest.mark.parametrize("shared", ["critic", "other"])
def test_a_critic_that_a_cost_uses_is_trained_by_the_cost(law: str, shared: str) -> None:
    """Be it under the same name, or as the same parameter in another module."""
    method = "RELAX(c_phi=critic)" if law.startswith("B") else "LAX(c_phi=critic)"
    text = CRITIC.replace("Bernoulli(logits=w)", law).format(method, shared)
    critic = Line(1.3)
    other = Line(0.0)
    other.scale = critic.scale
    model = load(text, critic=critic, other=other)
    for _ in range(3):
        model.zero_grad()
        estimate = model()
        estimate.backward()
        z = estimate.samples["z"].double()
        torch.testing.assert_close(model.critic.scale.grad, 2 * z.square().mean())
    assert critic.scale in set(model.model_parameters())
    codes = [problem.code for problem in storchc.check(text=text)]
    assert ("S505" in codes) == (shared == "critic")


FIXED = [
    "baseline=m",  # of an input
    "baseline=stop_gradient(actor(x)[0])",
    "baseline=(argmax(actor(x)) - 0.7) ** 2",  # the cost of a greedy choice
    "baseline=v",  # trained by a cost of its own
    "baseline=value(x)",
]


@pytest.mark.parametrize("option", FIXED)
def test_baselines_that_are_fixed_or_trained_elsewhere_are_not_warned_of(option: str) -> None:
    text = f"""
story T
plate data
input x[data, 2]
input m[data]
module actor: [2] -> [3]
module judge: [2] -> []
module value: [2] -> []
compute v = judge(x)
sample a ~ Categorical(logits=actor(x)) with ScoreFunction({option})
cost c = (a - 0.7) ** 2 * m
cost fit = (v - stop_gradient(c)) ** 2
"""
    assert [p for p in storchc.check(text=text) if p.code in ("S505", "S508")] == []


@pytest.mark.parametrize("way", ["assigned", "param", "inside"])
def test_parameters_that_are_tied_afterwards_are_compared_again(way: str) -> None:
    text = """
story S
param w[2] = zeros()
module value: [2] -> []
input x[2]
sample a ~ Normal(sum(w * x), 1) with ScoreFunction(baseline=value(x))
cost c = a ** 2
"""
    weight = nn.Parameter(torch.ones(2))
    value = Weighted(weight if way == "param" else nn.Parameter(torch.ones(2)))
    model = load(text, value=value)
    if way == "assigned":
        model.load_state_dict({"w": weight, "value.weight": weight}, assign=True)
    elif way == "param":
        model.w = weight
    else:
        model.value.weight = model.w
    torch.manual_seed(0)
    estimate = model(torch.ones(2).to(model.w))
    (alone,) = torch.autograd.grad(estimate.loss, model.w, retain_graph=True)
    estimate.backward()
    torch.testing.assert_close(model.w.grad, alone)  # the baseline adds nothing to it
    assert model.w in set(model.model_parameters())
    assert model.w not in set(model.method_parameters())


class Weighted(nn.Module):
    """A weighted sum."""

    def __init__(self, weight: nn.Parameter) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, x: Tensor) -> Tensor:
        return (self.weight * x).sum(-1)


# LOSS.md §12 gives figures without their stories: these are the nearest ones, summed by hand.

ACTOR_CRITIC = """
story T
input x[3]
module actor: [3] -> [2]
module value: [3] -> []
sample a ~ Categorical(logits=actor(x)) with {}
cost c = (a + 0.6) ** 2
"""


class Headed(nn.Module):
    """Numbers made of what a trunk, the same in several of these, makes of its input."""

    def __init__(self, trunk: Weighted, scales: list[float]) -> None:
        super().__init__()
        self.trunk = trunk
        self.scales = torch.tensor(scales, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        seen = self.trunk(x).tanh()
        return seen * self.scales[0] if len(self.scales) == 1 else seen[:, None] * self.scales


def test_a_trunk_of_an_actor_and_its_critic_has_the_gradient_of_the_cost_alone() -> None:
    x = torch.tensor([0.9, -0.15, -0.12], dtype=torch.float64)
    trunk = Weighted(nn.Parameter(torch.tensor([0.3, 0.5, -0.2], dtype=torch.float64)))
    actor, value = Headed(trunk, [-0.2, 0.4]), Headed(trunk, [0.7])
    model = load(ACTOR_CRITIC.format("ScoreFunction(baseline=value(x))"), actor=actor, value=value)
    found, leaked = torch.zeros(2, 3, dtype=torch.float64)
    for action in range(2):
        estimate = model(x, given={"a": torch.tensor([action])})
        chance = estimate.log_probs["a"].detach().exp()
        model.zero_grad()
        estimate.backward()
        found += chance * trunk.weight.grad
        error = (value(x[None])[0] - estimate.costs["c"].detach().mean()) ** 2
        leaked += chance * torch.autograd.grad(error, trunk.weight)[0]
    chances = torch.softmax(actor(x[None])[0], 0)
    (exact,) = torch.autograd.grad(chances @ torch.tensor([0.36, 2.56]).double(), trunk.weight)
    torch.testing.assert_close(found, exact)
    assert exact.tolist() == pytest.approx([0.2820, -0.0470, -0.0376], abs=1e-4)
    assert (exact + leaked).tolist() == pytest.approx([-1.3762, 0.2294, 0.1835], abs=1e-4)


COUPLED = """
story T
plate data
input x[data]
param w = 0.4
module net: [1] -> [1]
sample z ~ Bernoulli(logits=w * x) with {}
cost c = (net(stack([z])) - 0.3)[0] ** 2 * x
"""


@pytest.mark.parametrize("layer", ["rows apart", "rows coupled"])
def test_rows_that_a_module_couples_are_warned_of_where_the_gradient_is_wrong(layer: str) -> None:
    """What the cost of a row owes to the others' draws is credited to its own draw alone."""
    torch.manual_seed(0)
    inner = nn.Linear(1, 1) if layer == "rows apart" else nn.BatchNorm1d(1)
    x = torch.tensor([0.6, -1.1, 0.8], dtype=torch.float64)
    model = storchc.load(text=COUPLED.format("ScoreFunction()"))(net=inner).double()
    apart = layer == "rows apart"
    with nullcontext() if apart else pytest.warns(StoryWarning, match="couples the rows"):
        model(x)
    found, exact = torch.zeros(2, dtype=torch.float64)
    for outcome in torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3):
        model.zero_grad()
        estimate = model(x, given={"z": outcome[None]})
        chance = torch.distributions.Bernoulli(logits=model.w * x).log_prob(outcome).sum().exp()
        exact += torch.autograd.grad(chance * estimate.loss.detach(), model.w, retain_graph=True)[0]
        estimate.backward()
        found += chance.detach() * model.w.grad
    assert torch.allclose(found, exact) == apart
    if not apart:
        assert [float(found), float(exact)] == pytest.approx([-0.1707, -0.2888], abs=1e-4)


def test_a_critic_that_a_cost_uses_has_the_gradient_of_the_cost_alone() -> None:
    critic = Line(1.3)
    model = load(CRITIC.format("RELAX(c_phi=critic)", "critic"), critic=critic, other=Line(0.0))
    chance = float(torch.sigmoid(model.w.detach()))
    found = 0.0
    for value in (0.0, 1.0):
        model.zero_grad()
        model(given={"z": torch.tensor([value]).double()}).backward()
        assert model.critic.scale.grad is not None
        found += (chance if value else 1 - chance) * float(model.critic.scale.grad)
    assert found == pytest.approx(2 * chance)
