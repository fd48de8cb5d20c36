"""What a step of the gallery's language model takes beside the user's own functions.

The user's are `generate`, the passes of both models over what was written, with their way back, and
the reward; the time in them is taken off. On the way back the story's own part comes first: from
the loss to the log-probability that the user's `log_prob` has returned.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from statistics import median
from types import ModuleType
from typing import Any

from torch import Tensor

import storchc

FOLDER = Path(__file__).parents[2] / "specs" / "language_model"


@dataclass(slots=True)
class Watch:
    """Seconds of the processor in the user's functions, and when the way back reached them."""

    seconds: float = 0.0
    reached: float = 0.0

    def timed(self, function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        """``function``, with its time counted; and a note of when its gradient comes back."""

        def call(*given: Any) -> Tensor:
            began = time.process_time()
            value = function(*given)
            if value.requires_grad:
                value.register_hook(self.note)
            self.seconds += time.process_time() - began
            return value

        return call

    def note(self, _: Tensor) -> None:
        """The gradient has come back to the user's function."""
        self.reached = time.process_time()


@dataclass(frozen=True, slots=True)
class Own:
    """Seconds of each step, and of those its own."""

    whole: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The median over the steps of what a step's own work takes of it."""
        return median(own / whole for own, whole in zip(self.own, self.whole, strict=True))


def scripts() -> ModuleType:
    """The gallery's script; `ImportError` without the package `transformers`."""
    before = set(sys.modules)
    sys.path.insert(0, str(FOLDER))
    try:
        return import_module("train")
    finally:
        sys.path.remove(str(FOLDER))
        for name in set(sys.modules) - before:  # every folder of the gallery has a `train`
            if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(FOLDER)):
                del sys.modules[name]


def methods() -> list[str]:
    """The gallery's, by name."""
    return list(scripts().METHODS)


def own_work(method: str = "RLOO", steps: int = 41) -> Own:
    """Take ``steps`` steps with a method of the gallery."""
    train = scripts()
    watch = Watch()
    made = storchc.load(FOLDER / "language_model.story", methods={"written": train.METHODS[method]})
    writers = {name: train.Writer(train.new_model()) for name in ("policy", "reference")}
    for writer in writers.values():
        writer.sample, writer.log_prob = watch.timed(writer.sample), watch.timed(writer.log_prob)
    model = made(**writers, reward=watch.timed(train.reward))
    prompt = train.prompts()
    found = Own()
    for number in range(steps + 3):
        model.zero_grad()
        watch.seconds = 0.0
        began = time.process_time()
        estimate = model(prompt, train.BETA)
        estimate.backward()
        ended = time.process_time()
        if number >= 3:  # warm
            found.whole.append(ended - began)
            found.own.append(watch.reached - began - watch.seconds)
    return found
