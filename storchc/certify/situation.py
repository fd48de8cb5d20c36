"""Where a story is certified: sizes, inputs, and what is passed to its constructor; all at random.

Numbers are in double precision. The same seed gives the same situation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zlib import crc32

import torch
from torch import Tensor, nn

from storchc.certify.sizes import numbers
from storchc.certify.stand_ins import LIMITED, Part, Signature, StandIn, StandInLaw, function_of
from storchc.ir.graph import Graph
from storchc.ir.nodes import Callee, Input
from storchc.records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from storchc.loading import LoadedStory

STATE = 0.7
"""What the averages of methods are set to: none is where it starts."""


@dataclass(frozen=True, slots=True)
class Situation:
    """Sizes of data plates and free dims, where numbers lie, and the seed of it all.

    ``given`` are the constructor's arguments that a user has made.
    """

    seed: int
    plates: Mapping[str, int]
    dims: Mapping[str, int]
    kinds: Mapping[str, str]
    given: Mapping[str, Any]

    def source(self, name: str) -> torch.Generator:
        """The randomness of one thing, whatever else there is."""
        return torch.Generator().manual_seed(crc32(f"{self.seed} {name}".encode()))

    def inputs(self, graph: Graph) -> dict[str, Tensor]:
        """The arguments of a call; float ones require grad."""
        return {given.name: self._input(graph, given) for given in graph.inputs}

    def _input(self, graph: Graph, given: Input) -> Tensor:
        plates = [p for p in graph.data_plates if p in given.type.plates]
        event = numbers(given.type.shape, self.dims)
        size = (*(self.plates[p] for p in plates), *event)
        kind, source = self.kinds[f"input {given.name}"], self.source(given.name)
        drawn = random_of(given.type.dtype, kind, size, source)
        return drawn.requires_grad_() if drawn.is_floating_point() else drawn

    def parts(self, graph: Graph) -> dict[str, Any]:
        """The constructor's arguments: the user's, or what stands in for them."""
        made = {
            name: self._stand_in(callee)
            for name, callee in graph.callees.items()
            if callee.path is None and name not in self.given
        }
        return {**made, **self.given}

    def _stand_in(self, callee: Callee) -> Any:
        signature, source = self._signature(callee), self.source(callee.name)
        if callee.kind == "distribution":
            return StandInLaw(signature, "discrete" in callee.flags, source)
        return (
            StandIn(signature, source)
            if callee.kind == "module"
            else function_of(signature, source)
        )

    def _signature(self, callee: Callee) -> Signature:
        ranks = [item.rank for group in callee.arguments for item in group.items]
        place, results = 0, []
        for group in callee.results:
            parts = []
            for item in group.items:
                kind = self.kinds.get(f"result {callee.name} {place}", "real")
                parts.append(Part(numbers(item.shape, self.dims), item.dtype, kind))
                place += 1
            results.append(tuple(parts))
        tuples = tuple(group.is_tuple for group in callee.results)
        return Signature(tuple(ranks), tuple(results), tuples)

    def settle(self, model: LoadedStory) -> None:
        """Take params away from where they start, and the state of methods too."""
        with torch.no_grad():
            for name, param in model.named_parameters(recurse=False):
                param.copy_(self._moved(name, param))
            for name, param in model.methods.named_parameters():
                noise = torch.rand(param.shape, generator=self.source(f"of {name}"))
                param.copy_(param * (1 + 0.2 * noise) + 0.1 * noise)
            for buffer in model.methods.buffers():
                if buffer.is_floating_point():
                    buffer.fill_(STATE)

    def _moved(self, name: str, param: Tensor) -> Tensor:
        noise = torch.randn(param.shape, generator=self.source(f"param {name}"))
        match self.kinds.get(f"param {name}"):
            case "around":
                return param + 0.3 * noise
            case "times":
                return param * torch.exp(0.2 * noise.tanh())
        return param


def random_of(dtype: str, kind: str, size: tuple[int, ...], source: torch.Generator) -> Tensor:
    """Random numbers of a kind (`storchc.certify.kinds`)."""
    if dtype == "bool":
        return torch.rand(size, generator=source) < 0.6
    if dtype == "int":
        low = {"binary": 0, "one": 1, "counting": 2}[kind]
        return torch.randint(low, low + 2, size, generator=source)
    drawn = torch.randn(size, generator=source)
    match kind:
        case "binary":
            return (drawn > 0).to(drawn)
        case "one-hot" if size:
            return nn.functional.one_hot(drawn.argmax(-1), size[-1]).to(drawn)
    if kind in ("simplex", "growing") and not size:
        kind = "positive"
    return LIMITED.get(kind, LIMITED["real"])(drawn)


def leaves_of(model: LoadedStory, inputs: Mapping[str, Any]) -> dict[str, Tensor]:
    """What the gradient is taken of: everything that learns, the methods' own apart, and inputs."""
    own = {f"methods.{name}" for name, _ in model.methods.named_parameters()}
    apart = {*own, *_of_method_modules(model)}
    learned = {n: p for n, p in model.named_parameters() if n not in apart and p.requires_grad}
    floats = {n: v for n, v in inputs.items() if isinstance(v, Tensor) and v.requires_grad}
    return {**learned, **floats}


def _of_method_modules(model: LoadedStory) -> set[str]:
    held = frozenset(model.model_parameters())
    return {name for name, param in model.named_parameters() if param not in held}
