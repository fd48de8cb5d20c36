"""Certification: a generated module, run in every world, against the exact interpreter.

In each world the module replays that world's outcomes (``given=``). Weighted by the worlds'
probabilities its loss must have the exact expected cost as value and the exact gradient as
gradient; the Hessian too where the module claims any order. World by world its value, its costs and
its log-probabilities must be the interpreter's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

import storchc
from tests.exact.interpreter import Exact, interpret

Model = Any  # a generated module
TOLERANCE = 1e-9


class Uncertified(AssertionError):
    """The generated module and the interpreter disagree."""


@dataclass(frozen=True, slots=True)
class Case:
    """A story with the values of its inputs, all in double precision."""

    text: str
    inputs: Mapping[str, Any]
    modules: Mapping[str, Callable[..., Any]]

    def model(self, **options: Any) -> Model:
        """The generated module, in double precision."""
        return storchc.load(text=self.text, **options)(**self.modules).double()


def case(text: str, inputs: Mapping[str, Any] | None = None, **modules: Callable[..., Any]) -> Case:
    """A case from plain numbers; float inputs require gradients."""
    return Case(text, {name: _input(v) for name, v in (inputs or {}).items()}, modules)


def _input(value: Any) -> Tensor:
    tensor = torch.as_tensor(value)
    if not tensor.is_floating_point():
        return tensor
    return tensor.detach().double().requires_grad_()


def certify(
    story: Case,
    *,
    model: Model | None = None,
    baselines: float = 0.7,
    hessian: bool = False,
    tolerance: float = TOLERANCE,
    interpreted: str | None = None,
    vectorised: bool = True,
) -> Exact:
    """Prove the module right in every world, or raise ``Uncertified``.

    ``baselines`` is what moving averages are set to; ``interpreted`` is the story that the
    interpreter reads where it is not the module's own (a method that only the compiler knows).
    Methods that differentiate within ``forward`` cannot have their worlds ``vectorised``.
    """
    model = story.model() if model is None else model
    set_baselines(model, baselines)
    leaves = differentiable(model, story)
    exact = interpret(interpreted or story.text, story.inputs, parameters(model), story.modules)
    state = {name: buffer.clone() for name, buffer in model.named_buffers()}
    worlds = run(model, story, exact, vectorised=vectorised)
    _compare_worlds(worlds, exact, tolerance)
    got = (exact.probability * worlds.loss).sum()
    _compare("expected cost", got, exact.value, tolerance)
    first = [derivatives(value, leaves) for value in (got, exact.value)]
    for name in leaves:
        _compare(f"gradient of {name}", first[0][name], first[1][name], tolerance)
    if hessian:
        assert model.order is None, f"the module claims order {model.order}"
        _compare_hessians(first[0], first[1], leaves, tolerance)
    for name, buffer in model.named_buffers():
        _compare(f"state {name} (given= must not change it)", buffer, state[name], 0)
    return exact


def set_baselines(model: Model, value: float) -> None:
    """Set every floating buffer of the methods (moving averages) to a constant."""
    with torch.no_grad():
        for buffer in model.methods.buffers():
            if buffer.is_floating_point():
                buffer.fill_(value)


def parameters(model: Model) -> dict[str, Tensor]:
    """The model's own parameters by name, without the methods' and their modules'."""
    others = tuple(f"{name}." for name in ("methods", *getattr(model, "method_modules", ())))
    return {n: p for n, p in model.named_parameters() if not n.startswith(others)}


def differentiable(model: Model, story: Case) -> dict[str, Tensor]:
    """All tensors that the gradient is taken of: parameters and float inputs."""
    inputs = {n: v for n, v in story.inputs.items() if isinstance(v, Tensor) and v.requires_grad}
    return {**parameters(model), **inputs}


# --- running -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Worlds:
    """The module's estimate in every world: ``[W, …]`` each."""

    loss: Tensor
    cost: Tensor
    costs: dict[str, Tensor]
    log_probs: dict[str, Tensor]


def run(model: Model, story: Case, exact: Exact, *, vectorised: bool = True) -> Worlds:
    """The module in all worlds at once, or one by one."""

    def world(given: dict[str, Tensor]) -> tuple[Any, ...]:
        estimate = model(**story.inputs, given=given)
        costs = {name: estimate.costs[name] for name in exact.costs}
        logs = {name: estimate.log_probs[name] for name in given}
        return estimate.loss, estimate.cost, costs, logs

    if not exact.samples:
        outputs = [world({})]
    elif vectorised:
        return Worlds(*torch.vmap(world)(exact.samples))
    else:
        count = exact.totals.shape[0]
        outputs = [world({n: v[w] for n, v in exact.samples.items()}) for w in range(count)]
    return Worlds(*_stacked(outputs))


def _stacked(outputs: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    def together(parts: tuple[Any, ...]) -> Any:
        if isinstance(parts[0], dict):
            return {name: torch.stack([part[name] for part in parts]) for name in parts[0]}
        return torch.stack(parts)

    return tuple(together(parts) for parts in zip(*outputs, strict=True))


def derivatives(
    value: Tensor, leaves: Mapping[str, Tensor], *, again: bool = True
) -> dict[str, Tensor]:
    """The gradient by name, zero where ``value`` does not depend on a leaf.

    ``again`` says whether it, or ``value``, will be differentiated once more.
    """
    if not value.requires_grad:
        return {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
    found = torch.autograd.grad(
        value,
        list(leaves.values()),
        create_graph=again,
        retain_graph=True,
        allow_unused=True,
        materialize_grads=True,
    )
    return dict(zip(leaves, found, strict=True))


def hessian_rows(gradient: Mapping[str, Tensor], leaves: Mapping[str, Tensor]) -> Tensor:
    """The Hessian over all leaves, flattened."""
    flat = torch.cat([g.reshape(-1) for g in gradient.values()])
    rows = [derivatives(entry, leaves) for entry in flat]
    return torch.stack([torch.cat([part.reshape(-1) for part in row.values()]) for row in rows])


# --- comparing -----------------------------------------------------------------------------------


def _compare(what: str, got: Tensor, expected: Tensor, tolerance: float) -> None:
    if got.shape != expected.shape:
        raise Uncertified(f"{what}: shape {tuple(got.shape)}, expected {tuple(expected.shape)}")
    bound = tolerance * (1 + expected.detach().abs())
    if not bool(((got - expected).detach().abs() <= bound).all()):
        raise Uncertified(f"{what}: got {got.detach()}, expected {expected.detach()}")


def _compare_worlds(worlds: Worlds, exact: Exact, tolerance: float) -> None:
    possible = exact.probability > 0
    _compare("total of each world", worlds.loss[possible], exact.totals[possible], tolerance)
    _compare("cost of each world", worlds.cost[possible], exact.totals[possible], tolerance)
    for name, log in worlds.log_probs.items():
        if name not in exact.proposed:
            total = log.flatten(1).sum(1)
            _compare(f"log_probs of {name}", total, exact.log_probs[name], tolerance)
    for name, value in worlds.costs.items():
        if not set(exact.plates[name]) & exact.enumerated:
            _compare(f"cost {name} of each world", value, exact.costs[name], tolerance)


def _compare_hessians(
    got: Mapping[str, Tensor],
    expected: Mapping[str, Tensor],
    leaves: Mapping[str, Tensor],
    tolerance: float,
) -> None:
    ours, theirs = hessian_rows(got, leaves), hessian_rows(expected, leaves)
    _compare("Hessian", ours, theirs, tolerance)


# --- broken variants and statistics --------------------------------------------------------------


def fails(check: Callable[[], object]) -> str:
    """The words of the ``Uncertified`` that ``check`` must raise; an error if it passes."""
    try:
        check()
    except Uncertified as error:
        return str(error)
    raise AssertionError("a broken variant was certified")


@dataclass(frozen=True, slots=True)
class Statistics:
    """Mean and standard error of the per-replicate gradients, by leaf."""

    mean: dict[str, Tensor]
    error: dict[str, Tensor]


def replicate(
    model: Model,
    inputs: Mapping[str, Any],
    leaves: list[str],
    *,
    replicates: int = 1_000_000,
    chunk: int = 100_000,
) -> Statistics:
    """Per-replicate gradients along the story's averaged data plate.

    Every input must list the plate; each is repeated along it, so that every element of the plate
    is an independent replicate with leaves of its own.
    """
    sums = {name: [torch.zeros(()), torch.zeros(())] for name in leaves}
    for _ in range(replicates // chunk):
        values = {name: _repeated(value, chunk, name in leaves) for name, value in inputs.items()}
        model(**values).loss.backward()
        for name in leaves:
            gradient = values[name].grad
            assert gradient is not None
            each = gradient * chunk
            sums[name][0] = sums[name][0] + each.sum(0)
            sums[name][1] = sums[name][1] + each.square().sum(0)
    count = replicates // chunk * chunk
    mean = {name: total / count for name, (total, _) in sums.items()}
    squares = {name: square / count for name, (_, square) in sums.items()}
    error = {name: ((squares[name] - mean[name] ** 2) / count).sqrt() for name in leaves}
    return Statistics(mean, error)


def _repeated(value: Any, count: int, differentiate: bool) -> Tensor:
    tensor = torch.as_tensor(value, dtype=torch.float64)
    return tensor.expand(count, *tensor.shape).clone().requires_grad_(differentiate)


def certify_statistically(
    model: Model,
    inputs: Mapping[str, Any],
    expected: Mapping[str, Any],
    *,
    replicates: int = 1_000_000,
    sigmas: float = 5.0,
) -> Statistics:
    """Every coordinate of the mean gradient within ``sigmas`` standard errors of the exact one."""
    found = replicate(model, inputs, list(expected), replicates=replicates)
    for name, value in expected.items():
        exact = torch.as_tensor(value, dtype=torch.float64)
        deviation = (found.mean[name] - exact).abs()
        if not bool((deviation <= sigmas * found.error[name] + 1e-12).all()):
            raise Uncertified(
                f"gradient of {name}: {found.mean[name]} ± {found.error[name]}, expected {exact}"
            )
    return found
