"""Whole steps under ``torch.compile``."""

from __future__ import annotations

from collections.abc import Callable
from shutil import which

import pytest
import torch
import torch._dynamo.testing

from storch_runtime import Estimate, StoryModule
from storch_runtime.generated import Input
from storch_runtime.methods import GumbelSoftmax, ScoreFunction
from tests.runtime.written import (
    EnumeratedToy,
    Expect,
    Introduction,
    Learned,
    Reparameterization,
    Toy,
)

X = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))
BACKENDS = ["aot_eager", *(["inductor"] if which("g++") or which("clang++") else [])]
MODELS: dict[str, Callable[[], StoryModule]] = {
    "score": lambda: Toy(ScoreFunction(3)),
    "moving average": lambda: Toy(ScoreFunction(3, baseline="moving_average")),
    "batch average": lambda: Toy(ScoreFunction(3, baseline="batch_average")),
    "learned": Learned,
    "expect": lambda: EnumeratedToy(Expect()),
    "annealed": lambda: Toy(GumbelSoftmax(2, straight_through=True, annealing_rate=0.1)),
    "pathwise": lambda: Introduction(Reparameterization(3)),
}


@pytest.mark.parametrize("name", [name for name in MODELS if name != "batch average"])
def test_a_step_compiles_whole_and_agrees(name: str) -> None:
    agrees(MODELS[name](), "aot_eager")


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", ["batch average", "expect"])
def test_inductor_agrees(name: str) -> None:
    agrees(MODELS[name](), BACKENDS[-1])


def agrees(model: StoryModule, backend: str) -> None:
    """A compiled model runs, and agrees with the eager one on the same samples."""
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend=backend)
    inputs = () if isinstance(model, Introduction) else (X,)
    for _ in range(3):
        estimate: Estimate = compiled(*inputs)
        estimate.backward()
    (name,) = estimate.samples
    assert torch.isfinite(estimate.log_probs[name]).all()
    method = model.methods[name]
    if isinstance(method, GumbelSoftmax):
        assert method.steps.item() == 3
        return
    given = {name: estimate.samples[name].detach()}
    torch.testing.assert_close(
        step(compiled, model, inputs, given), step(model, model, inputs, given)
    )


def step(
    called: Callable[..., Estimate],
    model: StoryModule,
    inputs: tuple[torch.Tensor, ...],
    given: dict[str, torch.Tensor],
) -> list[torch.Tensor]:
    """Cost and gradients under the given samples."""
    model.zero_grad()
    cost = called(*inputs, given=given).backward()
    return [cost, *(p.grad.clone() for p in model.parameters() if p.grad is not None)]


def test_a_number_that_changes_is_no_reason_to_compile_again() -> None:
    """Twice at most: once as it stands, once as a variable."""
    torch.compiler.reset()
    weight = Input("beta")
    graphs = torch._dynamo.testing.CompileCounterWithBackend("aot_eager")

    @torch.compile(fullgraph=True, backend=graphs)
    def weighted(x: torch.Tensor, beta: float) -> torch.Tensor:
        return weight.check(beta, {}, x) * x

    for step in range(10):
        torch.testing.assert_close(weighted(X, step / 7), X * (step / 7))
    assert graphs.frame_count <= 2
