"""What stands in for methods where samples take their most probable values: `MODE`.

A sample that is drawn takes the mode of its distribution, one value in a plate of size 1. One whose
outcomes are listed keeps them, as the story was compiled for them; the most probable one, given
what came before, then weighs 1 and all others 0. Nothing has a score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
from torch import Tensor

from storch_runtime.by_sample import Methods
from storch_runtime.distributions.enumeration import Finite
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.errors import StoryValueError
from storch_runtime.joint import Joint
from storch_runtime.methods.expect import Expect
from storch_runtime.mode import MODE, Given
from storch_runtime.place import OWN, Chained, Extending, In, Own, Place
from storch_runtime.remembered import carried

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.method import Method

__all__ = ["enumerated", "greedy_methods"]


class Greedy:
    """In the place of a method: the mode of the distribution, one element in every plate.

    ``whole``: every sample of the story takes its mode.
    """

    n = elements = 1

    def __init__(self, sample: str, *, whole: bool) -> None:
        self.sample = sample
        self.whole = whole

    def draw(
        self,
        distribution: Distribution,
        given: Tensor | None = None,
        place: Place = OWN,
        **values: Any,
    ) -> Draw:
        """See `Method.draw`; options have no say."""
        value = self._mode(distribution)
        opens = isinstance(place, Own)
        value = _first(value) if opens else value
        plates = (1, *distribution.plates) if opens else tuple(distribution.plates)
        like = _like(distribution)
        draw = Draw(value, distribution, like.new_ones(plates), replayed=True)
        draw.score = like.new_zeros(plates)
        match place:
            case In(plate_dim=dim) | Extending(plate_dim=dim):
                draw.plate_dim = dim
        if isinstance(place, Extending) or (isinstance(place, Own) and place.extended):
            self._must_be_whole()
            draw.joint = _one_sequence(like, plates, draw.plate_dim)
        return draw

    def _mode(self, distribution: Distribution) -> Tensor:
        try:
            with torch.no_grad():
                return distribution.most_probable()
        except StoryValueError as error:
            raise StoryValueError(f"`{self.sample}` {error}") from None

    def _must_be_whole(self) -> None:
        """Raise where other parts of a joint sample would be drawn."""
        if not self.whole:
            raise StoryValueError(
                f"`{self.sample}` is a part of a joint sample, of which no part can take its mode "
                "while others are drawn: write `given=MODE`"
            )

    def control_variate(self, draw: Drawn, downstream: object) -> Tensor:
        """Zeros in the place of a control variate."""
        assert draw.score is not None
        return torch.zeros_like(draw.score)

    def own_loss(self, draw: Drawn, downstream: object) -> None:
        """Nothing is trained."""

    def joined(self, draw: Drawn, bound: Tensor, terms: Tensor) -> Tensor:
        """See `Method.joined`."""
        return bound


class GreedyOutcomes(Greedy):
    """In the place of `Expect`: its outcomes, of which the most probable one weighs 1."""

    def __init__(self, sample: str, method: Expect) -> None:
        super().__init__(sample, whole=True)
        self.method = method

    def draw(
        self,
        distribution: Distribution,
        given: Tensor | None = None,
        place: Place = OWN,
        **values: Any,
    ) -> Draw:
        """See `Expect.draw`."""
        draw = self.method.draw(distribution, None, place)
        certain = Certain(distribution, self._mode(distribution))
        draw.weight = self.method.draw(certain, None, place).weight
        return draw

    def sequences(self, states: int, draws: int) -> int:
        """See `Expect.sequences`."""
        return self.method.sequences(states, draws)

    def moves(self, distribution: Distribution, states: int = 1) -> Tensor:
        """See `Expect.moves`."""
        return self.draw(distribution, None, Chained(states)).weight


class Certain(Finite):
    """A distribution of finitely many outcomes, of which ``value`` has the probability 1."""

    __slots__ = ("of", "value")

    def __init__(self, of: Distribution, value: Tensor) -> None:
        assert isinstance(of, Finite)
        self.of = of
        self.value = value
        self.event = of.event

    @property
    def batch_shape(self) -> torch.Size:
        """As of the distribution."""
        return self.of.batch_shape

    @property
    def own_event(self) -> torch.Size:
        """As of the distribution."""
        return self.of.own_event

    @property
    def outcomes(self) -> int:
        """As of the distribution."""
        return self.of.outcomes

    @property
    def like(self) -> Tensor:
        """As of the distribution."""
        return self.of.like

    def outcome_log_probs(self) -> Tensor:
        """0 for the value, minus infinity for all others."""
        index = self.of.to_indices(self.value)
        each = torch.arange(self.outcomes, device=index.device)
        same = each.reshape(-1, *(1,) * index.dim()) == index
        return self.like.new_zeros(same.shape).masked_fill(~same, -torch.inf)

    def from_indices(self, indices: Tensor) -> Tensor:
        """As of the distribution."""
        return self.of.from_indices(indices)

    def to_indices(self, value: Tensor) -> Tensor:
        """As of the distribution."""
        return self.of.to_indices(value)


class GreedyMethods(Mapping[str, Any]):
    """The methods of a story, those of the samples that take their modes replaced."""

    def __init__(self, methods: Methods, given: Given) -> None:
        self._methods = methods
        whole = given is MODE
        chosen = (n for n in methods if whole or (n in given and given[n] is MODE))  # type: ignore[index,operator]
        self._replaced = {n: _in_place_of(n, methods[n], whole=whole) for n in chosen}

    def __getitem__(self, sample: str) -> Any:
        return self._replaced.get(sample) or self._methods[sample]

    def __iter__(self) -> Iterator[str]:
        return iter(self._methods)

    def __len__(self) -> int:
        return len(self._methods)

    def expect(self, sample: str) -> Any:
        """See `Methods.expect`."""
        method = self._methods.expect(sample)
        return self._replaced.get(sample, method)


def greedy_methods(methods: Methods, given: Given) -> Methods:
    """What stands in for the methods of a story, of which ``given`` asks for modes."""
    return cast(Methods, GreedyMethods(methods, given))


def enumerated(methods: Methods) -> list[str]:
    """The samples whose outcomes are listed."""
    return [name for name, method in methods.items() if isinstance(method, Expect)]


def _in_place_of(sample: str, method: Method, *, whole: bool) -> Greedy:
    if not isinstance(method, Expect):
        return Greedy(sample, whole=whole)
    if not whole:
        raise StoryValueError(
            f"all outcomes of `{sample}` are enumerated: it takes its mode only with all others, "
            "`given=MODE`"
        )
    return GreedyOutcomes(sample, method)


def _first(value: Tensor) -> Tensor:
    """``[1, ...]``: a value as the only element of a plate, which knows what it was made of."""
    found = carried(value.unsqueeze(0), value, lambda source: source.unsqueeze(0))
    return found


class _Alone:
    """What opened a joint sample of one sequence."""

    rest: ClassVar[bool] = False

    def weigh(self, joint: Joint) -> Tensor:
        """1."""
        return torch.ones_like(joint.log_prob)


def _one_sequence(like: Tensor, plates: tuple[int, ...], dim: int) -> Joint:
    """The only sequence, which continues the only one."""
    zeros = like.new_zeros(plates)
    alive = torch.ones(plates, dtype=torch.bool, device=like.device)
    parents = torch.zeros(plates, dtype=torch.int64, device=like.device)
    return Joint(1, zeros, alive, None, parents=parents, opener=_Alone(), dim=dim)


def _like(distribution: Distribution) -> Tensor:
    """A floating tensor with the device and precision of a distribution."""
    floats = (p for p in distribution.parameters.values() if p.is_floating_point())
    return next(floats, torch.empty(()))
