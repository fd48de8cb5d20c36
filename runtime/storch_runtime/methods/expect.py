"""The exact expectation, by enumerating the support.

Formula: ``Σ_x p(x) f(x)``, differentiated through ``p``.
Unbiased: yes (no variance).
Needs: finitely many joint values of the event.
Shapes: value ``[n, *event]`` (n the size of the support), weight ``[n, *plates]`` with gradient;
where costs separate, one row an outcome C of a single factor (an element of the batch event):
value ``[C, *event]``, weight ``[C, *plates, *batch event]``, and ``Σ_k Σ_c p_k(c) f_k(c)``.
Raises: ValueError where there are more values than the budget, `in` an open plate, and of given
values that are not its own.
Reference: Obermeyer et al. 2019, arXiv:1902.03210.
Certified for: any order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.draw import Draw
from storch_runtime.method import Method
from storch_runtime.place import OWN, Chained, EverySequence, FactorsApart, Place
from storch_runtime.samplers.sampler import Outcome
from storch_runtime.sequences import outcomes_in_step, outcomes_until_end

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["Expect"]


class Expect(Method):
    """Enumerate at most ``budget`` joint values of the event.

    Formula, shapes, errors and source: `storch_runtime.methods.expect`.
    """

    def __init__(self, budget: int = 10000) -> None:
        super().__init__()
        self.budget = budget

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`: every value of the event, the same for all plates."""
        if n is None:
            raise ValueError("`Expect` opens a plate of its own: it cannot draw `in` another")
        self._afford(distribution.support_size())
        support = distribution.enumerate_support()
        log_prob = distribution.joint_log_prob(support)
        return Draw(support, distribution, log_prob.exp(), log_prob)

    def draw(
        self,
        distribution: Distribution,
        given: Tensor | None = None,
        place: Place = OWN,
        **values: Any,
    ) -> Draw:
        """See `Method.draw`; outcomes can be listed in parts, and step by step."""
        if isinstance(place, FactorsApart):
            return self._apart(distribution, given)
        if isinstance(place, Chained):
            return self._chained(distribution, given, place)
        if isinstance(place, EverySequence):
            return _step(distribution, given, place)
        return super().draw(distribution, given, place, **values)

    def _apart(self, distribution: Distribution, given: Tensor | None) -> Draw:
        """Every outcome of each factor alone: no cost joins two elements of the batch event.

        ``value`` ``[C, *event]`` has the same outcome everywhere in a row; ``weight``
        ``[C, *plates, *batch event]`` is that of each factor.
        """
        if given is not None:
            raise ValueError(
                "its costs separate, so `Expect` evaluates each factor alone: no joint value can "
                "be given to it"
            )
        self._afford(distribution.outcomes * distribution.batch_event.numel())
        table = distribution.place_log_probs()
        log_prob = table.reshape(*table.shape[:-1], *distribution.batch_event)
        outcomes = torch.arange(len(table), device=table.device)
        value = distribution.place_values(outcomes[:, None].expand(-1, table.shape[-1]))
        return Draw(value, distribution, log_prob.exp(), log_prob)

    def _chained(self, distribution: Distribution, given: Tensor | None, place: Chained) -> Draw:
        """The outcomes of one step of a loop, each given every one of the step before."""
        if given is not None:
            raise ValueError(
                "its sequences are summed out step by step, so `Expect` builds none: none can be "
                "given to it"
            )
        self._afford(distribution.support_size() * place.states)
        return self.propose(distribution, 1)

    def moves(self, distribution: Distribution, states: int = 1) -> Tensor:
        """The probabilities of all outcomes, ``[n, *plates]``, given each of ``states`` before."""
        return self.draw(distribution, None, Chained(states)).weight

    def sequences(self, states: int, draws: int) -> int:
        """The number of all sequences of ``draws`` outcomes in loops, within the budget."""
        count = int(states**draws)
        self._afford(count)
        return count

    def _afford(self, size: int) -> None:
        if size > self.budget:
            raise ValueError(
                f"`Expect` would enumerate {size} values, more than its budget of {self.budget}; "
                "raise `budget`, or sample with `ScoreFunction`"
            )

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`: an enumeration repeats itself; anything else is refused."""
        draw = self.propose(distribution, n)
        if not _same(draw.value, value):
            raise ValueError("`Expect` enumerates: only its own values can be given to it")
        draw.replayed = True
        return draw

    def fitting(self, given: Tensor, distribution: Distribution, own: int) -> Tensor:
        """See `Method.fitting`; the value is compared with the enumeration."""
        return given.detach()

    def gradient_function(self, draw: Draw) -> None:
        """None: the gradient goes through the weights."""

    def outcomes(
        self, distribution: Distribution, *, each: bool = False, **values: Any
    ) -> list[Outcome]:
        """See `Method.outcomes`: one, the enumeration."""
        return [(distribution.enumerate_support(), 1.0)]


def _step(distribution: Distribution, given: Tensor | None, place: EverySequence) -> Draw:
    """What every sequence has in one step; a value given is compared with it."""
    draw = outcomes_in_step(distribution, place)
    if place.held is not None:
        draw = outcomes_until_end(draw, place)
    if given is not None:
        if not _listed(draw.value, given, place):
            raise ValueError("`Expect` enumerates: only its own values can be given to it")
        draw.replayed = True
    return draw


def _listed(value: Tensor, given: Tensor, place: EverySequence) -> bool:
    """Whether a value given is the one that is listed, as it is stored there."""
    if place.held is None:
        return _same(value, given.movedim(place.given_dim, 0))
    return torch.compiler.is_compiling() or torch.equal(value, given)


def _same(support: Tensor, value: Tensor) -> bool:
    """Whether ``value`` ``[n, *plates, *event]`` is the enumeration, repeated along its plates."""
    event = support.shape[1:]
    plates = value.dim() - support.dim()
    if plates < 0 or len(value) != len(support) or value.shape[1 + plates :] != event:
        return False
    if torch.compiler.is_compiling():
        return True  # comparing values would end the graph
    aligned = support.reshape(len(support), *(1,) * plates, *event)
    return torch.equal(aligned.expand_as(value), value)
