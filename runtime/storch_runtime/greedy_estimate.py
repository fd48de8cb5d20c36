"""The estimate of a call in which samples took their most probable values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.elimination import Last
from storch_runtime.estimate import Estimate, WatchedEstimate
from storch_runtime.layout import Sampled, Valued
from storch_runtime.views import aligned, own_weight_of

__all__ = ["GreedyEstimate", "at_modes", "with_modes"]


class GreedyEstimate(WatchedEstimate):
    """Costs at most probable values: no estimate of a gradient."""

    __slots__ = ()

    def backward(self, *, retain_graph: bool = False) -> Tensor:
        """Raise: a value that was not drawn has no score."""
        raise RuntimeError(
            "this estimate was made with `MODE`: its values are the most probable ones, not drawn, "
            "and their costs tell no gradient; call the model without `MODE` to train it"
        )


def with_modes(found: Estimate) -> GreedyEstimate:
    """The estimate of a call in which some samples took their modes."""
    return GreedyEstimate(
        found.loss.detach(),
        found.layout,
        sizes=found.sizes,
        draws=found.draws,
        cost_values={name: value.detach() for name, value in found.cost_values.items()},
        report_values=found.report_values,
    )


def at_modes(found: Estimate, enumerated: Sequence[str]) -> GreedyEstimate:
    """The estimate of a call in which all did: every plate of a sample has one element.

    Of the samples ``enumerated`` that is the outcome which weighs 1.
    """
    taken = _taken(found, enumerated)
    layout = found.layout
    samples = {n: _sampled(entry) for n, entry in layout.samples.items()}
    draws = {
        n: draw if layout.samples[n].absent else _drawn(found, taken, n)
        for n, draw in found.draws.items()
    }
    return GreedyEstimate(
        found.loss.detach(),
        replace(
            layout,
            samples=samples,
            costs={n: _valued(entry) for n, entry in layout.costs.items()},
            reports={n: _valued(entry) for n, entry in layout.reports.items()},
        ),
        sizes=found.sizes,
        draws=draws,
        cost_values={n: _at(found.costs[n], e.plates, taken) for n, e in layout.costs.items()},
        report_values={
            n: _at(found.reports[n], e.plates, taken) for n, e in layout.reports.items()
        },
    )


Taken = Mapping[str, tuple[Tensor, tuple[str, ...]]]
"""By plates: which element is taken, over the plates that it depends on, newest first."""


def _taken(found: Estimate, enumerated: Sequence[str]) -> Taken:
    """Which outcome of each of the plates that enumerated samples open weighs 1.

    Of factors that are evaluated apart there is none: no cost is left along their plate.
    """
    layout, sizes = found.layout, found.plate_sizes()
    taken: dict[str, tuple[Tensor, tuple[str, ...]]] = {}
    for name in (n for n in enumerated if n in found.draws):
        entry = layout.samples[name]
        if entry.absent and not isinstance(found.draws[name], Last):
            taken[name] = torch.zeros(1, dtype=torch.int64, device=found.loss.device), (name,)
        else:
            weight = own_weight_of(name, layout, found.draws, sizes)
            taken[name] = weight.argmax(entry.plates.index(name), keepdim=True), entry.plates
    return taken


def _at(tensor: Tensor, plates: tuple[str, ...], taken: Taken) -> Tensor:
    """``[*plates, *event]`` at the elements that are taken, one in each of their plates."""
    for dim, plate in enumerate(plates):  # newest first: one depends on those behind it
        if plate not in taken or tensor.shape[dim] == 1:
            continue
        index, along = taken[plate]
        index = aligned(index, along, plates)
        event = tensor.shape[len(plates) :]
        index = index.reshape(*index.shape, *(1,) * len(event))
        shape = [1 if i == dim else size for i, size in enumerate(tensor.shape)]
        tensor = tensor.gather(dim, index.expand(shape))
    return tensor


def _drawn(found: Estimate, taken: Taken, name: str) -> Drawn:
    plates = found.layout.samples[name].plates
    log_prob = _at(found.log_probs[name], plates, taken)
    return Draw(
        _at(found.samples[name], plates, taken),
        found.draws[name].distribution,
        torch.ones_like(log_prob),
        log_prob,
        replayed=True,
    )


def _sampled(entry: Sampled) -> Sampled:
    if entry.absent:
        return replace(entry, value=None)
    return Sampled(plates=entry.plates, plate=entry.plate)


def _valued(entry: Valued) -> Valued:
    return Valued(plates=entry.plates, where=entry.where)
