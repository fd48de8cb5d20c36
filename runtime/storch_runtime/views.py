"""Public tensors: views with all their plates, made when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from torch import Tensor

from storch_runtime.drawn import Drawn
from storch_runtime.layout import Layout, Sampled
from storch_runtime.steps import Steps

__all__ = [
    "Views",
    "aligned",
    "expanded",
    "log_prob_of",
    "own_weight_of",
    "value_of",
    "weight_of",
]


class Views(Mapping[str, Tensor]):
    """A read-only mapping whose tensors are made on access."""

    __slots__ = ("_make", "_names")

    def __init__(self, names: Mapping[str, object], make: Callable[[str], Tensor]) -> None:
        self._names = names
        self._make = make

    def __getitem__(self, name: str) -> Tensor:
        if name not in self._names:
            raise KeyError(name)
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<tensors of {', '.join(self._names)}>" if self._names else "<no tensors>"


def expanded(
    tensor: Tensor,
    stored: tuple[str, ...] | None,
    plates: tuple[str, ...],
    sizes: Mapping[str, int],
) -> Tensor:
    """``tensor`` with all of ``plates``; it is stored with ``stored`` (None: with all)."""
    if stored is not None and stored != plates:
        tensor = tensor[tuple(slice(None) if plate in stored else None for plate in plates)]
    return tensor.expand(tuple(sizes[plate] for plate in plates) + tensor.shape[len(plates) :])


def _drawn(name: str, entry: Sampled, draws: Mapping[str, Drawn]) -> Drawn:
    if entry.absent:
        raise KeyError(f"{name}: {entry.absent}")
    return draws[name]


def value_of(
    name: str, layout: Layout, draws: Mapping[str, Drawn], sizes: Mapping[str, int]
) -> Tensor:
    """The values of a sample, ``[*plates, *event]``."""
    entry = layout.samples[name]
    return expanded(_drawn(name, entry, draws).value, entry.value, entry.plates, sizes)


def log_prob_of(
    name: str, layout: Layout, draws: Mapping[str, Drawn], sizes: Mapping[str, int]
) -> Tensor:
    """The log-probabilities of a sample, ``[*plates]``."""
    entry = layout.samples[name]
    return expanded(_drawn(name, entry, draws).log_prob, entry.weight, entry.plates, sizes)


def weight_of(
    name: str, layout: Layout, draws: Mapping[str, Drawn], sizes: Mapping[str, int]
) -> Tensor:
    """The weights of a sample's elements, ``[*plates]``: of all that it depends on in its plate."""
    entry = layout.samples[name]
    _drawn(name, entry, draws)
    weight = own_weight_of(name, layout, draws, sizes)
    if entry.plate is None or entry.joint:
        return weight
    others = entry.weights.get(entry.plate, ())
    for other in (o for o in others if o != name):
        outer = own_weight_of(other, layout, draws, sizes)
        weight = weight * aligned(outer, layout.samples[other].plates, entry.plates)
    return weight if entry.plate in others else weight / sizes[entry.plate]


def own_weight_of(
    name: str, layout: Layout, draws: Mapping[str, Drawn], sizes: Mapping[str, int], told: int = 0
) -> Tensor:
    """What a sample contributes to the weights of the plate it stands in, ``[*plates]``.

    With the steps of ``told`` loops around it in front: of each step what was drawn up to there.
    """
    entry = layout.samples[name]
    draw = draws[name]
    if told and isinstance(draw, Steps) and draw.weight_by_step is not None:
        last = (slice(None),) * told + (-1,) * (draw.depth - told)
        weight, steps = draw.weight_by_step[last], entry.loops[:told]
        stored = None if entry.weight is None else steps + entry.weight
        counts = dict(zip(steps, weight.shape, strict=False))
        return expanded(weight, stored, steps + entry.plates, {**sizes, **counts})
    if draw.weight is not None:
        return expanded(draw.weight, entry.weight, entry.plates, sizes)
    share = 1.0 if entry.plate is not None else 1.0 / sizes[name]
    value = draw.value
    dtype = value.dtype if value.is_floating_point() else draw.log_prob.dtype
    shape = [1] * told + [sizes[plate] for plate in entry.plates]
    return value.new_full((), share, dtype=dtype).expand(shape)


def aligned(tensor: Tensor, plates: tuple[str, ...], wanted: tuple[str, ...]) -> Tensor:
    """``tensor`` over ``plates``, with a dimension for each of ``wanted``: 1 where it has none."""
    return tensor[tuple(slice(None) if plate in plates else None for plate in wanted)]
