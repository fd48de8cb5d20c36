"""Looks at the gradient of a model while it trains."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from inspect import signature
from typing import Any, Protocol, Self, cast

import torch
from torch import Tensor, nn

from storch_runtime.baselines.errors import BaselineErrors
from storch_runtime.estimate import Estimate
from storch_runtime.greedy import enumerated
from storch_runtime.statistics import GradientStatistics, gradient_statistics
from storch_runtime.story import StoryModule

__all__ = ["Monitor"]


class Writer(Protocol):
    """What a ``torch.utils.tensorboard.SummaryWriter`` has."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any:
        """Write one figure of one step."""


Report = Callable[[int, Mapping[str, float]], object]

_SIZE = "effective_sample_size/"
_NO_INPUTS = frozenset({"given", "generator", "keep_param_grads"})


class Monitor:
    """Looks at a ``model`` in every ``every``-th forward pass that it trains in.

    A look estimates the gradient ``repeats`` times more on the inputs of that pass and reports, in
    the cost's and the gradient's units:

    * ``cost``: the estimated total cost of the pass;
    * ``gradient/norm`` and ``gradient/variance``: the length of the mean gradient and the summed
      variances of one estimate; ``gradient/variance/encoder`` those of the parameters that begin
      with this name;
    * ``effective_sample_size/z``: ``(Σ w)² / Σ w²`` of a sample whose draws carry weights, averaged
      over its other plates (Kong 1992); n where all weigh alike;
    * ``baseline_error/z``: the mean square of what a baseline leaves of the cost that it is taken
      from; ``baseline_left/z`` its share of the mean square of that cost: at 1 or above the
      baseline is of no use;
    * ``bias/norm``, the length of what is between the mean gradient and that of the ``reference``,
      and ``bias/standard_errors``, the largest of it in a coordinate, in standard errors. The
      reference is the same story with another method, ``Expect()`` where that is possible; it takes
      the model's parameters over at each look.

    ``to`` is a ``SummaryWriter``, or a function that is called with the number of the pass and
    these figures; None makes a ``SummaryWriter``. The model learns as if nobody looked: random
    numbers, moving averages and annealing stand still. Functions of the story with a state of
    their own (an environment) are called all the same. Of `torch.compile` give the compiled module;
    one that is wrapped for several processes needs a monitor in each. Between looks nothing is
    computed; `close`, or the end of a ``with``, takes the monitor away.

    ValueError where ``every`` is below 1, ``repeats`` below 2, or the reference is of another
    story; TypeError where there is no story to look at; ImportError where tensorboard is missing.

    >>> import storchc
    >>> model = storchc.load(text='''
    ... story Coin
    ... param w = 0.0
    ... sample z ~ Bernoulli(logits=w) with ScoreFunction(n=2)
    ... cost paid = z
    ... ''')()
    >>> seen = {}
    >>> with Monitor(model, every=2, to=seen.__setitem__):
    ...     for _ in range(5):
    ...         cost = model().backward()
    >>> list(seen), list(seen[2])
    ([2, 4], ['cost', 'gradient/norm', 'gradient/variance', 'gradient/variance/w'])
    """

    def __init__(
        self,
        model: nn.Module,
        every: int = 100,
        *,
        to: Writer | Report | None = None,
        repeats: int = 20,
        reference: StoryModule | None = None,
    ) -> None:
        if every < 1:
            raise ValueError(f"every is {every}: a monitor looks at every 1st pass, or at fewer")
        if repeats < 2:
            raise ValueError("a variance needs 2 repeats or more")
        self.story = _story_of(model)
        self.every, self.repeats, self.reference = every, repeats, reference
        self.passes = 0
        self._pairs = [] if reference is None else _pairs(self.story, reference)
        self._report = _report_to(to)
        self._looking = False
        after = torch.compiler.disable(self._after)  # type: ignore[no-untyped-call]
        self._hook = model.register_forward_hook(after, with_kwargs=True)

    def close(self) -> None:
        """Look no more."""
        self._hook.remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def _after(
        self, module: nn.Module, args: tuple[Any, ...], named: dict[str, Any], found: object
    ) -> None:
        """A forward pass has ended."""
        trains = self.story.training and torch.is_grad_enabled() and named.get("given") is None
        if self._looking or not trains or not isinstance(found, Estimate):
            return
        self.passes += 1
        if self.passes % self.every:
            return
        self._looking = True
        try:
            self._report(self.passes, self._figures(found, args, named))
        finally:
            self._looking = False

    def _figures(
        self, found: Estimate, args: tuple[Any, ...], named: Mapping[str, Any]
    ) -> dict[str, float]:
        """What one look has seen; a generator of the pass is the one that draws already."""
        inputs = signature(self.story.forward).bind(*args, **named).arguments
        inputs = {name: value for name, value in inputs.items() if name not in _NO_INPUTS}
        devices = {p.device for p in self.story.parameters() if p.is_cuda}
        figures = {"cost": found.cost.item()}
        with torch.random.fork_rng(list(devices)):
            with BaselineErrors(self.story.methods) as errors:
                gradient = gradient_statistics(self.story, inputs, self.repeats)
            figures |= _of_gradient(gradient)
            listed = enumerated(self.story.methods)
            sizes = _effective_sizes(found)
            figures |= {_SIZE + name: size for name, size in sizes if name not in listed}
            figures |= errors.figures()
            if self.reference is not None:
                self._follow()
                other = gradient_statistics(self.reference, inputs, self.repeats)
                figures |= _of_bias(gradient, other)
        return figures

    @torch.no_grad()
    def _follow(self) -> None:
        """Give the reference what the model has learned."""
        for theirs, ours in self._pairs:
            theirs.copy_(ours)


def _story_of(model: nn.Module) -> StoryModule:
    """The story within wrappers: those of `torch.compile`, of data parallelism."""
    inner: object = model
    while not isinstance(inner, StoryModule):
        inner = getattr(inner, "_orig_mod", None) or getattr(inner, "module", None)
        if inner is None:
            raise TypeError(f"a monitor looks at a compiled story, not at {type(model).__name__}")
    return inner


def _report_to(to: Writer | Report | None) -> Report:
    """A function that reports, whatever was given."""
    if to is None:
        to = _summary_writer()
    if callable(to):
        return to
    writer = to

    def write(step: int, figures: Mapping[str, float]) -> None:
        for name, value in figures.items():
            writer.add_scalar(name, value, step)

    return write


def _summary_writer() -> Writer:
    """A writer for tensorboard, into its usual folder."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise ImportError(
            "a monitor writes for tensorboard, which is not installed: install the package "
            "`tensorboard`, or give `to=` a function of the step and the figures"
        ) from None
    return cast(Writer, SummaryWriter())


def _pairs(story: StoryModule, reference: StoryModule) -> list[tuple[Tensor, Tensor]]:
    """What the reference takes over at each look: its tensors, and those of the story."""
    theirs, ours = _learned(reference), _learned(story)
    if theirs.keys() != ours.keys():
        apart = ", ".join(f"`{name}`" for name in sorted(theirs.keys() ^ ours.keys()))
        raise ValueError(f"the reference is of another story: only one of the two has {apart}")
    return [(theirs[name], ours[name]) for name in ours if theirs[name] is not ours[name]]


def _learned(story: StoryModule) -> dict[str, Tensor]:
    """The parameters of the model itself and the buffers of its modules, by name."""
    own = {id(parameter) for parameter in story.model_parameters()}
    found = {name: p for name, p in story.named_parameters() if id(p) in own}
    return found | {n: b for n, b in story.named_buffers() if not n.startswith("methods.")}


def _of_gradient(gradient: GradientStatistics) -> dict[str, float]:
    norm = sum(mean.square().sum().item() for mean in gradient.mean.values()) ** 0.5
    figures = {"gradient/norm": norm, "gradient/variance": gradient.total_variance}
    for name, variance in gradient.variance.items():
        group = f"gradient/variance/{name.split('.')[0]}"
        figures[group] = figures.get(group, 0.0) + variance.sum().item()
    return figures


def _of_bias(gradient: GradientStatistics, other: GradientStatistics) -> dict[str, float]:
    """How far the mean gradient is from the mean of the ``other``."""
    squares, most = 0.0, 0.0
    for name, mean in gradient.mean.items():
        away = (mean - other.mean[name]).abs()
        error = (gradient.standard_error[name] ** 2 + other.standard_error[name] ** 2).sqrt()
        rounding = torch.finfo(torch.float32).eps * other.mean[name].abs()
        squares += away.square().sum().item()
        most = max(most, (away / (error + rounding)).nan_to_num().max().item())
    return {"bias/norm": squares**0.5, "bias/standard_errors": most}


@torch.no_grad()
def _effective_sizes(found: Estimate) -> Iterator[tuple[str, float]]:
    """The effective sample size of each sample whose draws carry weights of their own."""
    for name, entry in found.layout.samples.items():
        draw = found.draws.get(name)
        plate = entry.plate or name
        if entry.absent or draw is None or draw.weight is None or plate not in entry.plates:
            continue
        weights = found.weights[name]
        dim = entry.plates.index(plate)
        sizes = weights.sum(dim).square() / weights.square().sum(dim)
        yield name, sizes.nanmean().item()
