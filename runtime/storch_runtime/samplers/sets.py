"""Sets of distinct values, and how further variables join them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.extension import Extension
from storch_runtime.joint import Joint, Opener
from storch_runtime.place import Extending, Held
from storch_runtime.samplers.stochastic_beam import Prefixes, grow, numbers, retrace, root

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = [
    "draw_set",
    "extend_set",
    "joint_of",
    "opened_by",
    "replay_extension",
    "replay_set",
    "rows_behind",
]


def draw_set(
    distribution: Distribution, k: int, noise: Tensor | None = None, *, rest: bool = True
) -> Draw:
    """``k`` values without replacement, unweighted; fewer where there are fewer.

    ``noise`` is standard Gumbel, ``[places, k, C, *plates]``, as stochastic beam search takes it;
    ``rest`` says whether to sum up what is not among them.
    """
    tables = distribution.place_rows().unsqueeze(-2)
    with torch.no_grad():
        start = root(tables, tables.shape[:-3], rest)
        beam, _, symbols = grow(tables.detach(), start, k, noise)
        value = distribution.place_values(symbols.movedim(-1, 0))
    log_prob = _picked(tables, symbols).movedim(-1, 0)
    return Draw(value, distribution, log_prob=log_prob, joint=_found(k, beam, 0))


def replay_set(distribution: Distribution, value: Tensor) -> Draw:
    """The draw of values that are given, as if they had been drawn together; equal ones are one."""
    tables = distribution.place_rows().unsqueeze(-2)
    symbols = distribution.place_indices(value)
    shape = symbols.shape[:-1]
    none = tables.new_full(shape[1:], -torch.inf)
    same = torch.ones((len(value), *shape), dtype=torch.bool, device=value.device)
    with torch.no_grad():
        known = retrace(tables.detach(), symbols, tables.new_zeros(shape), none, same)
    log_prob = _picked(tables, symbols.movedim(0, -1)).movedim(-1, 0)
    joint = _retraced(len(value), *known)
    return Draw(value, distribution, log_prob=log_prob, replayed=True, joint=joint)


def extend_set(
    distribution: Distribution,
    place: Extending,
    noise: Tensor | None = None,
    *,
    rest: bool = True,
) -> Draw:
    """Every sequence that there is continued by every value, the best of these, unweighted.

    ``rest`` is as in `draw_set`: what is summed up must have been from the first draw.
    """
    joint, plate_dim = joint_of(place.before), place.plate_dim
    if joint.same is not None:
        raise ValueError(
            "what joins a sample without replacement is drawn with it: of this sample values were "
            "given, so give those of what joins it too"
        )
    rows = rows_behind(distribution, place.held)
    with torch.no_grad():
        tables, start = rows.movedim(plate_dim, -2), _prefixes(joint, plate_dim, rest)
        beam, origins, symbols = grow(tables, start, joint.size, noise)
        value = distribution.place_values(symbols.movedim(-1, plate_dim))
        extended = _found(joint.size, beam, plate_dim)
        extended.parents = origins.movedim(-1, plate_dim)
    return Extension(value, distribution, plate_dim, extended, rows, origins, symbols)


def replay_extension(distribution: Distribution, place: Extending, value: Tensor) -> Draw:
    """The draw of values that are given, each of which continues the element at its place."""
    plate_dim = place.plate_dim
    joint = joint_of(place.before, plate_dim)
    if joint.same is None or joint.rest is None:
        raise ValueError(
            "values are given for what joins a sample without replacement, but not for that sample "
            "itself: give both, or none"
        )
    rows = rows_behind(distribution, place.held)
    symbols = distribution.place_indices(value).movedim(plate_dim, 0)
    parents = numbers(symbols[..., 0])
    with torch.no_grad():
        tables = rows.movedim(plate_dim, -2)
        known = retrace(tables, symbols, joint.log_prob, joint.rest, joint.same)
        extended = _retraced(joint.size, *known, plate_dim=plate_dim)
        extended.parents = parents.movedim(0, plate_dim)
    origins, symbols = parents.movedim(0, -1), symbols.movedim(0, -1)
    draw = Extension(value, distribution, plate_dim, extended, rows, origins, symbols)
    draw.replayed = True
    return draw


def joint_of(before: Drawn | Joint, dim: int = 0) -> Joint:
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


def rows_behind(distribution: Distribution, held: Held | None) -> Tensor:
    """``[*plates, places, C]``: the log-probabilities behind each element, with gradient."""
    rows = distribution.place_rows()
    if held is None:
        return rows
    last = distribution.place_indices(held.value).unsqueeze(-1)
    certain = torch.full_like(rows, -torch.inf).scatter(-1, last, 0.0)
    return torch.where(held.alive[..., None, None], rows, certain)


def _prefixes(joint: Joint, dim: int, rest: bool) -> Prefixes:
    """Where stochastic beam search goes on; the elements lie along ``dim``.

    The log-probability of the empty sequence is perturbed like any other: weights that look at the
    threshold need that.
    """
    perturbed, threshold = joint.perturbed, joint.threshold
    if perturbed is None or threshold is None:
        masses = joint.masses
        perturbed = masses - torch.empty_like(masses).exponential_().log()
        threshold = torch.full_like(masses.select(dim, 0), -torch.inf)
    parts = (joint.log_prob, joint.alive, perturbed)
    log_prob, alive, perturbed = (part.movedim(dim, -1) for part in parts)
    return Prefixes(log_prob, alive, perturbed, threshold, joint.rest if rest else None)


def _picked(tables: Tensor, symbols: Tensor) -> Tensor:
    """``[*plates, k]``: the log-probabilities of symbols, with gradient."""
    return tables.squeeze(-2).gather(-1, symbols).sum(-2)


def _found(size: int, beam: Prefixes, plate_dim: int) -> Joint:
    """What is known of the sequences that a beam holds."""
    assert beam.perturbed is not None
    parts = (beam.log_prob, beam.alive, beam.perturbed)
    log_prob, alive, perturbed = (part.movedim(-1, plate_dim) for part in parts)
    return Joint(size, log_prob, alive, beam.rest, perturbed, beam.threshold)


def _retraced(size: int, mass: Tensor, rest: Tensor, same: Tensor, plate_dim: int = 0) -> Joint:
    """The state of values that were given: of equal sequences the first one counts."""
    first = same.to(torch.uint8).argmax(1) == numbers(mass)
    alive = first & (mass > -torch.inf)
    return Joint(size, mass, alive, rest, same=same).moved(0, plate_dim)
