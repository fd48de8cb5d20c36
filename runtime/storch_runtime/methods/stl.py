"""Sticking the landing: the pathwise derivative without the score of the draw itself.

Formula: ``1/n Σ_k ∇ f(z_k, θ)``, ``z_k = z(ε_k, θ)``, where the parameters in ``log q_θ(z_k)`` are
stopped: what is left out is ``∇ log q_θ``, whose expectation is 0. Generated code stops them, in
every ``log_prob(q, z)`` of a draw under the distribution that it was drawn from.
Unbiased: where that log-probability enters every cost by a factor that does not move with ``z`` (an
ELBO). Inside a ``logmeanexp`` of more than one draw: no; `DReG` is.
Needs: a family with ``rsample``, and every path to every cost differentiable.
Shapes: value ``[n, *plates, *event]``.
Reference: Roeder, Wu and Duvenaud 2017, arXiv:1703.09194.
Certified for: its formula, first order; the ELBO of a normal by quadrature. Inside a
``logmeanexp`` of 2 draws of a toy the gradient is -0.29, the true one -0.14.
"""

from __future__ import annotations

from storch_runtime.methods.reparameterization import Reparameterization

__all__ = ["STL"]


class STL(Reparameterization):
    """Drawn as by `Reparameterization`; what differs stands in the generated code.

    Formula, shapes, errors and source: `storch_runtime.methods.stl`.
    """

    order = 1
