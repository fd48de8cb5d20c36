"""The most probable prefixes, and draws from among all the others, place by place.

A beam keeps the ``summed`` most probable prefixes. What it drops lies outside of it, and so do all
continuations of that: a beam continues its own prefixes only. Elements that are drawn from the
outside are kept as from a stream, each by itself: of mass M outside, D of it dropped at this place,
an element is one of the dropped prefixes with probability D / M, and otherwise the prefix that it
was, with an outcome drawn behind it. It is then a draw from all that lies outside.

While there are as many elements as prefixes, or more, every prefix is held, and none is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.extension import Extension
from storch_runtime.joint import Joint
from storch_runtime.place import Extending
from storch_runtime.precision import smallest
from storch_runtime.samplers.sets import joint_of, rows_behind
from storch_runtime.samplers.stochastic_beam import numbers, traced

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["Reservoir", "extend_best", "fill"]


class Reservoir(NamedTuple):
    """Prefixes ``[n, *plates]`` by their log-probabilities; minus infinity where there is none.

    The first ones are the most probable, the last ones drawn from what lies outside these.
    ``rest`` ``[*plates]`` is the log-probability of all that does; minus infinity where nothing
    does: all elements are then the most probable ones.
    """

    log_prob: Tensor
    rest: Tensor


def extend_best(distribution: Distribution, place: Extending, summed: int) -> Draw:
    """The ``summed`` best continuations of what there is, draws from the others, unweighted."""
    plate_dim = place.plate_dim
    joint = joint_of(place.before, plate_dim)
    if joint.same is not None:
        raise ValueError(
            "of this sample values were given in the steps before, so give those of this one too"
        )
    rows = rows_behind(distribution, place.held)
    assert joint.rest is not None
    with torch.no_grad():
        start = Reservoir(joint.masses, joint.rest)
        found, origins, symbols = fill(rows.movedim(plate_dim, -2), start, summed)
        value = distribution.place_values(symbols.movedim(-1, plate_dim))
        alive, parents = found.log_prob > -torch.inf, origins.movedim(-1, 0)
        extended = Joint(joint.size, found.log_prob, alive, found.rest, parents=parents)
        extended = extended.moved(0, plate_dim)
    return Extension(value, distribution, plate_dim, extended, rows, origins, symbols)


def fill(tables: Tensor, start: Reservoir, summed: int) -> tuple[Reservoir, Tensor, Tensor]:
    """Continue prefixes over all places; also their origins and symbols.

    ``tables`` ``[*plates, places, n, C]`` are the log-probabilities of each outcome behind each
    prefix. The origins are ``[*plates, n]``, the symbols ``[*plates, places, n]``; an element that
    holds no sequence has those of the first.
    """
    outcomes, held = tables.shape[-1], start
    origin: Tensor | None = None
    parents: list[Tensor] = []
    symbols: list[Tensor] = []
    for behind in tables.unbind(-3):
        if origin is not None:
            behind = behind.gather(-2, origin.unsqueeze(-1).expand(behind.shape))
        held, chosen = _refill(held, behind.movedim(-2, 0), summed)
        chosen = chosen.movedim(0, -1)
        parent = chosen // outcomes
        origin = parent if origin is None else origin.gather(-1, parent)
        parents.append(parent)
        symbols.append(chosen % outcomes)
    assert origin is not None
    return held, origin, traced(parents, symbols)


def pick(log_masses: Tensor) -> Tensor:
    """An index of the last dimension, in proportion to the masses; any where all are zero."""
    clocks = torch.empty_like(log_masses).exponential_()
    clocks = clocks.clamp_(min=smallest(clocks.dtype))
    return (log_masses - clocks.log_()).argmax(-1)


def _refill(held: Reservoir, behind: Tensor, summed: int) -> tuple[Reservoir, Tensor]:
    """The elements one place further, and which of all ``n · C`` continuations each one is."""
    size, outcomes = len(behind), behind.shape[-1]
    every = _in_one_row(held.log_prob.unsqueeze(-1) + behind)
    outside = held.rest > -torch.inf
    drawn = numbers(held.log_prob) >= summed
    candidates = _in_one_row(
        (held.log_prob.masked_fill(drawn & outside, -torch.inf)).unsqueeze(-1) + behind
    )
    best, chosen = candidates.topk(min(size + 1, size * outcomes), -1)
    if outcomes > 1:
        outside = outside | (best[..., size] > -torch.inf)
    best, chosen = best[..., :size].movedim(-1, 0), chosen[..., :size].movedim(-1, 0)
    gone = drawn & outside
    taken = best.where(gone, -torch.inf).movedim(0, -1)
    dropped = candidates.scatter(-1, chosen.movedim(0, -1), taken)
    if summed < size:
        rows = dropped.reshape(*dropped.shape[:-1], size, outcomes)
        fresh = _drawn(rows, behind[summed:], held.rest, summed)
        chosen = torch.cat([chosen[:summed], fresh.where(outside, chosen[summed:])])
        best = torch.where(gone, every.gather(-1, chosen.movedim(0, -1)).movedim(-1, 0), best)
    rest = torch.logaddexp(held.rest, dropped.logsumexp(-1))
    return Reservoir(best, rest), chosen.where(best > -torch.inf, chosen[:1])


def _drawn(rows: Tensor, behind: Tensor, rest: Tensor, summed: int) -> Tensor:
    """Of what lies outside now, which continuation each drawn element is, ``[m, *plates]``.

    ``rows`` ``[*plates, n, C]`` were dropped behind each prefix; ``behind`` ``[m, *plates, C]`` are
    the log-probabilities behind what was drawn before, of all that lay outside with mass ``rest``.
    """
    count, outcomes = len(behind), rows.shape[-1]
    masses = torch.cat([rows.logsumexp(-1), rest.unsqueeze(-1)], -1)
    origin = pick(masses.expand(count, *masses.shape))
    stays = origin == rows.shape[-2]
    own = numbers(origin) + summed
    origin = torch.where(stays, own, origin)
    row = origin.movedim(0, -1).unsqueeze(-1).expand(*rows.shape[:-2], count, outcomes)
    row = rows.gather(-2, row).movedim(-2, 0)
    return origin * outcomes + pick(torch.where(stays.unsqueeze(-1), behind, row))


def _in_one_row(values: Tensor) -> Tensor:
    """``[n, *plates, C]`` as ``[*plates, n · C]``."""
    return values.movedim(0, -2).flatten(-2)
