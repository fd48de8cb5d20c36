"""Several processes average their moving averages after use, and remember the same values."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import distributed
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

from storch_runtime import MAPO, Downstream, ScoreFunction, Steps
from storch_runtime.distributions import Bernoulli, Categorical
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
    average_by_step(rank)
    remember(rank)
    distributed.barrier()
    distributed.destroy_process_group()


def average_by_step(rank: int) -> None:
    """A loop that one process leaves earlier than the other: who has a step averages it."""
    method = ScoreFunction(1, baseline="moving_average", decay=0.5, steps=0)
    law, steps = Bernoulli(logits=torch.zeros(3)), 2 + rank
    draw = Steps([method.draw_each(law) for _ in range(steps)], steps)
    method.baseline_value(draw, Downstream(torch.full((steps, 3), 1.0 + 2 * rank)))
    assert method.average.tolist() == [1.0, 1.0, 1.5]


def remember(rank: int) -> None:
    """Different keys, and as many elements as the process has a number."""
    method, count = MAPO(2), 1 + rank
    law = Categorical(logits=torch.zeros(count, 4))
    drawn = torch.full((3, count), 1 + rank)
    for key in (torch.arange(count) + 2 * rank, torch.full((count,), 5)):
        draw = method.propose(law, 3, outcome=drawn, key=key)
        method.control_variate(draw, Downstream(torch.full((3, count), 4.0 - rank)))
    assert method.costs.isfinite().sum(1).tolist() == [1, 0, 1, 1, 0, 2]
    assert method.indices[[0, 2, 3], 0, 0].tolist() == [1, 2, 2]
    assert method.costs[5].tolist() == [3, 4] and method.indices[5, :, 0].tolist() == [2, 1]


@pytest.mark.skipif(not distributed.is_available(), reason="torch was built without distributed")
def test_two_processes_share_one_average_one_gradient_and_one_memory(tmp_path: Path) -> None:
    spawn(work, (str(tmp_path),), nprocs=2)
