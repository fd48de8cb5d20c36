"""Sets of distinct values, and how further variables join them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.joint import Joint, Opener
from storch_runtime.samplers.stochastic_beam import Prefixes, grow, numbers, retrace, root

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = [
    "Held",
    "draw_set",
    "extend_set",
    "joint_of",
    "opened_by",
    "own_log_prob",
    "replay_extension",
    "replay_set",
    "tables_behind",
]


class Held(NamedTuple):
    """Sequences that have ended: where not ``alive`` ``[k, *plates]`` they go on with ``value``.

    The value ``[k, *plates, *event]`` is then certain, and takes nothing from the others.
    """

    alive: Tensor
    value: Tensor


def draw_set(
    distribution: Distribution, k: int, noise: Tensor | None = None, *, rest: bool = True
) -> Draw:
    """``k`` values without replacement, unweighted; fewer where there are fewer.

    ``noise`` is standard Gumbel, ``[places, k, C, *plates]``, as stochastic beam search takes it;
    ``rest`` says whether to sum up what is not among them.
    """
    tables = distribution.place_log_probs().unsqueeze(1)
    with torch.no_grad():
        start = root(tables, tables.shape[2:-1], rest)
        beam, origins, symbols = grow(tables.detach(), start, k, noise)
        value = distribution.place_values(symbols)
    log_prob = own_log_prob(tables, origins, symbols)
    return Draw(value, distribution, log_prob=log_prob, joint=_found(k, beam))


def replay_set(distribution: Distribution, value: Tensor) -> Draw:
    """The draw of values that are given, as if they had been drawn together; equal ones are one."""
    tables = distribution.place_log_probs().unsqueeze(1)
    symbols = distribution.place_indices(value)
    shape = symbols.shape[:-1]
    none = tables.new_full(shape[1:], -torch.inf)
    same = torch.ones((len(value), *shape), dtype=torch.bool, device=value.device)
    with torch.no_grad():
        known = retrace(tables.detach(), symbols, tables.new_zeros(shape), none, same)
    log_prob = own_log_prob(tables, torch.zeros_like(symbols[..., 0]), symbols)
    joint = _retraced(len(value), *known)
    return Draw(value, distribution, log_prob=log_prob, replayed=True, joint=joint)


def extend_set(
    distribution: Distribution,
    before: Draw | Joint,
    plate_dim: int = 0,
    noise: Tensor | None = None,
    held: Held | None = None,
    *,
    rest: bool = True,
) -> Draw:
    """Every sequence of ``before`` continued by every value, and the best of these, unweighted.

    ``distribution`` has the plates of ``before``, whose elements lie along ``plate_dim``. ``rest``
    is as in `draw_set`: what is summed up must have been from the first draw.
    """
    joint = joint_of(before, plate_dim)
    if joint.same is not None:
        raise ValueError(
            "what joins a sample without replacement is drawn with it: of this sample values were "
            "given, so give those of what joins it too"
        )
    tables = tables_behind(distribution, plate_dim, held)
    with torch.no_grad():
        start = _prefixes(joint, rest)
        beam, origins, symbols = grow(tables.detach(), start, joint.size, noise)
        value = distribution.place_values(symbols.movedim(0, plate_dim))
    own = own_log_prob(tables, origins, symbols).movedim(0, plate_dim)
    extended = _found(joint.size, beam, origins, plate_dim)
    return Draw(value, distribution, log_prob=own, plate_dim=plate_dim, joint=extended)


def replay_extension(
    distribution: Distribution,
    before: Draw | Joint,
    value: Tensor,
    plate_dim: int = 0,
    held: Held | None = None,
) -> Draw:
    """The draw of values that are given, each of which continues the element at its place."""
    joint = joint_of(before, plate_dim)
    if joint.same is None or joint.rest is None:
        raise ValueError(
            "values are given for what joins a sample without replacement, but not for that sample "
            "itself: give both, or none"
        )
    tables = tables_behind(distribution, plate_dim, held)
    symbols = distribution.place_indices(value).movedim(plate_dim, 0)
    parents = numbers(symbols[..., 0])
    with torch.no_grad():
        known = retrace(tables.detach(), symbols, joint.log_prob, joint.rest, joint.same)
    own = own_log_prob(tables, parents, symbols).movedim(0, plate_dim)
    extended = _retraced(joint.size, *known, plate_dim=plate_dim)
    extended.parents = parents.movedim(0, plate_dim)
    return Draw(
        value, distribution, log_prob=own, replayed=True, plate_dim=plate_dim, joint=extended
    )


def joint_of(before: Draw | Joint, dim: int = 0) -> Joint:
    """What is known of a sample without replacement, its elements first."""
    joint = before if isinstance(before, Joint) else before.joint
    if joint is None:
        raise ValueError("only a sample without replacement can be extended by another")
    return joint.along(dim)


def opened_by(opener: Opener, draw: Draw) -> Draw:
    """A draw with the weights of what opened its joint sample."""
    assert draw.joint is not None
    draw.joint.opener, draw.joint.dim = opener, draw.plate_dim
    return draw


def _prefixes(joint: Joint, rest: bool) -> Prefixes:
    """Where stochastic beam search goes on.

    The log-probability of the empty sequence is perturbed like any other: weights that look at the
    threshold need that.
    """
    perturbed, threshold = joint.perturbed, joint.threshold
    if perturbed is None or threshold is None:
        masses = joint.masses
        perturbed = masses - torch.empty_like(masses).exponential_().log()
        threshold = torch.full_like(masses[0], -torch.inf)
    left = joint.rest if rest else None
    return Prefixes(joint.log_prob, joint.alive, perturbed, threshold, left)


def tables_behind(distribution: Distribution, plate_dim: int, held: Held | None) -> Tensor:
    """``[C, m, *plates, places]``: the log-probabilities behind each element."""
    tables = distribution.place_log_probs()
    if held is not None:
        last = distribution.place_indices(held.value).unsqueeze(0)
        certain = torch.full_like(tables, -torch.inf).scatter(0, last, 0.0)
        tables = torch.where(held.alive.unsqueeze(-1), tables, certain)
    return tables.movedim(1 + plate_dim, 1)


def own_log_prob(tables: Tensor, origins: Tensor, symbols: Tensor) -> Tensor:
    """``[k, *plates]``: the log-probabilities of symbols behind their origins, with gradient."""
    shape = tables.shape[2:]
    places = torch.arange(shape.numel(), device=tables.device).reshape(shape)
    row = origins.unsqueeze(-1) * shape.numel() + places
    chosen = row * len(tables) + symbols
    stored = tables.movedim(0, -1).flatten()  # as distributions store it: nothing is copied
    return stored.gather(0, chosen.flatten()).reshape(chosen.shape).sum(-1)


def _found(size: int, beam: Prefixes, parents: Tensor | None = None, plate_dim: int = 0) -> Joint:
    """What is known of the sequences that a beam holds."""
    joint = Joint(
        size, beam.log_prob, beam.alive, beam.rest, beam.perturbed, beam.threshold, parents
    )
    return joint.moved(0, plate_dim)


def _retraced(size: int, mass: Tensor, rest: Tensor, same: Tensor, plate_dim: int = 0) -> Joint:
    """The state of values that were given: of equal sequences the first one counts."""
    first = same.to(torch.uint8).argmax(1) == numbers(mass)
    alive = first & (mass > -torch.inf)
    return Joint(size, mass, alive, rest, same=same).moved(0, plate_dim)
