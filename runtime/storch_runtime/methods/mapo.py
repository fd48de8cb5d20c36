"""Memory-augmented policy optimisation: a memory of good values is summed, the rest is sampled.

Formula: with B the memory and π_B its probability,
``Σ_{x in B} p(x) f(x) ∇ log p(x) + (1 - π_B) f(x') ∇ log p(x')``, x' drawn from p outside B. With
``clip`` the memory weighs ``max(π_B, clip)``, shared in proportion to p, and x' what is left of 1.
B has the ``buffer_size`` different values of lowest downstream cost that earlier training passes
have seen; each element of the plates uses the memory that its ``key`` says.
Unbiased: yes; no where ``clip`` is above 0 and above π_B: then towards what is remembered.
Needs: finitely many values of the event.
Shapes: value ``[buffer_size + 1, *plates, *event]``, weight ``[buffer_size + 1, *plates]``; what
weighs nothing (a place in the memory that is still free) repeats a value that does not.
Raises: ValueError `in` an open plate, and where another number of values is given.
Reference: Liang et al. 2018, arXiv:1807.02322.
Certified for: any order. Under ``torch.compile`` a training pass breaks the graph where it is
remembered, as the memory grows; in eval mode it is compiled whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, distributed

from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.ranks import shared
from storch_runtime.samplers._rest import Rest, settled
from storch_runtime.samplers.sampler import Outcome

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["MAPO"]


class _Remembered(Draw):
    """A draw with its sequences ``[n, *plates, places]`` and keys ``[*plates]``."""

    __slots__ = ("key", "sequences")

    def __init__(
        self,
        value: Tensor,
        distribution: Distribution,
        weight: Tensor,
        key: Tensor,
        sequences: Tensor,
    ) -> None:
        super().__init__(value, distribution, weight)
        self.key = key
        self.sequences = sequences


class MAPO(Method):
    """Sum over a memory of the best values, and sample one outside of it.

    ``keys`` ``[keys]`` are those that were seen, in order; ``indices`` ``[keys, buffer_size,
    places]`` are the values of each memory, the best first, and ``costs`` ``[keys, buffer_size]``
    what they cost when they were last seen: infinite where there is no value yet. All grow with the
    number of keys, whatever these are. Several processes remember the same.

    Formula, shapes, errors and source: `storch_runtime.methods.mapo`.
    """

    keys: Tensor
    indices: Tensor
    costs: Tensor

    def __init__(self, buffer_size: int, *, clip: float = 0.0) -> None:
        super().__init__(buffer_size + 1)
        self.clip = clip
        self.register_buffer("keys", torch.zeros(1, dtype=torch.long))
        self.register_buffer("indices", torch.zeros(1, buffer_size, 0, dtype=torch.long))
        self.register_buffer("costs", torch.full((1, buffer_size), torch.inf))

    @property
    def buffer_size(self) -> int:
        """How many values a memory has at most."""
        return self.costs.shape[1]

    # --- draws ------------------------------------------------------------------------------------

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        key: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`; noise and outcome are those of `SumAndSample`."""
        if n is None:
            raise ValueError("`MAPO` opens a plate of its own: it cannot draw `in` another")
        owner = _owner(distribution, key)
        if outcome is not None:
            return self._taken(distribution, outcome, owner)
        rest = self._outside(distribution, owner)
        sequences = torch.cat([rest.excluded, rest.draw(1, noise)])
        weight = self._weights(rest, sequences)
        sequences = settled(sequences, weight)
        value = distribution.place_values(sequences)
        return _Remembered(value, distribution, weight, owner, sequences)

    def replay(
        self,
        distribution: Distribution,
        value: Tensor,
        n: int | None,
        *,
        key: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.replay`: the memory is what the value says, not what is remembered now."""
        if len(value) != self.n:
            raise ValueError(f"`MAPO` takes {self.n} values here, but {len(value)} are given")
        draw = self._taken(distribution, value, _owner(distribution, key))
        draw.replayed = True
        return draw

    def outcomes(
        self,
        distribution: Distribution,
        *,
        each: bool = False,
        key: Tensor | None = None,
        **values: Any,
    ) -> list[Outcome]:
        """See `Method.outcomes`: whole values, the memory always among them."""
        rest = self._outside(distribution, _owner(distribution, key))
        listed = []
        for sampled, probability in rest.outcomes_of(1):
            sequences = torch.cat([rest.excluded, sampled])
            value = distribution.place_values(settled(sequences, self._weights(rest, sequences)))
            listed.append((value, probability))
        return listed

    def _outside(self, distribution: Distribution, owner: Tensor) -> Rest:
        """What the memories of ``owner`` leave."""
        log_probs = distribution.place_log_probs().detach()
        _, size, places = self.indices.shape
        if places != log_probs.shape[-1]:  # nothing has been remembered yet
            nothing = owner.new_zeros((size, *owner.shape, log_probs.shape[-1]))
            return Rest(log_probs, nothing, torch.zeros_like(nothing[..., 0], dtype=torch.bool))
        at, known = self._memories(owner)
        filled = self.costs[at].isfinite() & known.unsqueeze(-1)
        return Rest(log_probs, self.indices[at].movedim(-2, 0), filled.movedim(-1, 0))

    def _taken(self, distribution: Distribution, value: Tensor, owner: Tensor) -> Draw:
        """The draw that has this value: where the memory repeats the sample, it was free."""
        sequences = distribution.place_indices(value)
        counted = (sequences[:-1] != sequences[-1:]).any(-1)
        rest = Rest(distribution.place_log_probs().detach(), sequences[:-1], counted)
        weight = self._weights(rest, sequences)
        return _Remembered(value, distribution, weight, owner, sequences)

    def _weights(self, rest: Rest, sequences: Tensor) -> Tensor:
        """``[n, *plates]``: of the memory and of the sample outside."""
        total = rest.inside.sum(0)
        low = (total > 0) & (total < self.clip)
        inside = rest.inside * (self.clip / total).where(low, 1)
        left = rest.mass.masked_fill(low, 1 - self.clip)
        return torch.cat([inside, left * rest.holds(sequences[-1:])])

    # --- memory -----------------------------------------------------------------------------------

    def _memories(self, owner: Tensor) -> tuple[Tensor, Tensor]:
        """Which memories are those of the keys ``owner``, and where there is one at all."""
        at = torch.searchsorted(self.keys, owner.contiguous()).clamp(max=len(self.keys) - 1)
        return at, self.keys[at] == owner

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """Zero, without gradient: here a training pass enters the memory, after its use."""
        if self.training and not draw.replayed:
            assert isinstance(draw, _Remembered)
            self._remember(draw, downstream.cost)
        assert draw.weight is not None
        return torch.zeros_like(draw.weight)

    @torch.no_grad()
    def _remember(self, draw: _Remembered, cost: Tensor) -> None:
        """Each memory becomes the best of what its elements had: the old one is a part of that.

        What several elements had, in all processes, costs what it cost them on average. Compiled by
        torch, memories cannot grow: what belongs to a key that was never seen is not kept.
        """
        assert draw.weight is not None
        cost = cost.expand(draw.weight.shape)
        seen = (draw.weight > 0) & cost.isfinite()
        keys, paid = draw.key.expand(seen.shape), cost.to(self.costs.dtype)
        if torch.compiler.is_compiling():
            self._hold(draw.sequences.shape[-1])
            at, known = self._memories(keys)
            seen = seen & known
            merged = _merged_apart(self.indices, self.costs, at, draw.sequences, paid, seen)
            self.indices.copy_(merged[0])
            self.costs.copy_(merged[1])
            return
        rows, paid = _seen_by_all(keys, draw.sequences, paid, seen)
        if len(rows) == 0:
            return
        self._reach(rows)
        at, _ = self._memories(rows[:, 0])
        _merge(self.indices, self.costs, torch.cat([at.unsqueeze(1), rows[:, 1:]], 1), paid)

    def _hold(self, places: int) -> None:
        """Make room for values of so many places, all memories empty."""
        if self.indices.shape[-1] != places:
            self.indices = self.indices.new_zeros((*self.costs.shape, places))
            self.costs = torch.full_like(self.costs, torch.inf)

    def _reach(self, rows: Tensor) -> None:
        """Make room for what is in ``rows``: a key and as many places as there are."""
        (_, size, before), places = self.indices.shape, rows.shape[1] - 1
        keys = torch.unique(torch.cat([self.keys, rows[:, 0]]))
        if len(keys) == len(self.keys) and places == before:
            return
        costs = self.costs.new_full((len(keys), size), torch.inf)
        indices = self.indices.new_zeros((len(keys), size, places))
        if places == before:
            at = torch.searchsorted(keys, self.keys)
            costs[at] = self.costs
            indices[at] = self.indices
        self.keys, self.costs, self.indices = keys, costs, indices

    def _load_from_state_dict(self, state: dict[str, Any], prefix: str, *rest: Any) -> None:
        """Take over the memories of any number of keys and values."""
        for name, empty in (("indices", 0), ("costs", torch.inf)):
            buffer, loaded = getattr(self, name), state.get(prefix + name)
            if loaded is None:
                continue
            size = buffer.shape[1]
            fitted = buffer.new_full((len(loaded), size, *loaded.shape[2:]), empty)
            fitted[:, : loaded.shape[1]] = loaded[:, :size]
            state[prefix + name] = fitted
            setattr(self, name, fitted.clone())
            state.setdefault(f"{prefix}keys", torch.arange(len(loaded)))  # of older checkpoints
        if (keys := state.get(f"{prefix}keys")) is not None:
            self.keys = self.keys.new_zeros(keys.shape)
        super()._load_from_state_dict(state, prefix, *rest)


def _merge(indices: Tensor, costs: Tensor, rows: Tensor, paid: Tensor) -> None:
    """Write the best of ``rows`` ``[seen, 1 + places]``, keys first, into their memories."""
    different, number, times = torch.unique(rows, dim=0, return_inverse=True, return_counts=True)
    average = torch.index_add(costs.new_zeros(len(different)), 0, number, paid) / times
    order = average.argsort()
    order = order[different[order, 0].argsort(stable=True)]
    keys = different[order, 0].contiguous()
    rank = torch.arange(len(keys), device=keys.device) - torch.searchsorted(keys, keys)
    kept = rank < costs.shape[1]
    costs[keys] = torch.inf
    costs[keys[kept], rank[kept]] = average[order[kept]]
    indices[keys[kept], rank[kept]] = different[order[kept], 1:]


def _seen_by_all(
    keys: Tensor, sequences: Tensor, paid: Tensor, seen: Tensor
) -> tuple[Tensor, Tensor]:
    """What was seen in all processes: rows of a key and a sequence, and what they cost."""
    return _from_all(torch.cat([keys[seen].unsqueeze(1), sequences[seen]], 1), paid[seen])


@torch.library.custom_op("storch_runtime::merged", mutates_args=())
def _merged_apart(
    indices: Tensor, costs: Tensor, keys: Tensor, sequences: Tensor, paid: Tensor, seen: Tensor
) -> tuple[Tensor, Tensor]:
    """The memories with what was seen: how much that is torch need not know to compile a step."""
    indices, costs = indices.clone(), costs.clone()
    rows, paid = _seen_by_all(keys, sequences, paid, seen)
    if len(rows) > 0:
        _merge(indices, costs, rows, paid)
    return indices, costs


@_merged_apart.register_fake
def _(
    indices: Tensor, costs: Tensor, keys: Tensor, sequences: Tensor, paid: Tensor, seen: Tensor
) -> tuple[Tensor, Tensor]:
    return torch.empty_like(indices), torch.empty_like(costs)


def _owner(distribution: Distribution, key: Tensor | None) -> Tensor:
    """``[*plates]``: whose memory each element uses; without a key there is one for all."""
    plates = tuple(distribution.plates)
    if key is None:
        device = next(iter(distribution.parameters.values())).device
        return torch.zeros(plates, dtype=torch.long, device=device)
    return key.long().expand(plates)


def _from_all(rows: Tensor, paid: Tensor) -> tuple[Tensor, Tensor]:
    """What was seen in all processes, so that all remember the same."""
    if not shared():
        return rows, paid
    count = torch.tensor(len(rows), device=rows.device)
    counts = [torch.zeros_like(count) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, count)
    found = []
    for mine in (rows, paid):
        padded = mine.new_zeros((int(max(counts)), *mine.shape[1:]))
        padded[: len(mine)] = mine
        parts = [torch.empty_like(padded) for _ in counts]
        distributed.all_gather(parts, padded)
        found.append(torch.cat([part[:n] for part, n in zip(parts, counts, strict=True)]))
    return found[0], found[1]
