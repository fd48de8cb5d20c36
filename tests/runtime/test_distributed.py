"""Moving averages of several processes are averaged after use."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel

from storch_runtime import Downstream, ScoreFunction
from storch_runtime.distributions import Bernoulli
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
    distributed.barrier()
    distributed.destroy_process_group()


@pytest.mark.skipif(not distributed.is_available(), reason="torch was built without distributed")
def test_two_processes_share_one_average_and_one_gradient(tmp_path: Path) -> None:
    multiprocessing.spawn(work, (str(tmp_path),), nprocs=2)
