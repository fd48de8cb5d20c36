"""The same steps written with the package storchastic, by the names of the cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.distributions import Bernoulli, Normal, OneHotCategorical, kl_divergence

from tests.bench import discrete_vae, sequences
from tests.bench.case import Case
from tests.bench.chains import NODES

Step = Callable[[], object]


def steps() -> Iterator[tuple[str, Step]]:
    """A step for each case that the package has a counterpart of."""
    for n in (1, 10, 1000):
        yield f"introduction, pathwise, n={n}", introduction("Reparameterization", n)
    for n in (1, 10, 1000):
        yield f"introduction, score function, n={n}", introduction("ScoreFunction", n)
    average = {"baseline_factory": "batch_average"}
    yield "discrete VAE, score function, n=1", vae("ScoreFunction", n_samples=1)
    yield "discrete VAE, batch average, n=10", vae("ScoreFunction", n_samples=10, **average)
    yield "discrete VAE, Gumbel-softmax, n=1", vae("GumbelSoftmax", n_samples=1)
    yield "discrete VAE, exact expectation", vae("Expect")
    yield "discrete VAE, without replacement, k=4", vae("ScoreFunctionWOR", k=4)
    yield "discrete VAE, unordered set, k=4", vae("UnorderedSetEstimator", k=4)
    yield "discrete VAE, REBAR", vae("REBAR")
    yield "discrete VAE of 20 bits, DisARM", bits("DisARM")
    yield sequences.titled("without replacement", sequences.STEPS), letters()
    yield f"chain of {NODES} normal nodes, a plate each", normal(NODES)
    yield f"chain of {NODES} Bernoulli nodes, a plate each", bernoulli(NODES)


def find(cases: list[Case]) -> dict[str, Step]:
    """The steps of ``cases`` that run; what fails is told and left out."""
    wanted = {case.name for case in cases}
    found = {}
    for name, step in steps():
        if name not in wanted:
            continue
        try:
            step()
            found[name] = step
        except (Exception, RecursionError) as error:
            print(f"storchastic, {name}: {type(error).__name__}: {error}")
            forget()
    return found


def forget() -> None:
    """Clear what an exception leaves behind in the package; the next step would fail on it."""
    import storch

    storch.inference._cost_tensors = []
    storch.inference._sampling_methods = []
    storch.wrappers._context_stochastic = False
    storch.wrappers._context_deterministic = 0


def introduction(method: str, n: int) -> Step:
    """The introduction example, as in the package's own examples."""
    import storch

    estimator = getattr(storch.method, method)("e", n_samples=n)
    a, b, c = (torch.tensor(value, requires_grad=True) for value in (5.0, -3.0, 0.23))

    def step() -> None:
        a.grad = b.grad = c.grad = None
        storch.reset()
        e = estimator(Normal(b + c, 1))
        storch.add_cost((a + b) * e * e, "f")
        storch.backward()

    return step


def vae(method: str, **options: Any) -> Step:
    """The discrete VAE."""
    import storch

    encoder, decoder = discrete_vae.networks()
    encode = storch.deterministic(encoder.forward)
    decode = storch.deterministic(decoder.forward)
    estimator = getattr(storch.method, method)("z", **options)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    x = torch.rand(discrete_vae.BATCH, discrete_vae.PIXELS)
    uniform = OneHotCategorical(probs=torch.full((discrete_vae.K, discrete_vae.C), 0.1))

    def step() -> None:
        for parameter in parameters:
            parameter.grad = None
        storch.reset()
        data = storch.denote_independent(x, 0, "data")
        logits = encode(data).reshape((*data.shape[:-1], discrete_vae.K, discrete_vae.C))
        q = OneHotCategorical(probs=logits.softmax(dim=-1))
        storch.add_cost(kl_divergence(q, uniform).sum(-1), "kl")
        z = estimator(q)
        x_hat = decode(z.reshape((*z.shape[:-2], discrete_vae.K * discrete_vae.C))).sigmoid()
        cost = storch.nn.b_binary_cross_entropy(x_hat, data, reduction="sum")
        storch.add_cost(cost, "reconstruction")
        storch.backward()

    return step


def bits(method: str) -> Step:
    """The same with 20 bits in the place of the symbols."""
    import storch

    encoder, decoder = discrete_vae.networks()
    encode = storch.deterministic(encoder.forward)
    decode = storch.deterministic(decoder.forward)
    estimator = getattr(storch.method, method)("z")
    parameters = [*encoder.parameters(), *decoder.parameters()]
    x = torch.rand(discrete_vae.BATCH, discrete_vae.PIXELS)
    uniform = Bernoulli(probs=torch.full((20,), 0.5))

    def step() -> None:
        for parameter in parameters:
            parameter.grad = None
        storch.reset()
        data = storch.denote_independent(x, 0, "data")
        q = Bernoulli(logits=encode(data))
        storch.add_cost(kl_divergence(q, uniform).sum(-1), "kl")
        x_hat = decode(estimator(q)).sigmoid()
        cost = storch.nn.b_binary_cross_entropy(x_hat, data, reduction="sum")
        storch.add_cost(cost, "reconstruction")
        storch.backward()

    return step


def letters() -> Step:
    """Sequences without replacement; those drawn independently need a plate for every letter."""
    import storch

    cell = nn.GRUCell(sequences.LETTERS, sequences.HIDDEN)
    out = nn.Linear(sequences.HIDDEN, sequences.LETTERS)
    parameters = [*cell.parameters(), *out.parameters()]
    start, worth = sequences.data(sequences.STEPS)
    first = torch.zeros(sequences.BATCH, sequences.LETTERS)
    first[:, 0] = 1
    estimator = storch.method.ScoreFunctionWOR("y", sequences.SEQUENCES)
    logits = storch.deterministic(out.forward)

    @storch.deterministic  # type: ignore[untyped-decorator]
    def state(y: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
        plates = torch.broadcast_shapes(y.shape[:-1], h.shape[:-1])
        parts = (part.expand(*plates, -1).flatten(0, -2) for part in (y, h))
        return cell(*parts).reshape(*plates, -1)

    def step() -> None:
        for parameter in parameters:
            parameter.grad = None
        storch.reset()
        h = storch.denote_independent(start, 0, "data")
        y = storch.denote_independent(first, 0, "data")
        for index in range(sequences.STEPS):
            h = state(y, h)
            y = estimator(OneHotCategorical(logits=logits(h)))
            gain = storch.denote_independent(worth[:, index], 0, "data")
            storch.add_cost(-(y * gain).sum(-1), f"c{index}")
        storch.backward()

    return step


def normal(nodes: int) -> Step:
    """The chain of normals."""
    import storch

    estimators = [storch.method.Reparameterization(f"x{index}") for index in range(nodes)]
    start = torch.tensor(0.5, requires_grad=True)

    def step() -> None:
        start.grad = None
        storch.reset()
        x: Any = start
        for index, estimator in enumerate(estimators):
            x = estimator(Normal(0.9 * x, 1))
            storch.add_cost(x**2, f"c{index}")
        storch.backward()

    return step


def bernoulli(nodes: int) -> Step:
    """The chain of Bernoulli samples."""
    import storch

    estimators = [storch.method.ScoreFunction(f"b{index}") for index in range(nodes)]
    bias = torch.tensor(0.1, requires_grad=True)
    slope = torch.tensor(0.7, requires_grad=True)

    def step() -> None:
        bias.grad = slope.grad = None
        storch.reset()
        logits: Any = bias
        for index, estimator in enumerate(estimators):
            b = estimator(Bernoulli(logits=logits))
            storch.add_cost((b - 0.3) ** 2, f"c{index}")
            logits = bias + slope * b
        storch.backward()

    return step
