"""The unordered set estimator: the score function at distinct values, whatever their order.

Formula: ``Σ_{s in S} p_s R(S, s) (f_s - b_s) ∇ log p_s``, S drawn without replacement,
``R(S, s) = P^{D∖s}(S∖s) / P(S)`` detached, and
``b_s = p_s f_s + Σ_{s' ≠ s} p_s' R^{D∖s}(S, s') f_s'``. It is the score function at the first of
the values, averaged over the orders in which they may have been drawn.
Unbiased: yes, and without variance where k is the size of the support or more.
Needs: finitely many values of the event; its places are independent.
Shapes: score and weights ``[k, *plates]``; an element that holds no value has weight 0.
Raises: ValueError `in` a plate of another method, and for more values than a sum over subsets can
take.
Reference: Kool et al. 2020, arXiv:2002.06043.
Certified for: any order, also of joint samples of several variables.
"""

from __future__ import annotations

from itertools import combinations, product
from math import prod
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from storch_runtime.joint import Joint
from storch_runtime.methods._completion import Completions, by_integration, by_subsets
from storch_runtime.methods._joint import JointMethod, behind
from storch_runtime.place import Extending
from storch_runtime.samplers.sampler import Outcome
from storch_runtime.samplers.sets import replay_extension, replay_set

if TYPE_CHECKING:
    from storch_runtime.distributions import Distribution
    from storch_runtime.draw import Draw

__all__ = ["UnorderedSetEstimator", "set_weights"]

Integration = Literal["auto", "exact", "numerical"]

_MANY = 10
"""Above this number of elements the sum over subsets takes longer than the integral."""

_MOST = 20
"""With more elements the sum over subsets does not end."""


class UnorderedSetEstimator(JointMethod):
    """The estimator; ``integration`` says how the probability of a set is found.

    ``exact``: by a sum over its subsets; ``numerical``: by an integral, to about 1e-13; ``auto``:
    the one that is faster.

    Formula, shapes, errors and source: `storch_runtime.methods.unordered_set_estimator`.
    """

    def __init__(
        self,
        k: int = 1,
        *,
        use_baseline: bool = True,
        integration: Integration = "auto",
    ) -> None:
        if integration == "exact" and k > _MOST:
            raise ValueError(
                f'`integration="exact"` is a sum over 2**{k} subsets: take at most {_MOST} values, '
                'or `"auto"`, an integral to about 1e-13'
            )
        super().__init__(k, use_baseline=use_baseline)
        self.integration = integration

    def replay(
        self, distribution: Distribution, value: Tensor, n: int | None, **values: Any
    ) -> Draw:
        """See `Method.replay`: the weights depend on the values alone; equal ones count once."""
        return self.weighed(replay_set(distribution, value), self)

    def replay_joint(self, distribution: Distribution, place: Extending, value: Tensor) -> Draw:
        """See `JointMethod.replay_joint`."""
        return replay_extension(distribution, place, value)

    def weigh(self, joint: Joint) -> Tensor:
        """See `JointMethod.weigh`."""
        return set_weights(joint, self.integration)

    def baseline(self, joint: Joint, cost: Tensor) -> Tensor:
        """See `JointMethod.baseline`."""
        masses, known = joint.masses, completions(joint, self.integration)
        share = torch.exp(known.pair - known.single.unsqueeze(1)).where(joint.alive, 0.0)
        own = torch.eye(len(masses), dtype=torch.bool, device=masses.device)
        own = own.reshape(*own.shape, *(1,) * (masses.dim() - 1))
        share = torch.where(own, masses.exp().unsqueeze(0), share)
        return (behind(share, cost.unsqueeze(0)) * cost.unsqueeze(0)).sum(1)

    def outcomes(
        self, distribution: Distribution, *, each: bool = False, **values: Any
    ) -> list[Outcome]:
        """See `Method.outcomes`: every set of values, in the order of the support."""
        support = distribution.enumerate_support()
        table = distribution.joint_log_prob(support).detach().double()
        table = table.reshape(len(support), -1)
        k = min(self.k, len(support))
        sets = torch.tensor(list(combinations(range(len(support)), k)), device=support.device)
        chances = _chances(table, sets)
        plates = tuple(distribution.plates)
        columns = torch.arange(prod(plates), device=support.device)
        listed = []
        for choice in product(range(len(sets)), repeat=prod(plates)):
            index = torch.tensor(choice, dtype=torch.long, device=support.device)
            chosen = sets[index].T.reshape(k, *plates)
            listed.append((support[chosen], chances[index, columns].prod().item()))
        return listed


def set_weights(joint: Joint, integration: Integration = "auto") -> Tensor:
    """``p R(S, s)`` ``[k, *plates]``."""
    known = completions(joint, integration)
    return torch.exp(known.single - known.whole).where(joint.alive, 0.0)


def completions(joint: Joint, integration: Integration) -> Completions:
    """How probable it is to draw the set, and to complete it; computed once."""
    kept = joint.kept
    if "whole" not in kept:
        assert joint.rest is not None
        few = len(joint.log_prob) <= _MANY
        exact = integration == "exact" or (integration == "auto" and few)
        find = by_subsets if exact else by_integration
        kept["whole"], kept["single"], kept["pair"] = find(joint.masses, joint.alive, joint.rest)
    return Completions(kept["whole"], kept["single"], kept["pair"])


def _chances(table: Tensor, sets: Tensor) -> Tensor:
    """``[N, plates]``: the probability of drawing each of the sets ``[N, k]`` of rows."""
    masses = table[sets.T]
    outside = torch.ones((len(sets), len(table)), dtype=torch.bool, device=table.device)
    outside = outside.scatter(1, sets, False).T.unsqueeze(-1)
    rest = table.unsqueeze(1).masked_fill(~outside, -torch.inf).logsumexp(0)
    alive = torch.ones_like(masses, dtype=torch.bool)
    return (by_subsets(masses, alive, rest).whole + masses.sum(0)).exp()
