"""Several processes average their moving averages after use, and remember the same values."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, distributed, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

import storchc
from storch_runtime import Downstream
from storch_runtime.distributions import Bernoulli, Categorical
from storch_runtime.generated import Steps
from storch_runtime.methods import MAPO, ScoreFunction
from storch_runtime.place import In
from tests.runtime.written import Learned, Toy


def work(rank: int, folder: str) -> None:
    """What each of two processes does."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", f"file://{folder}/store", rank=rank, world_size=2)
    method = ScoreFunction(1, baseline="moving_average", decay=0.5)
    draw = method.draw(Bernoulli(logits=torch.zeros(3, 2), event=1))
    for wanted in (0.0, 1.0, 1.5):
        baseline = method.baseline_value(draw, Downstream(torch.full((1, 3), 1.0 + 2 * rank)))
        assert baseline is not None and baseline.item() == wanted
    for model in (Toy(ScoreFunction(2, baseline="moving_average")), Learned()):
        torch.manual_seed(0)
        parallel = DistributedDataParallel(model)
        torch.manual_seed(rank)
        for _ in range(2):
            parallel(torch.randn(4, 3)).backward()
        mine = torch.cat([p.grad.flatten() for p in model.parameters()])
        other = mine.clone()
        distributed.all_reduce(other)
        torch.testing.assert_close(other, 2 * mine)
    regress(rank)
    replay_own_parameters()
    average_by_step(rank)
    remember(rank)
    distributed.barrier()
    distributed.destroy_process_group()


def average_by_step(rank: int) -> None:
    """A loop that one process leaves earlier than the other: who has a step averages it."""
    method = ScoreFunction(1, baseline="moving_average", decay=0.5, steps=0)
    law, steps = Bernoulli(logits=torch.zeros(3)), 2 + rank
    draw = Steps([method.draw(law, place=In(0)) for _ in range(steps)], steps)
    method.baseline_value(draw, Downstream(torch.full((steps, 3), 1.0 + 2 * rank)))
    assert method.average.tolist() == [1.0, 1.0, 1.5]


STOPS = """
story Stops
plate data
input x[data]
module value: [] -> []
for t in range(4):
    sample z ~ Bernoulli(logits=x) with ScoreFunction(baseline=value(x))
    cost c = z + x
    stop when z == 1
"""
RELAXED = """
story Relaxed
plate data
input x[data]
param w = 0.3
module critic: [] -> []
sample z ~ Bernoulli(logits=w * x) with RELAX(c_phi=critic)
cost c = (z - x) ** 2
"""


class Slope(nn.Module):
    """``slope x``."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(0.4))

    def forward(self, x: Tensor) -> Tensor:
        return self.slope * x


def regress(rank: int) -> None:
    """A baseline in a loop that stops is fitted to what is alive in both processes together."""
    x = torch.tensor([0.4, -2.0, 1.5, -0.7])
    torch.manual_seed(3)
    law = Bernoulli(logits=torch.zeros(4))
    method = ScoreFunction(baseline="learned")
    draw = Steps([method.draw(law, place=In(0)) for _ in range(3)], 3)
    alive = torch.tensor([[1.0, 1, 1, 1], [1, 0, 1, 1], [0, 0, 0, 1]])
    cost = torch.arange(12.0).reshape(3, 4)

    def slope_of(elements: slice) -> Tensor:
        value = Slope()
        seen = Downstream(
            cost[:, elements],
            baseline=value(x[elements]).expand_as(cost[:, elements]),
            weights=alive[:, elements],
        )
        own = method.own_loss(draw, seen)
        assert own is not None
        own.backward()
        assert value.slope.grad is not None
        return value.slope.grad

    mine = slope_of(slice(2 * rank, 2 * rank + 2))
    distributed.all_reduce(mine)
    whole = slope_of(slice(0, 4))
    torch.testing.assert_close(mine / 2, whole)
    method.eval()  # then each process takes the mean of its own
    apart = (slope_of(slice(0, 2)) + slope_of(slice(2, 4))) / 2
    assert abs(float(apart / whole) - 1) > 0.02
    method.train()
    model = storchc.load(text=STOPS)(value=Slope())
    parallel = DistributedDataParallel(model)
    for _ in range(2):  # the processes may leave their loops at different steps
        parallel(x[2 * rank : 2 * rank + 2]).backward()


def replay_own_parameters() -> None:
    """Values that are given train nothing, and no process waits for what they leave out."""
    parallel = DistributedDataParallel(storchc.load(text=RELAXED)(critic=Slope()))
    for given in (None, {"z": torch.ones(1, 2)}, {"z": torch.zeros(1, 2)}, None):
        parallel.zero_grad()
        parallel(torch.tensor([0.3, 0.8]), given=given).backward()
        own = [p.grad for p in parallel.module.method_parameters()]
        assert all(g is not None and g.isfinite() for g in own)
        assert given is None or not any(own)


def remember(rank: int) -> None:
    """Different keys, and as many elements as the process has a number."""
    method, count = MAPO(2), 1 + rank
    law = Categorical(logits=torch.zeros(count, 4))
    drawn = torch.full((3, count), 1 + rank)
    for key in (torch.arange(count) + 2 * rank, torch.full((count,), 5)):
        draw = method.propose(law, 3, outcome=drawn, key=key)
        method.control_variate(draw, Downstream(torch.full((3, count), 4.0 - rank)))
    at = {int(key): row for row, key in enumerate(method.keys)}
    assert {key: int(method.costs[row].isfinite().sum()) for key, row in at.items()} == {
        0: 1,
        2: 1,
        3: 1,
        5: 2,
    }
    assert [int(method.indices[at[key], 0, 0]) for key in (0, 2, 3)] == [1, 2, 2]
    shared = at[5]
    assert method.costs[shared].tolist() == [3, 4]
    assert method.indices[shared, :, 0].tolist() == [2, 1]


@pytest.mark.skipif(not distributed.is_available(), reason="torch was built without distributed")
def test_two_processes_share_one_average_one_gradient_and_one_memory(tmp_path: Path) -> None:
    spawn(work, (str(tmp_path),), nprocs=2)
