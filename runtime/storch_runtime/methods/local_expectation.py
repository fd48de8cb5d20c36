"""Local expectation gradients: sum over each coordinate exactly, the others as they were drawn.

Formula: ``1/n Σ_k Σ_d Σ_c ∇ p_d(c) f(x_k with x_d = c)``.
Unbiased: yes; no variance where the cost is a sum of terms of one coordinate each.
Needs: Bernoulli, Categorical or OneHotCategorical; D (C - 1) evaluations of what is downstream for
each draw, made at once. Refused where a plate of the sample is reduced: coordinates are changed one
at a time, those of other elements too.
Shapes: value ``[n, *plates, *event]``, control variate ``[n, *plates]``.
Reference: Titsias and Lázaro-Gredilla 2015, arXiv:1503.01494; De Smet et al. 2023,
arXiv:2311.12569.
Certified for: first order, exactly, with costs that join all coordinates and data plates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from storch_runtime.distributions import Bernoulli, Categorical, OneHotCategorical
from storch_runtime.downstream import Downstream
from storch_runtime.draw import Draw
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.methods._local import swapped_everywhere

if TYPE_CHECKING:
    pass

__all__ = ["LocalExpectation"]


class LocalExpectation(Method):
    """Look at every value that differs from the drawn one in a single coordinate.

    Formula, shapes, errors and source: `storch_runtime.methods.local_expectation`.
    """

    families = (Bernoulli, Categorical, OneHotCategorical)
    order = 1

    def gradient_function(self, draw: Draw) -> None:
        """None: the whole gradient is in the control variate."""

    def control_variate(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.control_variate`."""
        return swapped_everywhere(draw, downstream)
