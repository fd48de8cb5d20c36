"""CARMS: n categorical draws that avoid one another, by a stick that is broken class by class.

Formula: ``1/(n (n - 1)) Σ_{k≠l} r_kl (f_k - f_l) ∇ log p(x_k)`` in each coordinate, with
``r_kl = p(x_k) p(x_l)/P(x_k, x_l)``. With two classes it is ARMS.
Unbiased: yes; the ratios are not clipped. With n = 2 and more than two classes they have no bound
where a class takes half of what is left of the stick; take n of 3 or more there.
Needs: Categorical or OneHotCategorical, and n of at least 2; no evaluation beyond those of the n
draws. A reduction of their plate is refused; other plates may be reduced.
Shapes: value ``[n, *plates, *event]``, control variate ``[n, *plates]``. Given values must have
been drawn by this method with the same n.
Raises: ValueError without a plate of its own, or with n of 1.
Reference: Dimitriev and Zhou 2021, arXiv:2110.14002.
Certified for: first order, exactly, n = 2, 3 and 4, with costs that join coordinates and plates.
"""

from __future__ import annotations

from storch_runtime.distributions import Categorical, OneHotCategorical
from storch_runtime.methods._coupled import Coupled

__all__ = ["CARMS"]


class CARMS(Coupled):
    """Coupled categorical draws.

    Formula, shapes, errors and source: `storch_runtime.methods.carms`.
    """

    families = (Categorical, OneHotCategorical)

    def __init__(self, n: int = 2) -> None:
        super().__init__(n)
