"""ARMS: n binary vectors that avoid one another, by the Dirichlet copula.

Formula: ``1/(n - 1) Σ_k (f_k - f̄) (b_k - p) p (1 - p)/(p - q)`` in the logits, q the probability
that two draws are both 1: ``p - q = m - ρ(m)``, ``m = min(p, 1 - p)``,
``ρ(m) = max(0, 2 m^(1/(n-1)) - 1)^(n-1)``. With n = 2 it is DisARM.
Unbiased: yes.
Needs: Bernoulli, and n of at least 2; no evaluation beyond those of the n draws. A reduction of
their plate is refused; other plates may be reduced.
Shapes: value ``[n, *plates, *event]``, control variate ``[n, *plates]``. Given values must have
been drawn by this method with the same n.
Raises: ValueError without a plate of its own, or with n of 1.
Reference: Dimitriev and Zhou 2021, arXiv:2105.14141.
Certified for: first order, exactly, n = 2, 3 and 4, with costs that join coordinates and plates.
"""

from __future__ import annotations

from storch_runtime.distributions import Bernoulli
from storch_runtime.methods._coupled import Coupled

__all__ = ["ARMS"]


class ARMS(Coupled):
    """Coupled binary draws.

    Formula, shapes, errors and source: `storch_runtime.methods.arms`.
    """

    families = (Bernoulli,)

    def __init__(self, n: int = 2) -> None:
        super().__init__(n)
