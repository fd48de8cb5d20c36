"""Two processes train as one: the example script under torchrun."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from torch import distributed

ROOT = Path(__file__).parents[2]
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")

GLOO_RACE = "terminate called without an active exception"
"""What gloo's threads say when, rarely, a process ends before they do: nothing of ours."""


@pytest.mark.skipif(not distributed.is_available(), reason="this torch has no torch.distributed")
def test_two_processes_compute_the_gradient_of_one() -> None:
    script = [str(ROOT / "specs" / "distributed" / "train.py"), "--check", "--steps=5"]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "runtime")]),
        "OMP_NUM_THREADS": "1",
    }
    for _ in range(3):
        run = subprocess.run(
            [*TORCHRUN, *script], capture_output=True, text=True, timeout=120, env=environment
        )
        if GLOO_RACE not in run.stderr:
            break
    assert run.returncode == 0, run.stderr[-3000:]
    assert figure("largest difference from a single process", run.stdout) < 1e-6
    assert figure("moving averages apart", run.stdout) < 1e-6
    assert "ELBO" in run.stdout


def figure(name: str, text: str) -> float:
    """The number behind ``name``."""
    found = re.search(rf"{name}: (\S+)", text)
    assert found, text
    return float(found[1])
