"""Modules written by hand in the form of generated ones: the runtime without the compiler."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from storch_runtime import Downstream, Estimate, Method, StoryModule
from storch_runtime.distributions import Bernoulli, Normal, OneHotCategorical, kl_divergence
from storch_runtime.generated import (
    Input,
    Layout,
    Methods,
    Sampled,
    Valued,
    WatchedEstimate,
    agreement,
    replayed_values,
    weighted_sum,
)
from storch_runtime.methods import Expect, GumbelSoftmax, Reparameterization, ScoreFunction

_x = Input("x", ("data",), (3,), "float", "toy.story:3")
_layout = Layout(
    samples={"z": Sampled(("z", "data"))},
    costs={
        "kl": Valued(("data",), "toy.story:6"),
        "fit": Valued(("z", "data"), "toy.story:7"),
    },
)
_enumerated = Layout(
    samples={"z": Sampled(("z", "data"), value=("z",))},
    costs={
        "kl": Valued(("data",), "toy.story:6"),
        "fit": Valued(("z", "data"), "toy.story:7", weights={"z": ("z",)}),
    },
)
_learned = Layout(samples=_layout.samples, costs={"fit": _layout.costs["fit"]})
_introduction = Layout(
    samples={"e": Sampled(("e",))}, costs={"f": Valued(("e",), "introduction.story:9")}
)


def toy_cost(z: Tensor, x: Tensor) -> Tensor:
    """A cost that joins the bits of ``z`` ``[..., 2]``, for every row of ``x`` ``[data, 3]``."""
    return (z[..., 0] * 2 + z[..., 1] + z[..., 0] * z[..., 1] - 0.3) ** 2 * (1 + x.sum(-1))


class Toy(StoryModule):
    """Two Bernoulli bits for each datum, from a linear layer; a relaxation may stand there too."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.encoder = nn.Linear(3, 2)
        self.methods = Methods({"z": method})

    def forward(
        self,
        x: Tensor,
        *,
        given: Mapping[str, Tensor] | None = None,
        keep_param_grads: bool = False,
    ) -> Estimate:
        """One estimate."""
        methods = self.methods
        replayed = replayed_values(given, methods)
        like = agreement({"x": x})
        sizes: dict[str, int] = {}
        x = _x.check(x, sizes, like)

        # toy.story:5  sample z ~ q
        q = Bernoulli(logits=self.encoder(x), event=1)
        z_draw = methods["z"].draw(q, replayed.get("z"))
        z = z_draw.value

        # toy.story:6  cost kl
        kl = kl_divergence(q, Bernoulli(probs=torch.full((2,), 0.5), event=1))

        # toy.story:7  cost fit
        fit = toy_cost(z, x)

        # the loss
        loss = (z_draw.box * fit if z_draw.score is not None else fit).mean() + kl.mean()
        downstream = Downstream(fit.detach())
        control = methods["z"].control_variate(z_draw, downstream)
        if control is not None:
            loss = loss + control.mean()
        return Estimate(loss, _layout, sizes, {"z": z_draw}, {"kl": kl, "fit": fit})


class EnumeratedToy(Toy):
    """The same with the exact expectation."""

    def forward(
        self,
        x: Tensor,
        *,
        given: Mapping[str, Tensor] | None = None,
        keep_param_grads: bool = False,
    ) -> Estimate:
        """One estimate."""
        methods = self.methods
        replayed = replayed_values(given, methods)
        sizes: dict[str, int] = {}
        x = _x.check(x, sizes, agreement({"x": x}))

        # toy.story:5  sample z ~ q
        q = Bernoulli(logits=self.encoder(x), event=1)
        z_draw = methods["z"].draw(q, replayed.get("z"))
        kl = kl_divergence(q, Bernoulli(probs=torch.full((2,), 0.5), event=1))
        fit = toy_cost(z_draw.value[:, None], x)
        loss = weighted_sum(z_draw.weight, fit, (0,)).mean() + kl.mean()
        return Estimate(loss, _enumerated, sizes, {"z": z_draw}, {"kl": kl, "fit": fit})


class Learned(StoryModule):
    """The toy with a learned baseline: its method has parameters of its own."""

    method_modules = ("critic",)

    def __init__(self, n: int = 1) -> None:
        super().__init__()
        self.encoder = nn.Linear(3, 2)
        self.critic = nn.Linear(3, 1)
        self.methods = Methods({"z": ScoreFunction(n, baseline="learned")})

    def forward(self, x: Tensor, *, given: Mapping[str, Tensor] | None = None) -> WatchedEstimate:
        """One estimate."""
        methods = self.methods
        sizes: dict[str, int] = {}
        x = _x.check(x, sizes, agreement({"x": x}))
        q = Bernoulli(logits=self.encoder(x), event=1)
        z_draw = methods["z"].draw(q, replayed_values(given, methods).get("z"))
        fit = toy_cost(z_draw.value, x)
        baseline = self.critic(x.detach())[..., 0]
        downstream = Downstream(fit.detach(), baseline=baseline)
        control = methods["z"].control_variate(z_draw, downstream)
        loss = (z_draw.box * fit).mean() + control.mean()
        return WatchedEstimate(
            loss,
            _learned,
            sizes,
            {"z": z_draw},
            {"fit": fit},
            own_loss=methods["z"].own_loss(z_draw, downstream),
        )


class Introduction(StoryModule):
    """The introduction example: e ~ N(b + c, 1), f = d e²."""

    def __init__(self, method: Method) -> None:
        super().__init__()
        self.c = nn.Parameter(torch.tensor(0.23))
        self.methods = Methods({"e": method})

    def forward(self, *, given: Mapping[str, Tensor] | None = None) -> Estimate:
        """One estimate."""
        methods = self.methods
        replayed = replayed_values(given, methods)
        e_draw = methods["e"].draw(Normal(self.c - 3.0, 1.0), replayed.get("e"))
        e = e_draw.value
        f = 2.0 * e * e
        loss = (f if e_draw.score is None else e_draw.box * f).mean()
        return Estimate(loss, _introduction, {}, {"e": e_draw}, {"f": f})


ALL = (
    ScoreFunction(n=3),
    ScoreFunction(n=3, baseline="moving_average"),
    ScoreFunction(n=3, baseline="batch_average"),
    GumbelSoftmax(n=3),
    GumbelSoftmax(n=3, straight_through=True, annealing_rate=0.1),
)
__all__ = [
    "ALL",
    "EnumeratedToy",
    "Expect",
    "GumbelSoftmax",
    "Introduction",
    "Learned",
    "OneHotCategorical",
    "Reparameterization",
    "ScoreFunction",
    "Toy",
    "toy_cost",
]
