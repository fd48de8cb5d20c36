"""Methods whose control variate is a critic of the value, once or in every step of a loop."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.methods._inner import SelfTrained
from storch_runtime.place import OWN, Place
from storch_runtime.steps import Steps, taken
from storch_runtime.told import Context, Told

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["Criticized", "Variate"]


class Variate(NamedTuple):
    """A control variate ``[n, *plates]``, and the squared estimates that it leaves, as large.

    They are None where nothing is learned from this draw.
    """

    control: Tensor
    squares: Tensor | None


class Criticized(SelfTrained):
    """The control variate of a loop is that of every step, each with what is downstream of it.

    Its squared estimates are summed over the steps, and averaged over the elements. An element that
    has stopped has neither.
    """

    def draw(
        self,
        distribution: Distribution,
        given: Tensor | None = None,
        place: Place = OWN,
        *,
        context: Told = (None,),
        **values: Any,
    ) -> Draw:
        """See `Method.draw`; ``context`` is what the critic is told, None where it is asked."""
        draw = super().draw(distribution, given, place, **values)
        draw.context = Context.of(context, distribution.plates, draw.value.device)
        return draw

    def variate(self, draw: Drawn, downstream: Downstream) -> Variate:
        """The control variate of values that were drawn at once."""
        raise TypeError(f"`{type(self).__name__}` does not say what it takes off a cost")

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        if not torch.is_grad_enabled():
            return torch.zeros_like(draw.log_prob if draw.score is None else draw.score)
        if not isinstance(draw, Steps):
            control, squares = self._told(draw, downstream)
            if squares is not None:
                self.train_on(downstream.mean_of_all(squares), downstream)
            return control
        sizes = tuple(draw.score.shape[: draw.depth])
        each = list(self._by_step(draw, downstream, sizes))
        learned = [squares for _, squares in each if squares is not None]
        if learned:
            squares = _over(sizes, learned)
            self.train_on(downstream.mean_of_steps(squares, draw.depth), downstream)
        return _over(sizes, [control for control, _ in each])

    def _told(self, draw: Drawn, downstream: Downstream) -> Variate:
        if isinstance(draw, Draw) and draw.context is not None:
            downstream.context = draw.context
        return self.variate(draw, downstream)

    def _by_step(
        self, draw: Steps, downstream: Downstream, sizes: tuple[int, ...]
    ) -> Iterator[Variate]:
        steps = product(*map(range, sizes))
        for step, (drawn, alive) in zip(steps, taken(draw), strict=True):
            control, squares = self._told(drawn, downstream.of_step(step, sizes))
            if alive is not None:
                control = torch.where(alive, control, 0.0)
                squares = None if squares is None else torch.where(alive, squares, 0.0)
            yield Variate(control, squares)


def _over(sizes: tuple[int, ...], steps: list[Tensor]) -> Tensor:
    """What every step has left, ``[*sizes, ...]``."""
    return torch.stack(steps).reshape(*sizes, *steps[0].shape)
