"""ARSM (augment, REINFORCE, swap, merge): the costs where two classes change their noise.

Formula: ``1/n Σ_k Σ_j (f(z^{m⇌j}) - f̄_j) (1/C - ϖ_j)`` in logit m, ``f̄_j = 1/C Σ_m f(z^{m⇌j})``;
``ϖ`` is uniform on the simplex in each coordinate, ``z = argmin_i ϖ_i / p_i``, and ``z^{m⇌j}`` the
same with the entries m and j of every ``ϖ`` exchanged. With two classes it is ARM.
Unbiased: yes.
Needs: Categorical or OneHotCategorical; C (C - 1)/2 evaluations of what is downstream for each
draw, made at once, no derivative of it. A reduction of the plate of the draws is refused; other
plates may be reduced, as the whole value is exchanged.
Shapes: value ``[n, *plates, *event]``, control variate ``[n, *plates]``; the exchanged values are
in no plate. A given value gets noise that is drawn given the value.
Reference: Yin, Yue and Zhou 2019, arXiv:1905.01413.
Certified for: first order, within five standard errors; two classes exactly, as ARM.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from storch_runtime.distributions import Categorical, OneHotCategorical
from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.methods._control import injected
from storch_runtime.methods._discrete import exponential, finite
from storch_runtime.precision import smallest

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution

__all__ = ["ARSM"]


class ARSM(Method):
    """Races of exponential clocks, whose times are exchanged; they are the draw's ``points``.

    Formula, shapes, errors and source: `storch_runtime.methods.arsm`.
    """

    families = (Categorical, OneHotCategorical)
    order = 1

    def propose(
        self,
        distribution: Distribution,
        n: int | None,
        *,
        noise: Tensor | None = None,
        outcome: Tensor | None = None,
        **values: Any,
    ) -> Draw:
        """See `Method.propose`; the noise is ``[n, *plates, places, C]``, exponential."""
        if outcome is not None:
            return self.replay(distribution, outcome, n)
        chances = _chances(distribution)
        if noise is None:
            shape = tuple(chances.shape)
            noise = exponential(chances, shape if n is None else (n, *shape))
        value = distribution.place_values(_winners(chances, noise))
        return Draw(value, distribution, points=noise)

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`; the noise is drawn given the value."""
        chances = _chances(distribution)
        index = distribution.place_indices(value).unsqueeze(-1)
        shape = (*index.shape[:-1], chances.shape[-1])
        late = exponential(chances, shape).scatter(-1, index, 0.0)
        noise = chances * exponential(chances, (*index.shape[:-1], 1)) + late
        return Draw(value, distribution, replayed=True, points=noise)

    def gradient_function(self, draw: Draw) -> None:
        """None: the whole gradient is in the control variate."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`: one evaluation of every exchange."""
        law, noise = draw.distribution, draw.points
        assert noise is not None
        logs = finite(law.place_log_probs().movedim(0, -1))
        chances = logs.detach().exp()
        swaps, which = _exchanges(chances.shape[-1], chances.device)
        moved = _winners(chances.unsqueeze(-2), noise[..., swaps]).movedim(-1, 0)
        costs = downstream.costs_at(law.place_values(moved))
        table = torch.cat((downstream.cost.unsqueeze(0), costs))[which]  # [m, j, n, *plates]
        apart = (table - table.mean(0)).movedim((0, 1), (-2, -1)).unsqueeze(-3)
        share = 1 / chances.shape[-1] - noise / noise.sum(-1, keepdim=True)
        gain = (apart * share.unsqueeze(-2)).sum(-1)
        possible = chances > 2 * smallest(chances.dtype)  # else its derivative is 0
        return injected(torch.where(possible, gain, 0.0), logs, 2)


def _chances(distribution: Distribution) -> Tensor:
    """``[*plates, places, C]``."""
    return distribution.place_log_probs().detach().exp().movedim(0, -1)


def _winners(chances: Tensor, noise: Tensor) -> Tensor:
    """The class whose clock rings first."""
    return (chances / noise).argmax(-1)


def _exchanges(classes: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Every exchange of two entries ``[S, C]``; its number for m and j ``[C, C]``, 0 for none."""
    swaps, which = [], [[0] * classes for _ in range(classes)]
    for number, (m, j) in enumerate(combinations(range(classes), 2), 1):
        order = list(range(classes))
        order[m], order[j] = j, m
        swaps.append(order)
        which[m][j] = which[j][m] = number
    made = torch.tensor(swaps, dtype=torch.long, device=device).reshape(-1, classes)
    return made, torch.tensor(which, device=device)
