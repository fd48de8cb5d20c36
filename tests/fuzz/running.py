"""Runs a story that compiled: modules, functions and inputs of the shapes that it declares."""

from __future__ import annotations

import re
import traceback
from typing import Any

import torch
from torch import Tensor, nn

from storch_runtime.errors import MovedJump, NonFiniteCost, StoryValueError
from storchc.driver import Result
from storchc.ir.nodes import Callee, Passed
from storchc.ir.types import ValueType
from storchc.loading import load_class

DTYPES = {"float": torch.float32, "int": torch.int64, "bool": torch.bool}
FREE, ELEMENTS, LARGEST = 3, 2, 10_000
"""Sizes of free dims and of plates; stories with larger integers are not run."""


class _Stub(nn.Module):
    """Gives floats that depend on all arguments, rows by rows."""

    def __init__(self, callee: Callee) -> None:
        super().__init__()
        self.results, self.folds = callee.results, callee.folds
        self.weight = nn.Parameter(torch.randn(()))

    def forward(self, *given: Any) -> Any:
        tensors = [t for g in given for t in (g if isinstance(g, tuple) else (g,))]
        rows = len(tensors[0]) if tensors and self.folds else 1
        mixed = self.weight + torch.zeros(rows)
        if self.folds:
            mixed = mixed + sum(t.detach().float().reshape(rows, -1).mean(1) for t in tensors)
        made = [_passed(passed, mixed if self.folds else mixed[0]) for passed in self.results]
        return made[0] if len(made) == 1 else tuple(made)


class _Law(_Stub):
    """Normal variables around 0 in every element, rounded where the story wants integers.

    What learns is a shift of the log-probability, which changes no draw.
    """

    def sample(self, *given: Any, rows: int = 1) -> Tensor:
        rows = len(given[0]) if given else rows
        (passed,) = self.results
        value = torch.randn(rows, *_sizes(passed.items[0]))
        kind = passed.items[0].dtype
        return value if kind == "float" else (value.abs() % 2).to(DTYPES[kind])

    def rsample(self, *given: Any, rows: int = 1) -> Tensor:
        return self.sample(*given, rows=rows) + 0 * self.weight

    def log_prob(self, value: Tensor, *given: Any) -> Tensor:
        return -value.float().square().flatten(1).sum(1) + self.weight

    def entropy(self, *given: Any, rows: int = 1) -> Tensor:
        return self.weight + torch.zeros(len(given[0]) if given else rows)


def _passed(passed: Passed, mixed: Tensor) -> Any:
    made = [_filled(item, mixed) for item in passed.items]
    return tuple(made) if passed.is_tuple else made[0]


def _filled(item: ValueType, mixed: Tensor) -> Tensor:
    sizes = _sizes(item)
    wide = mixed.reshape([*mixed.shape, *[1] * len(sizes)]) + torch.randn(sizes)
    return wide if item.dtype == "float" else (wide.abs() % 2).to(DTYPES[item.dtype])


def _sizes(item: ValueType) -> list[int]:
    sizes = [FREE if size.value is None else size.value for size in item.shape]
    if any(size > LARGEST for size in sizes):
        raise OverflowError
    return sizes


def _of_a_layer(error: Exception) -> bool:
    """Whether a layer of a module's default raised it, whose sizes are the user's affair."""
    frames = (frame.filename for frame in traceback.extract_tb(error.__traceback__))
    return any("torch/nn/modules/" in f and not f.endswith("module.py") for f in frames)


def run(result: Result, name: str) -> None:
    """Make the model, call it and differentiate; what the story's own words refuse is fine."""
    assert result.code is not None and result.graph is not None
    graph = result.graph
    if max((int(n) for n in re.findall(r"\b\d+\b", result.code)), default=0) > LARGEST:
        raise OverflowError
    story = load_class(result.code, graph.name, name)
    made = {
        c.name: (_Law if c.kind == "distribution" else _Stub)(c)
        for c in graph.callees.values()
        if c.default is None and not c.path
    }
    inputs = {}
    for item in graph.inputs:
        value = torch.rand([*[ELEMENTS] * len(item.type.plates), *_sizes(item.type)])
        kind = item.type.dtype
        inputs[item.name] = value.requires_grad_() if kind == "float" else value.to(DTYPES[kind])
    try:
        story(**made)(**inputs).backward()
    except (NonFiniteCost, MovedJump, StoryValueError):
        return
    except (RuntimeError, ValueError, IndexError) as error:
        if not _of_a_layer(error) and not re.match(
            r"\S+:\d+: |the loss of this estimate depends on no", str(error)
        ):
            raise
