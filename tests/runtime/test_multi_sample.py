"""Multi-sample methods at the edges: extreme weights, single draws, whole graphs, double use."""

from __future__ import annotations

import pytest
import torch

import storchc
from storch_runtime import Downstream, Draw, Joined
from storch_runtime.distributions import Bernoulli
from storch_runtime.methods import VIMCO

IWAE = """
story T
plate data
input x[data, 3]
param w[3] = tensor([0.4, -0.7, 0.1])
compute q = Normal(w * x, 0.5)
sample z ~ q with {}
compute r = log_prob(Normal(z, 1), x) + log_prob(Normal(0, 1), z)
cost bound = -logmeanexp(r - log_prob(q, z), over=z)
"""
X = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
@pytest.mark.parametrize("method", ["VIMCO(n=3)", "STL(n=3)", "DReG(n=3)"])
def test_a_step_compiles_whole_and_agrees(method: str) -> None:
    model = storchc.load(text=IWAE.format(method))()
    given = {"z": torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(1))}
    model(X, given=given).loss.backward()
    wanted = model.w.grad.clone()
    model.w.grad = None
    torch.compiler.reset()
    compiled = torch.compile(model, fullgraph=True, backend="eager")
    compiled(X, given=given).loss.backward()
    torch.testing.assert_close(model.w.grad, wanted)
    compiled(X).loss.backward()


def test_dreg_is_the_same_in_a_second_pass_and_for_a_cost_by_itself() -> None:
    model = storchc.load(text=IWAE.format("DReG(n=3)"))()
    given = {"z": torch.randn(3, 4, 3, generator=torch.Generator().manual_seed(1))}
    estimate = model(X, given=given)
    first = torch.autograd.grad(estimate.loss, model.w, retain_graph=True)
    again = torch.autograd.grad(3 * estimate.loss, model.w, retain_graph=True)
    apart = torch.autograd.grad(estimate.costs["bound"].mean(), model.w)
    torch.testing.assert_close(again[0], 3 * first[0])
    torch.testing.assert_close(apart, first)


def test_dreg_raises_beyond_the_first_derivative() -> None:
    model = storchc.load(text=IWAE.format("DReG(n=3)"))()
    (first,) = torch.autograd.grad(model(X).loss, model.w, create_graph=True)
    with pytest.raises(RuntimeError, match="order"):
        torch.autograd.grad(first.sum(), model.w)


def baselines(terms: torch.Tensor, cost: torch.Tensor, mean: str) -> torch.Tensor:
    logits = torch.zeros((), dtype=terms.dtype, requires_grad=True)
    law = Bernoulli(logits=logits)
    draw = Draw(torch.zeros(len(terms), dtype=terms.dtype), law)
    draw.score = law.log_prob(draw.value)
    method = VIMCO(len(terms), mean=mean)  # type: ignore[arg-type]
    return method.baseline_value(draw, Downstream(cost, mixed=(0,), joined=Joined(terms, -1.0)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("mean", ["geometric", "arithmetic"])
@pytest.mark.parametrize(
    "terms", [[1e4, -1e4, 0.0], [-torch.inf, 0.3, 0.2], [-torch.inf, -torch.inf, 0.2], [0.5, 0.5]]
)
def test_a_baseline_leaves_its_own_draw_out(
    terms: list[float], mean: str, dtype: torch.dtype
) -> None:
    """Whatever a draw's own term is, its baseline is the same: also where terms are infinite."""
    for place in range(len(terms)):
        found = []
        for own in (terms[place], -3.0, -torch.inf):
            values = torch.tensor(terms, dtype=dtype)
            values[place] = own
            cost = -(values.logsumexp(0, keepdim=True) - torch.tensor(float(len(terms))).log())
            if cost.isfinite():
                found.append(baselines(values, cost, mean)[place])
        assert torch.stack(found).isfinite().all()
        rounding = 4 * torch.finfo(dtype).eps * 1e4
        torch.testing.assert_close(
            torch.stack(found), found[0].expand(len(found)), atol=rounding, rtol=0
        )


def test_one_draw_cannot_be_compared() -> None:
    model = storchc.load(text=IWAE.format("VIMCO(n=3)"))()
    model.methods["z"].n = 1
    with pytest.raises(ValueError, match="set `n` to 2 or more"):
        model(X)
