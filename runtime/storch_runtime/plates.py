"""Looking at estimates: plates reduced, and variances over them."""

from __future__ import annotations

import torch
from torch import Tensor

from storch_runtime.estimate import Estimate
from storch_runtime.layout import Sampled, Valued
from storch_runtime.surrogate import weight_product, weighted_sum
from storch_runtime.views import aligned, expanded, own_weight_of

__all__ = ["reduce_plates", "variance"]


def reduce_plates(
    estimate: Estimate, name: str, plates: tuple[str, ...] | list[str] | str | None = None
) -> Tensor:
    """A cost, report or sample with ``plates`` reduced (None: all), as the total cost reduces them.

    Weighted over sample plates, mean or sum over data plates; detached. What is left is
    ``[*plates, *event]``, the other plates in their order. KeyError for a name that is no cost,
    report or sample; ValueError for a plate that it has not, or whose weights differ along another
    that stays.

    >>> import storchc, torch
    >>> model = storchc.load(text='''
    ... story Coins
    ... plate data
    ... input x[data]
    ... param w = 0.0
    ... sample z ~ Bernoulli(logits=w * x) with Expect()
    ... cost miss = z * x
    ... ''')()
    >>> estimate = model(torch.tensor([0.0, 2.0, 4.0]))
    >>> reduce_plates(estimate, "miss", "z")
    tensor([0., 1., 2.])
    >>> reduce_plates(estimate, "miss")
    tensor(1.)
    """
    value, entry = _public(estimate, name)
    if entry.steps:
        value = _by_step(estimate, name)
    left = [*entry.steps, *entry.plates]
    waiting = _chosen(entry, name, plates)
    while waiting:
        plate = _next(estimate, entry, waiting, left)
        value = _reduced(estimate, value, entry, plate, left)
        left.remove(plate)
        waiting.remove(plate)
    return value.sum(tuple(range(len(entry.steps)))) if entry.steps else value


def _by_step(estimate: Estimate, name: str) -> Tensor:
    """A cost whose steps weigh differently, ``[*steps, *plates]``."""
    entry, value = estimate.layout.costs[name], estimate.cost_values[name].detach()
    sizes = estimate.plate_sizes() | dict(zip(entry.steps, value.shape, strict=False))
    stored = None if entry.stored is None else entry.steps + entry.stored
    return expanded(value, stored, entry.steps + entry.plates, sizes)


def variance(estimate: Estimate, name: str, plate: str | None = None) -> Tensor:
    """The variance of a cost, report or sample over a plate (None: the newest), other plates kept.

    Over elements of equal weight it is the unbiased one, ``Σ (f - mean)² / (n - 1)``; otherwise
    ``Σ w (f - mean)² / Σ w``. It is ``[*plates, *event]`` without the plate, in the unit of the
    value squared; detached. KeyError for a name that is no cost, report or sample; ValueError where
    there is no such plate, or nothing to see along it.

    >>> import storchc, torch
    >>> model = storchc.load(text='''
    ... story Coins
    ... param w = 0.0
    ... sample z ~ Bernoulli(logits=w) with Expect()
    ... cost paid = 2 * z
    ... ''')()
    >>> variance(model(), "paid")
    tensor(1.)
    """
    value, entry = _public(estimate, name)
    if not entry.plates:
        raise ValueError(f"`{name}` has no plates to take a variance over")
    (plate,) = _chosen(entry, name, entry.plates[0] if plate is None else plate)
    sampled = estimate.layout.samples.get(plate)
    if sampled is not None and sampled.absent:
        raise ValueError(f"no variance over `{plate}`: {sampled.absent}")
    dim = entry.plates.index(plate)
    weight = _weight(estimate, value, entry, plate, list(entry.plates))
    if weight is None:
        return value.var(dim)
    weight = weight.expand_as(value)
    total = weight.sum(dim)
    mean = weighted_sum(weight, value, (dim,)) / total
    return weighted_sum(weight, (value - mean.unsqueeze(dim)).square(), (dim,)) / total


def _public(estimate: Estimate, name: str) -> tuple[Tensor, Valued]:
    """The tensor of that name, detached and floating, with its entry."""
    layout = estimate.layout
    if name in layout.costs:
        value, entry = estimate.costs[name], layout.costs[name]
    elif name in layout.reports:
        value, entry = estimate.reports[name], layout.reports[name]
    elif name in layout.samples:
        value, sampled = estimate.samples[name], layout.samples[name]
        entry = Valued(sampled.plates, weights=sampled.weights, products=sampled.products)
    else:
        known = ", ".join(estimate.plates)
        raise KeyError(f"the story has no cost, report or sample `{name}`; it has {known}")
    value = value.detach()
    return value if value.is_floating_point() else value.to(torch.get_default_dtype()), entry


def _chosen(
    entry: Valued, name: str, plates: tuple[str, ...] | list[str] | str | None
) -> list[str]:
    """The plates to reduce, newest first."""
    wanted = entry.plates if plates is None else (plates,) if isinstance(plates, str) else plates
    for plate in wanted:
        if plate not in entry.plates:
            raise ValueError(f"`{name}` has no plate `{plate}`; its plates are {entry.plates}")
    return [plate for plate in entry.plates if plate in wanted]


def _next(estimate: Estimate, entry: Valued, waiting: list[str], left: list[str]) -> str:
    """The newest plate that the weights of no other one carry: such a plate cannot go first."""
    carriers = [(plate, _carrier(estimate, entry, plate, left)) for plate in waiting]
    free = [plate for plate, carrier in carriers if carrier is None]
    if not free:
        plate, carrier = carriers[0]
        raise ValueError(
            f"the weights of plate `{carrier}` differ along `{plate}`: reduce `{carrier}` too"
        )
    return free[0]


def _carrier(estimate: Estimate, entry: Valued, plate: str, left: list[str]) -> str | None:
    """Another plate that is left, whose weights differ along ``plate``."""
    for other in left:
        names = entry.weights.get(other, ()) if other != plate else ()
        if any(plate in _carried(estimate, entry, name) for name in names):
            return other
    return None


def _carried(estimate: Estimate, entry: Valued, name: str) -> tuple[str, ...]:
    """The plates along which the weights of a sample differ for this entry, behind its steps."""
    over, sampled = entry.products.get(name, ()), estimate.layout.samples[name]
    return _told(entry, sampled) + tuple(p for p in sampled.plates if p not in over)


def _told(entry: Valued, sampled: Sampled) -> tuple[str, ...]:
    """The loops whose steps both tell apart."""
    return tuple(loop for loop in sampled.loops if loop in entry.steps)


def _weight_of(estimate: Estimate, entry: Valued, name: str) -> Tensor:
    """The weights of a sample, detached; multiplied over plates that were reduced before."""
    layout, sizes = estimate.layout, estimate.plate_sizes()
    plates, over = layout.samples[name].plates, entry.products.get(name, ())
    told = _told(entry, layout.samples[name])
    weight = own_weight_of(name, layout, estimate.draws, sizes, len(told)).detach()
    dims = tuple(len(told) + plates.index(plate) for plate in over)
    return weight_product(weight, dims, sizes[name] if name in plates else 1) if dims else weight


def _reduced(
    estimate: Estimate, value: Tensor, entry: Valued, plate: str, left: list[str]
) -> Tensor:
    dim = left.index(plate)
    if plate in estimate.layout.sums:
        return value.sum(dim)
    weight = _weight(estimate, value, entry, plate, left)
    return value.mean(dim) if weight is None else weighted_sum(weight, value, (dim,))


def _weight(
    estimate: Estimate, value: Tensor, entry: Valued, plate: str, left: list[str]
) -> Tensor | None:
    """The weights of a plate's elements, aligned with ``value``; None: all equal."""
    total = None
    for name in entry.weights.get(plate, ()):
        weight = _weight_of(estimate, entry, name)
        weight = aligned(weight, _carried(estimate, entry, name), tuple(left))
        total = weight if total is None else total * weight
    if total is None:
        return None
    if plate not in entry.weights[plate]:  # its elements are many draws of equal weight otherwise
        total = total / estimate.plate_sizes()[plate]
    return total.reshape(total.shape + (1,) * (value.dim() - total.dim()))
