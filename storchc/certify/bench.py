"""A situation in which a story runs, and what its models give there."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import torch
from torch import Tensor

from storch_runtime import Estimate, MovedJump
from storchc.certify.kinds import attempts, choices, guessed
from storchc.certify.measuring import (
    Asked,
    Measured,
    Probe,
    Watched,
    over_outcomes,
    over_replicates,
)
from storchc.certify.outcomes import NotListed, kept
from storchc.certify.reference import Definition, Reference, definition_of, of_loss
from storchc.certify.situation import Situation, leaves_of
from storchc.certify.variants import Checked
from storchc.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storchc.loading import LoadedStory


TRIES = 12
"""Runs with every check on, before a situation is taken for a good one."""


class CannotRun(Exception):
    """Nothing was found that the story can be run with; its text is what stood in the way."""


@dataclass(slots=True)
class Bench:
    """Models that share all that learns, at the same inputs.

    ``learning`` names what the gradient is taken of: what learns in every one of them.
    """

    situation: Situation
    inputs: dict[str, Tensor]
    parts: dict[str, Any]
    first: LoadedStory
    learning: frozenset[str] = frozenset()

    def model(self, story: Checked) -> LoadedStory:
        """A model of ``story`` with this bench's parameters and modules."""
        made = _made(story, self.situation, self.parts)
        own = dict(self.first.named_parameters(recurse=False))
        with torch.no_grad():
            for name, param in made.named_parameters(recurse=False):
                if name in own:
                    param.copy_(own[name])
        made.validate = "never"
        return made

    def asked(self, model: LoadedStory, twice: bool) -> Asked:
        """What the gradient of this model is taken of."""
        found = leaves_of(model, self.inputs)
        leaves = {name: found[name] for name in sorted(self.learning)}
        count = sum(leaf.numel() for leaf in leaves.values())
        direction = torch.randn(count, generator=self.situation.source("direction"))
        return Asked(leaves, direction if twice else None)


def prepared(
    story: Checked,
    reference: Checked,
    seed: int,
    plate: int,
    given: Mapping[str, Any],
    seconds: float,
) -> Bench:
    """A situation in which both stories run; CannotRun where none is found in this time."""
    options, end = choices(reference.graph), time.monotonic() + seconds
    problem = ""
    for dims in _dims(reference, bool(given)):
        plates = dict.fromkeys(reference.graph.data_plates, plate)
        for kinds in attempts(guessed(reference.story, options), options):
            situation = Situation(seed, plates, dims, kinds, given)
            try:
                return _bench(story, reference, situation)
            except ImportError as error:
                raise CannotRun(str(error)) from error
            except Exception as error:
                problem = problem or f"{type(error).__name__}: {error}"
            if time.monotonic() > end:
                raise CannotRun(problem.splitlines()[0])
    raise CannotRun(problem.splitlines()[0] if problem else "there is nothing to run")


def _dims(story: Checked, given: bool) -> Iterator[dict[str, int]]:
    """Sizes of the free dims: small ones, and those that given modules may have been made for."""
    free = [name for name, dim in story.graph.dims.items() if dim.value is None]
    sizes = (2, 3, 4, 5, 8, 10, 16, 20, 32, 64) if given and free else (2, 3)
    for size in sizes if free else (2,):
        yield dict.fromkeys(free, size)


def _bench(story: Checked, reference: Checked, situation: Situation) -> Bench:
    parts, inputs = situation.parts(story.graph), situation.inputs(story.graph)
    model = _made(reference, situation, parts)
    model.validate = "always"
    try:
        _try(model, inputs)
    except MovedJump:
        inputs = {name: value.detach() for name, value in inputs.items()}
        _try(model, inputs)
    bench = Bench(situation, inputs, parts, model)
    own = bench.model(story)
    own.validate = "always"
    _try(own, inputs)
    bench.learning = frozenset(leaves_of(own, inputs)) & frozenset(leaves_of(model, inputs))
    return bench


def _try(model: LoadedStory, inputs: Mapping[str, Tensor]) -> None:
    """Run the model some times: its figures must be finite."""
    with kept(model) as restore:
        for _ in range(TRIES):
            restore()
            estimate = model(**inputs)
            asked = Asked(leaves_of(model, inputs), None)
            row = asked.row(*of_loss(estimate, None))
            if not bool(row.isfinite().all()):
                raise ValueError("its cost or gradient is not finite")


def _made(story: Checked, situation: Situation, parts: Mapping[str, Any]) -> LoadedStory:
    torch.manual_seed(crc32(f"{situation.seed}".encode()))
    model = story.load()(**parts).double()
    situation.settle(model)
    return model


@contextmanager
def in_double_precision() -> Iterator[None]:
    """Everything in float64, warnings of torch and of stories kept back, randomness left alone."""
    before, state = torch.get_default_dtype(), torch.get_rng_state()
    torch.set_default_dtype(torch.float64)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.set_default_dtype(before)
        torch.set_rng_state(state)


def measured(
    bench: Bench,
    model: LoadedStory,
    probe: Probe,
    asked: Asked,
    seconds: float,
    watched: Watched,
    listed: bool,
) -> Measured:
    """The expectation of what a probe looks at, exact where ``listed``."""
    torch.manual_seed(bench.situation.seed)
    way = over_outcomes if listed else over_replicates
    return way(model, bench.inputs, probe, asked, seconds, watched)


def truth(
    bench: Bench, reference: Reference, twice: bool, seconds: float, watched: Watched
) -> Measured:
    """The expectation of a reference, over all outcomes where these can be listed."""
    model = bench.model(reference.story)
    asked = bench.asked(model, twice)
    probe: Probe = definition_of(reference, {}) if reference.defined else of_loss
    end = time.monotonic() + seconds
    try:
        return measured(bench, model, probe, asked, seconds / 3, watched, listed=True)
    except NotListed:
        if isinstance(probe, Definition):
            probe = definition_of(reference, _levels(bench, model, probe, asked))
        left = end - time.monotonic()
        return measured(bench, model, probe, asked, left, watched, listed=False)


def _levels(bench: Bench, model: LoadedStory, probe: Definition, asked: Asked) -> dict[str, float]:
    """What the costs are about, from a few replicates."""
    once = Asked(asked.leaves, None)
    pilot = over_replicates(model, bench.inputs, probe, once, 0.0, lambda share: None, fewest=2)
    values = pilot.mean[1 : 1 + len(probe.credited)].tolist()
    return dict(zip(probe.credited, values, strict=True))


def orders_of(bench: Bench, story: Checked) -> int | None:
    """The highest derivative that a module says is right, as it knows after a call."""
    model = bench.model(story)
    with kept(model):
        found = model(**bench.inputs)
    assert isinstance(found, Estimate)
    order: int | None = model.order
    return order
