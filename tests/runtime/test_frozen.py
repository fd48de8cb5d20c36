"""``module ref frozen``: gradients pass through it, and never reach its parameters."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import storchc

X = torch.tensor([[0.3, -0.8, 0.2], [1.1, 0.4, -0.5]], dtype=torch.float64)

ACTOR = """
story SoftActor
plate data
input x[data, 3]
module actor: [3] -> [2]
module critic frozen: [3], [2] -> []
sample a ~ Normal(actor(x), 0.5) with Reparameterization(n=3)
cost q = -critic(x, a)
"""
REGULARISED = """
story Tuned
plate data
input x[data, 3]
module policy: [3] -> [4]
module ref frozen: [3] -> [4]
module value: [4] -> []
compute q = Categorical(logits=policy(x))
sample y ~ q with ScoreFunction(baseline=value(ref(x)))
cost r = (y - 1.3) ** 2
cost kl = kl_divergence(q, Categorical(logits=ref(x)))
"""


class Critic(nn.Module):
    """A value of a state and an action, with a recurrent layer inside."""

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTM(5, 6, batch_first=True)
        self.out = nn.Linear(6, 1)

    def forward(self, x: Tensor, a: Tensor) -> Tensor:
        """One number a row."""
        hidden, _ = self.cell(torch.cat([x, a], -1)[:, None])
        value: Tensor = self.out(hidden[:, 0])[:, 0]
        return value


def test_gradients_pass_through_and_never_reach_its_parameters() -> None:
    actor, critic = nn.Linear(3, 2).double(), Critic().double()
    model = storchc.load(text=ACTOR)(actor=actor, critic=critic)
    estimate = model(X)
    estimate.backward()
    found = [p.grad.clone() for p in actor.parameters() if p.grad is not None]
    actor.zero_grad()
    drawn = estimate.samples["a"]
    values = actor(X) + (drawn - actor(X)).detach()
    rows = X.expand(3, 2, 3).flatten(0, 1), values.flatten(0, 1)
    (-critic(*rows)).mean().backward()
    wanted = [p.grad for p in actor.parameters()]
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)
    critic.zero_grad()
    model(X).backward()
    assert all(p.grad is None for p in critic.parameters())


def test_it_is_neither_trained_nor_saved_nor_switched_but_moved() -> None:
    actor, critic = nn.Linear(3, 2), Critic()
    model = storchc.load(text=ACTOR)(actor=actor, critic=critic)
    critic.requires_grad_(True)
    own = {id(p) for p in critic.parameters()}
    for named in (model.parameters(), model.model_parameters(), model.method_parameters()):
        assert own.isdisjoint(id(p) for p in named)
    assert not any(name.startswith("critic") for name in model.state_dict())
    critic.eval()
    model.train()
    assert not critic.training
    model.double()
    assert all(p.dtype == torch.float64 for p in critic.parameters())
    copied = deepcopy(model)
    copied.critic.module.out.weight.data.zero_()
    assert critic.out.weight.abs().sum() > 0


def test_what_is_trained_elsewhere_counts_as_it_is_now() -> None:
    actor, critic = nn.Linear(3, 2).double(), Critic().double()
    model = storchc.load(text=ACTOR)(actor=actor, critic=critic)
    noise = model(X).samples
    before = model(X, given=noise).cost
    optimiser = torch.optim.SGD(critic.parameters(), 0.5)
    critic(X, torch.zeros_like(X[:, :2])).sum().backward()
    optimiser.step()
    assert not torch.allclose(before, model(X, given=noise).cost)


def test_the_same_module_may_stand_trained_beside_it() -> None:
    net = nn.Linear(3, 4).double()
    model = storchc.load(text=REGULARISED)(policy=net, ref=net, value=nn.Linear(4, 1).double())
    with pytest.raises(ValueError):  # of the shape [N, 1], where [N] is declared
        model(X)
    value = nn.Sequential(nn.Linear(4, 1), nn.Flatten(0)).double()
    model = storchc.load(text=REGULARISED)(policy=net, ref=net, value=value)
    estimate = model(X)
    (gradient,) = torch.autograd.grad(estimate.costs["kl"].mean(), [net.weight], allow_unused=True)
    assert gradient is None or gradient.abs().max() < 1e-12  # the slope of a KL to itself is 0
    model(X).backward()
    assert all(p.grad is not None for p in value.parameters())


def test_a_jump_that_only_a_frozen_module_would_move_is_none() -> None:
    story = """
    story T
    input x[3]
    param m = 0.2
    module edge {}: [3] -> []
    sample z ~ Normal(m, 1) with ScoreFunction()
    cost c = 1 if z > edge(x) else 0
    """
    lines = "\n".join(line.strip() for line in story.strip().splitlines())
    assert not [i for i in storchc.check(text=lines.format("frozen")) if i.severity == "error"]
    assert [i.code for i in storchc.check(text=lines.format("")) if i.severity == "error"] == [
        "S440"
    ]


def test_both_forms_say_it(tmp_path: Path) -> None:
    yaml = """
story: SoftActor
plates: [data]
inputs: {x: "[data, 3]"}
modules: {actor: "[3] -> [2]", critic: "frozen: [3], [2] -> []"}
steps:
  - sample: a ~ Normal(actor(x), 0.5) with Reparameterization(n=3)
  - cost: q = -critic(x, a)
"""
    (tmp_path / "actor.yaml").write_text(yaml)
    model = storchc.load(tmp_path / "actor.yaml")(
        actor=nn.Linear(3, 2).double(), critic=Critic().double()
    )
    assert not any(name.startswith("critic") for name in model.state_dict())


def test_it_compiles_as_one_graph() -> None:
    actor = nn.Linear(3, 2)
    critic = nn.Bilinear(3, 2, 1)

    class Flat(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = critic

        def forward(self, x: Tensor, a: Tensor) -> Tensor:
            value: Tensor = self.inner(x, a)[:, 0]
            return value

    model = storchc.load(text=ACTOR)(actor=actor, critic=Flat())
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    torch.manual_seed(1)
    found = compiled(X.float()).cost
    torch.manual_seed(1)
    torch.testing.assert_close(found, model(X.float()).cost)
