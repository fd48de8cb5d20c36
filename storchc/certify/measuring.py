"""The expectation of what a module estimates: over all its outcomes, or over many replicates."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from storch_runtime import Estimate
from storchc.certify.choices import Tree
from storchc.certify.outcomes import NotListed, kept, told
from storchc.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storchc.loading import LoadedStory

Probe = Callable[[Estimate, float | None], tuple[Tensor, Tensor]]
"""What is looked at of an estimate: a scalar to differentiate, and the costs ``[costs]``, detached.

Both are multiplied by the probability of the outcome, of which there is none for a replicate.
"""

MOST_LISTED = 20_000
WARM = 5
REPLICATES = 1_000_000
LANES = 4_000
MOST_HELD = 10_000_000
FEWEST = 24
"""Batches below which their spread says nothing."""

Watched = Callable[[float], None]
"""Told the share that is done; it may raise KeyboardInterrupt."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is differentiated by, and along which direction a second time (None: once only)."""

    leaves: Mapping[str, Tensor]
    direction: Tensor | None

    def row(self, scalar: Tensor, costs: Tensor) -> Tensor:
        """One after another: the scalar, the costs, its gradient, that one's along the direction.

        ``[1 + costs + leaves (+ leaves)]``, detached.
        """
        twice = self.direction is not None
        gradient = self._gradient(scalar, twice)
        parts = [scalar.detach().reshape(1), costs.detach(), gradient.detach()]
        if self.direction is not None:
            parts.append(self._gradient((gradient * self.direction).sum(), False).detach())
        return torch.cat(parts)

    def _gradient(self, scalar: Tensor, again: bool) -> Tensor:
        leaves = list(self.leaves.values())
        if not scalar.requires_grad:
            return torch.cat([torch.zeros(leaf.numel()) for leaf in leaves])
        found = torch.autograd.grad(
            scalar,
            leaves,
            create_graph=again,
            retain_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        return torch.cat([part.reshape(-1) for part in found])


@dataclass(frozen=True, slots=True)
class Measured:
    """The expectation of `Asked.row`; ``error`` is its standard error, None where it is exact.

    ``count`` outcomes or replicates; ``batches`` of these, from whose spread the error is known.
    ``largest`` is how far the single replicate went that went farthest.
    """

    mean: Tensor
    error: Tensor | None
    count: int
    batches: int = 0
    note: str = ""
    largest: Tensor | None = None


def over_outcomes(
    model: LoadedStory,
    inputs: Mapping[str, Any],
    probe: Probe,
    asked: Asked,
    seconds: float,
    watched: Watched,
) -> Measured:
    """The exact expectation; NotListed where there are outcomes that time does not suffice for."""
    tree, count, mass, noise = Tree(), 0, 0.0, torch.get_rng_state()
    total, begin = torch.zeros(()), time.monotonic()
    with told(model, tree, MOST_LISTED), kept(model) as restore:
        while True:
            estimate = _told_run(model, inputs)
            # the probability is known now that the run has made its choices
            total = total + asked.row(*probe(estimate, tree.probability))
            mass += tree.probability
            count += 1
            restore()
            if not torch.equal(noise, torch.get_rng_state()):
                torch.set_rng_state(noise)
                raise NotListed("it draws noise that is no outcome")
            if count == WARM:
                begin = time.monotonic()  # the first runs take longer than all others
            expected, spent = tree.size, time.monotonic() - begin
            slow = count > 2 * WARM and spent * expected / (count - WARM) > 1.5 * seconds
            if expected > MOST_LISTED or slow:
                raise NotListed(f"it has some {expected} outcomes, for which time does not suffice")
            watched(count / expected)
            if not tree.advance():
                break
    if abs(mass - 1) > 1e-9:
        raise NotListed(f"the probabilities of its outcomes add up to {mass:.9f}")
    return Measured(total, None, count)


def _told_run(model: LoadedStory, inputs: Mapping[str, Any]) -> Estimate:
    """The model has run before: if it fails now, it is by what it was told to take."""
    try:
        return model(**inputs)
    except (RuntimeError, TypeError, ValueError) as error:
        raise NotListed("not all that it draws can be told") from error


def over_replicates(
    model: LoadedStory,
    inputs: Mapping[str, Any],
    probe: Probe,
    asked: Asked,
    seconds: float,
    watched: Watched,
    *,
    fewest: int = FEWEST,
) -> Measured:
    """The mean of independent replicates, in batches; fewer than REPLICATES where time ends.

    There are ``fewest`` batches, whatever time they take.
    """
    begin, way = time.monotonic(), _way(model, inputs, probe, asked)
    lanes = _fitting(way.lanes, asked)
    first = time.monotonic()
    way.batch(model, inputs, probe, asked, lanes)
    taken = (time.monotonic() - first) * fewest
    lanes = max(int(lanes * min(1.0, seconds / taken)), 2)
    rows: list[Tensor] = []
    largest = torch.zeros(())
    while len(rows) * lanes < REPLICATES or len(rows) < fewest:
        each = way.batch(model, inputs, probe, asked, lanes)
        rows.append(each.mean(0))
        largest = torch.maximum(largest, each.abs().amax(0))
        spent = (time.monotonic() - begin) / max(seconds, 1e-9)
        if spent > 1 and len(rows) >= fewest:
            break
        watched(min(1.0, max(spent, len(rows) * lanes / REPLICATES)))
    table = torch.stack(rows)
    error = table.std(0) / len(rows) ** 0.5
    mean, count = table.mean(0), len(rows) * lanes
    return Measured(mean, error, count, len(rows), way.note, largest + mean.abs())


def _fitting(lanes: int, asked: Asked) -> int:
    """Fewer lanes where much learns: their tensors are held all at once."""
    learning = sum(leaf.numel() for leaf in asked.leaves.values())
    return max(min(lanes, MOST_HELD // max(learning, 1)), 2)


@dataclass(frozen=True, slots=True)
class Way:
    """How replicates are made, ``lanes`` of them at a time; ``note``: what is special about it."""

    many: Callable[..., Tensor]
    training: bool
    lanes: int
    note: str = ""

    def batch(
        self, model: LoadedStory, inputs: Mapping[str, Any], probe: Probe, asked: Asked, count: int
    ) -> Tensor:
        """The rows of so many replicates."""
        model.train(self.training)
        try:
            with kept(model):
                return self.many(model, inputs, probe, asked, count)
        finally:
            model.train()


def _way(model: LoadedStory, inputs: Mapping[str, Any], probe: Probe, asked: Asked) -> Way:
    """How replicates are made: many at once where torch can, else one by one."""
    problem: Exception | None = None
    for way in _WAYS:
        try:
            way.batch(model, inputs, probe, asked, 2)
        except (RuntimeError, ValueError, NotImplementedError, TypeError) as error:
            problem = error
        else:
            return way
    assert problem is not None
    raise problem


def _at_once(
    model: LoadedStory, inputs: Mapping[str, Any], probe: Probe, asked: Asked, count: int
) -> Tensor:
    """Replicates as lanes of ``torch.vmap``; what modules learn is the same tensor in all."""
    shared = frozenset(name for name in asked.leaves if "." in name)
    return _in_lanes(model, inputs, probe, asked, count, shared)


def _apart(
    model: LoadedStory, inputs: Mapping[str, Any], probe: Probe, asked: Asked, count: int
) -> Tensor:
    """The same with everything that learns repeated: draws need something that lanes differ in."""
    return _in_lanes(model, inputs, probe, asked, count, frozenset())


def _in_lanes(
    model: LoadedStory,
    inputs: Mapping[str, Any],
    probe: Probe,
    asked: Asked,
    count: int,
    shared: frozenset[str],
) -> Tensor:
    """Every lane has a state of the methods of its own, and is differentiated by itself.

    So a tensor knows within the lane whether it requires grad, which the runtime asks of some.
    """
    params, direction = dict(model.named_parameters()), asked.direction

    def scalar_of(
        leaves: dict[str, Tensor], state: dict[str, Tensor]
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        own = {name: leaf for name, leaf in leaves.items() if name in params}
        own |= {name: buffer.clone() for name, buffer in state.items()}
        given = {**inputs, **{n: leaf for n, leaf in leaves.items() if n not in params}}
        scalar, costs = probe(torch.func.functional_call(model, own, (), given), None)
        return scalar, (scalar.detach(), costs.detach())

    def slope_of(leaves: dict[str, Tensor], state: dict[str, Tensor]) -> tuple[Tensor, Any]:
        found, values = torch.func.grad(scalar_of, has_aux=True)(leaves, state)
        gradient = torch.cat([found[name].reshape(-1) for name in asked.leaves])
        assert direction is not None
        return (gradient * direction).sum(), (gradient, values)

    def lane(_: Tensor, leaves: dict[str, Tensor], state: dict[str, Tensor]) -> Tensor:
        if direction is None:
            found, (value, costs) = torch.func.grad(scalar_of, has_aux=True)(leaves, state)
            return torch.cat([value.reshape(1), costs, *_flat(found, asked)])
        again, (gradient, (value, costs)) = torch.func.grad(slope_of, has_aux=True)(leaves, state)
        return torch.cat([value.reshape(1), costs, gradient.detach(), *_flat(again, asked)])

    leaves = {
        name: leaf.detach() if name in shared else leaf.detach().expand(count, *leaf.shape)
        for name, leaf in asked.leaves.items()
    }
    state = {name: b.expand(count, *b.shape).clone() for name, b in model.named_buffers()}
    along = {name: None if name in shared else 0 for name in leaves}
    lanes = torch.vmap(lane, in_dims=(0, along, 0), randomness="different")
    rows: Tensor = lanes(torch.zeros(count), leaves, state)
    return rows


def _flat(found: Mapping[str, Tensor], asked: Asked) -> list[Tensor]:
    return [found[name].reshape(-1) for name in asked.leaves]


def _one_by_one(
    model: LoadedStory, inputs: Mapping[str, Any], probe: Probe, asked: Asked, count: int
) -> Tensor:
    rows = []
    for _ in range(count):
        with kept(model):
            rows.append(asked.row(*probe(model(**inputs), None)))
    return torch.stack(rows)


_WAYS = (
    Way(_at_once, True, LANES),
    Way(_apart, True, LANES),
    Way(_at_once, False, LANES, "in eval mode"),
    Way(_apart, False, LANES, "in eval mode"),
    Way(_one_by_one, True, 20, "one by one"),
)
