"""A hidden Markov model: 16 states, 100 steps, Gaussian emissions, its likelihood exact.

`Expect` sums the states out step by step, in the log domain: the forward algorithm. Nothing is
drawn, and `backward()` leaves the gradient that is weighed by the posterior of the states. It is
compared with the algorithm in plain PyTorch, `by_hand`, in value, gradient and time, and with
Pyro's `TraceEnum_ELBO` where `pyro-ppl` is installed. The series come from a chain of four states
that keeps each of them for a while; the model finds them again, and a little of their noise.
Run `python specs/hidden_markov/train.py`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.distributions import Normal

import storchc

STORY = Path(__file__).with_name("hidden_markov.story")
LEVELS = torch.tensor([-3.0, -1.0, 1.0, 3.0])
STAY, NOISE = 0.9, 0.5


class Figures(NamedTuple):
    """What came out."""

    before: float  # the negative log-likelihood of a series
    after: float
    truth: float  # of the chain that the series come from
    distance: float  # of value and gradient from those by hand, in double precision
    ratio: float  # of a step's time to that by hand
    pyro: tuple[float, float] | None  # the distance, and the ratio of Pyro's time to that by hand


def main(arguments: list[str] | None = None) -> Figures:
    """Train, then compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--length", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.manual_seed(options.seed)
    x = series(options.batch, options.length)

    model = storchc.load(STORY)()
    optimiser = torch.optim.Adam(model.parameters(), lr=0.05)
    before = model(x).loss.item()
    for step in range(1, options.steps + 1):
        optimiser.zero_grad()
        cost = model(x).backward().item()
        optimiser.step()
        if step % 50 == 0:
            print(f"step {step:4d}   negative log-likelihood of a series {cost:8.2f}")

    ours, hand = (lambda: model(x).loss), (lambda: by_hand(model, x))
    ratio = seconds(ours, options.rounds) / seconds(hand, options.rounds)
    figures = Figures(
        before, model(x).loss.item(), true_cost(x), distance(model, x), ratio, with_pyro(model, x)
    )
    print(
        f"untrained {before:.2f}, trained {figures.after:.2f}, the true chain {figures.truth:.2f}"
    )
    print(f"from the algorithm by hand: {figures.distance:.0e}; {ratio:.2f} times its time")
    if figures.pyro is None:
        print("Pyro is not installed (`pip install pyro-ppl`)")
    else:
        print("Pyro's TraceEnum_ELBO: {:.0e}; {:.2f} times the time by hand".format(*figures.pyro))
    return figures


def series(count: int, length: int) -> Tensor:
    """Series ``[count, length]`` of a chain that keeps its state for ten steps or so."""
    state = torch.randint(len(LEVELS), (count,))
    states = []
    for _ in range(length):
        states.append(state)
        other = torch.randint(len(LEVELS), (count,))
        state = torch.where(torch.rand(count) < STAY, state, other)
    return LEVELS[torch.stack(states, 1)] + NOISE * torch.randn(count, length)


def true_cost(x: Tensor) -> float:
    """The negative log-likelihood of the chain that the series come from."""
    states = len(LEVELS)
    move = STAY * torch.eye(states) + (1 - STAY) / states
    emitted = Normal(LEVELS, NOISE).log_prob(x.T[..., None])
    return forward(torch.full((states,), 1 / states).log(), move, emitted).item()


def by_hand(model: Any, x: Tensor) -> Tensor:
    """The mean negative log-likelihood of series ``x``, in plain PyTorch."""
    emitted = Normal(model.level, model.width.exp()).log_prob(x.T[..., None])  # [T, data, K]
    return forward(model.start.log_softmax(-1), model.move.softmax(-1), emitted)


def forward(start: Tensor, move: Tensor, emitted: Tensor) -> Tensor:
    """The forward algorithm in the log domain, a product of matrices in each step."""
    mass = start + emitted[0]
    for term in emitted.unbind(0)[1:]:
        top = mass.detach().amax(-1, keepdim=True)
        mass = ((mass - top).exp() @ move).log() + top + term
    return -mass.logsumexp(-1).mean()


def distance(model: Any, x: Tensor) -> float:
    """The largest distance of value and gradients from those by hand, in double precision."""
    double = storchc.load(STORY)().double()
    double.load_state_dict(model.state_dict())
    x = x.double()
    leaves = [double.start, double.move, double.level, double.width]
    ours, theirs = double(x).loss, by_hand(double, x)
    pairs = zip(torch.autograd.grad(ours, leaves), torch.autograd.grad(theirs, leaves), strict=True)
    apart = [(a - b).abs().max() for a, b in pairs]
    return float(torch.stack([(ours - theirs).abs().detach(), *apart]).max())


def seconds(loss: Callable[[], Tensor], rounds: int) -> float:
    """The least time of a forward and a backward pass."""
    taken = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        loss().backward()
        taken.append(time.perf_counter() - begun)
    return min(taken[1:])


def with_pyro(model: Any, x: Tensor) -> tuple[float, float] | None:
    """The distance of Pyro's loss from that by hand, and how much longer it takes."""
    try:
        import pyro
        import pyro.distributions as dist
        from pyro.infer import TraceEnum_ELBO
        from pyro.ops.indexing import Vindex
    except ImportError:
        return None

    def chain(x: Tensor) -> None:
        with pyro.plate("data", len(x), dim=-1):
            z: Any = None
            for t in pyro.markov(range(x.shape[1])):
                logits = model.start if z is None else Vindex(model.move)[z]
                choice = dist.Categorical(logits=logits)
                z = pyro.sample(f"z_{t}", choice, infer={"enumerate": "parallel"})
                seen = dist.Normal(model.level[z], model.width.exp()[z])
                pyro.sample(f"x_{t}", seen, obs=x[:, t])

    elbo = TraceEnum_ELBO(max_plate_nesting=1)

    def loss() -> Tensor:
        found: Tensor = elbo.differentiable_loss(chain, lambda x: None, x)
        return found / len(x)

    apart = float((loss() - by_hand(model, x)).abs().detach())
    return apart, seconds(loss, 3) / seconds(lambda: by_hand(model, x), 3)


if __name__ == "__main__":
    main()
