"""Where in a backward pass a gradient stops being finite, looked for while a model is validated."""

from __future__ import annotations

import linecache
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from storch_runtime.elimination import Last
from storch_runtime.errors import NonFiniteGradient
from storch_runtime.layout import Layout
from storch_runtime.steps import Steps

if TYPE_CHECKING:
    pass
from storch_runtime.drawn import Drawn

__all__ = ["Gradients", "not_a_number"]

_Node = Any  # of the graph of autograd


class Gradients(AbstractContextManager[None]):
    """Looks at every gradient of one backward pass; used as a context around it.

    A gradient that is not finite on its way may be cut off further up, so only one that arrives at
    a parameter raises, before it is added to ``.grad``. It is told by the operation that first gave
    it, and by the sample or cost for which that operation was computed.
    """

    def __init__(
        self,
        total: Tensor,
        costs: Mapping[str, Tensor],
        draws: Mapping[str, Drawn],
        layout: Layout,
        model: nn.Module,
    ) -> None:
        self._model = model
        self._draws = draws
        self._nodes = list(_reached(total.grad_fn))  # kept, so that a node stays the same object
        self._named = dict([*_named_costs(costs, layout), *_named_draws(draws, model)])
        self._spoilt: dict[_Node, _Node] = {}
        self._below: dict[_Node, str] = {}

    def __enter__(self) -> None:
        self._hooks = [
            node.register_prehook(self._arrival(node))
            if hasattr(node, "variable")
            else node.register_hook(self._step(node))
            for node in self._nodes
        ]

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()
        self._nodes.clear()

    def _step(self, node: _Node) -> Any:
        """What is looked at when the gradient has gone through ``node``."""

        def look(found: tuple[Tensor | None, ...], _: object) -> None:
            here = self._below[node] = self._named.get(node) or self._below.get(node, "the total")
            for (above, _index), gradient in zip(node.next_functions, found, strict=False):
                self._below[above] = here
                if gradient is not None and not _finite(gradient):
                    self._spoilt[above] = self._spoilt.get(node, node)

        return look

    def _arrival(self, node: _Node) -> Any:
        """What is looked at when a gradient comes to a parameter or an input."""

        def look(found: tuple[Tensor | None, ...]) -> None:
            if any(gradient is not None and not _finite(gradient) for gradient in found):
                raise NonFiniteGradient(self._blame(node))

        return look

    def _blame(self, leaf: _Node) -> str:
        names = {id(value): name for name, value in self._model.named_parameters()}
        known = names.get(id(leaf.variable))
        subject = f"`{known}`" if known else "an input"
        nan = not_a_number(self._draws)
        if nan:
            return f"{nan}, nor is the gradient of {subject}"
        origin: _Node = self._spoilt.get(leaf, leaf)
        place, _, thing = self._below.get(origin, "the total").rpartition("|")
        return (
            f"{place + ': ' if place else ''}the gradient of {subject} is not finite, from "
            f"`{origin.name()}` on, which was computed for {thing}"
        )


def not_a_number(draws: Mapping[str, Drawn]) -> str:
    """The first parameter of a sample that holds NaN, in words; empty where none does."""
    for name, draw in draws.items():
        for value, what in _parts(draw):
            if bool(value.isnan().any()):
                return f"{what}`{name}` is not a number"
    return ""


def _finite(gradient: Tensor) -> bool:
    dense = gradient._values() if gradient.is_sparse else gradient
    return bool(dense.isfinite().all())


def _reached(start: _Node) -> Iterator[_Node]:
    """Every node of the graph, once; none where the total is a parameter itself."""
    seen, waiting = {start}, [] if start is None else [start]
    while waiting:
        node = waiting.pop()
        yield node
        for above, _index in node.next_functions:
            if above is not None and above not in seen:
                seen.add(above)
                waiting.append(above)


def _named_costs(costs: Mapping[str, Tensor], layout: Layout) -> Iterator[tuple[_Node, str]]:
    """The nodes that made the costs, each with its place and name."""
    for name, value in costs.items():
        yield value.grad_fn, f"{layout.costs[name].where}|`{name}`"


def _named_draws(draws: Mapping[str, Drawn], model: nn.Module) -> Iterator[tuple[_Node, str]]:
    """The nodes that made what belongs to samples, each with its place and what it is."""
    places = _places(model)
    for name, draw in draws.items():
        for value, what in _parts(draw):
            if value.grad_fn is not None:
                yield value.grad_fn, f"{places.get(name, '')}|{what}`{name}`"


def _parts(draw: Drawn) -> Iterator[tuple[Tensor, str]]:
    if isinstance(draw, Steps):
        for step in draw.draws:
            yield from _parts(step)
        return
    if isinstance(draw, Last):
        return
    for name, value in draw.distribution.parameters.items():
        yield value, f"`{name}` of "
    yield draw.value, ""
    if draw.weight is not None:
        yield draw.weight, "the weights of "
    if draw.score is not None:
        yield draw.score, "the score of "


def _places(model: nn.Module) -> Mapping[str, str]:
    """The story lines of the samples, as the generated module has them in its comments."""
    file = sys.modules[type(model).__module__].__file__ or ""
    found = (_SAMPLE.match(line) for line in linecache.getlines(file))
    return {match["name"]: match["place"] for match in found if match}


_SAMPLE = re.compile(r"^\s*#\s*(?P<place>\S+:\d+)\s+sample\s+(?P<name>\w+)")
