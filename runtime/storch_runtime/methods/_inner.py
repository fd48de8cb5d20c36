"""What the methods share that differentiate inside their control variate, or train themselves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from storch_runtime.distributions.base import sum_event
from storch_runtime.downstream import Downstream
from storch_runtime.drawn import Drawn
from storch_runtime.method import Method
from storch_runtime.ownership import Trained
from storch_runtime.ranks import shared


class SelfTrained(Method):
    """A method whose own parameters, and critic, train on the variance of its estimate.

    The loss that a training forward leaves in `Downstream` has the gradient of that variance with
    respect to them, and to nothing else of the model; its value is 0.
    """

    order = 1

    def learns(self, draw: Drawn) -> bool:
        """Whether this forward trains the method: not on values that were given."""
        return self.training and not draw.replayed and torch.is_grad_enabled()

    def train_on(self, variance: Tensor, downstream: Downstream) -> None:
        """Leave the loss whose gradient is that of ``variance``, a scalar, in what is its own."""
        own = [p for p in self._trained(downstream.critic) if p.requires_grad]
        if not own:
            return
        slopes = zip(torch.autograd.grad(variance, own, allow_unused=True), own, strict=True)
        moved = [(slope, p) for slope, p in slopes if slope is not None]
        unused = set(own).difference(p for _, p in moved)
        nothing = variance.new_zeros(()) + awaited(unused)
        downstream.own_loss = nothing + sum((s * (p - p.detach())).sum() for s, p in moved)

    def own_loss(self, draw: Drawn, downstream: Downstream) -> Tensor:
        """See `Method.own_loss`: what `control_variate` left; 0 where it trained nothing.

        Of values that were given nothing is learned.
        """
        if downstream.own_loss is not None:
            return downstream.own_loss
        nothing = downstream.cost.new_zeros(())
        if not draw.replayed or not torch.is_grad_enabled():
            return nothing
        return nothing + awaited(self._trained(downstream.critic))

    def _trained(self, critic: Trained | None) -> list[nn.Parameter]:
        own = list(self.parameters())
        return own if critic is None else [*own, *critic.parameters()]


def awaited(unused: Iterable[nn.Parameter]) -> Tensor | int:
    """0, with a gradient of 0 for parameters that several processes train.

    `DistributedDataParallel` waits for all of them; with one process no gradient tells more.
    """
    return sum(p.flatten()[:0].sum() for p in unused) if shared() else 0


def leaf_of(value: Tensor) -> Tensor:
    """``value`` ``[...]``, detached, to differentiate by: within `torch.func` too."""
    found = value.detach()
    try:
        return found.requires_grad_()
    except RuntimeError:  # torch.func allows that to itself alone
        level = torch._C._functorch.maybe_current_level()
        if level is None:
            raise
        return _leaf_of_transform(found, level)


def _leaf_of_transform(value: Tensor, level: int) -> Tensor:
    """What `torch.func.grad` makes of its arguments, for its own innermost transform."""
    from torch._C import _functorch
    from torch._functorch.eager_transforms import enable_inplace_requires_grad

    if _functorch.maybe_get_level(value) != level:
        value = _functorch._wrap_for_grad(value, level)
    with enable_inplace_requires_grad(True):
        return value.requires_grad_()


def slope(costs: Tensor, leaf: Tensor, *, again: bool = False) -> Tensor:
    """The derivative of the sum of ``costs`` by ``leaf``; ``again``: it is differentiated too."""
    if not costs.requires_grad:
        return torch.zeros_like(leaf)
    (found,) = torch.autograd.grad(
        costs.sum(), leaf, create_graph=again, allow_unused=True, materialize_grads=True
    )
    return found


def surrogates_and_slopes(downstream: Downstream, points: Tensor) -> tuple[Tensor, Tensor]:
    """The surrogate at each of ``points`` and its derivative there, both detached."""
    with torch.enable_grad():
        leaf = leaf_of(points)
        costs = downstream.surrogates_at(leaf)
        return costs.detach(), slope(costs, leaf)


def criticized(downstream: Downstream, points: Tensor, event: int) -> Tensor:
    """The critic at each of ``points``, whose last ``event`` dimensions are one value."""
    if downstream.critic is None:
        raise ValueError("this method needs a critic, which its option `c_phi` names")
    lead = points.shape[: points.dim() - event]
    asked = points.reshape(-1, *points.shape[points.dim() - event :])
    costs: Tensor = downstream.critic(*downstream.context.rows(asked, lead))
    return costs.reshape(lead)


def minus_baseline(draw: Drawn, baseline: Tensor) -> Tensor:
    """``baseline (1 - box)``: of value 0; it takes the baseline off the cost before its score."""
    fixed = baseline.detach()
    return torch.addcmul(fixed, draw.box, fixed, value=-1)


def injected(coefficient: Tensor, parameter: Tensor, event: int) -> Tensor:
    """``Σ_event coefficient · parameter``, the value taken off: 0 with this derivative."""
    return sum_event(coefficient.detach() * (parameter - parameter.detach()), event)


def spread_over(value: Tensor, event: int) -> Tensor:
    """``[n, *plates]`` with an event of ``event`` dimensions of size 1."""
    return value.reshape(*value.shape, *(1,) * event)


def check_several(method: Method, draw: Drawn) -> None:
    """Raise where there is one draw in the plate, and so no other to compare it with."""
    if draw.value.shape[draw.plate_dim] < 2:
        raise ValueError(
            f"`{type(method).__name__}` compares the n draws of one sample, but n is 1: "
            "set `n` to 2 or more"
        )


def squares(estimates: Sequence[Tensor], plates: int) -> Tensor:
    """The squares of every estimate, summed over all but the first ``plates`` dimensions."""
    return torch.stack([sum_event(g.square(), g.dim() - plates) for g in estimates]).sum(0)
