"""What a forward pass of a generated module returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from storch_runtime.drawn import Drawn
from storch_runtime.elimination import Last
from storch_runtime.engine import differentiate
from storch_runtime.errors import NonFiniteCost, suggestion
from storch_runtime.gradients import Gradients, not_a_number
from storch_runtime.layout import Layout
from storch_runtime.steps import Steps
from storch_runtime.views import Views, expanded, log_prob_of, value_of, weight_of
from storch_runtime.watch import Mark, Watch

__all__ = ["Estimate", "WatchedEstimate"]


@dataclass(slots=True, eq=False, repr=False)
class Estimate:
    """The loss of one forward pass, and everything to look at.

    ``loss`` is a scalar: its value is the estimated expected total cost and its derivatives are the
    estimates. The other fields are what the generated module computed, as it is stored; the
    properties show it with all its plates. ``validated`` is the model, of a call whose values it
    looked at: `backward` looks at the gradients of such a call too.

    A name that an estimate, or one of its mappings, does not have raises an error that says which
    there are (AttributeError, KeyError).

    >>> import storchc, torch
    >>> model = storchc.load(text='''
    ... story Coins
    ... plate data
    ... input x[data]
    ... param w = 0.0
    ... sample z ~ Bernoulli(logits=w * x) with ScoreFunction(n=4)
    ... cost miss = (z - 1) ** 2
    ... report hit = z == 1
    ... ''')()
    >>> estimate = model(torch.ones(3))
    >>> estimate.plates
    {'z': ('z', 'data'), 'miss': ('z', 'data'), 'hit': ('z', 'data')}
    >>> estimate.plate_sizes()
    {'data': 3, 'z': 4}
    >>> estimate.costs["miss"].shape, estimate.samples["z"].shape
    (torch.Size([4, 3]), torch.Size([4, 3]))
    >>> bool((estimate.reports["hit"] == (estimate.samples["z"] == 1)).all())
    True
    >>> estimate.weights["z"][0], estimate.log_probs["z"][0].detach()
    (tensor([0.2500, 0.2500, 0.2500]), tensor([-0.6931, -0.6931, -0.6931]))
    >>> bool(estimate.cost == estimate.costs["miss"].mean()), estimate.method_loss
    (True, tensor(0.))
    >>> cost = estimate.backward()
    >>> model.w.grad.shape
    torch.Size([])
    """

    loss: Tensor
    layout: Layout
    sizes: dict[str, int] = field(default_factory=dict)
    draws: Mapping[str, Drawn] = field(default_factory=dict)
    cost_values: dict[str, Tensor] = field(default_factory=dict)
    report_values: dict[str, Tensor] = field(default_factory=dict)
    own_loss: Tensor | None = None
    validated: nn.Module | None = None

    if not TYPE_CHECKING:  # a type checker finds these by itself

        def __getattr__(self, name: str):
            """A field that does not exist: say which does."""
            fields = [n for n in dir(type(self)) if n[0] != "_"]
            words = f"an estimate has no `{name}`{suggestion(name, fields)}"
            raise AttributeError(words, name=name, obj=self)

        def __getitem__(self, name: str):
            """What is meant is one of its mappings."""
            kept = {"costs": self.layout.costs, "samples": self.layout.samples}
            kept["reports"] = self.layout.reports
            where = next((field for field, names in kept.items() if name in names), "costs")
            raise TypeError(f"an estimate has no items: `estimate.{where}[{name!r}]`")

    @property
    def cost(self) -> Tensor:
        """The estimated expected total cost, a detached scalar."""
        return self.loss.detach()

    @property
    def method_loss(self) -> Tensor:
        """What trains the methods' own parameters, a scalar: to be added to ``loss``."""
        return self.loss.new_zeros(()) if self.own_loss is None else self.own_loss

    @property
    def plates(self) -> dict[str, tuple[str, ...]]:
        """The names of the plates of every sample, cost and report, outermost first."""
        return self.layout.plates

    @property
    def costs(self) -> Mapping[str, Tensor]:
        """Every cost, before it is reduced: ``[*plates]``.

        Along the plate of a sample whose joint values were never built it is the expectation, of
        size 1.
        """
        return Views(self.layout.costs, self._cost)

    @property
    def reports(self) -> Mapping[str, Tensor]:
        """What the story reports, detached: ``[*plates, *event]``."""
        return Views(self.layout.reports, self._report)

    @property
    def samples(self) -> Mapping[str, Tensor]:
        """The values drawn: ``[*plates, *event]``."""
        return Views(self.layout.samples, self._sample)

    @property
    def weights(self) -> Mapping[str, Tensor]:
        """The weights of the values drawn: ``[*plates]``; 1/n for Monte Carlo."""
        return Views(self.layout.samples, self._weight)

    @property
    def log_probs(self) -> Mapping[str, Tensor]:
        """The log-probabilities of the values drawn: ``[*plates]``."""
        return Views(self.layout.samples, self._log_prob)

    @property
    def param_grads(self) -> dict[str, dict[str, Tensor]]:
        """The gradients of the distributions' parameters, after a backward pass.

        By the names of samples and parameters, each with the shape that the story has given the
        parameter. There are some only where the module was called with ``keep_param_grads=True``,
        and none of a sample that is summed out step by step.

        >>> import storchc
        >>> model = storchc.load(text='''
        ... story Point
        ... param m = 2.0
        ... sample z ~ Normal(m, 1) with Reparameterization()
        ... cost far = z
        ... ''')()
        >>> estimate = model(keep_param_grads=True)
        >>> _ = estimate.backward()
        >>> estimate.param_grads
        {'z': {'loc': tensor(1.)}}
        """
        return {name: _kept_gradients(draw) for name, draw in self.draws.items()}

    def plate_sizes(self) -> dict[str, int]:
        """The size of every plate."""
        sizes = dict(self.sizes)
        for name, draw in self.draws.items():
            entry = self.layout.samples[name]
            if entry.plate is None:
                stored = entry.plates if entry.value is None else entry.value
                single = entry.flat or (bool(entry.absent) and entry.value is None)
                sizes[name] = 1 if single else draw.value.shape[stored.index(name)]
        return sizes

    def backward(self, *, retain_graph: bool = False) -> Tensor:
        """Differentiate ``loss + method_loss`` in one pass; returns the cost, a detached scalar.

        A total that is not finite raises `NonFiniteCost`, which names the cost and its story line,
        and in a validated call a gradient that is not raises `NonFiniteGradient`, which names the
        sample or cost that it comes from.
        With ``retain_graph`` more can be differentiated afterwards: this estimate again, or what
        shares a part of its graph. RuntimeError where that graph is gone, or where the loss
        depends on nothing that learns.
        """
        loss = self.loss
        if not isfinite(loss.item()):
            raise NonFiniteCost(self._blame())
        total = loss if self.own_loss is None else loss + self.own_loss
        if not total.requires_grad:
            raise RuntimeError(
                "the loss of this estimate depends on no parameter and on no input that requires a "
                "gradient (or it was computed under `torch.no_grad`)"
            )
        try:
            if self.validated is None:
                differentiate(total, retain_graph)
            else:
                with self._gradients_looked_at(total, self.validated):
                    differentiate(total, retain_graph)
        except RuntimeError as error:
            if "second time" not in str(error):
                raise
            raise RuntimeError(_SPENT) from None
        return loss.detach()

    def _gradients_looked_at(self, total: Tensor, model: nn.Module) -> Gradients:
        return Gradients(total, self.cost_values, self.draws, self.layout, model)

    def _blame(self) -> str:
        for name, value in self.cost_values.items():
            if not bool(torch.isfinite(value).all()):
                where = self.layout.costs[name].where
                return f"{where + ': ' if where else ''}cost `{name}` is not finite"
        reason = not_a_number(self.draws) or "look at weights and parameters"
        return f"the total cost is not finite, though every cost is: {reason}"

    def _cost(self, name: str) -> Tensor:
        entry, value = self.layout.costs[name], self.cost_values[name]
        if entry.steps:
            value = value.sum(tuple(range(len(entry.steps))))
        return expanded(value, entry.stored, entry.plates, self.plate_sizes())

    def _report(self, name: str) -> Tensor:
        entry = self.layout.reports[name]
        value = self.report_values[name].detach()
        return expanded(value, entry.stored, entry.plates, self.plate_sizes())

    def _sample(self, name: str) -> Tensor:
        return value_of(name, self.layout, self.draws, self.plate_sizes())

    def _weight(self, name: str) -> Tensor:
        return weight_of(name, self.layout, self.draws, self.plate_sizes())

    def _log_prob(self, name: str) -> Tensor:
        return log_prob_of(name, self.layout, self.draws, self.plate_sizes())

    def __repr__(self) -> str:
        parts = [f"cost={self.loss.item():.6g}"]
        parts += [f"costs={list(self.layout.costs)}", f"samples={list(self.layout.samples)}"]
        return f"{type(self).__name__}({', '.join(parts)})"


class WatchedEstimate(Estimate):
    """The estimate of a story whose methods have parameters of their own.

    It tells the module's `Watch` when ``loss`` is differentiated and ``method_loss`` is not used.
    """

    __slots__ = ("_loss", "_mark")

    _loss: Tensor
    _mark: Mark | None

    @property
    def loss(self) -> Tensor:
        """The loss; the first look at it puts the watch on it."""
        mark = self._mark
        if mark is not None and not mark.placed and self._loss.requires_grad:
            mark.placed = True
            self._loss.register_hook(mark)  # type: ignore[no-untyped-call]
        return self._loss

    @loss.setter
    def loss(self, loss: Tensor) -> None:
        self._loss = loss
        self._mark = None

    @property
    def method_loss(self) -> Tensor:
        """See `Estimate.method_loss`."""
        if self._mark is not None:
            self._mark.settle()
        return self.loss.new_zeros(()) if self.own_loss is None else self.own_loss

    def backward(self, *, retain_graph: bool = False) -> Tensor:
        """See `Estimate.backward`."""
        if self._mark is not None:
            self._mark.settle()
        return Estimate.backward(self, retain_graph=retain_graph)

    def watched_by(self, watch: Watch) -> None:
        """Tell ``watch`` what is done with this estimate, where there is something to train."""
        if self.own_loss is not None and self.own_loss.requires_grad:
            self._mark = Mark(watch)


_SPENT = (
    "the graph of this estimate, or a part that it shares, was differentiated before and is gone: "
    "call the model once more for each backward pass, or give the first one `retain_graph=True`"
)


def _kept_gradients(draw: Drawn) -> dict[str, Tensor]:
    if isinstance(draw, Last):
        return {}
    if isinstance(draw, Steps):
        return draw.stacked([_kept_gradients(step) for step in draw.draws])
    parameters = draw.distribution.parameters.items()
    kept = {name: value for name, value in parameters if value.retains_grad}
    return {name: value.grad for name, value in kept.items() if value.grad is not None}
