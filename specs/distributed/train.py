"""The discrete auto-encoder trained by several processes, each with its share of every batch.

A generated module is an ordinary `nn.Module`: DistributedDataParallel wraps it as it wraps any
other, and averages the gradients while `estimate.backward()` runs. docs/distributed.md says what
to heed. Run `torchrun --nproc-per-node=2 specs/distributed/train.py`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

import storchc

STORY = Path(__file__).parent.parent / "discrete_vae" / "discrete_vae.story"
METHOD = "ScoreFunction(n=4, baseline=moving_average)"


def main(arguments: list[str] | None = None) -> None:
    """What each process does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--batch", type=int, default=64, help="of all processes together")
    parser.add_argument("--check", action="store_true", help="compare with a single process first")
    options = parser.parse_args(arguments)
    distributed.init_process_group("gloo")
    torch.set_num_threads(1)
    try:
        images = torch.tensor(load_digits().data / 16, dtype=torch.float32)
        if options.check:
            check(images[: options.batch])
        train(images, options.steps, options.batch)
        distributed.barrier()  # nobody leaves while another still listens
    finally:
        distributed.destroy_process_group()


def build(method: str = METHOD) -> nn.Module:
    """The same model in every process."""
    torch.manual_seed(0)
    encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 20))
    decoder = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 64))
    model: nn.Module = storchc.load(STORY, methods={"z": method})(encoder=encoder, decoder=decoder)
    return model


def share(values: Tensor, dim: int = 0) -> Tensor:
    """This process's part of what all processes have; the parts are equally large."""
    return values.chunk(distributed.get_world_size(), dim)[distributed.get_rank()]


def train(images: Tensor, steps: int, batch: int) -> None:
    """The plain loop: every process draws the same batch, and takes its share of it."""
    model = build()
    parallel = DistributedDataParallel(model)
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    choose = torch.Generator().manual_seed(0)
    torch.manual_seed(distributed.get_rank())  # each process draws samples of its own
    for step in range(1, steps + 1):
        x = share(images[torch.randint(len(images), (batch,), generator=choose)])
        optimiser.zero_grad()
        cost = parallel(x).backward()
        optimiser.step()
        if step % 500 == 0 or step == steps:
            distributed.all_reduce(cost)
            tell(f"step {step:5d}   ELBO {-cost.item() / distributed.get_world_size():7.2f}")
    tell(f"moving averages apart: {apart(model.methods['z'].average):.1e}")


def check(x: Tensor) -> None:
    """On the same samples, the gradient of all processes is that of a single one."""
    alone, parallel = build(), DistributedDataParallel(build())
    estimate = alone(x)
    estimate.backward()
    z = share(estimate.samples["z"], dim=1)  # [z, data, K, C]
    parallel(share(x), given={"z": z}).backward()
    largest = max(
        (mine.grad - other.grad).abs().max().item()
        for mine, other in zip(alone.parameters(), parallel.parameters(), strict=True)
    )
    tell(f"largest difference from a single process: {largest:.1e}")


def apart(value: Tensor) -> float:
    """How far the processes' values lie apart."""
    low, high = value.clone(), value.clone()
    distributed.all_reduce(low, distributed.ReduceOp.MIN)
    distributed.all_reduce(high, distributed.ReduceOp.MAX)
    return (high - low).max().item()


def tell(line: str) -> None:
    """Print, in the first process only."""
    if distributed.get_rank() == 0:
        print(line, flush=True)


if __name__ == "__main__":
    main()
